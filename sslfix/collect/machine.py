"""Every interpreter and every environment of the machine, with owner, state and size.

python-discovery's `iter_interpreters` looks at PATH and uv's folder only and asks one after the
other, pyenv's shims included (here 5.5 s for 2 of 10 interpreters): it serves for the registry of
Windows, the other places are listed here.
"""

from __future__ import annotations

import os
import re
import sys
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Callable, NamedTuple

from sslfix.collect import environments, homes, interpreters, probe
from sslfix.collect.distributions import text_of
from sslfix.collect.homes import Place
from sslfix.collect.projects import show
from sslfix.errors import ProbeError
from sslfix.language import counted
from sslfix.language import say as _
from sslfix.model import Installation, Problem

Tell = Callable[[int, int], None]

_NAME = re.compile(r"(?:python|pypy|graalpy)(?:\d+(?:\.\d+)?t?)?(?:\.exe)?")
# Never a place for an environment of a project, or one that `homes` knows better.
_SKIPPED = frozenset({
    ".Trash", ".bzr", ".cache", ".cargo", ".eggs", ".git", ".hg", ".mypy_cache", ".npm",
    ".pytest_cache", ".ruff_cache", ".rustup", ".svn", "Library", "__pycache__", "__pypackages__",
    "node_modules", "site-packages",
})  # fmt: skip
_OUTSIDE = frozenset({"/dev", "/proc", "/sys"})
# What an environment consists of; a project may lie beside it (`python -m venv .`).
_OF_ENVIRONMENT = frozenset({
    "Include", "Lib", "Scripts", "bin", "conda-meta", "include", "lib", "lib64", "pkgs", "share",
})  # fmt: skip


class Machine(NamedTuple):
    """Where interpreters (executables) and environments (folders) are, and what kept us out."""

    interpreters: tuple[Place, ...]
    environments: tuple[Place, ...]
    problems: tuple[Problem, ...] = ()


class Survey(NamedTuple):
    """What was found out, interpreters first, and what could not be."""

    installations: tuple[Installation, ...]
    problems: tuple[Problem, ...]


# --------------------------------------------------------------------------- finding


def find(folders: Sequence[str], environ: Mapping[str, str]) -> Machine:
    """All interpreters, and all environments in the usual homes and below `folders`, each once."""
    problems: list[Problem] = []
    files: dict[str, Place] = {}
    roots: dict[str, Place] = {}
    for one in _interpreters(environ, problems):
        root = environments.root_of(one.path)
        if root is None:
            files.setdefault(os.path.realpath(one.path), one)
        else:  # one of an environment that is active, or whose scripts are on PATH
            roots.setdefault(os.path.realpath(root), homes.place(root, ""))
    kept = list(_kept(folders, environ, problems))
    below = [homes.place(one, "project") for folder in folders for one in walk(folder, problems)]
    below.sort(key=lambda one: os.path.islink(one.path))
    named = {os.path.realpath(one.path): one for one in reversed([*kept, *below])}
    found = {**roots, **named}
    return Machine(
        tuple(files.values()),
        tuple(sorted(filter(_has_python, found.values()))),
        tuple(dict.fromkeys(problems)),
    )


def _has_python(place: Place) -> bool:
    """False for conda's environments of other languages."""
    meta = os.path.join(place.path, "conda-meta")
    if not os.path.isdir(meta) or os.path.lexists(environments.executable_of(place.path)):
        return True
    return any(re.match(r"python-\d", name) for name in os.listdir(meta))


def _kept(
    folders: Sequence[str], environ: Mapping[str, str], problems: list[Problem]
) -> Iterator[Place]:
    """The environments in the homes of the tools, in conda's notes, and the active one."""
    for search in homes.searches(environ):
        for path in _matching(search.folder, search.pattern, problems):
            if environments.is_root(path):
                yield homes.place(path, search.owner, search.remedy, folders)
    active = (environ.get(name, "") for name in ("VIRTUAL_ENV", "CONDA_PREFIX"))
    for path in (*homes.conda_environments(environ), *active):
        if path and environments.is_root(path):
            yield homes.place(os.path.abspath(path), "project")


def _interpreters(environ: Mapping[str, str], problems: list[Problem]) -> Iterator[Place]:
    searches = list(homes.interpreter_searches(environ))
    owners = {folder: one.owner for one in searches for folder in _folders_of(one, problems)}
    on_path = filter(os.path.isabs, environ.get("PATH", "").split(os.pathsep))
    for folder in dict.fromkeys([*on_path, *owners]):
        if os.path.basename(os.path.normpath(folder)) == "shims":
            continue  # of pyenv, asdf and others: they answer by the folder that they are run in
        for name in _names(folder, []):
            path = os.path.join(folder, name)
            if _NAME.fullmatch(name) and os.path.isfile(path) and os.access(path, os.X_OK):
                yield Place(path, owners.get(folder, ""))
    yield from map(Place, _registered())


