"""Markdown: what is said, and that texts of a repository stay texts."""

from __future__ import annotations

import html
import re

import pytest

from sslfix.model import Advice, Applicability, Fix
from sslfix.reporters import markdown

from .samples import HOSTILE, finding, hostile, report, requirements_file, typical


def rendered(text: str) -> str:
    """The HTML of a Markdown text, by markdown-it with GitHub's extensions."""
    markdown_it = pytest.importorskip("markdown_it", reason="needs markdown-it-py")
    parser = markdown_it.MarkdownIt("commonmark").enable(["table", "strikethrough"])
    shown: str = parser.render(text)
    return shown


def seen(text: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]*>", "", text)).replace("\u200b", "").split())


def test_all_is_said_the_worst_first() -> None:
    text = markdown.render(typical())
    items = [line for line in text.splitlines() if line.startswith("- ")]
    words = [re.match(r"- (?:\*\*)?([^*:]*)", line) for line in items]
    assert [word and word[1] for word in words] == [
        "error",
        "could not check",
        "could not check",
        "warning",
        "note",
        "fixed",
        "ignored",
        "left to do",
    ]
    assert "**sslfix: 1 error, 1 warning, 1 note, 1 fixed, 1 ignored, 2 problems" in text
    assert "  - not applied: it was tried and did not hold" in text
    assert "  - left to run: `pip install x`" in text
    assert "judged for /usr/bin/python3 (Python 3.9.6, LibreSSL 2.8.3)" in text


@pytest.mark.parametrize("text", HOSTILE)
def test_a_text_stays_the_text_that_it_is(text: str) -> None:
    from sslfix.reporters._notices import one_line

    shown = rendered(markdown.escaped(f"a {text}"))
    assert re.sub(r"</?p>\s*", "", shown).count("<") == 0
    assert seen(shown) == " ".join(f"a {one_line(text)}".replace("\u200b", "").split())


@pytest.mark.parametrize("text", HOSTILE)
def test_a_report_of_hostile_texts_has_no_markup_of_theirs(text: str) -> None:
    shown = rendered(markdown.render(hostile(text)))
    assert not set(re.findall(r"<(\w+)", shown)) - {"p", "strong", "ul", "li", "code", "sub", "br"}
    outside = re.sub(r"<code>.*?</code>", "", shown)
    assert not re.search(r"[@#]\w|\w!\d|://|www\.", html.unescape(outside))


@pytest.mark.parametrize("text", ["a", "`", "``a`", "a ` b", " ", "a|b", ""])
def test_code_is_shown_as_it_is(text: str) -> None:
    shown = rendered(f"- {markdown.code(text)}")
    found = re.search(r"<code>(.*?)</code>", shown)
    assert html.unescape(found[1] if found else "") == text.strip()


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("@octocat", "@\u200boctocat"),
        ("fixes #1", "fixes #\u200b1"),
        ("!12", "!\u200b12"),
        ("GH-1", "GH\u200b-1"),
        ("http://a", "http:\u200b//a"),
        ("www.a", "www\u200b.a"),
        ("urllib3!=2.0.1", "urllib3!=2.0.1"),
        ("50%", "50%"),
    ],
)
def test_mentions_and_references_are_broken(text: str, hidden: str) -> None:
    assert markdown.escaped(text) == hidden


def test_commands_can_be_copied() -> None:
    file = requirements_file("urllib3==2.0.2\n")
    advice = Advice("use a newer Python", ("uv venv --python 3.12 @x",))
    one = finding(file)._replace(fix=Fix("use it", Applicability.DISPLAY, (advice,)))
    assert "  - paste: `uv venv --python 3.12 @x`" in markdown.render(report(one, files=(file,)))


def test_what_is_too_much_for_a_comment_is_counted() -> None:
    names = [f"d{number}" for number in range(3000)]
    file = requirements_file("".join(f"{name}==1\n" for name in names))
    text = markdown.render(report(*(finding(file, name) for name in names), files=(file,)))
    assert len(text) < 65_536
    (more,) = re.findall(r"^- (\d+) more$", text, re.MULTILINE)
    assert int(more) + text.count("- **error**") == 3000
