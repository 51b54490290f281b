from __future__ import annotations

from sslfix.formats import pylock
from sslfix.model import Document, Kind

TEXT = """\
lock-version = "1.0"
created-by = "tool"

[[packages]]
name = "Urllib3"
version = "2.0.2"
marker = "python_version < '3.10'"
wheels = [
    { name = "a.whl", hashes = { sha256 = "00" } },
    { name = "b.whl", hashes = { sha256 = "11" } },
]
sdist = { name = "a.tar.gz", hashes = { sha256 = "22" } }

[[packages]]
name = "own"
directory = { path = "." }

[[packages]]
version = "1"
"""


def test_what_is_locked_is_read_with_its_place() -> None:
    document = Document("pylock.toml", TEXT)
    file = pylock.read(document)
    first, second = file.declarations
    assert (first.name, first.version, first.accepts) == ("urllib3", "2.0.2", ("==2.0.2",))
    assert (first.kind, first.hashes, first.specifier_span) == (Kind.LOCK, 3, None)
    assert first.marker == "python_version < '3.10'"
    assert document.position(first.span.start) == (5, 9)
    assert (second.name, second.version, second.url) == ("own", None, ".")
    assert [(one.line, one.message) for one in file.problems] == [
        (18, "expected a package with a name")
    ]


def test_invalid_toml_is_a_problem_with_its_line() -> None:
    file = pylock.read(Document("pylock.toml", 'lock-version = "1.0"\n[[packages]\n'))
    assert [one.line for one in file.problems] == [2]
