"""Lock files are made anew by the tool that made them, in a copy, and looked at afterwards.

Exit code 0 of a locker is no evidence: several obvious commands leave a wrong lock file behind
(`pipenv upgrade --lock-only` raises what it was told to limit). So the new file is read again.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from sslfix import formats, specifiers
from sslfix.apply import children
from sslfix.errors import ApplyError
from sslfix.language import all_of
from sslfix.language import say as _
from sslfix.match import marker_holds
from sslfix.model import Declaration, DependencyFile, Interpreter, Lock, Relock

# What to fetch where it is not called as the tool is. pdm alone often breaks with its newest
# dependencies (hishel 2 and unearth 0.19 both did); its extra pins them all.
_DISTRIBUTIONS = {"pip-compile": "pip-tools", "pdm": "pdm[locked]"}


class Relocked(NamedTuple):
    """A lock file made anew: its bytes, and what moved besides the distributions wanted."""

    data: bytes
    moved: tuple[str, ...]


class _Job(NamedTuple):
    """What all steps of one re-lock share; `by_hand` is what to type where it fails.

    `contents` are the bytes of all dependency files as they will be, but for this lock file, and
    `root` is the folder that holds them all.
    """

    action: Relock
    old: DependencyFile
    contents: Mapping[str, bytes]
    lock: Lock
    interpreter: Interpreter | None
    by_hand: str = ""
    root: str = ""

    @property
    def python(self) -> str:
        """The interpreter that the lock file is for, "" where it is only known by profile."""
        asked = self.interpreter is not None and self.interpreter.source == "asked"
        return self.interpreter.executable if self.interpreter and asked else ""

    @property
    def folder(self) -> str:
        """Where the tool's commands are run."""
        return os.path.normpath(os.path.join(os.path.dirname(self.action.path), self.lock.folder))

    def failed(self, message: str) -> ApplyError:
        return ApplyError(message, self.by_hand)


def relock(
    action: Relock,
    files: Mapping[str, DependencyFile],
    edited: Mapping[str, bytes],
    interpreter: Interpreter | None,
    *,
    offline: bool = False,
) -> Relocked:
    """The lock file that its tool makes of the edited manifests. Nothing is written in place.

    `edited` are the new bytes of files that the plan changes. Raises ApplyError, with the command
    left to run by hand, where the tool is missing or fails, or where its lock file does not keep
    the bound, in every section, for that interpreter.
    """
    old, lock = files[action.path], formats.lock_of(files[action.path])
    contents = {path: edited.get(path, file.document.encode()) for path, file in files.items()}
    if lock is None or files.keys().isdisjoint(formats.manifests(old, lock)):
        return _repin(action, _read(old, contents[action.path]), interpreter, offline=offline)
    job = _job(_Job(action, old, contents, lock, interpreter))
    installed = _installed(job)
    if installed is not None and not _suits(job, installed):
        job = job._replace(by_hand=_by_hand(job, _fetching() or _FETCHERS[-1]))
    if offline:
        raise job.failed(_offline(action))
    with tempfile.TemporaryDirectory(prefix="sslfix-") as scratch:
        for number, tool in enumerate(_tools(job, installed, scratch)):
            try:
                return _relock(job, tool, os.path.join(scratch, f"project{number}"))
            except ApplyError as failure:
                error = failure
    raise error


def _job(job: _Job) -> _Job:
    """The job with all that follows from where its tool is run."""
    root = os.path.commonpath([os.path.abspath(job.folder), *map(_folder, job.contents)])
    settings = os.path.normpath(os.path.join(job.folder, "pyproject.toml"))
    lock = _as_required(job.lock, job.contents.get(settings, b""))
    return job._replace(by_hand=_by_hand(job), root=root, lock=lock)


def _by_hand(job: _Job, fetching: Sequence[str] = ()) -> str:
    """What a person would type, with the tool's version if another one is installed."""
    prefix = (*fetching, _wanted(job)) if fetching else ()
    commands = " && ".join(_shell([*prefix, *command]) for command in job.action.commands)
    return commands if job.folder == os.curdir else f"cd {_shell([job.folder])} && {commands}"


def _offline(action: Relock) -> str:
    text = _("{path} must be re-locked, which needs the network")
    return text.format(path=action.path)


