"""What other formats than pip's own ask for, said in lines of a requirements file."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from sslfix.language import say as _
from sslfix.model import Declaration, DependencyFile, Document, Include, Kind

from .answers import UnavailableError

# What is installed with every other section of such a file.
_ALWAYS = {
    "Pipfile": ("packages",),
    "pyproject.toml": ("project.dependencies", "poetry.dependencies"),
    "setup.cfg": ("options.install_requires",),
    "setup.py": ("install_requires",),
}
# But not with these: what builds a project, and environments of tox.
_ALONE = re.compile(r"(?:options\.)?setup_requires|tox\..*")
_HATCH = re.compile(
    r"((?:hatch\.)?envs\..+?\.)(?:overrides\..+\.)?(?:set-)?(?:extra-)?dependencies"
)
_OVERRIDES = frozenset({"uv.override-dependencies", "pdm.resolution.overrides"})
# What a section's includes stand under.
_HEADER = re.compile(r"^\[([^\[\]]+)\]", re.MULTILINE)
_NAME = r"(?:[\w-]+|\"[^\"\n]*\"|'[^'\n]*')"
_KEY = re.compile(rf"^[ \t]*({_NAME}(?:[ \t]*\.[ \t]*{_NAME})*)[ \t]*=(?!=)", re.MULTILINE)
_HEADERS = {
    "noxfile.py": re.compile(r"^[ \t]*(?:async[ \t]+)?def[ \t]+(\w+)", re.MULTILINE),
    "pyproject.toml": _HEADER,
    "setup.cfg": _HEADER,
    "tox.ini": _HEADER,
    "tox.toml": _HEADER,
}


def requirements(file: DependencyFile, section: str) -> Iterator[str]:
    """The lines of a requirements file that asks for the same; none for what pip cannot install."""
    if section == "conda":
        return
    sections = _together(file, section)
    asked = [one for one in file.declarations if one.kind == Kind.REQUIREMENT]
    asked = [one for one in asked if one.section in sections]
    elsewhere = _elsewhere(file)
    lines = [line(one) for one in asked if one.name not in elsewhere]
    lines += [
        f"{'-c' if one.constraint else '-r'} {one.target}"
        for one in file.includes
        if _belongs(file, one, sections)
    ]
    if any(lines):
        yield from _indexes(file)
        yield from filter(None, lines)


def _together(file: DependencyFile, section: str) -> frozenset[str]:
    """The sections that are installed together with one, itself among them."""
    hatch = _HATCH.fullmatch(section)
    if hatch:
        usual = (f"{hatch[1]}dependencies", f"{hatch[1]}extra-dependencies")
        return frozenset({section, *usual})
    always = () if _ALONE.fullmatch(section) else _ALWAYS.get(file.format, ())
    groups = _included_groups(file.document, section) if section.startswith("group.") else ()
    # `testenv:docs {py39}` are the lines of tox's testenv:docs that are for py39 only
    return frozenset({section, section.partition(" {")[0], *always, *groups})


def _included_groups(document: Document, section: str) -> Iterator[str]:
    """The sections of a group (PEP 735) and of those that it includes."""
    groups = dict(_items(_table(document, "dependency-groups")))
    written = {normal(name): name for name in groups}
    waiting = [section.partition(".")[2]]
    while waiting:
        name = written.pop(normal(waiting.pop()), None)
        if name is not None:
            yield f"group.{name}"
            elements = groups[name]
            waiting += [
                str(one["include-group"])
                for one in (elements if isinstance(elements, list) else ())
                if isinstance(one, Mapping) and "include-group" in one
            ]


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _items(table: object) -> Iterable[tuple[str, object]]:
    return table.items() if isinstance(table, Mapping) else ()


def _table(document: Document, *keys: str) -> object:
    """What a TOML document, which was read before and so is valid, has under a path of keys."""
    import tomli

    found: object = tomli.loads(document.text)
    for key in keys:
        found = found.get(key) if isinstance(found, Mapping) else None
    return found


def _belongs(file: DependencyFile, include: Include, sections: Iterable[str]) -> bool:
    """Whether an include stands in one of the sections, as far as can be told."""
    header = _HEADERS.get(file.format)
    if header is None:
        return True
    text, end = file.document.text, include.span.start
    heads = list(header.finditer(text, 0, end))
    head = heads[-1][1] if heads else ""
    if not file.format.endswith(".toml"):
        return any(f"{one}.".startswith(f"{head}.") for one in sections)
    keys = _KEY.findall(text, heads[-1].end() if heads else 0, end)
    path = re.sub(r"[\"' \t]", "", ".".join([head, *keys[-1:]]))
    path = re.sub(r"^\.?(?:tool\.)?(?:tox\.)?", "", path)
    return any(path.startswith(f"{one.removeprefix('tox.')}.") for one in sections)


def limits(file: DependencyFile, *, overriding: bool) -> Iterator[str]:
    """The lines of a constraints file, or of uv's overrides."""
    for one in file.declarations:
        if one.kind == Kind.CONSTRAINT and (one.section in _OVERRIDES) is overriding:
            yield line(one._replace(extras=()))


_ARCHIVE = re.compile(r"\w+\+\w+://|file:///|\w+://.*\.(?:whl|zip|tar|tgz|tar\.\w+)(?:[#?]|$)")


def line(one: Declaration) -> str:
    """The declaration as a requirement, "" where it cannot be said."""
    extras = f"[{','.join(one.extras)}]" if one.extras else ""
    if one.url:
        what = f" @ {one.url}" if _ARCHIVE.match(one.url) else None
    else:
        what = one.accepts[0] if len(one.accepts) == 1 else None
    if what is None:
        return ""
    marker = " or ".join(f"({part})" for part in one.marker.split(" | ")) if one.marker else ""
    return f"{one.name}{extras}{what}" + (f" ; {marker}" if marker else "")


def _elsewhere(file: DependencyFile) -> frozenset[str]:
    """The distributions that uv is told to take from elsewhere than the index."""
    if file.format != "pyproject.toml":
        return frozenset()
    sources = _table(file.document, "tool", "uv", "sources")
    return frozenset(normal(name) for name, _found in _items(sources))


def _indexes(file: DependencyFile) -> Iterator[str]:
    """Options for the indexes of a Pipfile; UnavailableError for those only another tool knows."""
    if file.format == "Pipfile":
        sources = _table(file.document, "source")
        for number, source in enumerate(sources if isinstance(sources, list) else ()):
            option = "--extra-index-url" if number else "--index-url"
            yield f"{option} {source['url']}"
    for tool in ("poetry", "pdm") if file.format == "pyproject.toml" else ():
        if _table(file.document, "tool", tool, "source"):
            text = _("only {tool} knows the index of {path}")
            raise UnavailableError(text.format(tool=tool, path=file.document.path))
