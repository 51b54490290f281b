"""Python scripts that state their requirements in a comment, `# /// script` (PEP 723).

https://packaging.python.org/en/latest/specifications/inline-script-metadata/
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Union

from sslfix.language import say as _
from sslfix.model import Declaration, DependencyFile, Document, Edit, Format, Problem

from . import _pep508, _toml, _toml_edit
from ._passage import Builder, Passage

_END = r"(?:\r\n|\r|\n)"
_BLOCK = re.compile(
    rf"^# /// script{_END}((?:#(?: [^\r\n]*)?{_END})+)# ///(?=[\r\n]|\Z)", re.MULTILINE
)
_LINE = re.compile(rf"#( ?)([^\r\n]*{_END})")


def read(document: Document) -> DependencyFile:
    """The requirements of a script; a file without such a block has none."""
    return DependencyFile.of(document, FORMAT.name, list(outcomes(document)))


def outcomes(document: Document) -> Iterator[Union[Declaration, Problem]]:
    """What the block of a Python file declares, with its places in the whole file."""
    block = _block(document)
    if block is None:
        return
    content = Document(document.path, block.text)
    data = _toml.load(content)
    listed = data if isinstance(data, Problem) else _toml.child(data, "dependencies")
    if isinstance(listed, Problem):
        yield _moved(document, block, listed)
    elif isinstance(listed, list):
        places = _toml.places(content.text)
        for index, element in enumerate(listed):
            value = places["dependencies", index].value
            line = content.position(value.start)[0]
            if not isinstance(element, str):
                message = _("expected a requirement as text")
                yield _moved(document, block, Problem(document.path, line, message))
                continue
            passage = _toml.string(content.text, value)
            try:
                found = _pep508.declare(passage, *_stripped(passage.text), section="script")
            except _pep508.RequirementError as error:
                yield _moved(document, block, Problem(document.path, line, str(error)))
                continue
            inner = found.specifier_span
            yield found._replace(
                span=block.span(*found.span), specifier_span=inner and block.span(*inner)
            )
    elif listed is not None:
        message = _("expected an array of requirements in {table}")
        line = content.position(_toml.places(content.text)["dependencies",].key.start)[0]
        message = message.format(table="dependencies")
        yield _moved(document, block, Problem(document.path, line, message))


def _stripped(text: str) -> tuple[int, int]:
    return len(text) - len(text.lstrip()), len(text.rstrip())


def _block(document: Document) -> Passage | None:
    """The TOML in the first block, without the comment signs."""
    found = _BLOCK.search(document.text)
    if found is None:
        return None
    built = Builder()
    for line in _LINE.finditer(document.text, *found.span(1)):
        built.add(line[2], line.start(2))
    return built.build()


def _moved(document: Document, block: Passage, problem: Problem) -> Problem:
    """A problem of the block with its line in the file."""
    first = document.position(block.pieces[0].start)[0]
    return problem._replace(line=first + (problem.line or 1) - 1)


def constrain(
    file: DependencyFile, name: str, specifier: str, comment: str, _: str = ""
) -> Edit | None:
    """A new element of the script's dependencies."""
    block = _block(file.document)
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
