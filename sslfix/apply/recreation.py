"""Making a virtual environment anew at its own path.

An environment can't be built elsewhere and moved into place: its scripts would begin with a dead
path. So the old one steps aside, and comes back if anything at all goes wrong.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Callable

from sslfix.apply import checks, children, installers, journal, leftovers, owners
from sslfix.apply.bases import Ask
from sslfix.apply.installed import name, own, python
from sslfix.apply.installers import Target
from sslfix.apply.owners import Owner
from sslfix.apply.refill import Job, LockInstall, refill
from sslfix.apply.room import Room, kept, size
from sslfix.errors import ApplyError, ProbeError
from sslfix.language import say as _
from sslfix.model import Distribution, Environment, Interpreter

Say = Callable[[str], None]
Verify = Callable[[str], Sequence[str]]


def recreate(
    interpreter: Interpreter,
    base: str,
    ask: Ask,
    *,
    lock: LockInstall | None = None,
    project: str = "",
    verify: Verify = lambda _: (),
    offline: bool = False,
    report: Say = lambda _: None,
) -> None:
    """Make the environment of `interpreter` anew with the Python `base`, its distributions too.

    `interpreter` is the sick one as it was read from disk, with its environment and
    distributions; `ask` must also read what is installed. A program that made the environment
    for itself makes it anew by its own commands, in `project` if it does not know the folder.
    `verify` may name what else is wrong with the new executable. Whatever goes wrong,
    interruption included, the old environment is back as it was, byte for byte; ApplyError says
    why and what to do. If all goes well, the old one is kept in it for `journal.undo`.
    """
    environment = environment_of(interpreter)
    path = os.path.realpath(environment.path)
    _refuse(environment, path)
    seen = _stamp(path)
    _require_as_read(environment, path, report)
    before = _before(interpreter, environment, path)
    target = Target(path, python(path), _minor(base, ask), environment.made_by)
    owner = owners.maker_of(path, project)
    if owner is not None:
        owner.require(environment.path, base)
        lock = None  # it installs by itself
    job = Job(target, before, lock, ask, offline, report, filled=owner is not None)
    with journal.hold(path, report) as room:
        if _stamp(path) != seen:
            raise _changed(environment)
        try:
            _make(job, environment, base, owner, room)
            if owner is None or not owner.at_next_use:
                refill(job, room.aside)
                checks.check(job, room.aside)
                _require(verify(target.executable))
            journal.keep(room)
        except BaseException as error:
            journal.put_back(room)
            if not isinstance(error, Exception):
                raise
            raise _failed(environment, error) from error
        report(_kept(room))


def _require(complaints: Sequence[str]) -> None:
    if complaints:
        raise ApplyError("; ".join(complaints))


def _make(job: Job, environment: Environment, base: str, owner: Owner | None, room: Room) -> None:
    """Let the old environment step aside and make a new one, its owner's or an empty one."""
    text = _("making {path} anew with {base}")
    if owner is None:
        journal.begin(room)
        job.report(text.format(path=environment.path, base=base))
        _create(job, environment, base)
        return
    if owner.in_place:
        journal.begin_with_copy(room)
    else:
        journal.begin_without(room)
    if owner.at_next_use:
        text = _("{path} stepped aside: {tool} makes it anew at its next use")
        job.report(text.format(path=environment.path, tool=owner.tool))
        return
    job.report(text.format(path=environment.path, base=owner.typed(base)))
    owner.make(base)
    if not os.path.lexists(job.target.executable):
        text = _("{tool} made no environment at {path}")
        raise ApplyError(text.format(tool=owner.tool, path=job.target.path))


def environment_of(interpreter: Interpreter) -> Environment:
    """The environment of an interpreter; ApplyError if it is in none."""
    if interpreter.environment is None:
        text = _("{path} is in no virtual environment")
        raise ApplyError(text.format(path=interpreter.executable))
    return interpreter.environment


