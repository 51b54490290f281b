"""Known deployment targets: interpreters that stand in for one that is not at hand."""

from __future__ import annotations

from pathlib import Path

from sslfix.errors import UsageError
from sslfix.language import say as _
from sslfix.model import Interpreter, SslLibrary

_SYSTEMS = {"linux": ("posix", "Linux"), "darwin": ("posix", "Darwin"), "win32": ("nt", "Windows")}


def load() -> dict[str, Interpreter]:
    """All targets by name, from targets.toml, as interpreters known by profile."""
    import tomli

    data = tomli.loads((Path(__file__).parent / "targets.toml").read_text("utf-8"))
    return {name: _profile(name, **entry) for name, entry in data.items()}


def find(name: str, identifier: str) -> Interpreter:
    """The target of that name as the interpreter `identifier`. Raises UsageError for others."""
    known = load()
    if name not in known:
        import difflib

        close = difflib.get_close_matches(name, known, n=1)
        text = _("no target is named {name}; {command} lists them")
        if close:
            text = _("no target is named {name}; did you mean {other}?")
        other = close[0] if close else ""
        raise UsageError(text.format(name=name, other=other, command="sslfix targets"))
    because = _("the target {name}").format(name=name)
    return known[name]._replace(id=identifier, chosen_because=because)


def _profile(name: str, python: str, ssl: str, platform: str, source: str) -> Interpreter:
    os_name, system = _SYSTEMS[platform]
    markers = {
        "implementation_name": "cpython",
        "implementation_version": python,
        "os_name": os_name,
        "platform_machine": "arm64" if platform == "darwin" else "x86_64",
        "platform_python_implementation": "CPython",
        "platform_release": "",
        "platform_system": system,
        "platform_version": "",
        "python_full_version": python,
        "python_version": ".".join(python.split(".")[:2]),
        "sys_platform": platform,
    }
    return Interpreter(
        id=name,
        executable=name,
        version=python,
        implementation="cpython",
        markers=markers,
        ssl=SslLibrary.parse(ssl),
        source="profile",
        chosen_because=source,
    )
