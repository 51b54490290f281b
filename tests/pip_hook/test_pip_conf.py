"""pip.conf: our path beside what was in effect, and back to the same bytes."""

from __future__ import annotations

import pytest

from sslfix.errors import ReadError
from sslfix.model import Document
from sslfix.pip_hook import pip_conf

OURS = "/venv/sslfix-constraints.txt"
INSTALL, GLOBAL = ("install", "constraint"), ("global", "constraint")
BUILD = ("global", "build-constraint")


def document(text: str) -> Document:
    return Document("pip.conf", text)


def added(
    text: str, lower: pip_conf.Values | None = None, *, builds: bool = False, new: bool = False
) -> str:
    return pip_conf.add(document(text), lower or {}, OURS, builds=builds, new=new)


HAND_WRITTEN = [
    "",
    "# nothing yet",
    "[global]",
    "[global]\n",
    "[global]\nindex-url = https://index.example/simple\n",
    "[global]\r\nindex-url = x\r\n\r\n# a comment\r\n[install]\r\nno-deps = yes",
    "[global]\rindex-url = x\r",
    "[global]\n    index-url = x\n    timeout = 3\n",
    "; first\n  [list]\n  format = json\n",
    "[install]\nconstraint = /a/c.txt\n",
    "[install]\nconstraint=/a/c.txt",
    "[install]\nConstraint : /a/c.txt\t/b/c.txt\n\n[global]\n",
    "[install]\n--constraint =\n    /a/c.txt\n    # why\n    /b/c.txt\n[global]\nx = 1\n",
    "[install]\nconstraint = /a/c.txt\n\n  /b/c.txt\n",
    "[global]\nconstraint =\ntimeout = 3\n",
    "[global]\nconstraint = \nbuild-constraint = /b.txt\n",
    "[freeze]\nconstraint = /a/c.txt\n[download]\nconstraint = /d.txt\n",
    "[install] \t",
    "# mine\r\n[global] ; all ",
    "[global]\n# caf\udce9 in latin-1\nindex-url = x\n",
]


@pytest.mark.parametrize("builds", [False, True])
@pytest.mark.parametrize("lower", [{}, {GLOBAL: ("/u/c.txt",), INSTALL: ("/u/i.txt", "/u/j.txt")}])
@pytest.mark.parametrize("text", HAND_WRITTEN)
def test_what_was_added_is_taken_out_to_the_byte(
    text: str, lower: pip_conf.Values, builds: bool
) -> None:
    once = added(text, lower, builds=builds)
    assert once != text
    assert added(once, lower, builds=builds) == once
    assert pip_conf.remove(document(once)) == text
    assert pip_conf.remove(document(text)) == text


@pytest.mark.parametrize(
    ("text", "lower", "install", "download"),
    [
        ("", {}, {OURS}, {OURS}),
        ("", {GLOBAL: ("/u",)}, {"/u", OURS}, {"/u", OURS}),
        ("", {INSTALL: ("/i",)}, {"/i", OURS}, {OURS}),
        ("", {GLOBAL: ("/u",), INSTALL: ("/i",)}, {"/i", OURS}, {"/u", OURS}),
        (
            "[global]\nconstraint = /a /b\n",
            {GLOBAL: ("/u",)},
            {"/a", "/b", OURS},
            {"/a", "/b", OURS},
        ),
        ("[install]\nconstraint = /a\n", {GLOBAL: ("/u",)}, {"/a", OURS}, {"/u", OURS}),
        # An empty value undoes that of the user.
        (
            "[install]\nconstraint =\n",
            {INSTALL: ("/i",), GLOBAL: ("/u",)},
            {"/u", OURS},
            {"/u", OURS},
        ),
        # The user's own hook says the same or less, and may go before this one does.
        ("", {GLOBAL: ("/u", "/home/sslfix-constraints.txt")}, {"/u", OURS}, {"/u", OURS}),
        # An environment that moved.
        ("[install]\nconstraint = /old/sslfix-constraints.txt /a\n", {}, {"/a", OURS}, {OURS}),
    ],
)
def test_every_command_takes_what_it_took_before_and_ours(
    text: str, lower: pip_conf.Values, install: set[str], download: set[str]
) -> None:
    found = {**lower, **pip_conf.values(document(added(text, lower)))}
    assert set(pip_conf.effective(found, "install", "constraint")) == install
    assert set(pip_conf.effective(found, "download", "constraint")) == download