def _minor(base: str, ask: Ask) -> str:
    try:
        return ".".join(ask(base).version.split(".")[:2])
    except ProbeError as error:
        text = _("{base} does not run, so nothing was changed: {reason}")
        raise ApplyError(text.format(base=base, reason=error.reason)) from error


def _refuse(environment: Environment, path: str) -> None:
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


def _require_as_read(environment: Environment, path: str, report: Say) -> None:
    """ApplyError if the environment is not there, or is another than the one that was read.

    Where another run has it aside, that is waited for.
    """
    if journal.recover(path, report) or (not _is_there(path) and journal.recover(path, report)):
        text = _("{path} was in the hands of another run, which has ended: run sslfix again")
        raise ApplyError(text.format(path=environment.path))
    if not _is_there(path):
        text = _("{path} is missing: no virtual environment")
        raise ApplyError(text.format(path=python(environment.path)))
    if environment.document is not None and _config(path) != environment.document.text:
        raise _changed(environment)


def _is_there(path: str) -> bool:
    return os.path.lexists(python(path))


def _config(path: str) -> str:
    """The text of pyvenv.cfg as it is read into an `Environment`."""
    config = os.path.join(path, "pyvenv.cfg")
    try:
        with open(config, encoding="utf-8", errors="replace", newline="") as file:
            return file.read()
    except OSError:
        return ""


def _stamp(path: str) -> tuple[tuple[int, int], ...]:
    """What is another for another environment at the same path."""
    found = []
    for one in (path, os.path.join(path, "pyvenv.cfg")):
        with suppress(OSError):
            about = os.lstat(one)
            found.append((about.st_ino, about.st_ctime_ns))
    return tuple(found)


def _changed(environment: Environment) -> ApplyError:
    text = _("{path} was made anew by another run, or changed, meanwhile: run sslfix again")
    return ApplyError(text.format(path=environment.path))


def _before(
    interpreter: Interpreter, environment: Environment, path: str
) -> tuple[Distribution, ...]:
    """What is installed in the environment; ApplyError if that could not be read whole."""
    before = own(interpreter, path)
    unread = leftovers.distributions(path) - {name(one) for one in before}
    if unread:
        text = _(
            "{path} holds what could not be read: {names}: install it again, or delete what is "
            "left of it in site-packages"
        )
        raise ApplyError(text.format(path=environment.path, names=", ".join(sorted(unread))))
    return before


# --------------------------------------------------------------------------- creating


def _create(job: Job, environment: Environment, base: str) -> None:
    """Make an environment like the old one at the same path, without its distributions."""
    names = {name(one) for one in job.before}
    alike = ["--system-site-packages"] if environment.system_site_packages else []
    alike += ["--prompt", environment.prompt] if environment.prompt else []
    uv = installers.find_uv(job.target.path, environment.made_by)
    if environment.made_by == "uv" and uv and "pip" not in names:
        options = ["--no-project", "--no-config", "--offline", "--allow-existing"]
        children.run([uv, "venv", *options, "--python", base, *alike, job.target.path], job.folder)
        return
    options = ["--copies" if environment.copied else "--symlinks", *alike]
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


# --------------------------------------------------------------------------- how it ended


def _failed(environment: Environment, error: Exception) -> ApplyError:
    import shlex

    project = os.path.dirname(os.path.abspath(environment.path))
    text = _("{path} could not be made anew and is as it was before: {reason}")
    command = shlex.join(["sslfix", "--apply", "--only", "environment", project])
    return ApplyError(text.format(path=environment.path, reason=error), command)


def _kept(room: Room) -> str:
    import shlex

    text = _(
        "the old one is kept in {path} ({number} MB): {undo} puts it back, {delete} deletes it"
    )
    old = kept(room.path) or room.kept
    return text.format(
        path=old,
        number=round(size(old) / 1e6),
        undo="`" + shlex.join(["sslfix", "env", "--undo", room.path]) + "`",
        delete="`" + shlex.join(["rm", "-r", old if old == room.kept else room.folder]) + "`",
    )
