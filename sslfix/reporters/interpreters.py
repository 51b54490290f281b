"""What reports say of an interpreter."""

from __future__ import annotations

from collections.abc import Iterator

from sslfix.language import counted, padded
from sslfix.language import say as _
from sslfix.model import Environment, Interpreter


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
        "environment": environment
        and {
            "path": environment.path,
            "state": environment.state,
            "reasons": list(environment.reasons),
        },
    }


def interpreter_text(interpreter: Interpreter) -> str:
    """The interpreter in a few lines, for people."""
    version = interpreter.version or _("version not known")
    library = interpreter.ssl.raw if interpreter.ssl else None
    rows = [
        (_("chosen"), interpreter.chosen_because),
        ("python", f"{version} ({interpreter.implementation})"),
        ("ssl", library or _("none: {reason}").format(reason=interpreter.ssl_error)),
    ]
    if interpreter.environment is not None:
        rows += _environment(interpreter.environment)
    number = len(interpreter.distributions)
    rows.append(
        (_("installed"), counted("{number} distribution", "{number} distributions", number))
    )
    lines = [f"  {padded(name, 12)} {text}".rstrip() for name, text in rows if text]
    return "\n".join([interpreter.executable, *lines])


def _environment(environment: Environment) -> Iterator[tuple[str, str]]:
    state = {"ok": _("ok"), "stale": _("stale"), "broken": _("broken")}[environment.state]
    yield _("environment"), f"{environment.path}: {state}"
    yield from (("", f"- {reason}") for reason in environment.reasons)
    yield _("made by"), environment.made_by
    if environment.base_executable:
        version = environment.base_version or environment.base_failure or _("not asked")
        yield _("base"), f"{environment.base_executable} ({version})"
