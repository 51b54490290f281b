"""Lines of ours in a settings file of somebody else, found again by the comments around them."""

from __future__ import annotations

import re
from collections.abc import Sequence

_BEGIN = "# >>> sslfix pip-hook >>> (written by sslfix; `sslfix pip-hook remove` takes it out)"
_BEGIN_NEW = "# >>> sslfix pip-hook, new file >>> (`sslfix pip-hook remove` takes it away)"
_NOTE = "# >>> sslfix pip-hook >>> (this was empty)"
_END = "# <<< sslfix pip-hook <<<"
_NEWLINE = r"(?:\r\n|\r|\n)"
_BLOCK = re.compile(
    rf"[ \t]*# >>> sslfix pip-hook(?P<new>, new file)? >>>[^\r\n]*{_NEWLINE}"
    rf"(?:(?!# >>> sslfix pip-hook).)*?{re.escape(_END)}[ \t]*(?P<newline>{_NEWLINE}|\Z)",
    re.DOTALL,
)
_COMMENT = re.compile(rf"[ \t]*# (?:>>>|<<<) sslfix pip-hook\b[^\r\n]*(?:{_NEWLINE}|\Z)")


def block(lines: Sequence[str], newline: str, indent: str = "", *, new: bool = False) -> str:
    """The lines with our comments around them; `new` says that the file was made for them."""
    whole = (_BEGIN_NEW if new else _BEGIN, *lines, _END)
    return "".join(f"{indent}{line}{newline}" for line in whole)


def note(indent: str, newline: str) -> str:
    """A comment of ours before a value that was empty: it stays when our path is taken out."""
    return f"{indent}{_NOTE}{newline}"


def has_note(text: str, at: int) -> bool:
    """Whether the line before that offset is such a comment."""
    return text[:at].rstrip().endswith(_NOTE)


def without(text: str) -> str:
    """The text as it was before blocks were inserted, whatever was changed outside of them."""
    return _BLOCK.sub("", _joined(text))


def without_comments(text: str) -> str:
    """The text without the comments of ours that are left: notes, and what held a block."""
    return _COMMENT.sub("", text)


def _joined(text: str) -> str:
    """The text without the line end that was put before a block at its very end."""
    last = next((one for one in _BLOCK.finditer(text) if not one["newline"]), None)
    if last is None:
        return text
    before = re.sub(rf"{_NEWLINE}\Z", "", text[: last.start()])
    return before + text[last.start() :]


def is_new(text: str) -> bool:
    """Whether the file was made for a block in it."""
    return any(one["new"] for one in _BLOCK.finditer(text))


def has_any(text: str) -> bool:
    """Whether there is a comment of ours."""
    return _COMMENT.search(text) is not None


def newline_of(text: str) -> str:
    """How the lines of the text end; the usual way where it has none."""
    found = re.search(_NEWLINE, text)
    return found[0] if found else "\n"


def indent_at(text: str, at: int) -> str:
    """The blanks before the first line from there on that says something."""
    for line in re.split(_NEWLINE, text[at:]):
        content = line.lstrip()
        if content and content[0] not in "#;":
            return line[: len(line) - len(content)]
    return ""
