"""Bytes to `Document`: strict, once, and always back to the same bytes."""

from __future__ import annotations

import codecs
import re

from sslfix.errors import ReadError
from sslfix.language import say as _
from sslfix.model import Document

# UTF-32 first: its little-endian mark begins with that of UTF-16.
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_CODING = re.compile(rb"coding[:=]\s*([-\w.]+)")
_PYTHON = ("noxfile.py", "script.py", "setup.py")


def decode(
    path: str, data: bytes, format_name: str = "requirements.txt", fallback: str = "utf-8"
) -> Document:
    """The text of a file. Raises ReadError where it is none, or would not be written back equal.

    Requirements files follow pip's rules (a byte order mark, else a coding line among the first
    two, else UTF-8, else `fallback`, the locale's encoding). Python has coding lines (PEP 263),
    YAML byte order marks; TOML, JSON and all others are UTF-8.
    https://github.com/pypa/pip/blob/26.0/src/pip/_internal/req/req_file.py (_decode_req_file)
    """
    bom, encoding = next((known for known in _BOMS if data.startswith(known[0])), (b"", ""))
    body = data[len(bom) :]
    marked = format_name in ("requirements.txt", "environment.yml")
    if not marked and encoding not in ("", "utf-8"):
        text = _("is {encoding}; expected UTF-8, save it as that")
        raise ReadError(path, text.format(encoding=encoding.upper()), 1)
    if not bom and format_name == "requirements.txt":
        encoding = _declared(path, body) or _utf8_or(fallback, body)
    elif not bom and format_name in _PYTHON:
        encoding = _declared(path, body)
    document = Document(path, _decode(path, body, encoding or "utf-8"), encoding or "utf-8", bom)
    if "\0" in document.text:
        line = document.position(document.text.index("\0"))[0]
        raise ReadError(path, _binary(), line)
    if not _is_kept(document, data):
        text = _("cannot be written back byte for byte as {encoding}")
        raise ReadError(path, text.format(encoding=encoding))
    return document


def _declared(path: str, data: bytes) -> str:
    """The encoding that a comment among the first two lines names, or ""."""
    for number, line in enumerate(data.split(b"\n")[:2], 1):
        found = _CODING.search(line) if line.startswith(b"#") else None
        if found:
            name = found[1].decode("ascii")
            try:
                codecs.lookup(name)
            except LookupError:
                text = _("declares an unknown encoding, {name}").format(name=name)
                raise ReadError(path, text, number) from None
            return name
    return ""


def _utf8_or(fallback: str, data: bytes) -> str:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return fallback
    return "utf-8"


def _decode(path: str, data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        before = Document(path, data[: error.start].decode(encoding, "replace"))
        line = before.position(len(before.text))[0]
        if b"\0" in data and not encoding.startswith(("utf-16", "utf-32")):
            message = _binary()
        else:
            message = _("is not {encoding}: byte {byte} ({reason})").format(
                encoding=encoding.upper(),
                byte=f"0x{data[error.start]:02x}",
                reason=error.reason,
            )
        raise ReadError(path, message, line) from None
    except (LookupError, UnicodeError) as error:  # a codec that is not for text, like "hex"
        text = _("cannot be read as {encoding}: {reason}")
        raise ReadError(path, text.format(encoding=encoding, reason=error)) from None


def _binary() -> str:
    return _("is binary, not text (it has a NUL character)")


def _is_kept(document: Document, data: bytes) -> bool:
    try:
        return document.encode() == data
    except UnicodeError:
        return False
