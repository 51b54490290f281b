"""Lines of ours in a settings file of somebody else, found again by the comments around them."""

from __future__ import annotations

import re
from collections.abc import Sequence

_BEGIN = "# >>> sslfix pip-hook >>> (written by sslfix; `sslfix pip-hook remove` takes it out)"
_BEGIN_NEW = "# >>> sslfix pip-hook, new file >>> (`sslfix pip-hook remove` takes it away)"
_NOTE = "# >>> sslfix pip-hook >>> (this was empty)"
_END = "# <<< sslfix pip-hook <<<"
_NEWLINE = r"(?:\r\n|\r|\n)"
_WHOLE = (
    rf"(?P<indent>[ \t]*)# >>> sslfix pip-hook(?P<new>, new file)? >>>[^\r\n]*{_NEWLINE}"
    rf"(?P<body>(?:(?!# >>> sslfix pip-hook).)*?){re.escape(_END)}[ \t]*"
)
_BLOCK = re.compile(rf"{_WHOLE}(?:{_NEWLINE}|\Z)", re.DOTALL)
# A block at the very end brought the line end before it.
_LAST = re.compile(rf"(?P<before>{_NEWLINE}?){_WHOLE}\Z", re.DOTALL)
_HEADER = re.compile(r"\[[^\]]*\]")
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


def without(text: str, ours: re.Pattern[str]) -> str:
    """The text as it was before blocks were inserted, whatever was changed outside of them.

    `ours` are the settings that a block has: others that were written into it stay.
    """

    def of_last(found: re.Match[str]) -> str:
        others = _others(found, ours)
        return others and found["before"] + others

    return _BLOCK.sub(lambda found: _others(found, ours), _LAST.sub(of_last, text))


def _others(found: re.Match[str], ours: re.Pattern[str]) -> str:
    """The settings in a block that are not ours, with the headers of sections; "" for none."""
    kept, has_others, is_kept = "", False, False
    for line in found["body"].splitlines(keepends=True):
        inner = line.removeprefix(found["indent"])
        if inner.strip() and inner[0] not in " \t":  # else it goes on with the setting before it
            is_header = _HEADER.match(inner) is not None
            is_kept = is_header or not ours.fullmatch(inner.strip())
            has_others |= is_kept and not is_header
        kept += line if is_kept and inner.strip() else ""
    return kept if has_others else ""


def without_comments(text: str) -> str:
    """The text without the comments of ours that are left: notes, and what held a block."""
    return _COMMENT.sub("", text)


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
