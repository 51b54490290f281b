"""Python scripts that state their requirements in a comment, `# /// script` (PEP 723).

https://packaging.python.org/en/latest/specifications/inline-script-metadata/
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Union

from sslfix.language import say as _
from sslfix.model import Declaration, DependencyFile, Document, Edit, Format, Problem

from . import _pep508, _toml, _toml_edit
from ._passage import Builder, Passage

_END = r"(?:\r\n|\r|\n)"
_COMMENTS = re.compile(rf"^# /// script{_END}((?:#(?: [^\r\n]*)?(?:{_END}|\Z))*)", re.MULTILINE)
_LINE = re.compile(rf"# ?([^\r\n]*(?:{_END}|\Z))")


def read(document: Document) -> DependencyFile:
    """The requirements of a script; a file without such a block has none."""
    return DependencyFile.of(document, FORMAT.name, list(outcomes(document)))


def outcomes(document: Document) -> Iterator[Union[Declaration, Problem]]:
    """What the block of a Python file declares, with its places in the whole file."""
    block = contents(document)
    if block is None:
        return
    content = Document(document.path, block.text)
    first = document.position(block.pieces[0].start)[0] - 1
    for found in _outcomes(content, _toml.load(content)):
        if isinstance(found, Problem):
            yield found._replace(line=first + (found.line or 1))
            continue
        inner = found.specifier_span
        yield found._replace(
            span=block.span(*found.span), specifier_span=inner and block.span(*inner)
        )


def _outcomes(
    content: Document, data: Mapping[str, object] | Problem
) -> Iterator[Union[Declaration, Problem]]:
    """What the TOML text declares, with its places in that text."""
    if isinstance(data, Problem):
        yield data
        return
    listed, places = data.get("dependencies", []), _toml.places(content.text)
    if not isinstance(listed, list):
        place = _toml.find(places, ("dependencies",))
        message = _("expected an array of requirements in {table}").format(table="dependencies")
        yield Problem(content.path, content.position(place.key.start)[0], message)
        return
    for index, element in enumerate(listed):
        value = places["dependencies", index].value
        if not isinstance(element, str):
            message = _("expected a requirement as text")
            yield Problem(content.path, content.position(value.start)[0], message)
            continue
        passage = _toml.string(content.text, value)
        try:
            yield _pep508.declare(passage, *_stripped(passage.text), section="script")
        except _pep508.RequirementError as error:
            yield Problem(content.path, content.position(value.start)[0], str(error))


def _stripped(text: str) -> tuple[int, int]:
    return len(text) - len(text.lstrip()), len(text.rstrip())


def contents(document: Document) -> Passage | None:
    """The TOML in the first block, without the comment signs."""
    for run in _COMMENTS.finditer(document.text):
        lines = list(_LINE.finditer(document.text, *run.span(1)))
        ends = [number for number, line in enumerate(lines) if line[0].rstrip("\r\n") == "# ///"]
        if ends and ends[-1] > 0:
            built = Builder()
            for line in lines[: ends[-1]]:
                built.add(line[1], line.start(1))
            return built.build()
    return None


def constrain(
    file: DependencyFile, name: str, specifier: str, comment: str, _: str = ""
) -> Edit | None:
    """A new element of the script's dependencies."""
    block = contents(file.document)
    content = Document(file.document.path, block.text) if block else None
    data = _toml.load(content) if content else None
    if block is None or content is None or not isinstance(_toml.child(data, "dependencies"), list):
        return None
    edit = _toml_edit.add_element(content, ("dependencies",), name + specifier, comment)
    if edit is None:
        return None
    return Edit(edit.path, block.span(*edit.span), re.sub(rf"({_END})", r"\1# ", edit.text))


FORMAT = Format(
    name="script.py",
    patterns=("script.py",),
    read=read,
    respecify=_pep508.respecify,
    constrain=constrain,
    mark=b"# /// script",
)
