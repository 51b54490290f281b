"""pyproject.toml: what a project, its groups and the tables of its tools declare.

uv's build-constraint-dependencies are not read: they are for the environments that packages are
built in, as is what [build-system] requires.

https://packaging.python.org/en/latest/specifications/pyproject-toml/
https://packaging.python.org/en/latest/specifications/dependency-groups/
https://python-poetry.org/docs/dependency-specification/
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Union

from sslfix.language import say as _
from sslfix.model import (
    Declaration,
    DependencyFile,
    Document,
    Edit,
    Format,
    Include,
    Kind,
    Problem,
    Span,
)

from . import _archive, _lists, _pep508, _toml, _toml_edit, _versions
from ._lists import Table, problem
from ._toml import Path, Place

_PDM_OVERRIDES = ("tool", "pdm", "resolution", "overrides")
_POETRY_SOURCES = ("git", "url", "path", "file")
_Outcome = Union[Declaration, Include, Problem]


def read(document: Document) -> DependencyFile:
    """The declarations in the order of the text; groups that others include are read once."""
    data = _toml.load(document)
    if isinstance(data, Problem):
        return DependencyFile(document, FORMAT.name, problems=(data,))
    outcomes: list[_Outcome] = []
    lists, tables = list(_arrays_of(data)), list(_poetry_tables(data))
    overrides, tox = _toml.child(data, *_PDM_OVERRIDES), _toml.child(data, "tool", "tox")
    places = _toml.places(document.text) if lists or tables or overrides or tox else {}
    for table in lists:
        outcomes += _lists.declared(document, places, table)
    for table in tables:
        outcomes += _poetry_table(document, places, table)
    if isinstance(overrides, Mapping):
        outcomes += _pdm_overrides(document, places, overrides)
    if tox:
        from . import _tox

        outcomes += _tox.in_pyproject(document, places, tox)
    return DependencyFile.of(document, FORMAT.name, outcomes)


# --------------------------------------------------------------------------- PEP 508 strings


def _arrays_of(data: Mapping[str, object]) -> Iterator[Table]:
    """The arrays of requirements that a pyproject.toml may hold, present ones only."""
    uv, limits = ("tool", "uv"), Kind.CONSTRAINT
    single = (
        Table(("project", "dependencies"), "project.dependencies", None),
        Table((*uv, "dev-dependencies"), "uv.dev-dependencies", None),
        Table((*uv, "constraint-dependencies"), "uv.constraint-dependencies", None, limits),
        Table((*uv, "override-dependencies"), "uv.override-dependencies", None, limits),
    )
    for table in single:
        found = _toml.child(data, *table.path)
        if found is not None:
            yield table._replace(data=found)
    several = (
        (("project", "optional-dependencies"), "optional"),
        (("dependency-groups",), "group"),
        (("tool", "pdm", "dev-dependencies"), "pdm.dev-dependencies"),
    )
    for path, section in several:
        groups = _toml.child(data, *path)
        for name, found in groups.items() if isinstance(groups, Mapping) else ():
            yield Table((*path, name), f"{section}.{name}", found)
    envs = ("tool", "hatch", "envs")
    yield from _lists.hatch(_toml.child(data, *envs), envs, "hatch.envs")


# --------------------------------------------------------------------------- poetry


def _poetry_tables(data: Mapping[str, object]) -> Iterator[Table]:
    poetry = ("tool", "poetry")
    paths: list[tuple[str, ...]] = [(*poetry, "dependencies"), (*poetry, "dev-dependencies")]
    groups = _toml.child(data, *poetry, "group")
    if isinstance(groups, Mapping):
        paths += [(*poetry, "group", str(name), "dependencies") for name in groups]
    for path in paths:
        found = _toml.child(data, *path)
        if found is not None:
            yield Table(path, ".".join(path[1:]), found)


def _poetry_table(
    document: Document, places: Mapping[Path, Place], table: Table
) -> Iterator[_Outcome]:
    if not isinstance(table.data, Mapping):
        place = _toml.find(places, table.path)
        text = _("expected a table, {table}").format(table=".".join(table.path))
        yield problem(document, place, text)
        return
    for name, value in table.data.items():
        if name == "python":
            continue
        path: Path = (*table.path, name)
        several = isinstance(value, list)
        for index, entry in enumerate(value if several else [value]):
            own: Path = (*path, index) if several else path
            whole = _toml.find(places, own)
            declaration = _poetry_entry(name, entry)
            if declaration is None:
                text = _("expected a version constraint of {name}").format(name=name)
                yield problem(document, whole, text)
                continue
            version = _toml.contents_at(
                document.text, places, own if isinstance(entry, str) else (*own, "version")
            )
            yield declaration._replace(
                span=whole.whole,
                section=table.section,
                specifier_span=None if declaration.url else version,
            )


def _poetry_entry(name: str, entry: object) -> Declaration | None:
    """What an entry says, without its place; None for what poetry would not read."""
    if isinstance(entry, str):
        entry = {"version": entry}
    version = entry.get("version", "*") if isinstance(entry, Mapping) else None
    accepts = _versions.poetry(version) if isinstance(version, str) else None
    if not isinstance(entry, Mapping) or not isinstance(version, str) or accepts is None:
        return None
    url = next((str(entry[key]) for key in _POETRY_SOURCES if key in entry), "")
    extras, name = entry.get("extras"), _pep508.normalize(name)
    pinned = _pep508.pinned(accepts[0]) if len(accepts) == 1 else None
    return Declaration(
        name=name,
        specifier="" if version.strip() == "*" else "".join(version.split()),
        span=Span(0, 0),
        version=pinned or _archive.version(url, name),
        accepts=() if url else accepts,
        marker=_poetry_marker(entry),
        extras=tuple(str(one) for one in extras) if isinstance(extras, list) else (),
        url=url,
    )


def _poetry_marker(entry: Mapping[str, object]) -> str:
    markers = [str(entry["markers"])] if "markers" in entry else []
    if "python" in entry:
        markers.append(_versions.python_marker(str(entry["python"])))
    if "platform" in entry:
        markers.append(_versions.platform_marker(str(entry["platform"])))
    return _versions.join_markers("and", [marker for marker in markers if marker])


# --------------------------------------------------------------------------- pdm


def _pdm_overrides(
    document: Document, places: Mapping[Path, Place], overrides: Mapping[str, object]
) -> Iterator[_Outcome]:
    """Versions that pdm takes whatever is required; a bare one is an exact pin.

    https://pdm-project.org/latest/usage/dependency/#solve-the-locking-failure
    """
    for name, value in overrides.items():
        path: Path = (*_PDM_OVERRIDES, name)
        place = _toml.find(places, path)
        url = value if isinstance(value, str) and "://" in value else ""
        accepts = _versions.pipfile(value) if isinstance(value, str) and not url else ()
        if accepts is None or not isinstance(value, str):
            text = _("expected a version constraint of {name}").format(name=name)
            yield problem(document, place, text)
            continue
        pinned = _pep508.pinned(accepts[0]) if accepts else None
        yield Declaration(
            name=_pep508.normalize(name),
            specifier="" if url or accepts == ("",) else "".join(value.split()),
            span=place.whole,
            section="pdm.resolution.overrides",
            version=pinned or _archive.version(url, _pep508.normalize(name)),
            accepts=accepts,
            url=url,
            kind=Kind.CONSTRAINT,
            specifier_span=None if url else _toml.contents_at(document.text, places, path),
        )


# --------------------------------------------------------------------------- writing


def respecify(document: Document, declaration: Declaration, specifier: str) -> str:
    """The specifier in the author's style; tables of poetry and pdm say `*` for any version."""
    text = _pep508.respecify(document, declaration, specifier)
    return text or ("*" if declaration.section.startswith(("poetry.", "pdm.resolution.")) else "")


