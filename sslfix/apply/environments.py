"""Making a virtual environment anew at its own path, and repairing what is installed in one.

An environment can't be built elsewhere and moved into place: its scripts would begin with a dead
path. So the old one steps aside, and comes back if anything at all goes wrong.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from typing import Callable, NamedTuple

from sslfix.apply import children, installers, leftovers
from sslfix.apply.installers import Target
from sslfix.errors import ApplyError, ProbeError
from sslfix.language import say as _
from sslfix.model import Distribution, Environment, Interpreter

Ask = Callable[[str], Interpreter]
Say = Callable[[str], None]

# They come with the environment and are no part of what the project asked for.
_SEEDS = frozenset({"pip", "setuptools", "wheel"})
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


# --------------------------------------------------------------------------- the base interpreter


def find_base(
    environment: Environment,
    wanted: str,
    ask: Ask,
    suits: Callable[[Interpreter], bool] = lambda _: True,
) -> str:
    """The executable of a Python `wanted` ("3.9") that imports ssl, to make `environment` with.

    The recorded base comes first, then releases installed beside it, then what python-discovery
    finds. `suits` may refuse a candidate, as one whose SSL library the pins cannot use.
    """
    seen: dict[str, bool] = {}

    def fits(executable: str | None) -> bool:
        if not executable or _inside(executable, environment.path):
            return False
        if executable not in seen:
            seen[executable] = _is_base(executable, wanted, ask, suits)
        return seen[executable]

    for executable in _candidates(environment, wanted):
        if fits(executable):
            return executable
    from python_discovery import get_interpreter

    found = get_interpreter(
        wanted, env=children.variables(), predicate=lambda info: fits(info.system_executable)
    )
    if found is None or found.system_executable is None:
        raise _no_base(environment, wanted)
    return found.system_executable


def _is_base(executable: str, wanted: str, ask: Ask, suits: Callable[[Interpreter], bool]) -> bool:
    try:
        answer = ask(executable)
    except ProbeError:
        return False
    real = not answer.base_prefix or answer.prefix == answer.base_prefix
    same = answer.version.split(".")[:2] == wanted.split(".")
    return real and same and answer.ssl is not None and suits(answer)


def _candidates(environment: Environment, wanted: str) -> Iterator[str]:
    """Where the base was, and where pyenv, uv and Homebrew put the other patch releases."""
    import re
    from glob import escape, glob

    def release(path: str) -> list[int]:
        return [int(number) for number in re.findall(r"\d+", path)]

    base = environment.base_executable
    if base and os.path.exists(base):
        yield base
    homes = [os.environ.get("PYENV_ROOT", os.path.expanduser("~/.pyenv")) + "/versions"]
    if base:
        homes.insert(0, os.path.dirname(os.path.dirname(os.path.dirname(base))))
    for home in homes:
        found = glob(f"{escape(home)}/*{wanted}*/bin/python{wanted}")
        yield from sorted(found, key=release, reverse=True)


def _no_base(environment: Environment, wanted: str) -> ApplyError:
    from shutil import which

    tools = {"uv": f"uv python install {wanted}", "pyenv": f"pyenv install {wanted}"}
    text = _(
        "{path} needs a Python {wanted} that can import ssl, and none was found "
        "(recorded: {base}); nothing was changed. Install one, "
        "for example from your system's packages, python.org, uv or pyenv, and run sslfix again"
    )
    base = environment.base_executable or _("none")
    return ApplyError(
        text.format(path=environment.path, wanted=wanted, base=base),
        next((command for tool, command in tools.items() if which(tool)), ""),
    )


# --------------------------------------------------------------------------- making it anew


class _Job(NamedTuple):
    """What the steps of `recreate` share."""

    target: Target
    before: tuple[Distribution, ...]
    lock: LockInstall | None
    ask: Ask
    offline: bool
    report: Say

    @property
    def folder(self) -> str:
        return os.path.dirname(self.target.path)


def recreate(
    interpreter: Interpreter,
    base: str,
    ask: Ask,
    *,
    lock: LockInstall | None = None,
    verify: Callable[[str], Sequence[str]] = lambda _: (),
    offline: bool = False,
    report: Say = lambda _: None,
) -> None:
    """Make the environment of `interpreter` anew with the Python `base`, its distributions too.

    `interpreter` is the sick one as it was read from disk, with its environment and
    distributions; `ask` must also read what is installed. `verify` may name what else is wrong
    with the new executable. Whatever goes wrong, interruption included, the old environment is
    back as it was, byte for byte; ApplyError says why and what to do.
    """
    environment = _environment(interpreter)
    path = os.path.realpath(environment.path)
    aside = f"{path}.sslfix-old-{os.getpid()}"
    _refuse(environment, path, aside)
    before = _own(interpreter, path)
    unread = leftovers.distributions(path) - {_name(one) for one in before}
    if unread:
        text = _("{path} holds what could not be read: {names}")
        raise ApplyError(text.format(path=environment.path, names=", ".join(sorted(unread))))
    target = Target(path, _python(path), _minor(base, ask), environment.made_by)
    job = _Job(target, before, lock, ask, offline, report)
    try:
        os.rename(path, aside)
        report(_("making {path} anew with {base}").format(path=environment.path, base=base))
        _create(job, environment, base)
        _refill(job, aside)
        _check(job, verify)
    except BaseException as error:
        _put_back(path, aside)
        if not isinstance(error, Exception):
            raise
        raise _failed(environment, error) from error
    _delete(aside, report)


def _minor(base: str, ask: Ask) -> str:
    try:
        return ".".join(ask(base).version.split(".")[:2])
    except ProbeError as error:
        text = _("{base} does not run, so nothing was changed: {reason}")
        raise ApplyError(text.format(base=base, reason=error.reason)) from error


def _environment(interpreter: Interpreter) -> Environment:
    if interpreter.environment is None:
        text = _("{path} is in no virtual environment")
        raise ApplyError(text.format(path=interpreter.executable))
    return interpreter.environment


def _refuse(environment: Environment, path: str, aside: str) -> None:
    """ApplyError if this environment is not ours to make anew."""
    if environment.made_by == "conda":
        text = _("{path} is conda's: let conda repair it or make it anew")
        raise ApplyError(text.format(path=environment.path))
    if os.path.realpath(sys.prefix) == path:
        text = _(
            "sslfix itself runs in {path} and can't make it anew: run one that is "
            "installed elsewhere (pipx, uv tool, another environment)"
        )
        raise ApplyError(text.format(path=environment.path))
    if not os.path.lexists(_python(path)):
        text = _("{path} is missing: no virtual environment")
        raise ApplyError(text.format(path=_python(environment.path)))
    if os.path.lexists(aside):
        text = _("{path} is in the way: look at it, then delete it or move it")
        raise ApplyError(text.format(path=aside))


def _create(job: _Job, environment: Environment, base: str) -> None:
    """Make an environment like the old one at the same path, without its distributions."""
    names = {_name(one) for one in job.before}
    options = ["--copies" if environment.copied else "--symlinks"]
    options += ["--system-site-packages"] if environment.system_site_packages else []
    options += ["--prompt", environment.prompt] if environment.prompt else []
    if installers.embedded_pip(job.target.python) is None:
        # Too old for virtualenv, whose _virtualenv.py is no valid 3.7: the Python's own venv.
        options += [] if "pip" in names else ["--without-pip"]
        children.run([base, "-m", "venv", *options, job.target.path], job.folder)
        return
    for seed in ("pip", "setuptools"):
        options += [f"--{seed}", "bundle"] if seed in names else [f"--no-{seed}"]
    _virtualenv(
        ["--python", base, "--no-periodic-update", "--no-vcs-ignore", *options, job.target.path]
    )


def _virtualenv(arguments: list[str]) -> None:
    """Run virtualenv in this process: 0.40 s against 0.85 s as a child, and nothing printed."""
    from contextlib import redirect_stderr, redirect_stdout
    from io import StringIO

    from virtualenv import cli_run

    # Else it may write a file `.venv` beside the environment (PEP 832), which is not ours.
    variables = children.variables({"VIRTUALENV_VENV_REDIRECT": "false"})
    said = StringIO()
    try:
        with redirect_stdout(said), redirect_stderr(said):
            cli_run(arguments, setup_logging=False, env=variables)
    except SystemExit as error:
        text = _("virtualenv failed: {reason}")
        raise ApplyError(text.format(reason=said.getvalue().strip() or error)) from error


def _refill(job: _Job, old: str) -> None:
    """Install what the lock file says, then what else was there, and take over loose files."""
    strays = leftovers.strays(old)
    # The top folder first: `pip install -e git+...` keeps its checkouts in src.
    loose = leftovers.take_over([one for one in strays if os.sep not in one], old, job.target.path)
    if job.lock is not None:
        _install_lock(job, job.lock)
    there = set() if job.lock is None else _names(job)
    missing = [one for one in job.before if _name(one) not in there | _SEEDS]
    if missing:
        tool = installers.reinstall(job.target, missing, job.folder, offline=job.offline)
        text = _("installed {number} as they were, with {tool}")
        job.report(text.format(number=len(missing), tool=tool))
    _restore_seeds(job)
    loose += leftovers.take_over(strays, old, job.target.path)
    if loose:
        text = _("taken over, as no distribution owns them: {paths}")
        job.report(text.format(paths=", ".join(loose)))


def _install_lock(job: _Job, lock: LockInstall) -> None:
    """Install from the lock file by its tool; only a report where that tool is not to be had."""
    from shutil import which

    folder = os.path.dirname(os.path.abspath(lock.path))
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


def _restore_seeds(job: _Job) -> None:
    """Bring setuptools and wheel back to their versions if that can be had; pip is a new one.

    Not forced, but tried: setuptools 82 dropped pkg_resources, which old distributions import.
    """
    seeds = [one for one in job.before if _name(one) in _SEEDS - {"pip"}]
    if not seeds:
        return
    try:
        installers.reinstall(job.target, seeds, job.folder, offline=job.offline)
    except ApplyError:
        pins = ", ".join(f"{one.name}=={one.version}" for one in seeds)
        job.report(_("not to be had: {pins}; left as virtualenv installed them").format(pins=pins))


def _check(job: _Job, verify: Callable[[str], Sequence[str]]) -> None:
    """ApplyError if ssl does not work in the new environment, or not all came back."""
    answer = job.ask(job.target.executable)
    if answer.ssl is None:
        text = _("the new one can't import ssl either: {reason}")
        raise ApplyError(text.format(reason=answer.ssl_error))
    there = {_name(one): one for one in _own(answer, job.target.path)}
    lost = sorted({_name(one) for one in job.before} - set(there) - (_SEEDS - {"pip"}))
    if lost:
        raise ApplyError(_("not installed in the new one: {names}").format(names=", ".join(lost)))
    if job.lock is None:
        changed = [one for one in job.before if not _same(one, there.get(_name(one)))]
        if changed:
            names = ", ".join(map(_name, changed))
            raise ApplyError(_("changed in the new one: {names}").format(names=names))
    complaints = verify(job.target.executable)
    if complaints:
        raise ApplyError("; ".join(complaints))


def _same(old: Distribution, new: Distribution | None) -> bool:
    """Whether what is installed again is what was: the version, or the folder it comes from.

    A project folder may have moved on since (versions from git), so its version does not count.
    """
    if new is None or _name(old) in _SEEDS:
        return True
    if old.editable:
        return os.path.realpath(old.editable) == os.path.realpath(new.editable or os.devnull)
    return bool(old.direct_url) or old.version == new.version


def _put_back(path: str, aside: str) -> None:
    """Give the old environment its place again; what was made meanwhile is deleted."""
    from shutil import rmtree

    if not os.path.lexists(aside):
        return
    failed = f"{path}.sslfix-failed-{os.getpid()}"
    try:
        if os.path.lexists(path):
            os.rename(path, failed)
        os.rename(aside, path)
    except OSError as error:
        command = f"mv {_quoted(aside)} {_quoted(path)}"
        text = _("the old environment is at {path}: {reason}")
        text = text.format(path=aside, reason=error.strerror)
        raise ApplyError(text, command) from error
    rmtree(failed, ignore_errors=True)


def _failed(environment: Environment, error: Exception) -> ApplyError:
    project = os.path.dirname(os.path.abspath(environment.path))
    text = _("{path} could not be made anew and is as it was before: {reason}")
    return ApplyError(
        text.format(path=environment.path, reason=error),
        f"sslfix --apply --only environment {_quoted(project)}",
    )


def _delete(aside: str, report: Say) -> None:
    from shutil import rmtree

    try:
        rmtree(aside)
    except OSError as error:
        text = _("the old environment could not be deleted: {path}: {reason}")
        report(text.format(path=aside, reason=error.strerror))


# --------------------------------------------------------------------------- repairing in place


def install(
    interpreter: Interpreter,
    requirements: Sequence[str],
    ask: Ask,
    *,
    offline: bool = False,
    report: Say = lambda _: None,
) -> None:
    """Install `requirements` into the environment of `interpreter`, or leave it as it was.

    ApplyError carries the command that is left to run.
    """
    command = install_command(interpreter.executable, requirements)
    if offline:
        text = _("offline: nothing was installed into {path}")
        raise ApplyError(text.format(path=interpreter.prefix), command)
    target = _target(interpreter)
    try:
        tool = installers.install(target, requirements, os.path.dirname(target.path))
    except ApplyError as error:
        restore(interpreter, ask, report=report)
        raise ApplyError(error.message, command) from error
    except BaseException:
        restore(interpreter, ask, report=report)
        raise
    text = _("installed {requirements} with {tool}")
    report(text.format(requirements=", ".join(requirements), tool=tool))


def restore(interpreter: Interpreter, ask: Ask, *, report: Say = lambda _: None) -> None:
    """Bring the environment back to the distributions that `interpreter` was read with.

    Only what differs is touched; ApplyError if it cannot be had any more.
    """
    target = _target(interpreter)
    folder = os.path.dirname(target.path)
    before = {_name(one): one for one in _own(interpreter, target.path)}
    now = {_name(one): one for one in _own(ask(interpreter.executable), target.path)}
    added = sorted(set(now) - set(before))
    changed = [one for name, one in before.items() if not _unchanged(one, now.get(name))]
    if added:
        installers.uninstall(target, added, folder)
    if changed:
        installers.reinstall(target, changed, folder)
    if added or changed:
        names = ", ".join([*added, *map(_name, changed)])
        report(_("put back: {names}").format(names=names))


def _unchanged(old: Distribution, new: Distribution | None) -> bool:
    return new is not None and old[1:5] == new[1:5]


def install_command(executable: str, requirements: Sequence[str]) -> str:
    """The command that installs `requirements` for `executable`, as typed in a shell."""
    import shlex
    from shutil import which

    if which("uv"):
        return shlex.join(["uv", "pip", "install", "--python", executable, *requirements])
    return shlex.join([executable, "-m", "pip", "install", *requirements])


# --------------------------------------------------------------------------- small words


def _target(interpreter: Interpreter) -> Target:
    environment = _environment(interpreter)
    minor = ".".join(interpreter.version.split(".")[:2])
    path = os.path.realpath(environment.path)
    # Commands run in the project's folder, and what is shown may be relative to another.
    return Target(path, os.path.abspath(interpreter.executable), minor, environment.made_by)


def _own(interpreter: Interpreter, path: str) -> tuple[Distribution, ...]:
    """The distributions in the environment itself, without those of the base interpreter.

    The metadata of a `setup.py develop` stand in the project's folder.
    """
    return tuple(
        one
        for one in interpreter.distributions
        if _inside(one.path, path) or (one.editable and _inside(one.path, one.editable))
    )


def _names(job: _Job) -> set[str]:
    return {_name(one) for one in _own(job.ask(job.target.executable), job.target.path)}


def _name(distribution: Distribution) -> str:
    from packaging.utils import canonicalize_name

    return canonicalize_name(distribution.name)


def _inside(path: str, folder: str) -> bool:
    """Whether a path is in the folder, by its own place and not by what it links to."""
    parent = os.path.realpath(os.path.dirname(path))
    return f"{parent}/".startswith(f"{os.path.realpath(folder)}/")


def _python(environment: str) -> str:
    return os.path.join(environment, "bin", "python")


def _quoted(path: str) -> str:
    import shlex

    return shlex.quote(path)
