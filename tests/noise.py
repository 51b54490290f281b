# ruff: noqa: RUF001  (texts in other scripts)
"""What happens to a text on its way into an issue: pure functions, the same result every time.

The diagnostic words stay in the text, except by those in `CUTS`.
"""

from __future__ import annotations

import html
import json
import re
import textwrap
from collections.abc import Callable, Mapping
from xml.sax.saxutils import quoteattr

Noise = Callable[[str], str]
WIDTH = 80


def _before(prefix: str, *, width: int = 0) -> Noise:
    """Put a prefix before each line; `{n}` in it counts. Lines are cut hard at the width first."""

    def put(text: str) -> str:
        lines = text.splitlines()
        if width:
            lines = [piece for line in lines for piece in _pieces(line, width)]
        return "\n".join(prefix.format(n=10 + n) + line for n, line in enumerate(lines)) + "\n"

    return put


def _pieces(line: str, width: int) -> list[str]:
    return [line[start : start + width] for start in range(0, max(len(line), 1), width)]


def _hard(text: str) -> str:
    return "\n".join(piece for line in text.splitlines() for piece in _pieces(line, WIDTH))


def _at_words(text: str, indent: str = "") -> str:
    wrap = textwrap.TextWrapper(WIDTH, subsequent_indent=indent, break_long_words=False)
    return "\n".join(wrap.fill(line) for line in text.splitlines())