def constrain(
    file: DependencyFile, name: str, specifier: str, comment: str, section: str = ""
) -> Edit | None:
    """A new element of the array that a section means, else of `project.dependencies`.

    uv reads limits in a place of their own, which the environments of hatch and tox do not. In
    poetry's tables it is an entry, in the group that the lock file has it for.
    """
    data = _toml.load(file.document)
    if isinstance(data, Problem):
        return None
    elsewhere = section.startswith(("hatch.", "tox."))
    if _toml.child(data, "tool", "uv") is not None and not elsewhere:
        return constrain_uv(file, name, specifier, comment)
    for array in _arrays(data, section):
        return _toml_edit.add_element(file.document, array, name + specifier, comment)
    own = re.fullmatch(r"poetry\.group\.(.+)\.dependencies", section)
    for group in [own[1]] if own else filter(None, section.split(",")):
        table = ("tool", "poetry", "group", group, "dependencies")
        if "main" not in section.split(",") and _toml.child(data, *table) is not None:
            return _toml_edit.add_entry(file.document, table, name, specifier, comment)
    for array in _arrays(data, "project.dependencies"):
        return _toml_edit.add_element(file.document, array, name + specifier, comment)
    main = ("tool", "poetry", "dependencies")
    return _toml_edit.add_entry(file.document, main, name, specifier, comment)


def constrain_uv(
    file: DependencyFile, name: str, specifier: str, comment: str, _: str = ""
) -> Edit | None:
    """An element of uv's constraint-dependencies, which is no dependency of what is published.

    https://docs.astral.sh/uv/reference/settings/#constraint-dependencies
    """
    data = _toml.load(file.document)
    if isinstance(data, Problem):
        return None
    array, requirement = ("tool", "uv", "constraint-dependencies"), name + specifier
    if isinstance(_toml.child(data, *array), list):
        return _toml_edit.add_element(file.document, array, requirement, comment)
    return _toml_edit.add_array(file.document, "tool.uv", array[-1], requirement, comment)


def _arrays(data: Mapping[str, object], section: str) -> Iterator[Path]:
    """The arrays of requirements that a section of this file, or groups of a lock file, mean."""
    groups = section.split(",")
    meant = {section}
    if {"default", "main"}.intersection(groups):
        meant.add("project.dependencies")
    else:
        tables = ("group", "optional", "pdm.dev-dependencies")
        meant |= {f"{table}.{group}" for table in tables for group in groups}
    for table in _arrays_of(data):
        asks = table.kind == Kind.REQUIREMENT and isinstance(table.data, list)
        if asks and table.section in meant:
            yield table.path
    if section.startswith("tox."):
        from . import _tox

        yield from _tox.arrays(_toml.child(data, "tool", "tox"), ("tool", "tox"), section)


FORMAT = Format(
    name="pyproject.toml",
    patterns=("pyproject.toml",),
    read=read,
    respecify=respecify,
    constrain=constrain,
)
