"""Installing into a new environment what the lock file says, or what was in the old one."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Callable, NamedTuple

from sslfix.apply import children, installers, leftovers, records
from sslfix.apply.installed import SEEDS, name, own
from sslfix.apply.installers import Target
from sslfix.errors import ApplyError
from sslfix.language import say as _
from sslfix.model import Distribution, Interpreter

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
    strays = leftovers.strays(old)
    # The top folder first: `pip install -e git+...` keeps its checkouts in src.
    loose = leftovers.take_over([one for one in strays if os.sep not in one], old, job.target.path)
    if job.lock is not None:
        _install_lock(job, job.lock)
    _install_missing(job)
    _restore_seeds(job)
    if job.exact:
        records.restore(old, job.target.path)
    loose += leftovers.take_over(strays, old, job.target.path)
    loose += leftovers.take_over_added(old, job.target.path)
    if loose:
        text = _("taken over, as no distribution owns them: {paths}")
        job.report(text.format(paths=", ".join(loose)))


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
    from shutil import which

    folder = os.path.dirname(os.path.abspath(lock.path))
    job.report(_("installing from {path}").format(path=lock.path))
    if lock.format not in _LOCK_TOOLS:
        arguments = ["-r", os.path.abspath(lock.path)]
        tool = installers.install(job.target, arguments, folder, offline=job.offline)
        job.report(_("installed from {path}, with {tool}").format(path=lock.path, tool=tool))
        return
    tool, *rest = _LOCK_TOOLS[lock.format]
    executable = which(tool)
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
    seeds = [one for one in job.before if name(one) in SEEDS - {"pip"}]
    if not seeds:
        return
    try:
        installers.reinstall(job.target, seeds, job.folder, offline=job.offline)
    except ApplyError:
        pins = ", ".join(f"{one.name}=={one.version}" for one in seeds)
        job.report(_("not to be had: {pins}; left as virtualenv installed them").format(pins=pins))


def _names(job: Job) -> set[str]:
    return {name(one) for one in own(job.ask(job.target.executable), job.target.path)}


# --------------------------------------------------------------------------- the culprit


def _named(wanted: Sequence[Distribution], error: children.CommandError) -> ApplyError:
    """The error with the distributions in front that the installer failed at, if it names any."""
    found = culprits(wanted, error.output)
    if not found:
        return error
    text = _("cannot be installed: {names}")
    lines = [text.format(names=", ".join(f"{one.name} {one.version}" for one in found))]
    if any("+" in one.version for one in found):
        lines.append(
            _("a version with `+` comes from an index of its own: set it (PIP_EXTRA_INDEX_URL)")
        )
    return ApplyError("\n".join([*lines, error.message]))


def culprits(wanted: Sequence[Distribution], output: str) -> list[Distribution]:
    """Those of the distributions that pip or uv says it could not find, fetch or build.

    Both name them in the lines that tell of the failure; the lines around are of the build.
    """
    import re

    told = re.compile(
        r"No matching distribution found for|Failed to (?:build|download|fetch|prepare|read)"
        r"|Failed building|Could not (?:find|install)|\u2570\u2500> |Because |No solution found"
        r"|Distribution not found|is not a valid editable|does not appear to be a Python project"
    )
    lines = " ".join(line for line in output.splitlines() if told.search(line)).lower()
    # As names are written in these lines: with `-` or `_` or `.`, never as a part of a longer one.
    return [
        one
        for one in wanted
        if re.search(rf"(?<![\w.-]){re.sub('-', '[-_.]+', name(one))}(?![\w-]|\.\w)", lines)
        or (one.editable and one.editable.lower() in lines)
    ]
