"""setup.cfg: what setuptools reads in it.

https://setuptools.pypa.io/en/latest/userguide/declarative_config.html
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Sequence
from typing import TYPE_CHECKING, Union

from sslfix.language import say as _
from sslfix.model import Declaration, DependencyFile, Document, Format, Include, Problem, Span

from . import _pep508
from ._passage import Passage

if TYPE_CHECKING:
    from ._ini import Entry

_Outcome = Union[Declaration, Include, Problem]

_LISTS = ("install_requires", "setup_requires", "tests_require")
_COMMENT = re.compile(r"\s#.*")
_PART = re.compile(r"[^;]+")
_REFERENCE = re.compile(r"%\(([^()\r\n]+)\)s")
_FILE = re.compile(r"[^,\s](?:[^,]*[^,\s])?")


def read(document: Document) -> DependencyFile:
    """The requirements of a project; files that `file:` names are included."""
    from . import _ini

    found = list(_ini.entries(document))
    settings = [one for one in found if not isinstance(one, Problem)]
    outcomes: list[_Outcome] = [one for one in found if isinstance(one, Problem)]
    keys = {(one.section, one.key) for one in settings if _section(one)}
    for entry in settings:
        section = _section(entry)
        if section and entry.lines:
            beside = {key for own, key in keys if own == entry.section}
            outcomes += _requirements(document, entry, section, beside)
    return DependencyFile.of(document, FORMAT.name, outcomes)


def _section(entry: Entry) -> str:
    """What the declarations of a setting call their place, "" for another setting."""
    key = entry.key.replace("-", "_")  # as setuptools did until 78
    if entry.section == "options" and key in _LISTS:
        return f"options.{key}"
    extras = entry.section == "options.extras_require"
    return f"options.extras_require.{entry.key}" if extras else ""


def _requirements(
    document: Document, entry: Entry, section: str, read: Container[str]
) -> Iterator[_Outcome]:
    """What a setting says; `read` are those that it may put in as they are read themselves."""
    if document.text.startswith("file:", entry.lines[0].start):
        start, end = entry.lines[0].start + len("file:"), entry.lines[-1].end
        for name in _FILE.finditer(document.text, start, end):
            yield Include(name[0], Span(*name.span()))
        return
    for start, end in _parts(document.text, entry):
        references = list(_REFERENCE.finditer(document.text, start, end))
        if references:
            yield from _put_in(document, references, read)
            continue
        passage = Passage.of(document.text, start, end)
        try:
            yield _pep508.declare(passage, 0, end - start, section=section)
        except _pep508.RequirementError as error:
            yield Problem(document.path, document.position(start)[0], str(error))


def _put_in(
    document: Document, found: Sequence[re.Match[str]], read: Container[str]
) -> Iterator[Problem]:
    """A problem for each `%(name)s` that stands for what is not read where it stands.

    https://docs.python.org/3/library/configparser.html#interpolation-of-values
    """
    for one in found:
        if one[1] not in read:
            text = _("what {reference} stands for is not read here, so it was not judged")
            line = document.position(one.start())[0]
            yield Problem(document.path, line, text.format(reference=one[0]))


def _parts(text: str, entry: Entry) -> Iterator[Span]:
    """The requirements: one on each line, or divided by ";" where all stand on the key's line."""
    for line in entry.lines:
        comment = _COMMENT.search(text, *line)
        end = comment.start() if comment else line.end
        parts = _PART.finditer(text, line.start, end) if entry.inline else ()
        for part in [one.span() for one in parts] or [(line.start, end)]:
            written = text[slice(*part)]
            start = part[0] + len(written) - len(written.lstrip())
            if written.strip():
                yield Span(start, start + len(written.strip()))


FORMAT = Format(name="setup.cfg", patterns=("setup.cfg",), read=read, respecify=_pep508.respecify)
