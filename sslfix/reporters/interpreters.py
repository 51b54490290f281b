"""What reports say of an interpreter."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence

from sslfix.language import columns, counted, padded
from sslfix.language import say as _
from sslfix.model import Environment, Installation, Interpreter


def interpreter_json(interpreter: Interpreter) -> dict[str, object]:
    """The interpreter as all JSON reports state it."""
    library, environment = interpreter.ssl, interpreter.environment
    return {
        "id": interpreter.id,
        "executable": interpreter.executable,
        "version": interpreter.version,
        "implementation": interpreter.implementation,
        "ssl": library
        and {"library": library.name, "version": library.version, "raw": library.raw},
        "ssl_error": interpreter.ssl_error,
        "source": interpreter.source,
        "chosen_because": interpreter.chosen_because,
        **({"differs": interpreter.differs} if interpreter.differs else {}),
        "environment": environment
        and {
            "path": environment.path,
            "state": environment.state,
            "reasons": list(environment.reasons),
            "notes": list(environment.notes),
        },
    }


def interpreter_text(interpreter: Interpreter, others: Sequence[str] = ()) -> str:
    """The interpreter in a few lines, for people; `others` are SSL libraries beside its own."""
    version = interpreter.version or _("version not known")
    library = interpreter.ssl.raw if interpreter.ssl else None
    rows = [
        (_("chosen"), interpreter.chosen_because),
        ("python", f"{version} ({interpreter.implementation})" + _ended(interpreter)),
        ("ssl", library or _("none: {reason}").format(reason=interpreter.ssl_error)),
    ]
    rows += [(_("besides"), text) for text in (interpreter.differs, *others)]
    if interpreter.environment is not None:
        rows += _environment(interpreter.environment)
    number = len(interpreter.distributions)
    rows.append(
        (_("installed"), counted("{number} distribution", "{number} distributions", number))
    )
    lines = [f"  {padded(name, 12)} {text}".rstrip() for name, text in rows if text]
    return "\n".join([_line(interpreter.executable), *lines])


def _ended(interpreter: Interpreter) -> str:
    text = _("; Python {minor} gets no fixes since {end} (SSL537)")
    minor = ".".join(interpreter.version.split(".")[:2])
    return text.format(minor=minor, end=interpreter.ended) if interpreter.ended else ""


def _environment(environment: Environment) -> Iterator[tuple[str, str]]:
    yield _("environment"), _line(f"{environment.path}: {_state(environment)}")
    yield from (("", _line(f"- {reason}")) for reason in environment.reasons)
    yield from ((_("note"), _line(note)) for note in environment.notes)
    yield _("made by"), environment.made_by
    if environment.base_executable:
        version = environment.base_version or environment.base_failure or _("not asked")
        yield _("base"), f"{environment.base_executable} ({version})"


def _state(environment: Environment) -> str:
    return {"ok": _("ok"), "stale": _("stale"), "broken": _("broken")}[environment.state]


# --------------------------------------------------------------------------- the whole machine

_ELLIPSIS = "..."
_LEAST = 16  # columns of a path; a table that has no room for them is wider than the terminal


def installation_json(one: Installation) -> dict[str, object]:
    """The interpreter as all JSON reports state it, with its owner, size and remedy."""
    remedy = "" if _is_well(one) else one.remedy
    return {
        **interpreter_json(one.interpreter),
        "owner": one.owner,
        "size": one.size,
        "remedy": remedy,
    }


def installations_text(found: Sequence[Installation], width: int | None, *, verbose: bool) -> str:
    """The tables of interpreters and environments, the sum of them, and what to do.

    Environments that are not well come first. No line is wider than `width` columns if that can
    be; None means that no terminal limits it.
    """
    bare = [one for one in found if one.interpreter.environment is None]
    inside = sorted(
        (one for one in found if one.interpreter.environment is not None),
        key=lambda one: (_is_well(one), one.owner, one.interpreter.prefix),
    )
    details = [tuple(_details(one)) if verbose else () for one in inside]
    tables = [
        list(_table([_bare_row(one) for one in bare], width, [()] * len(bare))),
        list(_table([_row(one) for one in inside], width, details)),
    ]
    lines = [line for table in filter(None, tables) for line in (*table, "")]
    lines.append(_sum(bare, inside))
    commands = dict.fromkeys(one.remedy for one in inside if not _is_well(one) and one.remedy)
    if commands:
        lines += [_("to make them anew:"), *(f"  {command}" for command in commands)]
    return "\n".join(lines)


def size_text(size: int) -> str:
    """A number of bytes as people say it: "12.3 MB"."""
    amount, units = float(size), ["B", "kB", "MB", "GB", "TB"]
    while amount >= 999.95 and len(units) > 1:
        amount /= 1000
        del units[0]
    return f"{amount:.0f} B" if units[0] == "B" else f"{amount:.1f} {units[0]}"


def _is_well(one: Installation) -> bool:
    environment = one.interpreter.environment
    return environment is None or environment.state == "ok"


def _bare_row(one: Installation) -> list[str]:
    return ["", *_facts(one), one.owner, _shown(one.interpreter.executable)]


def _row(one: Installation) -> list[str]:
    environment = one.interpreter.environment
    assert environment is not None, "only environments have a state"
    size = "" if one.size is None else size_text(one.size)
    return [_state(environment), *_facts(one), size, one.owner, _shown(environment.path)]


def _facts(one: Installation) -> list[str]:
    """Version and SSL library, as far as they are known."""
    interpreter, library = one.interpreter, one.interpreter.ssl
    version = interpreter.version or "?"
    if interpreter.implementation not in {"cpython", ""}:
        version = f"{interpreter.implementation} {version}"
    if library is not None:
        return [version, f"{library.name} {library.version}"]
    return [version, _("no ssl") if interpreter.source == "asked" else ""]


def _details(one: Installation) -> Iterator[str]:
    environment = one.interpreter.environment
    if environment is not None:
        yield from map(_line, environment.reasons)
        yield from (f"{_('note')}: {_line(note)}" for note in environment.notes)
    if one.interpreter.ssl_error and _is_well(one):
        yield one.interpreter.ssl_error
    number = len(one.interpreter.distributions)
    yield counted("{number} distribution", "{number} distributions", number)


def _shown(path: str) -> str:
    """A path as it is read best in a list of the whole machine: from here, from home, or whole."""
    path, here, home = os.path.abspath(path), os.getcwd(), os.path.expanduser("~")
    if path.startswith(here + os.sep):
        path = os.path.relpath(path)
    elif path.startswith(home + os.sep):
        path = "~" + path[len(home) :]
    return _line(path)


def _line(text: str) -> str:
    """The text on one line, its control characters escaped: a path may have them."""
    return re.sub(r"[\0-\x1f\x7f]", lambda found: repr(found[0])[1:-1], text)


def _table(
    rows: Sequence[Sequence[str]], width: int | None, details: Sequence[Iterable[str]]
) -> Iterator[str]:
    """The rows in columns, the last one cut in its middle to fit, with the details below each."""
    used = [max(map(columns, column)) for column in zip(*rows)][:-1]
    room = None
    if width is not None:
        room = max(width - sum(one + 2 for one in used if one), _LEAST)
    for row, below in zip(rows, details):
        cells = [padded(text, size) for text, size in zip(row, used) if size]
        yield "  ".join([*cells, _cut(row[-1], room)])
        yield from (f"    {detail}" for detail in below)


def _cut(path: str, room: int | None) -> str:
    """The path, its middle left out where it is longer than `room`: both ends tell it apart."""
    if room is None or columns(path) <= room:
        return path
    tail = (room - len(_ELLIPSIS)) * 2 // 3
    head = room - len(_ELLIPSIS) - tail
    return path[:head] + _ELLIPSIS + path[-tail:]


def _sum(bare: Sequence[Installation], inside: Sequence[Installation]) -> str:
    states = [one.interpreter.environment.state for one in inside if one.interpreter.environment]
    unwell = [
        text.format(number=states.count(state))
        for state, text in (("stale", _("{number} stale")), ("broken", _("{number} broken")))
        if state in states
    ]
    interpreters = counted("{number} interpreter", "{number} interpreters", len(bare))
    environments = counted("{number} environment", "{number} environments", len(inside))
    without = sum(one.interpreter.ssl is None for one in bare)
    lacking = _("{number} without ssl").format(number=without)
    parts = [
        f"{interpreters} ({lacking})" if without else interpreters,
        f"{environments} ({', '.join(unwell)})" if unwell else environments,
    ]
    sizes = [one.size for one in inside if one.size is not None]
    return ", ".join([*parts, *([size_text(sum(sizes))] if sizes else ())])