def _repin(
    action: Relock, file: DependencyFile, interpreter: Interpreter | None, *, offline: bool
) -> Relocked:
    """A file of hashed pins that people write: no tool but uv's list of hashes is needed."""
    from . import hashes

    by_hand = " | ".join(_shell(command) for command in action.commands)
    if offline:
        raise ApplyError(_offline(action), by_hand)
    try:
        return Relocked(hashes.repin(action, file, interpreter), ())
    except ApplyError as error:
        raise ApplyError(error.message, by_hand) from error


def _read(file: DependencyFile, data: bytes) -> DependencyFile:
    """The file as it is read with other content."""
    document, format_ = file.document, formats.by_name(file.format)
    assert format_ is not None
    text = data[len(document.bom) :].decode(document.encoding)
    return format_.read(document._replace(text=text))


def _relock(job: _Job, tool: _Tool, copy: str) -> Relocked:
    """Run the tool in a copy of the project with edited manifests, and look at what it made."""
    place = _copy(job, copy)
    action, lock = job.action, job.lock
    for command in lock.rerun(tool.major, action.constraint, action.sections):
        _run(job, (*tool.command, *command[1:]), place)
    _copy_files(job, copy, [one for one in job.contents if one != action.path])
    if lock.check:
        _run(job, (*tool.command, *lock.check[1:]), place)
    data, new = _result(job, _copied(job, copy, action.path))
    _require(job, new)
    return Relocked(data, _moved(job.old, new, action.constraint))


# --------------------------------------------------------------------------- the tool


def _as_required(lock: Lock, settings: bytes) -> Lock:
    """With the version that a pyproject.toml asks for: another uv refuses to run.

    https://docs.astral.sh/uv/reference/settings/#required-version
    """
    import tomli

    if lock.tool != "uv" or b"required-version" not in settings:
        return lock
    try:
        required = str(tomli.loads(settings.decode())["tool"]["uv"]["required-version"])
    except (KeyError, TypeError, ValueError):  # none, or it is for uv to say what is wrong
        return lock
    required = f"=={required}" if required[:1].isdigit() else required
    return lock._replace(versions=",".join(filter(None, (lock.versions, required))))


class _Tool(NamedTuple):
    """How the tool is called, and its version."""

    command: tuple[str, ...]
    version: str

    @property
    def major(self) -> int:
        return int(self.version.partition(".")[0])


def _installed(job: _Job) -> _Tool | None:
    """The tool on PATH or beside the project's Python."""
    beside = os.path.dirname(job.python) if job.python else None
    path = shutil.which(job.lock.tool) or (beside and shutil.which(job.lock.tool, path=beside))
    return _tool(job, (path,)) if path else None


def _tools(job: _Job, installed: _Tool | None, scratch: str) -> Iterator[_Tool]:
    """The tool that made the file; then, where it has to run on the project's Python, one there."""
    yield _of_same_version(job, installed)
    if job.lock.on_project_python and job.python:
        yield _tool(job, (_made(job, os.path.join(scratch, "tool")),))


def _tool(job: _Job, command: tuple[str, ...]) -> _Tool:
    output = _run(job, (*command, "--version"), os.getcwd())
    found = re.search(r"\b\d+\.\d+(?:\.\d+)*", output)
    if found is None:
        text = _("{command} says no version: {output}")
        command = (*command, "--version")
        raise job.failed(text.format(command=_shell(command), output=output.strip()))
    return _Tool(command, found[0])


def _suits(job: _Job, tool: _Tool) -> bool:
    """Whether it keeps the lock file's layout: another would rewrite all of it."""
    return not job.lock.versions or specifiers.holds(tool.version, job.lock.versions)


def _of_same_version(job: _Job, installed: _Tool | None) -> _Tool:
    """The release that made the file if it can be had, else one that keeps its layout."""
    suiting = installed if installed is not None and _suits(job, installed) else None
    release = ".".join(job.lock.version.split(".")[:2])
    if suiting and (not release or specifiers.holds(suiting.version, f"=={release}.*")):
        return suiting
    fetching = _fetching()
    try:
        if fetching:
            return _tool(job, (*fetching, _wanted(job), job.lock.tool))
    except ApplyError:
        if not suiting:
            raise
    if suiting:
        return suiting
    raise job.failed(_cannot_be_had(job, installed))


