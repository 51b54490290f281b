"""Installing into a new environment what the lock file says, or what was in the old one."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from glob import escape, glob
from typing import Callable, NamedTuple

from sslfix.apply import children, edited, installers, leftovers, records
from sslfix.apply.installed import SEEDS, name, own, sites
from sslfix.apply.installers import Target
from sslfix.errors import ApplyError
from sslfix.language import say as _
from sslfix.model import Distribution, Document, Interpreter
from sslfix.pip_hook import pip_conf

_LOCK_TOOLS = {
    "Pipfile.lock": ("pipenv", "sync"),
    "pdm.lock": ("pdm", "sync", "--no-self"),
    "poetry.lock": ("poetry", "install", "--no-root", "--no-interaction"),
    "uv.lock": ("uv", "sync", "--active", "--frozen", "--inexact", "--no-install-project"),
}


class LockInstall(NamedTuple):
    """The file to install from, and its format: one that pins all that it names.

    A requirements.txt of loose ranges is no lock file: it would bring other versions.
    """

    path: str
    format: str


class Job(NamedTuple):
    """What the steps of a recreation share; `filled` says that its owner has installed already."""

    target: Target
    before: tuple[Distribution, ...]
    lock: LockInstall | None
    ask: Callable[[str], Interpreter]
    offline: bool
    report: Callable[[str], None]
    filled: bool = False

    @property
    def folder(self) -> str:
        return os.path.dirname(self.target.path)

    @property
    def exact(self) -> bool:
        """Whether all is to come back in the very versions that were there."""
        return self.lock is None and not self.filled


def refill(job: Job, old: str) -> None:
    """Install what the lock file says, then what else was there, and take over loose files."""
    new = job.target.path
    shutil.copymode(old, new)
    rows = leftovers.recorded(old)
    strays = leftovers.strays(old, leftovers.owners_of(rows))
    # The top folder first: `pip install -e git+...` keeps its checkouts in src.
    top = leftovers.take_over([one for one in strays if os.sep not in one], old, new)
    with _without_hook(new):
        if job.lock is not None:
            _install_lock(job, job.lock)
        _install_missing(job)
        _restore_seeds(job)
    records.restore(old, new, exact=job.exact)
    deep = leftovers.take_over([one for one in strays if os.sep in one], old, new)
    merged = edited.merge(old, new, rows)
    _tell(
        job,
        (*top.copied, *deep.copied, *merged.added),
        (*top.left, *deep.left, *merged.left),
    )


@contextmanager
def _without_hook(environment: str) -> Iterator[None]:
    """Take the pip hook out of the environment's settings meanwhile.

    It was made for the old Python, and would refuse to bring back what was there before it.
    """
    path = os.path.join(environment, pip_conf.FILE_NAME)
    text = b""
    if os.path.isfile(path) and not os.path.islink(path) and os.access(path, os.W_OK):
        with open(path, "rb") as file:
            text = file.read()
    document = Document(path, text.decode("utf-8", "surrogateescape"))
    free = pip_conf.remove(document).encode("utf-8", "surrogateescape")
    if free == text:
        yield
        return
    try:
        _write(path, free)
        yield
    finally:
        _write(path, text)


def _write(path: str, data: bytes) -> None:
    with open(path, "wb") as file:
        file.write(data)


def _tell(job: Job, taken: tuple[str, ...], left: tuple[str, ...]) -> None:
    if taken:
        text = _("taken over, as no distribution owns them: {paths}")
        job.report(text.format(paths=", ".join(taken)))
    if pip_conf.NAME in taken:
        text = _("the pip hook is still that for the old Python; `{command}` makes it anew")
        job.report(text.format(command="sslfix pip-hook install"))
    if left:
        text = _("not taken over: {paths}; it stands in the old one, see `sslfix env --undo`")
        job.report(text.format(paths=", ".join(left)))


def _install_missing(job: Job) -> None:
    there = set() if job.exact else _names(job)
    missing = [one for one in job.before if name(one) not in there | SEEDS]
    if not missing:
        return
    job.report(_("installing {number} as they were").format(number=len(missing)))
    try:
        tool = installers.reinstall(job.target, missing, job.folder, offline=job.offline)
    except children.CommandError as error:
        raise _named(missing, error) from error
    text = _("installed {number} as they were, with {tool}")
    job.report(text.format(number=len(missing), tool=tool))


def _install_lock(job: Job, lock: LockInstall) -> None:
    """Install from the lock file by its tool; only a report where that tool is not to be had."""
    folder = os.path.dirname(os.path.abspath(lock.path))
    job.report(_("installing from {path}").format(path=lock.path))
    if lock.format not in _LOCK_TOOLS:
        arguments = ["-r", os.path.abspath(lock.path)]
        tool = installers.install(job.target, arguments, folder, offline=job.offline)
        job.report(_("installed from {path}, with {tool}").format(path=lock.path, tool=tool))
        return
    tool, *rest = _LOCK_TOOLS[lock.format]
    executable = shutil.which(tool)
    if executable is None or job.offline:
        text = _("{tool} is not on PATH: installing what was installed, not what {path} says")
        if executable:
            text = _("offline: installing what was installed, not what {path} says")
        job.report(text.format(tool=tool, path=lock.path))
        return
    children.run([executable, *rest], folder, {"VIRTUAL_ENV": job.target.path})
    job.report(_("installed from {path}, with {tool}").format(path=lock.path, tool=tool))


def _restore_seeds(job: Job) -> None:
    """Bring setuptools and wheel back to their versions if that can be had; pip is a new one.

    Not forced, but tried: setuptools 82 dropped pkg_resources, which old distributions import.
    """
    _tell_pip(job)
    seeds = [one for one in job.before if name(one) in SEEDS - {"pip"}]
    if not seeds:
        return
    try:
        installers.reinstall(job.target, seeds, job.folder, offline=job.offline)
    except ApplyError:
        pins = ", ".join(f"{one.name}=={one.version}" for one in seeds)
        job.report(_("not to be had: {pins}; left as virtualenv installed them").format(pins=pins))


def _tell_pip(job: Job) -> None:
    """Report if the new pip is another release than the old one."""
    old = "".join(one.version for one in job.before if name(one) == "pip")
    for site in sites(job.target.path):
        for info in glob(f"{escape(site)}/pip-*.dist-info"):
            new = os.path.basename(info)[len("pip-") : -len(".dist-info")]
            if old and new != old:
                job.report(_("pip {old} became {new}").format(old=old, new=new))


def _names(job: Job) -> set[str]:
    return {name(one) for one in own(job.ask(job.target.executable), job.target.path)}


# --------------------------------------------------------------------------- the culprit


def _named(wanted: Sequence[Distribution], error: children.CommandError) -> ApplyError:
    """The error with the distributions in front that the installer failed at, if it names any."""
    found = culprits(wanted, error.output)
    if not found:
        return error
    names = ", ".join(f"{one.name} {one.version}" for one in found)
    text = _("{names} cannot be installed: {reason}")
    lines = [text.format(names=names, reason=_reason(error.output))]
    if any("+" in one.version for one in found):
        lines.append(
            _("a version with `+` comes from an index of its own: set it (PIP_EXTRA_INDEX_URL)")
        )
    return ApplyError("\n".join([*lines, error.message]))


# How pip and uv begin what they tell of a failure; the other lines are of the build.
_TOLD = re.compile(
    r"No matching distribution found for|Failed to (?:build|connect|download|fetch|prepare|read)"
    r"|Failed building|Could not (?:find|install)|[\u2570\u251c]\u2500[>\u25b6] |Because "
    r"|No solution found"
    r"|Distribution not found|is not a valid editable|does not appear to be a Python project"
)
_MARKS = re.compile(r"^(?:[\s\u00d7\u2570\u251c\u2500>\u25b6]|cause:|error:|ERROR:)+")
# pip says what it works at, and then only that a child of its own failed.
_CHILD_FAILED = re.compile(r"subprocess-exited-with-error|did not run successfully")
_WORKS_AT = re.compile(r"(?:Collecting|Obtaining|Processing) ")


# They say that, and another line why.
_NO_REASON = re.compile(r"Failed to build|Failed building|\[\d+ lines of output\]")


def _reason(output: str) -> str:
    """One line of why: the last that tells of a failure, and the first cause if uv says one."""
    lines = [line for line in output.splitlines() if line.strip()]
    told = [line for line in lines if _TOLD.search(line)]
    told = [line for line in told if not _NO_REASON.search(line)] or told or lines
    caused = [line for line in lines if line.lstrip().startswith("cause:")]
    return ": ".join(
        dict.fromkeys(_MARKS.sub("", line).strip() for line in (*told[-1:], *caused[-1:]))
    )


def culprits(wanted: Sequence[Distribution], output: str) -> list[Distribution]:
    """Those of the distributions that pip or uv says it could not find, fetch or build.

    Both name them, or where they come from, in the lines that tell of the failure.
    """
    lines = output.splitlines()
    found = _mentioned(wanted, [line for line in lines if _TOLD.search(line)])
    if not found and _CHILD_FAILED.search(output):
        found = _mentioned(wanted, [line for line in lines if _WORKS_AT.match(line)][-1:])
    return found


def _mentioned(wanted: Sequence[Distribution], lines: Sequence[str]) -> list[Distribution]:
    # As names are written in these lines: with `-` or `_` or `.`, never as a part of a longer one.
    text = " ".join(lines).lower()
    return [
        one
        for one in wanted
        if re.search(rf"(?<![\w.-]){re.sub('-', '[-_.]+', name(one))}(?![\w-]|\.\w)", text)
        or any(re.search(rf"{re.escape(place.lower())}(?![\w./-])", text) for place in _places(one))
    ]


def _places(distribution: Distribution) -> Iterator[str]:
    """The folder and the path of the URL that a distribution comes from."""
    import json
    from urllib.parse import urlsplit

    if distribution.editable:
        yield distribution.editable
    with suppress(ValueError, AttributeError):
        path = urlsplit(json.loads(distribution.direct_url or "{}").get("url", "")).path
        if len(path) > 1:
            yield path
