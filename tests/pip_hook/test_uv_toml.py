"""uv.toml: our constraints beside those of the user, and back to the same bytes."""

from __future__ import annotations

import pytest

from sslfix.errors import ReadError
from sslfix.model import Document
from sslfix.pip_hook import uv_toml

OURS = ('urllib3<2 ; python_full_version == "3.9.6"', "gevent>=1.2")


def document(text: str) -> Document:
    return Document("uv.toml", text)


@pytest.mark.parametrize(
    ("text", "others"),
    [
        ("", ()),
        ("# mine\ncache-dir = '/x'\n\n[pip]\nstrict = true", ()),
        ('\r\nconstraint-dependencies = ["a<1"]\r\n', ("a<1",)),
        ('constraint-dependencies = [\n  "a<1", # why\n  "b"\n]\n', ("a<1", "b")),
        ("constraint-dependencies = []\n[[index]]\nname = 'x'\nurl = 'y'\n", ()),
        ('"constraint-dependencies"=[ ]', ()),
    ],
)
def test_what_was_added_is_taken_out_to_the_byte(text: str, others: tuple[str, ...]) -> None:
    once = uv_toml.add(document(text), OURS, new=False)
    assert uv_toml.limits(document(once)) == OURS + others
    assert uv_toml.add(document(once), OURS, new=False) == once
    assert uv_toml.limits(document(uv_toml.add(document(once), ("c",), new=False))) == (
        "c",
        *others,
    )
    assert uv_toml.remove(document(once)) == text


@pytest.mark.parametrize("text", ["a = ", "constraint-dependencies = 'a'\n"])
def test_what_uv_cannot_read_is_left_alone(text: str) -> None:
    with pytest.raises(ReadError):
        uv_toml.add(document(text), OURS, new=False)


def test_what_others_wrote_among_our_lines_stays() -> None:
    text = uv_toml.add(Document("uv.toml", ""), ["a<1"], new=True).replace("]\n", "]\nx = 1\n")
    assert "x = 1\n# <<<" in text
    assert uv_toml.remove(Document("uv.toml", text)) == "x = 1\n"
