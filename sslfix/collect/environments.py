"""Virtual environments: finding them, and reading one from disk.

What their makers write was read in environments made by the venv of 3.6, 3.9 and 3.13, virtualenv
16.7 and 21, and uv 0.13. conda's are known by their folder conda-meta; none was at hand.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from typing import Callable, NamedTuple

from sslfix.collect import wishes
from sslfix.collect.distributions import open_regular, text_of
from sslfix.collect.probe import UndecidedError
from sslfix.collect.projects import show
from sslfix.errors import ProbeError
from sslfix.model import Document, Environment, Interpreter, SslLibrary

Ask = Callable[[str], Interpreter]
CONFIG = "pyvenv.cfg"
_LIBRARY = re.compile(r"(?:python|pypy)(\d+\.\d+)")
_TRUE = frozenset({"true", "1", "yes"})


# --------------------------------------------------------------------------- finding


def is_root(folder: str) -> bool:
    """Whether the folder is an environment: a virtual one, also a dead one, or conda's."""
    if os.path.isfile(os.path.join(folder, CONFIG)):
        return True
    if os.path.isdir(os.path.join(folder, "conda-meta")):
        return True
    scripts = os.path.join(folder, "bin")  # virtualenv < 20 writes no pyvenv.cfg
    return all(os.path.lexists(os.path.join(scripts, name)) for name in ("python", "activate"))


def root_of(executable: str) -> str | None:
    """The environment that an executable belongs to, by where it stands."""
    folder = os.path.dirname(os.path.dirname(os.path.abspath(executable)))
    return folder if is_root(folder) else None


def executable_of(root: str) -> str:
    """The environment's `python`, whether or not it leads anywhere."""
    names = [os.path.join(root, "bin", name) for name in ("python", "python3")]
    return next((name for name in names if os.path.lexists(name)), names[0])


# --------------------------------------------------------------------------- reading


def read(
    root: str,
    executable: str,
    asked: Interpreter | None,
    failure: str,
    ask: Ask,
    *,
    project: str = "",
) -> Environment:
    """The environment as it is on disk; `asked` is what its interpreter said, or None and why.

    `project` is the folder of its project, where that is not the one that it lies in.

    The base interpreter is asked only where the answer may differ: a link to it runs it, and
    nothing else, so the environment's own answer is the base's.
    """
    document, folders = _document(root), _libraries(root)
    dead_scripts, dead_python = _dead_scripts(root)
    config = parse(document.text) if document else {}
    made_by, maker_version = _maker(root, config)
    copied = made_by != "conda" and _is_own_file(root, executable)
    base = _Base("") if made_by == "conda" else _base(root, executable, config, copied=copied)
    if asked is not None and not copied:
        base = base._replace(version=asked.version, ssl=asked.ssl)
    elif base.executable:
        base = _asked(base, ask)
    return Environment(
        path=show(root),
        config=config,
        document=document,
        made_by=made_by,
        maker_version=maker_version,
        copied=copied,
        base_executable=base.executable,
        base_version=base.version,
        base_ssl=base.ssl,
        base_failure=base.failure,
        failure=failure,
        stdlib_version=_stdlib_version(asked) if asked is not None and copied else "",
        libraries=tuple(folders),
        moved_from=_moved_from(root),
        base_unheard=base.unheard,
        machine=_foreign_machine(executable) if asked is None or asked.source != "asked" else "",
        dead_scripts=dead_scripts,
        dead_python=dead_python,
        wishes=wishes.read(project or os.path.dirname(os.path.abspath(root))),
        system_site_packages=config.get("include-system-site-packages", "").lower() in _TRUE,
        prompt=config.get("prompt", "").strip("'\""),
    )


def parse(text: str) -> dict[str, str]:
    """The keys of a pyvenv.cfg, in lower case as `site` reads them, with their values."""
    pairs = (line.partition("=") for line in text.splitlines())
    return {key.strip().lower(): value.strip() for key, equals, value in pairs if equals}


def version_of(environment: Environment) -> str:
    """The Python version that a dead environment was made for: from pyvenv.cfg, or lib/pythonX.Y.

    Only for want of better: pyvenv.cfg is not changed when the base is upgraded in place.
    """
    for key in ("version_info", "version", "python-version"):
        found = re.match(r"\d+\.\d+(?:\.\d+)?", environment.config.get(key, ""))
        if found:
            return found[0]
    return environment.libraries[-1] if environment.libraries else ""


def site_packages(root: str) -> tuple[str, ...]:
    """The site-packages folders that lie in the environment, whichever Python they are for."""
    return tuple(_libraries(root).values())


def _document(root: str) -> Document | None:
    path = os.path.join(root, CONFIG)
    try:
        with open_regular(path) as file:
            return Document(show(path), file.readall().decode("utf-8", "replace"))
    except OSError:
        return None


def _libraries(root: str) -> dict[str, str]:
    """The site-packages folder for each minor version of Python that has one here."""
    library = os.path.join(root, "lib")
    found: dict[str, str] = {}
    for name in _listed(library):
        match = _LIBRARY.fullmatch(name)
        folder = os.path.join(library, name, "site-packages")
        if match and os.path.isdir(folder):
            found[match[1]] = folder
    return dict(sorted(found.items(), key=lambda item: [int(part) for part in item[0].split(".")]))