def _cannot_be_had(job: _Job, installed: _Tool | None) -> str:
    tool, path = job.lock.tool, job.action.path
    if installed is None:
        return _("{tool} is not installed, and {path} is its file").format(tool=tool, path=path)
    text = _("{path} was made by {wanted}; {tool} {version}, which is installed, would rewrite all")
    return text.format(path=path, wanted=_wanted(job), tool=tool, version=installed.version)


def _wanted(job: _Job) -> str:
    """The requirement for the tool that made the lock file."""
    name = _DISTRIBUTIONS.get(job.lock.tool, job.lock.tool)
    return name + (f"=={job.lock.version}" if job.lock.version else job.lock.versions)


_FETCHERS = (("uv", "tool", "run", "--from"), ("pipx", "run", "--spec"))


def _fetching() -> tuple[str, ...]:
    """How one of the installed runners begins, () without any."""
    return next((one for one in _FETCHERS if shutil.which(one[0])), ())


def _made(job: _Job, folder: str) -> str:
    """The tool installed for the project's Python alone, in a scratch environment.

    pipenv resolves in a child on the project's Python, so a pipenv that has left that Python
    behind fails there: 2026.10 on Python 3.9 does.
    """
    python = os.path.join(folder, "bin", "python")
    _run(job, (job.python, "-m", "venv", folder), os.getcwd())
    tool = job.lock.tool
    wanted = _DISTRIBUTIONS.get(tool, tool)
    _run(job, (python, "-m", "pip", "install", "--quiet", wanted), os.getcwd())
    return os.path.join(folder, "bin", tool)


def _run(job: _Job, command: Sequence[str], place: str) -> str:
    """The output of a command of the tool, run so that its own environments stay in the copy."""
    extra = {
        "NO_COLOR": "1",
        "POETRY_NO_INTERACTION": "1",
        "POETRY_VIRTUALENVS_IN_PROJECT": "true",
        "PIPENV_VENV_IN_PROJECT": "1",
        "PIPENV_IGNORE_VIRTUALENVS": "1",
        "PIPENV_YES": "1",
        "PIPENV_NOSPIN": "1",
        "PIPENV_PIPFILE": os.path.join(place, "Pipfile"),
        "PDM_CHECK_UPDATE": "0",
        "PDM_IGNORE_SAVED_PYTHON": "1",
        "CUSTOM_COMPILE_COMMAND": "",
        "GIT_OPTIONAL_LOCKS": "0",
    }
    if job.python:
        extra["PIPENV_DEFAULT_PYTHON_VERSION"] = job.python
    if job.python and job.lock.tool == "uv":  # others that uv fetches may need another Python
        extra["UV_PYTHON"] = job.python
    try:
        return children.run(command, place, extra)
    except ApplyError as error:
        raise job.failed(error.message) from error


def _copy(job: _Job, copy: str) -> str:
    """A copy of all dependency files, with links to what else is there; where the tool is run.

    A tool may ask a project for its metadata, and that may take a readme, a version from a source
    file or from git, or a build. The folders are real: what a build adds to them stays in the copy.
    """
    _copy_files(job, copy, job.contents)
    for project in _projects(job):
        for folder, below, names in os.walk(project):
            git = [".git"] if ".git" in below else []
            below[:] = [one for one in below if _is_source(os.path.join(folder, one), copy)]
            links = [one for one in below if os.path.islink(os.path.join(folder, one))]
            _link(job, copy, folder, (*names, *links, *git))
    return _copied(job, copy, job.folder)


def _projects(job: _Job) -> Iterator[str]:
    """The folder where the tool is run, and projects elsewhere if its manifests lead out of it."""
    yield job.folder
    manifests = formats.manifests(job.old, job.lock)
    if any(b"../" in job.contents.get(path, b"") for path in manifests):
        for path in job.contents:
            if os.path.basename(path) in {"pyproject.toml", "setup.cfg", "setup.py"}:
                yield os.path.dirname(path) or os.curdir


def _link(job: _Job, copy: str, folder: str, names: Iterable[str]) -> None:
    place = _copied(job, copy, folder)
    os.makedirs(place, exist_ok=True)
    for name in names:
        link = os.path.join(place, name)
        if not os.path.lexists(link) and name not in {".pdm-python", ".venv"}:
            os.symlink(os.path.abspath(os.path.join(folder, name)), link)


