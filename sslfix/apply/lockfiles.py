"""Lock files are made anew by the tool that made them, in a copy, and looked at afterwards.

Exit code 0 of a locker is no evidence: several obvious commands leave a wrong lock file behind
(`pipenv upgrade --lock-only` raises what it was told to limit). So the new file is read again.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from sslfix import specifiers
from sslfix.apply import children
from sslfix.errors import ApplyError
from sslfix.language import all_of
from sslfix.language import say as _
from sslfix.match import marker_holds
from sslfix.model import DependencyFile, Format, Interpreter, Lock, Relock


class Relocked(NamedTuple):
    """A lock file made anew: its bytes, and what moved besides the distributions wanted."""

    data: bytes
    moved: tuple[str, ...]


class _Job(NamedTuple):
    """What all steps of one re-lock share; `by_hand` is what to type where it fails."""

    action: Relock
    old: DependencyFile
    manifest: bytes
    format: Format
    lock: Lock
    interpreter: Interpreter | None
    by_hand: str

    @property
    def python(self) -> str:
        """The interpreter that the lock file is for, "" where it is only known by profile."""
        asked = self.interpreter is not None and self.interpreter.source == "asked"
        return self.interpreter.executable if self.interpreter and asked else ""

    def failed(self, message: str) -> ApplyError:
        return ApplyError(message, self.by_hand)


def relock(
    action: Relock,
    old: DependencyFile,
    manifest: bytes,
    format_: Format,
    interpreter: Interpreter | None,
    *,
    offline: bool = False,
) -> Relocked:
    """The lock file that its tool makes of the edited manifest. Nothing is written in place.

    Raises ApplyError, with the command left to run by hand, where the tool is missing or fails,
    or where its lock file does not keep the bound, in every section, for that interpreter.
    """
    assert format_.lock is not None, "only lock files are re-locked"
    by_hand = " && ".join(_shell(command) for command in action.commands)
    folder = os.path.dirname(action.path)
    by_hand = f"cd {_shell([folder])} && {by_hand}" if folder else by_hand
    job = _Job(action, old, manifest, format_, format_.lock, interpreter, by_hand)
    if offline:
        text = _("{path} must be re-locked, which needs the network")
        raise job.failed(text.format(path=action.path))
    text = _("{tool} is not installed, and {path} is its file")
    error = job.failed(text.format(tool=action.tool, path=action.path))
    with tempfile.TemporaryDirectory(prefix="sslfix-") as scratch:
        for number, tool in enumerate(_tools(job, scratch)):
            try:
                return _relock(job, tool, os.path.join(scratch, f"project{number}"))
            except ApplyError as failure:
                error = failure
    raise error


def _relock(job: _Job, tool: _Tool, place: str) -> Relocked:
    """Edit the manifest in a copy of the project, run the tool there, and look at what it made."""
    _copy(job, place)
    action, lock = job.action, job.lock
    for command in lock.rerun(tool.major, action.constraint, action.sections):
        _run(job, (*tool.command, *command[1:]), place)
    _write(place, lock.manifest, job.manifest)
    _run(job, (*tool.command, *lock.check[1:]), place)
    with open(os.path.join(place, os.path.basename(action.path)), "rb") as stream:
        data = stream.read()
    document = job.old.document
    text = data[len(document.bom) :].decode(document.encoding)
    new = job.format.read(document._replace(text=text))
    _require(job, new)
    return Relocked(data, _moved(job.old, new, action.constraint))


# --------------------------------------------------------------------------- the tool


class _Tool(NamedTuple):
    """How the tool is called, and its major version."""

    command: tuple[str, ...]
    major: int


def _tools(job: _Job, scratch: str) -> Iterator[_Tool]:
    """The installed tool; then, where it has to run on the project's Python, one that does."""
    path = shutil.which(job.lock.tool)
    if path is not None:
        yield _of_same_version(job, _tool(job, (path,)))
        if job.lock.on_project_python and job.python:
            yield _tool(job, (_made(job, os.path.join(scratch, "tool")),))


def _tool(job: _Job, command: tuple[str, ...]) -> _Tool:
    output = _run(job, (*command, "--version"), os.getcwd())
    found = re.search(r"version:? (\d+)\.\d+", output)
    if found is None:
        text = _("{command} says no version: {output}")
        command = (*command, "--version")
        raise job.failed(text.format(command=_shell(command), output=output.strip()))
    return _Tool(command, int(found[1]))


def _of_same_version(job: _Job, tool: _Tool) -> _Tool:
    """The tool, of the major version that made the lock file: another would rewrite all of it."""
    name, document = job.lock.tool, job.old.document
    made_by = re.search(rf"generated by {name} (\d+)(\S*)", document.text[:200], re.IGNORECASE)
    if made_by is None or int(made_by[1]) == tool.major:
        return tool
    wanted = f"{name}=={made_by[1]}{made_by[2]}"
    uv = shutil.which("uv")
    if uv is not None:
        return _Tool((uv, "tool", "run", "--from", wanted, name), int(made_by[1]))
    text = _(
        "{path} was made by {wanted}, and the {tool} installed is {major}.x, "
        "which would rewrite all of it"
    )
    raise job.failed(text.format(path=document.path, wanted=wanted, tool=name, major=tool.major))


def _made(job: _Job, folder: str) -> str:
    """The tool installed for the project's Python alone, in a scratch environment.

    pipenv resolves in a child on the project's Python, so a pipenv that has left that Python
    behind fails there: 2026.10 on Python 3.9 does.
    """
    python = os.path.join(folder, "bin", "python")
    _run(job, (job.python, "-m", "venv", folder), os.getcwd())
    _run(job, (python, "-m", "pip", "install", "--quiet", job.lock.tool), os.getcwd())
    return os.path.join(folder, "bin", job.lock.tool)


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
    }
    if job.python:
        extra["PIPENV_DEFAULT_PYTHON_VERSION"] = job.python
    try:
        return children.run(command, place, extra)
    except ApplyError as error:
        raise job.failed(error.message) from error


def _copy(job: _Job, place: str) -> None:
    """A copy of the project's manifest, lock file and the files that its metadata names."""
    document = job.old.document
    folder = os.path.dirname(document.path) or "."
    os.mkdir(place)
    for name in os.listdir(folder):
        if re.match(r"(?i)readme|poetry\.toml|licen[cs]e", name):
            path = os.path.join(folder, name)
            if os.path.isfile(path):
                shutil.copy(path, place)
    _write(place, job.lock.manifest, job.manifest)
    _write(place, os.path.basename(document.path), document.encode())


def _write(folder: str, name: str, data: bytes) -> None:
    with open(os.path.join(folder, name), "wb") as stream:
        stream.write(data)


# --------------------------------------------------------------------------- its lock file


def _require(job: _Job, new: DependencyFile) -> None:
    """The wanted distributions keep their bounds in every section, and can be installed."""
    tool, wanted = job.action.tool, job.action.constraint
    if new.problems:
        raise job.failed(_("{tool} made a lock file that cannot be read").format(tool=tool))
    for name, bound in wanted.items():
        entries = [one for one in new.declarations if one.name == name]
        for one in entries:
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
        markers = job.interpreter.markers if job.interpreter else {}
        if markers and not any(marker_holds(one.marker, markers) for one in entries):
            text = _(
                "{tool} locked {name} {version}, which cannot be installed on the Python that "
                "is judged ({python}); nothing was changed"
            )
            version = all_of(sorted({one.version or "" for one in entries}))
            python = markers.get("python_full_version")
            raise job.failed(text.format(tool=tool, name=name, version=version, python=python))


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
