"""uv.toml: the limits that `uv pip` reads there.

No limit is added: `uv lock`, `uv sync` and `uv run` take those of pyproject.toml only.
build-constraint-dependencies are for environments that packages are built in, not the project's.
https://docs.astral.sh/uv/reference/settings/#constraint-dependencies
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sslfix.model import DependencyFile, Document, Format, Kind

from . import _lists, _pep508


def read(document: Document) -> DependencyFile:
    """The constraints and overrides."""
    return _lists.read(document, FORMAT.name, _tables)


def _tables(data: Mapping[str, object]) -> Iterator[_lists.Table]:
    for key in ("constraint-dependencies", "override-dependencies"):
        if key in data:
            yield _lists.Table((key,), key, data[key], Kind.CONSTRAINT)


FORMAT = Format(name="uv.toml", patterns=("uv.toml",), read=read, respecify=_pep508.respecify)
