"""Installing into an environment from outside it: by uv, or by the pip that virtualenv carries.

The environment's own pip is the last choice: from 26.1 on pip carries urllib3 2, and so does not
even start where the SSL library is what has to be repaired.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import Callable, NamedTuple

from sslfix.apply import children
from sslfix.errors import ApplyError
from sslfix.model import Distribution

_UV_INDEXES = ("UV_DEFAULT_INDEX", "UV_INDEX", "UV_INDEX_URL", "UV_EXTRA_INDEX_URL")
_PIP_INDEXES = ("index-url", "extra-index-url", "no-index")


class Target(NamedTuple):
    """The environment that is installed into; `python` is its minor version ("3.9")."""

    path: str
    executable: str
    python: str
    made_by: str = ""


class Installer(NamedTuple):
    """A way to install: its name, how its commands begin, and its option for "no network".

    `exactly` are the options to install what is named, nothing else, and in this environment
    even where the base interpreter has the same.
    """

    name: str
    install: tuple[str, ...]
    uninstall: tuple[str, ...]
    offline: str
    exactly: tuple[str, ...]


def install(target: Target, requirements: Sequence[str], cwd: str, *, offline: bool = False) -> str:
    """Install `requirements` by the first installer that can; the name of that one."""
    return _by_the_first(
        target, lambda one: (*one.install, *_offline(one, offline), *requirements), cwd
    )


def reinstall(
    target: Target, distributions: Sequence[Distribution], cwd: str, *, offline: bool = False
) -> str:
    """Install just these distributions as they were; the name of the installer that could."""
    wanted = [part for one in distributions for part in arguments(one)]
    return _by_the_first(
        target, lambda one: (*one.install, *_offline(one, offline), *one.exactly, *wanted), cwd
    )


def _offline(installer: Installer, offline: bool) -> tuple[str, ...]:
    return (installer.offline,) if offline else ()


def uninstall(target: Target, names: Sequence[str], cwd: str) -> str:
    """Uninstall `names` by the first installer that can; the name of that one."""
    return _by_the_first(target, lambda one: (*one.uninstall, *names), cwd)


def _by_the_first(target: Target, command: Callable[[Installer], tuple[str, ...]], cwd: str) -> str:
    failures = []
    for one in installers(target):
        try:
            children.run(command(one), cwd, _impatient())
        except ApplyError as error:
            failures.append(error)
        else:
            return one.name
    # A traceback tells of an installer that is sick itself, not of what it could not install.
    raise min(failures, key=lambda error: "Traceback" in error.message)


def _impatient() -> dict[str, str]:
    """Variables to try a dead index once more, not 3 or 5 times, unless a person chose it.

    Three installers ask in turn, and nothing is lost: the old environment comes back.
    """
    retries = {"PIP_RETRIES": "1", "UV_HTTP_RETRIES": "1"}
    return {key: value for key, value in retries.items() if key not in os.environ}


def installers(target: Target) -> tuple[Installer, ...]:
    """The installers for an environment, best first; there is always one."""
    uv = find_uv(target.path, target.made_by)
    if uv and target.made_by == "uv":
        return (_uv(uv, target),)  # the index may be in uv's settings, which pip does not read
    embedded = embedded_pip(target.python)
    found = [_uv(uv, target)] if uv else []
    if embedded:
        found.append(_pip("virtualenv's pip", target.executable, f"{embedded}/pip"))
    return (*found, _pip("its own pip", target.executable, "-m", "pip"))


def find_uv(environment: str, made_by: str) -> str | None:
    """The path of uv, None where there is none or where only pip knows the index."""
    from shutil import which

    return which("uv") if made_by == "uv" or not _pip_has_its_index(environment) else None


def _uv(uv: str, target: Target) -> Installer:
    options = ("--python", target.executable)
    install, uninstall = (uv, "pip", "install", *options), (uv, "pip", "uninstall", *options)
    return Installer("uv", install, uninstall, "--offline", ("--no-deps",))


def _pip(name: str, *pip: str) -> Installer:
    quiet = ("--no-input", "--disable-pip-version-check")
    return Installer(
        name,
        (*pip, "install", *quiet),
        (*pip, "uninstall", "--yes", *quiet),
        "--no-index",
        ("--no-deps", "--force-reinstall"),
    )


def embedded_pip(python: str) -> str | None:
    """The pip wheel in virtualenv for a Python of that minor version, None below 3.9.

    It can be run as it is: `python pip.whl/pip install ...`.
    """
    from virtualenv.seed.wheels.embed import get_embed_wheel

    wheel = get_embed_wheel("pip", python)
    return str(wheel.path) if wheel else None


def _pip_has_its_index(environment: str) -> bool:
    """True where pip is told of an index and uv is not, as uv does not read pip's settings.

    uv would ask the public index for what is private:
    https://docs.astral.sh/uv/pip/compatibility/#configuration-files-and-environment-variables
    """
    if any(name in os.environ for name in _UV_INDEXES):
        return False
    if any("PIP_" + key.upper().replace("-", "_") in os.environ for key in _PIP_INDEXES):
        return True
    return any(_names_an_index(path) for path in _pip_settings(environment))


def _pip_settings(environment: str) -> Iterator[str]:
    """Where pip looks for its settings: https://pip.pypa.io/en/stable/topics/configuration/."""
    special = os.environ.get("PIP_CONFIG_FILE")
    if special == os.devnull:
        return
    home, support = os.path.expanduser("~"), "Library/Application Support/pip/pip.conf"
    yield from (special,) if special else ()
    for folder in os.environ.get("XDG_CONFIG_DIRS", "/etc/xdg").split(os.pathsep):
        yield os.path.join(folder, "pip/pip.conf")
    yield from ("/etc/pip.conf", "/" + support, f"{home}/{support}", f"{home}/.pip/pip.conf")
    yield os.path.join(os.environ.get("XDG_CONFIG_HOME", f"{home}/.config"), "pip/pip.conf")
    yield os.path.join(environment, "pip.conf")


def _names_an_index(path: str) -> bool:
    from configparser import Error, RawConfigParser

    settings = RawConfigParser()
    try:
        settings.read(path, encoding="utf-8")
    except (OSError, UnicodeDecodeError, Error):
        return False
    return any(
        settings.has_option(section, key) for section in settings.sections() for key in _PIP_INDEXES
    )


def arguments(distribution: Distribution) -> tuple[str, ...]:
    """The arguments with which pip and uv install this very distribution again."""
    if distribution.editable:
        return ("-e", distribution.editable)
    url = _direct_reference(distribution.direct_url) if distribution.direct_url else ""
    return (
        f"{distribution.name} @ {url}" if url else f"{distribution.name}=={distribution.version}",
    )


def _direct_reference(direct_url: str) -> str:
    """The URL of PEP 610's direct_url.json as a requirement states it, "" if it says none.

    https://packaging.python.org/en/latest/specifications/direct-url-data-structure/
    """
    import json

    data = json.loads(direct_url)
    url = str(data.get("url", ""))
    vcs = data.get("vcs_info")
    if vcs:
        url = f"{vcs['vcs']}+{url}@{vcs['commit_id']}"
    archive = data.get("archive_info", {})
    algorithm, _, digest = str(archive.get("hash", "")).partition("=")  # as pip below 23.1 has it
    hashes = archive.get("hashes") or {algorithm: digest}
    fragments = [f"sha256={hashes['sha256']}"] if "sha256" in hashes else []
    if data.get("subdirectory"):
        fragments.append(f"subdirectory={data['subdirectory']}")
    return url + ("#" + "&".join(fragments) if fragments else "")