def _folders_of(search: homes.Search, problems: list[Problem]) -> Iterator[str]:
    return _matching(search.folder, search.pattern, problems)


def _registered() -> list[str]:
    """The interpreters that Windows' registry knows."""
    if sys.platform != "win32":
        return []
    from python_discovery import iter_interpreters

    found = (one.system_executable or one.executable for one in iter_interpreters())
    return [path for path in found if path]


def _matching(folder: str, pattern: str, problems: list[Problem]) -> Iterator[str]:
    """The folders that the pattern, of names and `*`, leads to from `folder`."""
    first, _slash, rest = pattern.partition("/")
    if not first:
        if os.path.isdir(folder):
            yield folder
    elif "*" not in first:
        yield from _matching(os.path.join(folder, first), rest, problems)
    else:
        for name in _names(folder, problems):
            if fnmatchcase(name, first):
                yield from _matching(os.path.join(folder, name), rest, problems)


def _names(folder: str, problems: list[Problem]) -> list[str]:
    """What is in the folder, nothing for one that is not there."""
    try:
        return sorted(os.listdir(folder))
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        problems.append(_unreadable(folder, error))
        return []


def _unreadable(folder: str, error: OSError) -> Problem:
    text = _("cannot be read: {reason}").format(reason=error.strerror)
    return Problem(show(folder), None, text)


def walk(folder: str, problems: list[Problem]) -> Iterator[str]:
    """The environments at or below a folder, never below caches and the like.

    Links are not followed, but one that leads to an environment counts: there are no loops.
    """
    waiting = [os.path.abspath(folder)]
    while waiting:
        path = waiting.pop()
        try:
            with os.scandir(path) as listing:
                entries = sorted(listing, key=lambda entry: entry.name, reverse=True)
        except OSError as error:
            problems.append(_unreadable(path, error))
            continue
        skipped = _SKIPPED
        if _is_root(path, {entry.name for entry in entries}):
            yield path
            skipped = _SKIPPED | _OF_ENVIRONMENT
        for entry in entries:
            if entry.is_symlink():
                if os.path.isdir(entry.path) and environments.is_root(entry.path):
                    yield entry.path
            elif not _is_skipped(entry.name, skipped) and _is_folder(entry):
                waiting.append(entry.path)


def _is_skipped(name: str, skipped: frozenset[str]) -> bool:
    return name in skipped or name.startswith(".sslfix-")  # what stepped aside for another


def _is_root(path: str, names: set[str]) -> bool:
    """Whether a folder with these names is an environment; most are not, by the names alone."""
    return bool(names & {environments.CONFIG, "conda-meta", "bin"}) and environments.is_root(path)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir(follow_symlinks=False) and entry.path not in _OUTSIDE
    except OSError:
        return False


# --------------------------------------------------------------------------- asking


def survey(
    machine: Machine,
    *,
    sizes: bool = True,
    tell: Tell = lambda _done, _all: None,
) -> Survey:
    """All that can be known about what was found; several are asked at a time.

    `sizes` asks for the environments' sizes on disk. `tell` hears how many are done.
    """
    from concurrent.futures import ThreadPoolExecutor

    look = _Look(machine, sizes=sizes)
    places = [(one.path, one) for one in machine.interpreters]
    places += [(environments.executable_of(one.path), one) for one in machine.environments]
    looked: list[_Looked] = []
    # Only what waits runs in threads: two that walk through folders take longer than one.
    pool = ThreadPoolExecutor(2 * (os.cpu_count() or 1))
    try:
        for runs in dict.fromkeys(look.answers.runs(executable) for executable, _place in places):
            pool.submit(look.answers.once, runs)
        for number, (executable, place) in enumerate(places, 1):
            looked.append(look(executable, place))
            tell(number, len(places))
    finally:
        pool.shutdown(cancel_futures=True)
    known = {os.path.realpath(one.path) for one in machine.interpreters}
    looked += [look(path, Place(path)) for path in sorted(look.answers.bases() - known)]
    return Survey(
        _numbered(found for one in looked for found in one.installation),
        (*machine.problems, *(problem for one in looked for problem in one.problems)),
    )


def _numbered(found: Iterable[Installation]) -> tuple[Installation, ...]:
    """All of them with their ids: interpreters by version, then environments by path."""
    ordered = sorted(found, key=_order)
    return tuple(
        one._replace(interpreter=one.interpreter._replace(id=f"i{number}"))
        for number, one in enumerate(ordered, 1)
    )


def _order(one: Installation) -> tuple[bool, Sequence[int], str]:
    interpreter = one.interpreter
    if interpreter.environment is not None:
        return True, (), interpreter.prefix
    release = [-int(number) for number in re.findall(r"\d+", interpreter.version)]
    return False, release, interpreter.executable


class _Looked(NamedTuple):
    """One installation, or none and why."""

    installation: tuple[Installation, ...] = ()
    problems: tuple[Problem, ...] = ()


