"""The settings of a run, each with where it comes from: as TOML for people, and as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from sslfix.language import say as _

Rows = Sequence[tuple[str, object, Sequence[str]]]
"""Dotted key, value as JSON has it, and the places that it comes from."""


def as_text(rows: Rows, path: str) -> str:
    """TOML with the places as comments; it could be pasted into .sslfix.toml."""
    lines = [(f"{key} = {_toml(value)}", ", ".join(origins)) for key, value, origins in rows]
    width = min(40, max(len(line) for line, _origins in lines))
    head = _("settings of {path}").format(path=path) if path else _("no configuration file")
    return "\n".join([f"# {head}", *(f"{line:<{width}}  # {told}" for line, told in lines)])


def as_json(rows: Rows, path: str) -> str:
    """`{"schema": 1, "configuration": path or null, "settings": {key: {"value", "from"}}}`."""
    settings = {key: {"value": value, "from": list(origins)} for key, value, origins in rows}
    return json.dumps({"schema": 1, "configuration": path or None, "settings": settings}, indent=2)


def _toml(value: object) -> str:
    """A value on one line of TOML; JSON's texts and numbers are TOML's too."""
    if isinstance(value, Mapping):
        inner = ", ".join(f"{_key(key)} = {_toml(one)}" for key, one in value.items())
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(_toml, value))}]"
    return json.dumps(value, ensure_ascii=False)


def _key(key: str) -> str:
    return key if key.replace("-", "").isalnum() and key.isascii() else json.dumps(key)
