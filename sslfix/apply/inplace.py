"""Repairing what is installed in an environment, without making it anew."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Callable

from sslfix.apply import installers
from sslfix.apply.bases import Ask
from sslfix.apply.installed import name, own
from sslfix.apply.installers import Target
from sslfix.apply.recreation import environment_of
from sslfix.errors import ApplyError
from sslfix.language import say as _
from sslfix.model import Distribution, Interpreter

Say = Callable[[str], None]


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
    before = {name(one): one for one in own(interpreter, target.path)}
    now = {name(one): one for one in own(ask(interpreter.executable), target.path)}
    added = sorted(set(now) - set(before))
    changed = [one for key, one in before.items() if not _unchanged(one, now.get(key))]
    if added:
        installers.uninstall(target, added, folder)
    if changed:
        installers.reinstall(target, changed, folder)
    if added or changed:
        names = ", ".join([*added, *map(name, changed)])
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


def _target(interpreter: Interpreter) -> Target:
    environment = environment_of(interpreter)
    minor = ".".join(interpreter.version.split(".")[:2])
    path = os.path.realpath(environment.path)
    # Commands run in the project's folder, and what is shown may be relative to another.
    return Target(path, os.path.abspath(interpreter.executable), minor, environment.made_by)
