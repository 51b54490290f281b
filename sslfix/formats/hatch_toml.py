"""hatch.toml: the environments of hatch, as under [tool.hatch] in pyproject.toml.

https://hatch.pypa.io/latest/intro/#configuration
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sslfix.model import DependencyFile, Document, Edit, Format

from . import _lists, _pep508


def read(document: Document) -> DependencyFile:
    """What the environments install."""
    return _lists.read(document, FORMAT.name, _tables)


def _tables(data: Mapping[str, object]) -> Iterator[_lists.Table]:
    return _lists.hatch(data.get("envs"), ("envs",), "envs")


def constrain(
    file: DependencyFile, name: str, specifier: str, comment: str, section: str = ""
) -> Edit | None:
    """A new element of an environment's dependencies."""
    return _lists.constrain(file.document, _tables, name + specifier, comment, section)


FORMAT = Format(
    name="hatch.toml",
    patterns=("hatch.toml",),
    read=read,
    respecify=_pep508.respecify,
    constrain=constrain,
)
