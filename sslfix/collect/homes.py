"""Where tools keep Pythons and environments: the usual places, as data.

All places of a tool count, not only the one that it would use today: what lies in the others is
there all the same. Read in the tools' documentation and sources: pipx, uv, poetry, pipenv, hatch,
pre-commit and prek say how their folders are chosen (https://pipx.pypa.io/stable/how-to/configure-paths/,
https://docs.astral.sh/uv/reference/storage/, https://python-poetry.org/docs/configuration/,
https://pipenv.pypa.io/en/latest/virtualenv.html, https://hatch.pypa.io/latest/config/hatch/,
https://pre-commit.com/#pre_commit_home, https://prek.j178.dev/reference/environment-variables/).
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from sslfix.collect.distributions import open_regular, text_of


class Home(NamedTuple):
    """Where a tool keeps environments, or interpreters.

    A place begins with a variable, `~`, {data} or {cache} (the user's folders for those) or the
    root; `*` is any name. `remedy` is the owner's command that makes an environment anew,
    with {name}, {path}, {project} or {formula}; "" leaves it to sslfix.
    """

    owner: str
    places: tuple[str, ...]
    remedy: str = ""


class Search(NamedTuple):
    """A folder, the pattern to follow from there, and what to make of what is found."""

    folder: str
    pattern: str
    owner: str
    remedy: str = ""


class Place(NamedTuple):
    """An executable or an environment's folder, who keeps it, and the command to make it anew."""

    path: str
    owner: str = ""
    remedy: str = ""


def _each(places: Iterable[str], *ends: str) -> tuple[str, ...]:
    return tuple(f"{place}/{end}" for place in places for end in ends)


_PIPX = ("$PIPX_HOME", "{data}/pipx", "~/.local/pipx")
_HATCH = ("$HATCH_DATA_DIR", "{data}/hatch")
_BREW = ("$HOMEBREW_PREFIX", "/opt/homebrew", "/usr/local", "/home/linuxbrew/.linuxbrew")
_CONDA_NAMES = ("miniconda3", "anaconda3", "miniforge3", "mambaforge", "micromamba", "conda")
_CONDA = ("$MAMBA_ROOT_PREFIX", *_each(("~", "/opt", "/usr/local"), *_CONDA_NAMES))

_OURS = "sslfix --apply --only environment --python {path}"
_POETRY_AGAIN = "poetry env remove --all && poetry install"
_POETRYS = f"{_POETRY_AGAIN}  # in its project"
_HATCHS = "hatch env prune  # in its project; hatch makes them again when they are used"
_CONDAS = "conda install --prefix {path} --force-reinstall python"

# The first home that has an environment is its owner.
_ENVIRONMENTS = (
    Home("pipx", _each(_PIPX, "venvs/*"), "pipx reinstall {name}"),
    Home("pipx", _each(_PIPX, "shared"), "pipx reinstall-all"),
    Home(
        "pipx", ("$PIPX_GLOBAL_HOME/venvs/*", "/opt/pipx/venvs/*"), "pipx reinstall --global {name}"
    ),
    # Not `uv tool upgrade --reinstall`, which says "is not installed" if the Python is gone.
    Home("uv tool", ("$UV_TOOL_DIR/*", "{data}/uv/tools/*"), "uv tool install --force {name}"),
    Home(
        "poetry",
        (
            "$POETRY_VIRTUALENVS_PATH/*",
            "$POETRY_CACHE_DIR/virtualenvs/*",
            "{cache}/pypoetry/virtualenvs/*",
        ),
        _POETRYS,
    ),
    Home(
        "poetry's installer",
        ("$POETRY_HOME/venv", "{data}/pypoetry/venv"),
        "curl -sSL https://install.python-poetry.org | python3 -",
    ),
    Home(
        "hatch",
        _each(_HATCH, "env/virtual/*", "env/virtual/*/*", "env/virtual/*/*/*"),
        _HATCHS,
    ),
    Home("pdm", ("{data}/pdm/venvs/*",)),
    Home(
        "pre-commit",
        ("$PRE_COMMIT_HOME/repo*/py_env-*", "{cache}/pre-commit/repo*/py_env-*"),
        "pre-commit clean",
    ),
    Home("prek", ("$PREK_HOME/hooks/*", "{cache}/prek/hooks/*"), "prek cache clean"),
    Home("pyenv", _each(("$PYENV_ROOT", "~/.pyenv"), "versions/*/envs/*", "versions/*")),
    Home("virtualenvwrapper", ("$WORKON_HOME/*", "~/.virtualenvs/*", "{data}/virtualenvs/*")),
    Home("homebrew", _each(_BREW, "Cellar/*/*/libexec"), "brew reinstall {formula}"),
    Home("conda", (*_CONDA, *_each(_CONDA, "envs/*")), _CONDAS),
)

# Folders of interpreters, beside those of PATH.
_INTERPRETERS = (
    Home("pyenv", ("$PYENV_ROOT/versions/*/bin", "~/.pyenv/versions/*/bin")),
    Home("uv", ("$UV_PYTHON_INSTALL_DIR/*/bin", "{data}/uv/python/*/bin")),
    Home("homebrew", _each(_BREW, "opt/python@*/bin")),
    Home("python.org", ("/Library/Frameworks/Python.framework/Versions/*/bin",)),
    Home("asdf", _each(("$ASDF_DATA_DIR", "~/.asdf"), "installs/python/*/bin")),
    Home("mise", _each(("$MISE_DATA_DIR", "{data}/mise"), "installs/python/*/bin")),
    Home("hatch", _each(_HATCH, "pythons/*/python/bin")),
    Home("pdm", ("{data}/pdm/python/*/bin",)),
    Home("poetry", ("{data}/pypoetry/python/*/bin",)),
    Home("prek", _each(("$PREK_HOME", "{cache}/prek"), "tools/python/*/bin")),
    Home("", ("/opt/python/*/bin", "/opt/homebrew/bin", "/usr/local/bin", "/usr/bin")),
)


def searches(environ: Mapping[str, str]) -> Iterator[Search]:
    """Where environments may be, those that the tools' own settings name first."""
    yield from _configured(environ)
    for home in _ENVIRONMENTS:
        yield from _of(home, environ)


def interpreter_searches(environ: Mapping[str, str]) -> Iterator[Search]:
    """Folders beside those of PATH in which interpreters may be."""
    for home in _INTERPRETERS:
        yield from _of(home, environ)


def conda_environments(environ: Mapping[str, str]) -> Iterator[str]:
    """The environments that conda has noted down."""
    text = text_of(os.path.join(_home(environ), ".conda", "environments.txt"))
    yield from filter(os.path.isabs, map(str.strip, text.splitlines()))


def place(path: str, owner: str, remedy: str = "", projects: Sequence[str] = ()) -> Place:
    """The environment at `path`, its owner told by more than its home where that is needed.

    `projects` are folders of which one may be that of an environment of poetry.
    """
    name, folder = os.path.basename(path), os.path.dirname(path)
    project = os.path.dirname(folder)
    if os.path.isdir(os.path.join(path, "conda-meta")):
        owner, remedy = "conda", _CONDAS
    elif owner == "virtualenvwrapper":
        project = text_of(os.path.join(path, ".project")).strip()
        if project and _is_pipenvs(name, project):
            owner, remedy = "pipenv", "cd {project} && pipenv --rm && pipenv sync"
    elif owner == "poetry":
        mine = [one for one in projects if _is_poetrys(name, one)]
        if mine:
            project, remedy = os.path.abspath(mine[0]), f"cd {{project}} && {_POETRY_AGAIN}"
    elif owner == "project":
        owner, project, remedy = _in_project(path)
    return Place(path, owner, _command(remedy or _OURS, path, project))


def _in_project(path: str) -> tuple[str, str, str]:
    """The owner of an environment in a project, the project's folder, and the command."""
    folder, name = os.path.split(path)
    kind, above = os.path.basename(folder), os.path.dirname(folder)
    if kind == ".tox":
        return "tox", above, "tox -c {project} -r --notest -e {name}"
    if kind == ".nox":
        return "nox", above, "nox -f {project}/noxfile.py --install-only"
    if kind == ".hatch":
        return "hatch", above, "cd {project} && hatch env prune"
    if name == ".venv" or (name == "venv" and not os.path.exists(os.path.join(folder, ".venv"))):
        return "project", folder, "sslfix --apply {project}"  # the one that `sslfix` chooses there
    return "project", folder, ""


def _is_pipenvs(name: str, project: str) -> bool:
    """Whether pipenv made it: virtualenvwrapper may use the same folder and the same .project."""
    own_name = re.escape(os.path.basename(project)[:42]) + r"-[\w-]{8}"  # with a hash of the path
    return bool(re.match(own_name, name)) or os.path.isfile(os.path.join(project, "Pipfile"))


def _is_poetrys(name: str, project: str) -> bool:
    """Whether poetry names the project's environments so: by a hash of the folder.

    https://github.com/python-poetry/poetry/blob/main/src/poetry/utils/env/env_manager.py
    """
    from base64 import urlsafe_b64encode
    from hashlib import sha256

    folder = os.path.normcase(os.path.realpath(project))
    digest = urlsafe_b64encode(sha256(os.fsencode(folder)).digest()).decode()
    return bool(re.search(rf"-{re.escape(digest[:8])}-py[\d.]+$", name))


def _command(remedy: str, path: str, project: str) -> str:
    from shlex import quote

    formula = os.path.basename(os.path.dirname(os.path.dirname(path)))  # Cellar/NAME/1.0/libexec
    return remedy.format(
        name=quote(os.path.basename(path)),
        path=quote(path),
        project=quote(project),
        formula=quote(formula),
    )


# --------------------------------------------------------------------------- folders


def _of(home: Home, environ: Mapping[str, str]) -> Iterator[Search]:
    for place in home.places:
        head, _slash, pattern = place.partition("/")
        for folder in _bases(head, environ):
            yield from _named(folder, pattern, home.owner, home.remedy, environ)


def _bases(head: str, environ: Mapping[str, str]) -> Iterator[str]:
    """The folders that the beginning of a place means here."""
    if head.startswith("$"):
        yield environ.get(head[1:], "")
    elif head.startswith("{"):
        yield from _users(head.strip("{}"), environ)
    else:
        yield head or "/"


def _absolute(folder: str, environ: Mapping[str, str]) -> str:
    return _home(environ) + folder[1:] if folder.startswith("~") else folder


def _users(kind: str, environ: Mapping[str, str]) -> Iterator[str]:
    """The user's folders for data, caches or settings, by XDG and by Apple's habits.

    https://specifications.freedesktop.org/basedir-spec/latest/; on a Mac the tools use one or the
    other.
    """
    home = _home(environ)
    variable, usual, apple = {
        "data": ("XDG_DATA_HOME", ".local/share", "Library/Application Support"),
        "cache": ("XDG_CACHE_HOME", ".cache", "Library/Caches"),
        "config": ("XDG_CONFIG_HOME", ".config", "Library/Application Support"),
    }[kind]
    if environ.get(variable):
        yield environ[variable]
    yield os.path.join(home, usual)
    yield os.path.join(home, apple)


def _home(environ: Mapping[str, str]) -> str:
    return environ.get("HOME") or os.path.expanduser("~")


# --------------------------------------------------------------------------- settings


def _configured(environ: Mapping[str, str]) -> Iterator[Search]:
    """What poetry's and hatch's settings say of where they keep environments."""
    configs = list(_users("config", environ))
    for folder in (environ.get("POETRY_CONFIG_DIR", ""), *(f"{one}/pypoetry" for one in configs)):
        settings = _toml(f"{folder}/config.toml")
        cache = _text(settings, "cache-dir")
        path = _text(settings, "virtualenvs", "path").replace("{cache-dir}", cache)
        for place, pattern in ((path, "*"), (cache, "virtualenvs/*")):
            yield from _named(place, pattern, "poetry", _POETRYS, environ)
    for file in (environ.get("HATCH_CONFIG", ""), *(f"{one}/hatch/config.toml" for one in configs)):
        settings = _toml(file)
        data, path = _text(settings, "dirs", "data"), _text(settings, "dirs", "env", "virtual")
        for pattern in ("*", "*/*", "*/*/*"):
            yield from _named(path, pattern, "hatch", _HATCHS, environ)
            yield from _named(data, f"env/virtual/{pattern}", "hatch", _HATCHS, environ)


def _named(
    folder: str, pattern: str, owner: str, remedy: str, environ: Mapping[str, str]
) -> Iterator[Search]:
    folder = _absolute(folder, environ)
    if os.path.isabs(folder):
        yield Search(os.path.normpath(folder), pattern, owner, remedy)


def _toml(path: str) -> Mapping[str, object]:
    """The settings in a file, none where it is missing or no TOML."""
    try:
        with open_regular(path) as file:
            data = file.readall()
    except OSError:
        return {}
    import tomli

    try:
        return tomli.loads(data.decode("utf-8", "replace"))
    except tomli.TOMLDecodeError:
        return {}


def _text(settings: Mapping[str, object], *keys: str) -> str:
    """The text that stands under these keys, "" for anything else."""
    value: object = settings
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, str) else ""
