"""Laws of edits over whole files of every format: only their span changes, to what it should be.

More than 20,000 files for each law, in half an hour:
`HYPOTHESIS_PROFILE=explore python -m pytest tests/property/test_edits.py`
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import hypothesis
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from packaging.specifiers import SpecifierSet

from sslfix import formats
from sslfix.errors import SslfixError
from sslfix.formats.text import decode
from sslfix.model import Declaration, DependencyFile, Edit

from .generated import EVERY, LIMITABLE, File, said

NEW_SPECIFIERS = st.sampled_from(["<2", ">=2.0.3,<3", "==1.26.20", "!=2.*"])
# Each law is tried with files of each format.
LONG = hypothesis.settings().max_examples >= 5000
PER_FORMAT = hypothesis.settings(max_examples=1500 if LONG else 15)

every_format = pytest.mark.parametrize("name", EVERY)


def test_every_format_that_is_edited_is_generated() -> None:
    edited = {one.name for one in formats.all_formats() if one.respecify or one.constrain}
    assert edited <= EVERY.keys()


def respecified(generated: File, file: DependencyFile, one: Declaration, new: str) -> str:
    """The text with another specifier of one declaration."""
    assert generated.format.respecify is not None
    assert one.specifier_span is not None
    start, end = one.specifier_span
    text = file.document.text
    return text[:start] + generated.format.respecify(file.document, one, new) + text[end:]


def editable(file: DependencyFile) -> Iterator[tuple[int, Declaration]]:
    for number, one in enumerate(file.declarations):
        if one.specifier_span is not None:
            yield number, one


def obeys(generated: File, file: DependencyFile, specifier: str) -> None:
    """A new specifier changes its span only, is read back, and leaves all else as it was."""
    text, encoding = file.document.text, file.document.encoding
    for number, one in editable(file):
        new = respecified(generated, file, one, specifier)
        assert one.specifier_span is not None
        data, (start, end) = file.document.encode(new), one.specifier_span
        assert data.startswith(file.document.encode(text[:start]))
        assert data.endswith(text[end:].encode(encoding))
        again = generated.again(file.document, new)
        expected, found = list(map(said, file.declarations)), list(map(said, again.declarations))
        new_one = again.declarations[number]
        assert same(new_one, specifier)
        expected[number] = said(one._replace(specifier=new_one.specifier))
        assert found == expected
        assert (again.problems, again.includes) == (
            file.problems,
            tuple(moved(file, again)),
        )


def same(one: Declaration, specifier: str) -> bool:
    """Whether a declaration says a specifier; conda has other words for it."""
    if one.section != "conda":
        return one.specifier == specifier
    meant = [SpecifierSet(accepted) for accepted in one.accepts]
    versions = ("1.26.20", "1.26.19", "2.0.2", "2.0.3", "2.5", "3")
    wanted = SpecifierSet(specifier)
    return all(any(v in one for one in meant) == (v in wanted) for v in versions)


def moved(file: DependencyFile, again: DependencyFile) -> Iterator[object]:
    """The includes of a file, at the places that they have in another."""
    assert len(file.includes) == len(again.includes)
    for old, new in zip(file.includes, again.includes):
        yield old._replace(span=new.span)


@every_format
@given(data=st.data(), specifier=NEW_SPECIFIERS)
@PER_FORMAT
def test_a_new_specifier_changes_its_span_only_and_is_read_back(
    name: str, data: st.DataObject, specifier: str
) -> None:
    generated = data.draw(EVERY[name]())
    file = generated.read()
    assert tuple(one.name for one in file.declarations) == generated.names
    assert file.problems == ()
    assert generated.limited is False or len(list(editable(file))) == len(file.declarations)
    obeys(generated, file, specifier)


@every_format
@given(data=st.data())
@PER_FORMAT
def test_an_exact_pin_rewritten_and_back_gives_the_same_bytes(
    name: str, data: st.DataObject
) -> None:
    generated = data.draw(EVERY[name]())
    file = generated.read()
    pins = [(number, one) for number, one in editable(file) if one.version is not None]
    for number, one in pins:
        text = respecified(generated, file, one, "==1.26.20")
        again = generated.again(file.document, text)
        assert one.specifier_span is not None
        old = file.document.text[slice(*one.specifier_span)]
        back = respecified(generated, again, again.declarations[number], one.specifier)
        # Blanks, continued lines and escapes within a specifier are not written again.
        assert back == file.document.text or re.search(r"[\s\\]", old)


@pytest.mark.parametrize("name", LIMITABLE)
@given(data=st.data(), comment=st.sampled_from(["", "sslfix: SSL101: why, # until; then"]))
@PER_FORMAT
def test_a_limit_is_added_and_nothing_else_changes(
    name: str, data: st.DataObject, comment: str
) -> None:
    generated = data.draw(EVERY[name]())
    file = generated.read()
    assume(all(one.name != "urllib3" for one in file.declarations))
    assert generated.format.constrain is not None
    section = file.declarations[0].section if file.declarations else ""
    edit = generated.format.constrain(file, "urllib3", ">=2.0.3,<3", comment, section)
    assert edit is not None or not generated.limited
    if edit is not None:
        is_added(generated, file, edit)


def is_added(generated: File, file: DependencyFile, edit: Edit) -> None:
    text = file.document.text
    new = text[: edit.span.start] + edit.text + text[edit.span.end :]
    assert edit.text.startswith(text[edit.span.start : edit.span.end]) or ("," in edit.text)
    again = generated.again(file.document, new)
    added = [one for one in again.declarations if one.name == "urllib3"]
    assert [one.specifier for one in added] == [">=2.0.3,<3"]
    others = [one for one in again.declarations if one.name != "urllib3"]
    assert [said(one) for one in others] == [said(one) for one in file.declarations]
    assert again.problems == file.problems
    # One kind of line end stays one kind.
    kinds = [end for end in ("\r\n", "\n", "\r") if end in text.replace("\r\n", end)]
    if len(kinds) == 1:
        assert not set(edit.text.replace(kinds[0], "")) & set("\r\n")


# --------------------------------------------------------------------------- anything


@st.composite
def damaged(draw: st.DrawFn, name: str) -> File:
    """A file with a part of it gone, doubled, or replaced by something else."""
    generated = draw(EVERY[name]())
    data = generated.data
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(data)))
        end = draw(st.integers(start, min(len(data), start + 20)))
        part = draw(st.sampled_from([b"", data[start:end] * 2, *PARTS]))
        data = data[:start] + part + data[end:]
    return generated._replace(data=data)


PARTS = [
    *(b"#", b"\n", b"\r", b"\r\n", b" ", b"\t", b"\\", b"'", b'"', b"'''", b"[", b"]", b"{", b"}"),
    *(b",", b";", b"=", b"==1", b"-", b"- ", b":", b"-r a", b"a==1\n", b"\xff", b"\xc3\xbc", b"\0"),
    *(b"[packages]\n", b"&a ", b"*a", b"|", b">-\n", b"${A}", b"$(a)", b"%(a)s", b"{posargs}"),
]


@every_format
@given(data=st.data(), specifier=NEW_SPECIFIERS)
@PER_FORMAT
def test_what_is_damaged_raises_our_own_errors_only(
    name: str, data: st.DataObject, specifier: str
) -> None:
    generated = data.draw(damaged(name))
    try:
        file = generated.read()
    except SslfixError:
        return
    for _number, one in editable(file):
        assert respecified(generated, file, one, specifier) is not None
    if generated.format.constrain is not None:
        for section in {"", *(one.section for one in file.declarations)}:
            generated.format.constrain(file, "urllib3", ">=2", "why", section)
    if not file.problems:
        obeys(generated, file, specifier)


@pytest.mark.parametrize("name", [one.name for one in formats.all_formats()])
@given(content=st.binary(max_size=60))
def test_bytes_are_a_text_that_is_written_back_equal_or_an_error(name: str, content: bytes) -> None:
    try:
        document = decode("generated", content, name)
    except SslfixError:
        return
    assert document.encode() == content
