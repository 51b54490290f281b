from __future__ import annotations

import codecs

import pytest

from sslfix.errors import ReadError
from sslfix.formats.text import decode

LINE = "urllib3==2.0.2\r\n"


@pytest.mark.parametrize(
    ("data", "encoding", "text"),
    [
        (LINE.encode(), "utf-8", LINE),
        (b"", "utf-8", ""),
        (codecs.BOM_UTF8 + LINE.encode(), "utf-8", LINE),
        (codecs.BOM_UTF16_LE + LINE.encode("utf-16-le"), "utf-16-le", LINE),
        (codecs.BOM_UTF16_BE + LINE.encode("utf-16-be"), "utf-16-be", LINE),
        (codecs.BOM_UTF32_LE + LINE.encode("utf-32-le"), "utf-32-le", LINE),
        (codecs.BOM_UTF32_BE + LINE.encode("utf-32-be"), "utf-32-be", LINE),
        (b"# -*- coding: latin-1 -*-\n# \xe9\n", "latin-1", "# -*- coding: latin-1 -*-\n# é\n"),
        (b"a\n# coding=cp1252\n# \x80\n", "cp1252", "a\n# coding=cp1252\n# €\n"),
        # pip looks at comments only, and only at the first two lines
        (b"a # coding: ascii\n# \xc3\xa9", "utf-8", "a # coding: ascii\n# é"),
        (b"\n\n# coding: ascii\n# \xc3\xa9", "utf-8", "\n\n# coding: ascii\n# é"),
        # a byte order mark comes before a coding line
        (codecs.BOM_UTF8 + b"# coding: ascii\n# \xc3\xa9", "utf-8", "# coding: ascii\n# é"),
    ],
)
def test_requirements_are_decoded_as_pip_does(data: bytes, encoding: str, text: str) -> None:
    document = decode("requirements.txt", data)
    assert (document.encoding, document.text) == (encoding, text)
    assert document.encode() == data


def test_what_is_not_utf8_is_read_in_the_encoding_of_the_locale() -> None:
    document = decode("requirements.txt", b"# \xe9\n", fallback="latin-1")
    assert document.text == "# é\n"
    assert document.encode() == b"# \xe9\n"


@pytest.mark.parametrize(
    ("name", "data", "line", "message"),
    [
        ("requirements.txt", b"a\nb\n\xff\n", 3, "is not UTF-8: byte 0xff"),
        ("requirements.txt", b"a\r\nb\rc\xff", 3, "is not UTF-8: byte 0xff"),
        ("requirements.txt", b"a\nb\0", 2, "binary"),
        ("requirements.txt", b"\x89PNG\r\n\x1a\n\0\0", 1, "binary"),
        ("requirements.txt", "a==1\n".encode("utf-16-le"), 1, "binary"),
        ("requirements.txt", b"\n# coding: klingon\n", 2, "unknown encoding, klingon"),
        ("requirements.txt", b"# coding: hex\n", None, "hex"),
        ("requirements.txt", b"# coding: utf-8-sig\n", None, "byte for byte"),
        ("requirements.txt", codecs.BOM_UTF16_LE + b"a\0\n\0b", 2, "is not UTF-16-LE"),
        ("Pipfile", b"# coding: latin-1\n# \xe9", 2, "is not UTF-8"),
        ("Pipfile", codecs.BOM_UTF16_LE + b"a\0", 1, "expected UTF-8"),
    ],
)
def test_what_is_no_text_says_where_and_why(
    name: str, data: bytes, line: int | None, message: str
) -> None:
    with pytest.raises(ReadError) as caught:
        decode("some/file", data, name, fallback="utf-8")
    assert (caught.value.path, caught.value.line) == ("some/file", line)
    assert message in caught.value.message


def test_toml_and_json_may_begin_with_a_byte_order_mark() -> None:
    document = decode("Pipfile", codecs.BOM_UTF8 + b"[packages]\n", "Pipfile")
    assert document.text == "[packages]\n"
    assert document.encode() == codecs.BOM_UTF8 + b"[packages]\n"