def _maker(root: str, config: Mapping[str, str]) -> tuple[str, str]:
    """Who made it, and that tool's version: uv and virtualenv sign pyvenv.cfg, venv does not."""
    for name in ("uv", "virtualenv"):
        if name in config:
            return name, config[name]
    if os.path.isdir(os.path.join(root, "conda-meta")):
        return "conda", ""
    if orig_prefix(root):
        return "virtualenv", ""
    return ("venv", config.get("version", "")) if "home" in config else ("", "")


def orig_prefix(root: str) -> str:
    """The base prefix as virtualenv < 20 writes it, beside the standard library."""
    library = os.path.join(root, "lib")
    paths = (os.path.join(library, name, "orig-prefix.txt") for name in _listed(library))
    return next((text_of(path).strip() for path in paths if os.path.isfile(path)), "")


def _is_own_file(root: str, executable: str) -> bool:
    """Whether the executable is a file of the environment's own, after all its links."""
    return os.path.realpath(executable).startswith(os.path.realpath(root) + os.sep)


def _moved_from(root: str) -> str:
    """Where the environment was made, by its activate script, if that is another place."""
    text = text_of(os.path.join(root, "bin", "activate"))
    found = re.search(r"""^\s*(?:export )?VIRTUAL_ENV=(['"]?)(/.+?)\1\s*$""", text, re.MULTILINE)
    if found is None or os.path.realpath(found[2]) == os.path.realpath(root):
        return ""
    return found[2]


_FIRST_LINE = re.compile(
    rb"#!\s*(/[^\0\n]*?/bin/(?:python|pypy)[\w.]*)[ \t]*\r?\n"
    rb"|#!/bin/sh\n'''exec' \"?(/[^\0\n\"]*?/bin/(?:python|pypy)[\w.]*)\"? "
)


def _dead_scripts(root: str) -> tuple[tuple[str, ...], str]:
    """The scripts made by installers whose Python is gone with its folder, and that Python.

    A path that is too long for a first line, or has a blank, stands in a second one for sh:
    https://github.com/pypa/distlib/blob/master/distlib/scripts.py
    """
    own = os.path.join(root, "bin")
    dead: dict[str, list[str]] = {}
    for name in _listed(own):
        python = _python_of(os.path.join(own, name))
        if python and not os.path.isdir(os.path.dirname(python)):
            dead.setdefault(python, []).append(name)
    if not dead:
        return (), ""
    python = max(dead, key=lambda one: len(dead[one]))
    return tuple(dead[python]), python


def _python_of(path: str) -> str:
    """The Python in the first line of a script that an installer made, "" for other files."""
    if os.path.islink(path) or not os.path.isfile(path):
        return ""
    try:
        with open_regular(path) as file:
            text = file.read(2000)
    except OSError:
        return ""
    found = _FIRST_LINE.match(text) if b"sys.exit(" in text else None
    return os.fsdecode(found[1] or found[2]) if found else ""


def _foreign_machine(executable: str) -> str:
    """The kind of machine that an executable is made for, "" if it is this one or not known."""
    from sslfix.collect import binaries

    try:
        return binaries.foreign_machine(executable)
    except ProbeError:
        return ""


def _stdlib_version(asked: Interpreter) -> str:
    """The patch release of the standard library, by the paths that its build left in it.

    Sources are built in a folder like Python-3.11.7 (the released archive, pyenv) or
    python3.11-3.11.2 (Debian); where no such path is found, or several, it can't be told.
    """
    minor = re.escape(".".join(asked.version.split(".")[:2]))
    path_part = re.compile(rf"/[Pp]ython(?:{minor})?-({minor}\.\d+)\b")
    found: set[str] = set()
    for name in _listed(asked.stdlib):
        if name.startswith("_sysconfigdata") and name.endswith(".py"):
            found.update(path_part.findall(text_of(os.path.join(asked.stdlib, name))))
    return found.pop() if len(found) == 1 else ""


def _listed(folder: str) -> list[str]:
    try:
        return sorted(os.listdir(folder))
    except OSError:
        return []


# --------------------------------------------------------------------------- base interpreter


class _Base(NamedTuple):
    """The base interpreter: where, and what it answered or why it did not."""

    executable: str
    version: str = ""
    ssl: SslLibrary | None = None
    failure: str = ""
    unheard: bool = False


def _asked(base: _Base, ask: Ask) -> _Base:
    try:
        answer = ask(base.executable)
    except ProbeError as error:
        unheard = isinstance(error, UndecidedError)
        return base._replace(failure=error.reason, unheard=unheard)
    return base._replace(version=answer.version, ssl=answer.ssl)


def _base(root: str, executable: str, config: Mapping[str, str], *, copied: bool) -> _Base:
    """The base interpreter that is there, else the first place where it should be."""
    candidates = list(_candidates(root, executable, config, copied=copied))
    there = (path for path in candidates if os.path.isfile(path))
    return _Base(next(there, candidates[0] if candidates else ""))


def _candidates(
    root: str, executable: str, config: Mapping[str, str], *, copied: bool
) -> Iterator[str]:
    """Where the base may be: what the link says runs; then the recorded executable, then `home`."""
    if not copied and os.path.islink(executable):
        yield os.path.realpath(executable)
    for key in ("base-executable", "executable"):  # virtualenv 20; venv of 3.11
        if config.get(key):
            yield config[key]
    prefix = orig_prefix(root)
    home = os.path.join(prefix, "bin") if prefix else config.get("home", "")
    if home:
        minors = list(_libraries(root))
        names = [f"python{minor}" for minor in minors] + ["python3", "python"]
        yield from (os.path.join(home, name) for name in names)
