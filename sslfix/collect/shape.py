"""Whether data have the shape that a JSON Schema asks for, as far as ours use draft-07."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, NamedTuple, Union

from sslfix.language import say as _

Path = tuple[Union[str, int], ...]
Schema = Mapping[str, Any]

_TYPES: Mapping[str, type] = {"string": str, "integer": int, "array": list, "object": dict}


class Fault(NamedTuple):
    """What is wrong with the value at a path, or with its key."""

    path: Path
    message: str


class Leaf(NamedTuple):
    """A text that the schema gives a meaning of its own: the name of its definition."""

    path: Path
    meaning: str
    text: str


Outcome = Union[Fault, Leaf]


def read(
    schema: Schema, value: object, path: Path = (), root: Schema | None = None
) -> Iterator[Outcome]:
    """The faults of a value (TOML's dates as texts), and its texts that have a meaning."""
    root = schema if root is None else root
    kinds = [_resolved(one, root) for one in schema.get("anyOf", [schema])]
    fitting = [(name, kind) for name, kind in kinds if type(value) is _TYPES[kind["type"]]]
    if not fitting:
        expected = _(" or ").join(_said(kind, root) for _name, kind in kinds)
        text = _("{key} is {expected}, not {value}")
        yield Fault(path, text.format(key=spelled(path), expected=expected, value=_shown(value)))
        return
    meaning, kind = fitting[0]
    if isinstance(value, dict):
        yield from _table(kind, value, path, root)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from read(kind["items"], item, (*path, index), root)
    elif fault := _refused(kind, value):
        yield Fault(path, f"{spelled(path)} {fault}")
    elif meaning:
        yield Leaf(path, meaning, str(value))


def _resolved(schema: Schema, root: Schema) -> tuple[str, Schema]:
    """The name of the definition that is referred to, "" for none, and the schema itself."""
    name = schema.get("$ref", "").rpartition("/")[2]
    return name, root["definitions"][name] if name else schema


def _table(
    schema: Schema, table: Mapping[str, object], path: Path, root: Schema
) -> Iterator[Outcome]:
    known: Mapping[str, Schema] = schema.get("properties", {})
    for key in schema.get("required", ()):
        if key not in table:
            text = _("{table} lacks {key}")
            yield Fault(path, text.format(table=spelled(path), key=key))
    for key, value in table.items():
        if "propertyNames" in schema:
            yield from read(schema["propertyNames"], key, (*path, key), root)
        rest = known.get(key, schema["additionalProperties"])
        if rest:
            yield from read(rest, value, (*path, key), root)
        else:
            text = _("unknown key {key}").format(key=spelled((*path, key)))
            yield Fault((*path, key), text + _suggestion(key, known))


def _suggestion(word: str, known: Mapping[str, object]) -> str:
    """The known word that was meant, or else all of them, to be put behind a message."""
    import difflib

    close = difflib.get_close_matches(word.replace("_", "-"), known, n=1)
    if close:
        return _("; did you mean {other}?").format(other=close[0])
    return _("; there are {known}").format(known=", ".join(known))


def _refused(schema: Schema, value: Any) -> str:
    """Why a text or number of the right type is not taken, "" if it is."""
    if value not in schema.get("enum", [value]):
        text = _("is one of {known}, not {value}")
        return text.format(known=", ".join(schema["enum"]), value=repr(value))
    if schema.get("minLength") and not value:
        return _("is empty")
    if schema.get("minimum", value) > value:
        return _("is at least {number}, not {value}").format(number=schema["minimum"], value=value)
    if schema.get("format") == "date" and not _is_date(schema["pattern"], value):
        return _("is a date such as 2027-01-31, not {value}").format(value=repr(value))
    if "format" not in schema and not re.search(schema.get("pattern", ""), str(value)):
        return _("is a pattern without !, not {value}").format(value=repr(value))
    return ""


def _is_date(pattern: str, text: str) -> bool:
    try:
        return bool(re.search(pattern, text) and date.fromisoformat(text))
    except ValueError:
        return False


def _said(schema: Schema, root: Schema) -> str:
    """The type of value that a schema asks for, in words."""
    items = schema.get("items", {})
    if items and _resolved(items, root)[1].get("type") == "string":
        return _("a list of strings")
    return {
        "string": _("a string"),
        "integer": _("a whole number"),
        "array": _("a list"),
        "object": _("a table"),
    }[schema["type"]]


def _shown(value: object) -> str:
    """A value as TOML has it, as far as it is short."""
    return str(value).lower() if isinstance(value, bool) else repr(value)


def spelled(path: Path) -> str:
    """A path as people write it: `bot.labels`, `ignore[2].until`."""
    return "".join(f"[{one + 1}]" if isinstance(one, int) else f".{one}" for one in path)[1:]