class _Look:
    """Looks at one place after the other."""

    def __init__(self, machine: Machine, *, sizes: bool) -> None:
        self.answers = _Answers()
        self.roots = frozenset(one.path for one in machine.environments)
        self.sizes = sizes

    def __call__(self, executable: str, place: Place) -> _Looked:
        root = place.path if place.path in self.roots else None
        choice = interpreters.Choice(executable, "--all", root)
        try:
            found = interpreters.inspect(choice, "", answer=self.answers.get)
        except ProbeError as error:
            return _Looked((), (Problem(show(executable), None, error.reason),))
        size, unread = None, 0
        if root and self.sizes:
            size, unread = disk_use(root, self.roots)
        installation = Installation(found, place.owner, size, place.remedy)
        return _Looked((installation,), tuple(_uncounted(place.path, unread)))


def _uncounted(path: str, unread: int) -> Iterator[Problem]:
    if unread:
        text = counted(
            "{number} folder cannot be read; it is larger than its size says",
            "{number} folders cannot be read; it is larger than its size says",
            unread,
        )
        yield Problem(show(path), None, text)


class _Answers:
    """What executables said; each is run once, an environment's that links to another never.

    `once` may be called from any thread.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._turns: dict[str, threading.Lock] = {}
        self._known: dict[str, probe.Answer | ProbeError] = {}
        self._runs: dict[str, str] = {}

    def bases(self) -> set[str]:
        """The base interpreters that answered, without links."""
        return {
            os.path.realpath(path)
            for path, said in self._known.items()
            if not isinstance(said, ProbeError) and environments.root_of(path) is None
        }

    def runs(self, executable: str) -> str:
        """What is to be run to know what `executable` says."""
        if executable not in self._runs:
            root = environments.root_of(executable)
            self._runs[executable] = (
                (_base(root, executable) or executable) if root else os.path.realpath(executable)
            )
        return self._runs[executable]

    def get(self, executable: str) -> probe.Answer:
        """The answer of `executable`; ProbeError says why there is none."""
        runs, root = self.runs(executable), environments.root_of(executable)
        said = self.once(runs)
        if isinstance(said, ProbeError):
            raise type(said)(executable, said.reason)
        if runs == executable:
            return said
        answer = said.copy()
        answer["executable"] = executable
        return _as_environments(answer, root) if root else answer

    def once(self, executable: str) -> probe.Answer | ProbeError:
        """What this executable says or why not, asked in the first call only."""
        with self._lock:
            turn = self._turns.setdefault(executable, threading.Lock())
        with turn:
            if executable not in self._known:
                try:
                    self._known[executable] = probe.answer(executable)
                except ProbeError as error:
                    self._known[executable] = error
            return self._known[executable]


def _base(root: str, executable: str) -> str:
    """The base interpreter that the environment's python is a link to, "" if it must be asked.

    Python looks for its library beside `home` of pyvenv.cfg. Where that is the folder of the file
    that the link leads to, nothing of the environment changes what it says of its version and its
    SSL library. https://docs.python.org/3/library/sys_path_init.html
    """
    config = environments.parse(text_of(os.path.join(root, environments.CONFIG)))
    base, home = os.path.realpath(executable), config.get("home", "")
    is_own = base.startswith(os.path.realpath(root) + os.sep)
    if is_own or not home or "\0" in home or not os.path.isfile(base):
        return ""
    names = (os.path.basename(base), "python3", "python")
    beside = (os.path.join(home, name) for name in names)
    return next((path for path in beside if os.path.realpath(path) == base), "")


def _as_environments(said: probe.Answer, root: str) -> probe.Answer:
    """What a base interpreter said, as it says it when it runs in an environment."""
    minor = ".".join(said["version"].split(".")[:2])
    name = "pypy" if said["implementation"] == "pypy" else "python"
    answer = said.copy()
    answer["prefix"] = root
    answer["site_packages"] = [os.path.join(root, "lib", name + minor, "site-packages")]
    return answer


# --------------------------------------------------------------------------- size


def disk_use(root: str, others: frozenset[str] = frozenset()) -> tuple[int, int]:
    """Bytes that the files below a folder take on disk, and how many folders cannot be read.

    A file with several names in it is counted once, links are not followed, and `others`, the
    folders of other environments, do not belong to it.
    """
    blocks, unread, seen, waiting = 0, 0, set[int](), [root]
    while waiting:
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    found = entry.stat(follow_symlinks=False)
                    if entry.is_dir(follow_symlinks=False):
                        if entry.path not in others and entry.name != ".sslfix-old":
                            waiting.append(entry.path)
                    elif found.st_nlink > 1:
                        if found.st_ino in seen:
                            continue
                        seen.add(found.st_ino)
                    blocks += found.st_blocks
        except OSError:
            unread += 1
    return blocks * 512, unread
