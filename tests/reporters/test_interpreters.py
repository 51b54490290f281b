"""The table of the whole machine."""

from __future__ import annotations

import pytest

from sslfix.model import Environment, Installation, Interpreter, SslLibrary
from sslfix.reporters.interpreters import installations_text, size_text


def installation(
    path: str, state: str = "ok", *, size: int | None = None, owner: str = "project"
) -> Installation:
    reasons = () if state == "ok" else ("it is old",)
    interpreter = Interpreter(
        "i1",
        f"{path}/bin/python",
        "3.9.18",
        "cpython",
        {},
        SslLibrary.parse("OpenSSL 3.0.19 27 Jan 2026"),
        prefix=path,
        environment=Environment(path, state=state, reasons=reasons),
    )
    return Installation(interpreter, owner, size, f"make {path}")


def bare(version: str, *, ssl: bool = True) -> Installation:
    library = SslLibrary.parse("LibreSSL 2.8.3") if ssl else None
    error = None if ssl else "No module named '_ssl'"
    interpreter = Interpreter(
        "i1", f"/opt/{version}/python", version, "pypy", {}, library, ssl_error=error
    )
    return Installation(interpreter, "pyenv")


def test_what_is_not_well_comes_first_and_its_remedy_last() -> None:
    found = [
        bare("3.9.18"),
        bare("2.7.18", ssl=False),
        installation("/a", size=1_500_000),
        installation("/b", "stale", size=500),
        installation("/c", "broken", owner="pipx"),
    ]
    assert (
        installations_text(found, None, verbose=False)
        == """\
pypy 3.9.18  LibreSSL 2.8.3  pyenv  /opt/3.9.18/python
pypy 2.7.18  no ssl          pyenv  /opt/2.7.18/python

broken  3.9.18  OpenSSL 3.0.19          pipx     /c
stale   3.9.18  OpenSSL 3.0.19  500 B   project  /b
ok      3.9.18  OpenSSL 3.0.19  1.5 MB  project  /a

2 interpreters (1 without ssl), 3 environments (1 stale, 1 broken), 1.5 MB
to make them anew:
  make /c
  make /b"""
    )


def test_reasons_stand_below_what_they_are_of() -> None:
    said = installations_text([installation("/a", "stale")], None, verbose=True)
    assert said.splitlines()[1:3] == ["    it is old", "    0 distributions"]


def test_nothing_found_is_said() -> None:
    assert installations_text([], None, verbose=False) == "0 interpreters, 0 environments"


@pytest.mark.parametrize("width", [60, 80, 120])
def test_no_row_is_wider_than_the_terminal(width: int) -> None:
    path = "/a" * 100
    lines = installations_text([installation(path, size=1)], width, verbose=False).splitlines()
    assert len(lines[0]) == width
    head, tail = lines[0].split()[-1].split("...")
    assert path.startswith(head)
    assert path.endswith(tail)


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (12_345_678, "12.3 MB"),
        (999_960_000, "1.0 GB"),
        (10**16, "10000.0 TB"),
    ],
)
def test_sizes_are_said_in_decimal_units(size: int, text: str) -> None:
    assert size_text(size) == text
