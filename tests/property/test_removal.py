"""Laws of removal: only one declaration goes, and a limit that was added leaves no trace."""

from __future__ import annotations

import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from sslfix import formats
from sslfix.model import DependencyFile, Edit

from .generated import EVERY

COMMENTS = st.sampled_from(["", "sslfix: SSL101: it says why; until then, # too"])
# Where an array ends. The exceptions that tests/formats/test_removal.py lists: a comma behind its
# last element, or a closing bracket on a line of its own, may come or go.
_CLOSING = re.compile(r"[\s#]*,?[\s#]*\]")


def applied(file: DependencyFile, edit: Edit) -> DependencyFile:
    text = file.document.text
    new = text[: edit.span.start] + edit.text + text[edit.span.end :]
    format_ = formats.by_name(file.format)
    assert format_ is not None
    return format_.read(file.document._replace(text=new))


@pytest.mark.parametrize("name", EVERY)
@given(data=st.data(), comment=COMMENTS)
def test_what_constrain_added_is_removed_to_the_same_bytes(
    name: str, data: st.DataObject, comment: str
) -> None:
    generated = data.draw(EVERY[name]())
    file, format_ = generated.read(), generated.format
    assume(all(one.name != "urllib3" for one in file.declarations))
    if format_.constrain is None:
        return
    section = file.declarations[0].section if file.declarations else ""
    edit = format_.constrain(file, "urllib3", ">=2.0.3,<3", comment, section)
    text = file.document.text
    assume(edit is not None and not text.rstrip("\r\n").endswith("\\"))
    assert edit is not None
    limited = applied(file, edit)
    (one,) = (one for one in limited.declarations if one.name == "urllib3")
    back = formats.removal(limited.document, format_, one)
    assert back is not None
    left = applied(limited, back).document.text
    assert left == text or _CLOSING.sub("]", left) == _CLOSING.sub("]", text)


@pytest.mark.parametrize("name", EVERY)
@given(data=st.data())
def test_one_declaration_goes_and_all_others_stay(name: str, data: st.DataObject) -> None:
    file = data.draw(EVERY[name]()).read()
    format_ = formats.by_name(file.format)
    assert format_ is not None
    for number, one in enumerate(file.declarations):
        edit = formats.removal(file.document, format_, one)
        if edit is None:
            continue
        again = applied(file, edit)
        expected = [*file.declarations[:number], *file.declarations[number + 1 :]]
        assert [left.name for left in again.declarations] == [left.name for left in expected]
        assert [left.specifier for left in again.declarations] == [
            left.specifier for left in expected
        ]
        assert len(again.problems) == len(file.problems)
        assert edit.text in file.document.text
