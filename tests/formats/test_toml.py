from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import tomli

from sslfix.formats import _toml, _toml_edit
from sslfix.model import Document, Span


def leaves(data: object, path: _toml.Path = ()) -> Iterator[tuple[_toml.Path, object]]:
    """All that is neither a table nor an array, with its path."""
    if isinstance(data, dict):
        for key, value in data.items():
            yield from leaves(value, (*path, key))
    elif isinstance(data, list):
        for index, value in enumerate(data):
            yield from leaves(value, (*path, index))
    else:
        yield path, data


def assert_agrees_with_tomli(text: str) -> None:
    """Every leaf has a place; what stands there, read by itself, is what tomli says."""
    places = _toml.places(text)
    for path, value in leaves(tomli.loads(text)):
        place = places[path]
        raw = text[slice(*place.value)]
        assert repr(tomli.loads(f"value = {raw}")["value"]) == repr(value)
        if isinstance(value, str):
            passage = _toml.string(text, place.value)
            assert passage.text.replace("\r\n", "\n") == value
        if isinstance(path[-1], str):
            key = text[slice(*place.key)]
            assert tomli.loads(f"{key} = 1") == {path[-1]: 1}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# only a comment",
        "a = 1",
        "a=1#c\n",
        "a.b . 'c' = [1, 2 , [3,],] # c\r\n\"d\\u0065\" = {x = 1, y.z = 'w'}\r\n",
        '[t] # c\na = 1\n[ t . "u.v" ]\nb = 2\n[t.w]\n',
        "[[a]]\nx=1\n[[a.b]]\ny=1\n[[a.b]]\ny=2\n[a.c]\nz=1\n[[a]]\n[[a.b]]\ny=3\n",
        "a = [\n  # c ]\n  'x', # '\n  \"y]\"\n  ,\n]\n",
        'a = "\\"]#\\\\"\nb = \'"\\\'\n',
        'a = """\nx\\"""y\\\n   z""\\""""\nb = \'\'\'\r\n\'x\'\'\'\'\n',
        'a = """"""\nb = \'\'\nc = """a"""""\n',
        "d = 1979-05-27 07:32:00 # c\nt = 07:32:00.5\nf = 1e-3\ni = 0x1F\nn = nan\n",
        "x = [{a = [1, {b = 'c'}]}, {}]\ny = {}\nz = [ ]",
        "a = 'é 漢' # ü\n\"ü\" = 'x'\n",
    ],
)
def test_places_agree_with_tomli(text: str) -> None:
    assert_agrees_with_tomli(text)


def test_places_agree_with_tomli_in_the_corpus(corpus: Path) -> None:
    read = 0
    for path in sorted(corpus.rglob("*")):
        if path.suffix in (".toml", ".lock") or path.name in ("Pipfile", "want.Pipfile"):
            text = path.read_bytes().decode()
            if not isinstance(_toml.load(Document(path.name, text)), dict):
                continue
            assert_agrees_with_tomli(text)
            read += 1
    assert read >= 25


def test_invalid_toml_is_a_problem_with_its_line() -> None:
    found = _toml.load(Document("x.toml", "a = 1\r\n\r\nb = \r\n"))
    assert not isinstance(found, dict)
    assert (found.path, found.line, found.message) == (
        "x.toml",
        3,
        "is not valid TOML: Invalid value",
    )


@pytest.mark.parametrize("text", ["a = " + "[" * 9999 + "]" * 9999, "a = " + "9" * 9999])
def test_toml_that_cannot_be_held_is_a_problem(text: str) -> None:
    found = _toml.load(Document("x.toml", text))
    assert isinstance(found, dict) or found.message.startswith("is not")


def test_a_table_reaches_to_the_end_of_its_last_own_value() -> None:
    text = "[a] # c\nx = 1\ny = [\n]  # d\n\n[a.b]\nz = 1\n[c]\n"
    places = _toml.places(text)
    assert text[slice(*places[("a",)].value)] == " # c\nx = 1\ny = [\n]"
    assert text[slice(*places[("c",)].value)] == ""
    assert text[slice(*places[("a", "b")].key)] == "b"


def test_escapes_know_where_they_stand() -> None:
    text = 'a = "x\\u003E=\\"1\\""'
    passage = _toml.string(text, Span(4, len(text)))
    assert passage.text == 'x>="1"'
    assert text[slice(*passage.span(1, 3))] == "\\u003E="
    assert text[slice(*passage.span(3, 6))] == '\\"1\\"'


def edited(text: str, *, key: str = "b") -> str | None:
    """The text with `b = "<2"` added to [t]."""
    edit = _toml_edit.add_entry(Document("x", text), ("t",), key, "<2", "why")
    return edit and text[: edit.span.start] + edit.text + text[edit.span.end :]


@pytest.mark.parametrize(
    ("text", "new"),
    [
        ("[t]\na = 1\n", '[t]\na = 1\nb = "<2"  # why\n'),
        ("[t]\na = 1", '[t]\na = 1\nb = "<2"  # why'),
        ("[t]", '[t]\nb = "<2"  # why'),
        ("[t] # c\n\n[u]\n", '[t] # c\nb = "<2"  # why\n\n[u]\n'),
        ("[t]\r\na = 1 # c\r\n\r\n[u]", '[t]\r\na = 1 # c\r\nb = "<2"  # why\r\n\r\n[u]'),
        ("[t]\na = 1\n\n# d\n[u]", '[t]\na = 1\nb = "<2"  # why\n\n# d\n[u]'),
        ("[t]\na = [\n 1,\n]\n[t.c]\nx = 1", '[t]\na = [\n 1,\n]\nb = "<2"  # why\n[t.c]\nx = 1'),
        ("[u]\n", None),
        ("t.a = 1\n", None),
        ("t = {a = 1}\n", None),
        ("[t]\nb = 1\n", None),
    ],
)
def test_an_entry_is_added_behind_the_last_one(text: str, new: str | None) -> None:
    assert edited(text) == new


@pytest.mark.parametrize(
    ("text", "new"),
    [
        ("d = []", 'd = [\n    "b<2",  # why\n]'),
        ("d = [\n]", 'd = [\n    "b<2",  # why\n]'),
        ('d = ["a"]\n', 'd = ["a",\n    "b<2",  # why\n]\n'),
        ('d = ["a", ] # c\n', 'd = ["a",\n    "b<2",  # why\n ] # c\n'),
        ('d = [\n  "a"\n]', 'd = [\n  "a",\n  "b<2"  # why\n]'),
        ('d = [\n\t"a", # c\n]', 'd = [\n\t"a", # c\n\t"b<2",  # why\n]'),
        ('d = [\n  "a" # c, d\n]', 'd = [\n  "a", # c, d\n  "b<2"  # why\n]'),
        ('d = [\n  "a"\n  # c\n  ,\n]', 'd = [\n  "a"\n  # c\n  ,\n  "b<2",  # why\n]'),
        ('d = [\r\n  "a",\r\n]\r\n', 'd = [\r\n  "a",\r\n  "b<2",  # why\r\n]\r\n'),
    ],
)
def test_an_element_is_added_on_a_line_of_its_own(text: str, new: str) -> None:
    edit = _toml_edit.add_element(Document("x", text), ("d",), "b<2", "why")
    assert edit is not None
    result = text[: edit.span.start] + edit.text + text[edit.span.end :]
    assert result == new
    assert tomli.loads(result)["d"] == [*tomli.loads(text)["d"], "b<2"]
