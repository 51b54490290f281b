"""poetry.lock, of all lock versions (1.0 and before, 1.1, 2.0, 2.1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sslfix.model import Declaration, DependencyFile, Document, Format, Lock

from . import _packages
from ._packages import Package, Packages
from ._versions import join_markers

_NOT_FROM_AN_INDEX = frozenset({"git", "url", "directory", "file"})


def read(document: Document) -> DependencyFile:
    """What is locked, in file order."""
    return _packages.read(document, FORMAT.name, _declaration, last="metadata")


def _declaration(package: Package, found: Packages) -> Declaration | None:
    elsewhere = package.source.get("type") in _NOT_FROM_AN_INDEX
    declared = _packages.declare(package, str(package.source.get("url", "")) if elsewhere else "")
    if declared is None or declared.version is None:
        return None
    groups = package.texts("groups")
    return declared._replace(
        section=",".join(groups or [package.text("category")]),
        marker=_marker(package.fields, groups),
        hashes=declared.hashes or found.hashes.get(declared.name, 0),
    )


def _marker(fields: Mapping[str, object], groups: list[str]) -> str:
    """The marker; where groups have one each, that of any of them, "" if one group has none."""
    markers = fields.get("markers") or fields.get("marker") or ""
    if not isinstance(markers, Mapping):
        return str(markers)
    if any(group not in markers for group in groups):
        return ""
    return join_markers("or", [str(marker) for marker in markers.values()])


def add(constraint: Mapping[str, str], sections: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """Poetry's command that limits these distributions, in their group, and changes no other."""
    wanted = tuple(f"{name}@{specifier}" for name, specifier in constraint.items())
    groups = [group for section in sections for group in section.split(",") if group]
    option = ("--group", groups[0]) if groups and "main" not in groups else ()
    return (("poetry", "add", "--lock", *option, *wanted),)


def lock(major: int, _: Mapping[str, str], __: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """Poetry's command that locks an edited manifest; poetry 1 updates everything unless told."""
    return (("poetry", "lock") if major > 1 else ("poetry", "lock", "--no-update"),)


LOCK = Lock(
    tool="poetry",
    manifest="pyproject.toml",
    typed=add,
    rerun=lock,
    check=("poetry", "check", "--lock"),
)
FORMAT = Format(name="poetry.lock", patterns=("poetry.lock",), read=read, lock=LOCK)