def test_build_constraint_is_written_where_asked_for_or_where_there_is_one() -> None:
    assert BUILD not in pip_conf.values(document(added("")))
    assert pip_conf.values(document(added("", builds=True)))[BUILD] == (OURS,)
    found = pip_conf.values(document(added("[global]\nbuild-constraint = /b\n")))
    assert set(found[BUILD]) == {"/b", OURS}


def test_other_lines_may_be_edited_in_between() -> None:
    text = added("[global]\ntimeout = 3\n[install]\nconstraint = /a\n")
    edited = "# mine\n" + text.replace("timeout = 3", "timeout = 4") + "no-deps = yes\n"
    edited = edited.replace("/a\n", "/a /b\n")
    wanted = "# mine\n[global]\ntimeout = 4\n[install]\nconstraint = /a /b\nno-deps = yes\n"
    assert pip_conf.remove(document(edited)) == wanted


@pytest.mark.parametrize(
    ("before", "line", "edited", "after"),
    [
        # A new file has nothing else than our block to write into.
        ("", f"{OURS}\n", f"{OURS}\ntimeout = 3\n", "[global]\ntimeout = 3\n"),
        ("", f"{OURS}\n", f"{OURS} /a\n", "[global]\nconstraint = /a\n"),
        ("", "[global]\n", "[global]\nx =\n    1\n    2\n", "[global]\nx =\n    1\n    2\n"),
        ("", f"{OURS}\n", f"{OURS}\n[install]\nconstraint = /a\n", None),
        ("[global]\n  x = 1", f"{OURS}\n", f"{OURS}\n  y = 2\n", "[global]\n  y = 2\n  x = 1"),
        ("[global]", f"{OURS}\n", f"{OURS}\ny = 2\n", "[global]\ny = 2\n"),
        ("", f"{OURS}\n", f"{OURS}\n\n", ""),
    ],
)
def test_what_others_wrote_among_our_lines_stays(
    before: str, line: str, edited: str, after: str | None
) -> None:
    text = added(before)
    assert line in text
    found = pip_conf.remove(document(text.replace(line, edited)))
    assert found == (after if after is not None else "[global]\n[install]\nconstraint = /a\n")


def test_what_pip_config_makes_of_it_is_taken_out_too() -> None:
    """`pip config set` writes the file anew, without comments."""
    of_others = "[global]\n{}index-url = x\n\n[install]\nconstraint = \n{}\t/a\n\n"
    text = of_others.format(f"constraint = {OURS}\n", f"\t{OURS}\n")
    assert pip_conf.remove(document(text)) == of_others.format("", "")


def test_a_damaged_block_leaves_no_path_of_ours() -> None:
    text = added("[global]\ntimeout = 3\n").replace("# <<< sslfix pip-hook <<<\n", "")
    assert pip_conf.remove(document(text)) == "[global]\ntimeout = 3\n"


@pytest.mark.parametrize(
    "text",
    [
        "index-url = x\n",
        "\ufeff[global]\nindex-url = x\n",
        "[global]\na = 1\n[global]\nb = 2\n",
        "[global]\na = 1\nA = 2\n",
        "[DEFAULT]\nindex-url = x\n",  # a new section would take it over
    ],
)
def test_what_pip_cannot_read_or_we_would_change_is_left_alone(text: str) -> None:
    with pytest.raises(ReadError):
        added(text)


@pytest.mark.parametrize(
    ("path", "spelled"),
    [
        ("/venv/c.txt", "/venv/c.txt"),
        ("/sp ace/c.txt", "file:///sp%20ace/c.txt"),
        ("/ü/c.txt", "file:///%C3%BC/c.txt"),
        ("/\udcff/c.txt", "file:///%FF/c.txt"),
        ("/a\tb/c.txt", "file:///a%09b/c.txt"),
    ],
)
def test_a_path_is_one_word_of_ascii(path: str, spelled: str) -> None:
    assert pip_conf.spelled(path) == spelled
