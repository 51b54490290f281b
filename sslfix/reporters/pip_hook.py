"""How the pip hook does, for people and for programs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sslfix import match
from sslfix.language import say as _
from sslfix.model import Interpreter
from sslfix.pip_hook import ENVIRONMENT, Place, pip_conf
from sslfix.pip_hook.judging import State, Verdict, command_for
from sslfix.reporters.interpreters import interpreter_json


def verdict_json(
    verdict: Verdict, interpreter: Interpreter, places: Mapping[str, Place]
) -> dict[str, object]:
    """The verdict as JSON has it."""
    return {
        "schema": 1,
        "interpreter": interpreter_json(interpreter),
        "state": verdict.state,
        "reasons": list(verdict.reasons),
        "constraints": list(places[ENVIRONMENT].wanted.requirements),
        "levels": [{**one._asdict(), "reasons": list(one.reasons)} for one in verdict.levels],
        "pip": [{**one._asdict(), "paths": list(one.paths)} for one in verdict.effects],
        "uv": {"covered_by": verdict.uv or None, "variable": _variable(places)},
    }


def verdict_text(verdict: Verdict, interpreter: Interpreter, places: Mapping[str, Place]) -> str:
    """The verdict in lines: in a word, the levels, what else takes part, what to do."""
    library = interpreter.ssl.raw if interpreter.ssl else ""
    words = {
        "active": _("the pip hook is active and current"),
        "partly": _("the pip hook is not current, or not for all"),
        "broken": _("pip cannot install: a constraints file is gone"),
        "absent": _("the pip hook is not installed"),
        "unneeded": _("nothing has to be kept out, so there is nothing to install"),
    }
    lines = [f"{match.describe(interpreter)}, {library}: {words[verdict.state]}"]
    lines += [f"  - {reason}" for reason in verdict.reasons]
    for state in verdict.levels:
        lines += _level(state, places[state.level])
    if verdict.state != "unneeded":
        lines += _uv(verdict, places)
    return "\n".join(lines)


def _level(state: State, place: Place) -> Iterator[str]:
    names = {
        "environment": _("environment"),
        "user": _("user"),
        "global": _("machine"),
    }
    words = {
        "absent": _("not installed"),
        "current": _("current"),
        "outdated": _("not current; {command} mends that"),
        "broken": _("broken; {command} mends that"),
        "foreign": _("not for this Python"),
    }
    if state.state == "absent" and state.level != ENVIRONMENT:
        return
    command = f"`{command_for('install', state.level)}`"
    yield f"  {names[state.level]}: {words[state.state].format(command=command)}"
    yield from (f"    - {reason}" for reason in state.reasons)
    if state.state == "absent":
        return
    limits = [one.partition(" ; ")[0] for one in place.wanted.requirements]
    told = f": {', '.join(limits)}" if state.state == "current" else ""
    yield f"    {state.constraints}{told}"


def _uv(verdict: Verdict, places: Mapping[str, Place]) -> Iterator[str]:
    if verdict.uv:
        yield "  uv pip: " + _("keeps to it by {name}").format(name=verdict.uv)
    elif any(one.state == "current" for one in verdict.levels):
        text = _("reads no pip.conf; to have it keep to them too: {command}")
        yield "  uv pip: " + text.format(command=f"export UV_CONSTRAINT={_variable(places)}")


def _variable(places: Mapping[str, Place]) -> str | None:
    """What UV_CONSTRAINT has to say: a path, or its URL where it has blanks."""
    there = (one for one in places.values() if one.constraints.exists)
    return next((pip_conf.spelled(one.constraints.path) for one in there), None)
