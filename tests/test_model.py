from __future__ import annotations

import pytest
from packaging.version import Version

from sslfix.model import Document, Remedy, Span, SslLibrary


@pytest.mark.parametrize(
    ("raw", "name", "version", "comparable"),
    [
        ("LibreSSL 2.8.3", "LibreSSL", "2.8.3", "2.8.3"),
        ("OpenSSL 1.0.2k-fips  26 Jan 2017", "OpenSSL", "1.0.2k", "1.0.2.11"),
        ("OpenSSL 1.1.1w  11 Sep 2023", "OpenSSL", "1.1.1w", "1.1.1.23"),
        ("OpenSSL 1.1.1  11 Sep 2018", "OpenSSL", "1.1.1", "1.1.1"),
        ("OpenSSL 1.1.1-pre9 (beta)", "OpenSSL", "1.1.1", "1.1.1"),
        ("OpenSSL 0.9.8zh-fips 3 Dec 2015", "OpenSSL", "0.9.8zh", "0.9.8.34"),
        ("OpenSSL 3.0.19 27 Jan 2026", "OpenSSL", "3.0.19", "3.0.19"),
        ("AWS-LC 1.30.0", "AWS-LC", "1.30.0", "1.30.0"),
        ("BoringSSL", "BoringSSL", "", "0"),
    ],
)
def test_the_version_string_of_an_ssl_library(
    raw: str, name: str, version: str, comparable: str
) -> None:
    library = SslLibrary.parse(raw)
    assert (library.name, library.version, library.raw) == (name, version, raw)
    assert library.comparable == comparable


def test_openssl_releases_sort_as_they_came() -> None:
    releases = ["0.9.8z", "0.9.8za", "0.9.8zh", "1.0.2", "1.0.2k", "1.0.2u", "1.1.0l", "1.1.1",
                "1.1.1c", "1.1.1w", "3.0.0", "3.0.19"]  # fmt: skip
    found = [Version(SslLibrary.parse(f"OpenSSL {one}").comparable) for one in releases]
    assert found == sorted(found)
    assert len(set(found)) == len(found)


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_lines_are_counted_as_editors_do(newline: str) -> None:
    text = newline.join(["one", "two three", "four"])
    document = Document("f.txt", text)
    start = text.index("three")
    place = document.locate(Span(start, start + 5), "here")
    assert (place.line, place.column, place.end_line, place.end_column) == (2, 5, 2, 10)
    assert (place.snippet, place.note) == ("two three", "here")


def test_a_document_gives_back_its_bytes() -> None:
    document = Document("f.txt", "naïve\r\n", "utf-16-le", b"\xff\xfe")
    assert document.encode() == "\ufeffnaïve\r\n".encode("utf-16-le")


@pytest.mark.parametrize(("python", "minor"), [("3.9.18", "3.9"), ("3.11", "3.11"), ("3", "3.X")])
def test_a_command_gets_the_minor_version_and_keeps_its_own_braces(python: str, minor: str) -> None:
    remedy = Remedy({}, "on {python}", "x", ('echo "${HOME}" {python}', 'f"{name}"'))
    filled = remedy.filled({"python": python})
    assert filled.commands == (f'echo "${{HOME}}" {minor}', 'f"{name}"')
    assert filled.why == f"on {python}"