def _is_source(folder: str, copy: str) -> bool:
    """Whether a folder may hold what a build needs: no environment, nothing that was made."""
    name = os.path.basename(folder)
    made = name.startswith(".") or name.endswith(".egg-info")
    made = made or name in {"__pycache__", "node_modules"}
    made = made or os.path.exists(os.path.join(folder, "pyvenv.cfg"))
    return not made and not os.path.realpath(copy).startswith(f"{os.path.realpath(folder)}/")


def _folder(path: str) -> str:
    return os.path.dirname(os.path.abspath(path))


def _copy_files(job: _Job, copy: str, paths: Iterable[str]) -> None:
    for path in paths:
        target = _copied(job, copy, path)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with open(target, "wb") as stream:
            stream.write(job.contents[path])


def _copied(job: _Job, copy: str, path: str) -> str:
    """Where a path is in the copy, which starts at the folder that holds all that is copied."""
    return os.path.normpath(os.path.join(copy, os.path.relpath(os.path.abspath(path), job.root)))


# --------------------------------------------------------------------------- its lock file


def _result(job: _Job, path: str) -> tuple[bytes, DependencyFile]:
    """What the tool left behind, if it is a lock file that can be read."""
    tool = job.action.tool
    try:
        with open(path, "rb") as stream:
            data = stream.read()
        new = _read(job.old, data)
    except OSError as error:
        text = _("{tool} made no {path}; nothing was changed")
        raise job.failed(text.format(tool=tool, path=job.action.path)) from error
    except UnicodeDecodeError:
        new = None
    if new is None or new.problems:
        raise job.failed(_("{tool} made a lock file that cannot be read").format(tool=tool))
    return data, new


def _require(job: _Job, new: DependencyFile) -> None:
    """The wanted distributions keep their bounds in every section, and can be installed."""
    tool, wanted = job.action.tool, job.action.constraint
    if _layout(job, job.old) != _layout(job, new):
        text = _("{tool} made a file that says {new} where it said {old}; nothing was changed")
        old, now = (all_of(_layout(job, one)) or _("nothing") for one in (job.old, new))
        raise job.failed(text.format(tool=tool, old=old, new=now))
    markers = job.interpreter.markers if job.interpreter else {}
    for name, bound in wanted.items():
        entries = [one for one in new.declarations if one.name == name]
        for one in entries:
            if job.lock.forks and _is_elsewhere(job, one, markers):
                continue
            if not (one.version and specifiers.holds(one.version, bound)):
                text = _(
                    "{tool} locked {name} {version} in {section}, which {bound} excludes; "
                    "nothing was changed"
                )
                section = one.section or _("the file")
                version = one.version
                raise job.failed(
                    text.format(tool=tool, name=name, version=version, section=section, bound=bound)
                )
        if markers and not any(marker_holds(one.marker, markers) for one in entries):
            text = _(
                "{tool} locked {name} {version}, which cannot be installed on the Python that "
                "is judged ({python}); nothing was changed"
            )
            version = all_of(sorted({one.version or "" for one in entries}))
            python = markers.get("python_full_version")
            raise job.failed(text.format(tool=tool, name=name, version=version, python=python))


def _is_elsewhere(job: _Job, locked: Declaration, markers: Mapping[str, str]) -> bool:
    """Whether it is locked for other interpreters only, and was so before."""
    known = {one.version for one in job.old.declarations if one.name == locked.name}
    return bool(markers) and locked.version in known and not marker_holds(locked.marker, markers)


def _layout(job: _Job, file: DependencyFile) -> list[str]:
    """What of a lock file must stay as it is, so that all of it is not written anew."""
    layout = job.lock.layout
    return re.findall(layout, file.document.text, re.MULTILINE) if layout else []


def _moved(old: DependencyFile, new: DependencyFile, wanted: Mapping[str, str]) -> tuple[str, ...]:
    """What changed besides the distributions wanted, for people: "idna 3.4 -> 3.6"."""
    before, after = _versions(old), _versions(new)
    names = sorted((before.keys() | after.keys()) - wanted.keys())
    return tuple(
        f"{name} {before.get(name, '(absent)')} -> {after.get(name, '(gone)')}"
        for name in names
        if before.get(name) != after.get(name)
    )


def _versions(file: DependencyFile) -> dict[str, str]:
    versions: dict[str, list[str]] = {}
    for one in file.declarations:
        versions.setdefault(one.name, []).append(one.version or one.url)
    return {name: " and ".join(sorted(set(found))) for name, found in versions.items()}


def _shell(command: Sequence[str]) -> str:
    import shlex

    return shlex.join(command)