def _first_and_last_line(text: str) -> str:
    """The first line without its first third, the last one without its last third."""
    lines = text.strip().splitlines()
    lines[0] = lines[0][len(lines[0]) // 3 :] if len(lines) > 1 else lines[0]
    return "\n".join([*lines[:-1], lines[-1][: len(lines[-1]) - len(lines[-1]) // 3]])


def _both_ends(text: str) -> str:
    """The text without 15% at each end."""
    text = text.strip()
    cut = len(text) * 15 // 100
    return text[cut : len(text) - cut]


def _first_third(text: str) -> str:
    lines = text.strip().splitlines()
    return "\n".join([lines[0][len(lines[0]) // 3 :], *lines[1:]])


_RED, _BOLD, _OFF = "\x1b[31m", "\x1b[1;35m", "\x1b[0m"


def _coloured(text: str) -> str:
    words = re.split(r"(\s+)", text)
    return "".join(
        f"{_RED}{word}{_OFF}" if n % 6 == 0 and word.strip() else word
        for n, word in enumerate(words)
    )


def _coloured_within(text: str) -> str:
    """Colours that change in the middle of words, as a pager's search marks them."""
    return re.sub(
        r"\w{6,}",
        lambda word: word[0][:3] + _BOLD + word[0][3:5] + "\x1b[22;39m" + word[0][5:],
        text,
    )


def _misread(text: str) -> str:
    """Every third O is read as 0 and every third l as 1, and the other way round."""
    slips = {"O": "0", "0": "O", "l": "1", "1": "l", "I": "l"}
    seen = 0

    def slip(letter: re.Match[str]) -> str:
        nonlocal seen
        seen += 1
        return slips[letter[0]] if seen % 3 == 0 else letter[0]

    return re.sub("[O0l1I]", slip, text)


def _among(before: str, after: str) -> Noise:
    return lambda text: f"{before}{text.strip()}{after}\n"


def _json(text: str) -> str:
    return json.dumps({"level": "error", "message": text, "n": 1}) + "\n"


def _json_twice(text: str) -> str:
    return json.dumps({"log": json.dumps({"message": text}, ensure_ascii=False)}) + "\n"


def _markdown(text: str) -> str:
    return "```pytb\n" + text.replace("_", "\\_") + "```\n"


def _panel(text: str) -> str:
    """The lines between two walls, as rich draws a traceback."""
    lines = _at_words(text).splitlines()
    lines = [piece for line in lines for piece in _pieces(line, WIDTH)]
    return "\n".join(f"\u2502 {line:{WIDTH}} \u2502" for line in lines)


CUTS = ("first and last line", "first line", "both ends", "short summary")
NOISES: Mapping[str, Noise] = {
    "as it is": lambda text: text,
    # log prefixes
    "ISO and level": _before("2026-11-21T14:05:{n}.123456Z ERROR "),
    "python logging": _before("2026-11-21 14:05:{n},123 - app.worker - ERROR - "),
    "logging's default": _before("ERROR:root:"),
    "loguru": _before("2026-11-21 14:05:{n}.123 | ERROR    | app.main:run:42 - "),
    "celery": _before("[2026-11-21 14:05:{n},123: ERROR/ForkPoolWorker-1] "),
    "docker compose": _before("web_1  | "),
    "docker compose 2": _before("my-app-web-1  | "),
    "docker build": _before("#12 3.4{n} "),
    "kubernetes": _before("2026-11-21T14:05:{n}.123456789Z stderr F "),
    "GitHub Actions": _before("2026-11-21T14:05:{n}.1234567Z "),
    "GitHub's error": _before("##[error]"),
    "GitLab": _before("\x1b[0K14:05:{n} "),
    "syslog": _before("Nov 21 14:05:{n} host-1 app[1234]: "),
    "heroku": _before("2026-11-21T14:05:{n}.123456+00:00 app[web.1]: "),
    "jenkins": _before("[2026-11-21T14:05:{n}.123Z] "),
    "terraform": _before("module.app.null_resource.x (local-exec): "),
    "quoted": _before("> "),
    "quoted twice": _before("> > "),
    "pytest": _before("E   "),
    "line numbers": _before("  {n} | "),
    "in a frame": _before("\u2502 "),
    "indented": _before("        "),
    # wrapped
    "wrapped hard": _hard,
    "wrapped at words": _at_words,
    "wrapped, indented": lambda text: _at_words(text, "    "),
    "wrapped in a log": _before("web_1  | ", width=WIDTH - 9),
    "wrapped in syslog": _before("Nov 21 14:05:{n} host-1 app[1234]: ", width=WIDTH),
    "quoted and wrapped": _before("> ", width=WIDTH - 2),
    # cut
    "first and last line": _first_and_last_line,
    "first line": _first_third,
    "both ends": _both_ends,
    # coloured
    "coloured": _coloured,
    "coloured within words": _coloured_within,
    "colours lost their escape": lambda text: _coloured(text).replace("\x1b", "\\033"),
    # escaped
    "JSON": _json,
    "JSON in JSON": _json_twice,
    "repr": lambda text: repr(text) + "\n",
    "repr of bytes": lambda text: repr(text.encode()) + "\n",
    "HTML": lambda text: "<pre>" + html.escape(text) + "</pre>\n",
    "HTML lines": lambda text: html.escape(text).replace("\n", "<br>\n").replace(" ", "&nbsp;"),
    "markdown": _markdown,
    # among other languages
    "Chinese": _among(
        "我在运行这个程序的时候出现了下面的错误，请问怎么解决？报错信息：", "。谢谢大家！"
    ),
    "Japanese": _among(
        "次のようなエラーが出てしまいます。環境は次の通りです。\n「", "」と表示されます。"
    ),
    "Russian": _among("Здравствуйте! При запуске появляется ошибка:\n«", "»\nКак это исправить?"),
    "Korean": _among("실행하면 다음과 같은 오류가 발생합니다: ", "\n어떻게 해결하나요?"),
    # and the rest
    "in a panel": _panel,
    "JSON without ASCII": lambda text: json.dumps([text], ensure_ascii=False),
    "Python list": lambda text: repr(text.splitlines()),
    "XML": lambda text: f"<failure message={quoteattr(text)}/>",
    "short summary": lambda text: "".join(
        f"FAILED tests/test_app.py::test_it - {line[:110]}{'...' * (len(line) > 110)}\n"
        for line in text.splitlines()
    ),
    "CRLF": lambda text: text.replace("\n", "\r\n"),
    "upper case": str.upper,
    "misread": _misread,
    "typographic quotes": lambda text: text.replace("'", "\u2019").replace('"', "\u201d"),
    "double-spaced": lambda text: text.replace("\n", "\n\n"),
    "non-breaking blanks": lambda text: text.replace("  ", "\u00a0\u00a0"),
}
