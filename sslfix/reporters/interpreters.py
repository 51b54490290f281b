"""What reports say of an interpreter."""

from __future__ import annotations

from collections.abc import Iterator

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
    rows = [
        ("chosen", interpreter.chosen_because),
        ("python", f"{interpreter.version or 'version not known'} ({interpreter.implementation})"),
        ("ssl", interpreter.ssl.raw if interpreter.ssl else f"none: {interpreter.ssl_error}"),
    ]
    if interpreter.environment is not None:
        rows += _environment(interpreter.environment)
    rows.append(("installed", f"{len(interpreter.distributions)} distributions"))
    lines = [f"  {name:<12} {text}".rstrip() for name, text in rows if text]
    return "\n".join([interpreter.executable, *lines])


def _environment(environment: Environment) -> Iterator[tuple[str, str]]:
    yield "environment", f"{environment.path}: {environment.state}"
    yield from (("", f"- {reason}") for reason in environment.reasons)
    yield "made by", environment.made_by
    if environment.base_executable:
        version = environment.base_version or environment.base_failure or "not asked"
        yield "base", f"{environment.base_executable} ({version})"
