"""Completion in the real shells, and the manual page, against the parsers that they are made of."""

from __future__ import annotations

import re
import shlex
import shutil
import sys
from pathlib import Path
from typing import Callable

import pytest

from sslfix import cli, shells
from sslfix.shells import man
from tests.conftest import run

PARSERS = cli.parsers()

# A line, what must be offered, what must not.
LINES: list[tuple[str, list[str], list[str]]] = [
    ("sslfix ", list(cli.COMMANDS), ["SSL101"]),
    ("sslfix expl", ["explain"], ["env"]),
    ("sslfix --fail", ["--fail-on"], ["--format"]),
    ("sslfix --fail-on ", ["error", "warning"], ["note", "check"]),
    ("sslfix check --fail-on=w", ["warning"], ["error"]),
    ("sslfix -q --apply --ver", ["--verbose", "--version"], []),
    ("sslfix --select SSL10", ["SSL101", "SSL105"], ["SSL201"]),
    ("sslfix --ignore urllib3-openssl", ["urllib3-openssl-too-old"], ["SSL101"]),
    ("sslfix --target lambda-python3.9", ["lambda-python3.9"], []),
    ("sslfix check --target python:3.9-bu", ["python:3.9-buster", "python:3.9-bullseye"], []),
    ("sslfix --as req", ["requirements.txt"], ["Pipfile"]),
    ("sslfix --lang z", ["zh"], ["en"]),
    ("sslfix rule SSL60", ["SSL601"], ["SSL101"]),
    ("sslfix env --re", ["--recreate"], ["--repo"]),
    ("sslfix pip-hook ", ["install", "status", "remove"], ["check"]),
    ("sslfix run tou", ["touch"], ["worker.log"]),
    ("sslfix run -- ls --", [], ["--lang"]),
    ("sslfix completion z", ["zsh"], ["bash"]),
    ("sslfix explain wor", ["worker.log"], ["other.log"]),
    ("sslfix env --python wor", ["worker.log"], ["other.log"]),
]


@pytest.fixture(autouse=True)
def _inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("worker.log").touch()
    Path("other.log").touch()


def script(shell: str) -> str:
    done = run(sys.executable, "-m", "sslfix", "completion", shell)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def shell(name: str) -> str:
    return shutil.which(name) or pytest.skip(f"needs {name}")


def in_bash(lines: list[str]) -> list[set[str]]:
    """What bash replies: readline sets these variables, and completes files where none comes."""
    ask = (
        "for line; do COMP_LINE=$line COMP_POINT=${#line}; _sslfix; "
        "((${#COMPREPLY[@]})) || COMPREPLY=($(compgen -f -- ${line##* })); "
        "printf '%s\\n' \"${COMPREPLY[@]}\"; echo; done; complete -p sslfix"
    )
    done = run(shell("bash"), "-c", f"{script('bash')}\n{ask}", "bash", *lines)
    *replies, last = done.stdout.split("\n\n")
    assert (done.stderr, last) == ("", "complete -o default -F _sslfix sslfix\n")
    return [set(one.split()) for one in replies]


def in_fish(lines: list[str]) -> list[set[str]]:
    path = shell("fish")
    Path("sslfix.fish").write_text(script("fish"))
    ask = "source sslfix.fish; for line in $argv; complete -C $line; echo =; end"
    replies = run(path, "-c", ask, *lines).stdout.split("=\n")[:-1]
    return [{one.partition("\t")[0] for one in reply.splitlines()} for reply in replies]


def in_zsh(lines: list[str]) -> list[set[str]]:
    """What zsh lists under the line, in a terminal of its own."""
    path = shell("zsh")
    Path("sslfix.zsh").write_text(script("zsh"))
    Path("ask.zsh").write_text(ZSH)
    replies = run(path, "-f", "ask.zsh", *lines).stdout.split("LISTED")[:-1]
    plain = [re.sub(r"\x1b\[[\d;?]*[A-Za-z]|\r", "\n", one) for one in replies]
    return [{word for text in one.splitlines() for word in named(text)} for one in plain]


def named(line: str) -> list[str]:
    """The words that a line of a list names: with a text behind them, or side by side."""
    word, dashes, _text = line.partition(" -- ")
    return [word.strip()] if dashes else line.split()


ZSH = """\
zmodload zsh/zpty
zpty z zsh -f -i
zpty -w z "PS1= RPS1=; stty rows 2000 columns 200; autoload -U compinit; compinit -u -d dump"
zpty -w z "source ./sslfix.zsh; LISTMAX=100000; ask() { zle list-choices; zle -R; print LIST''ED }"
zpty -w z "zle -N ask; bindkey '^I' ask; echo READ''Y"
zpty -r z out '*READY*'
for line; do
    zpty -n -w z $'\\x15'"$line"$'\\t'
    zpty -r z out '*LISTED*'
    print -r -- "$out"
done
"""


@pytest.mark.parametrize("ask", [in_bash, in_fish, in_zsh], ids=["bash", "fish", "zsh"])
def test_a_real_shell_completes(ask: Callable[[list[str]], list[set[str]]]) -> None:
    replies = ask([line for line, _offered, _others in LINES])
    assert len(replies) == len(LINES)
    for (line, offered, others), found in zip(LINES, replies):
        # Behind a colon bash replaces only what stands behind it, fish what is before = as well.
        known = {part for one in found for part in (one, one.rpartition("=")[2])}
        assert not [one for one in offered if not known & {one, one.rpartition(":")[2]}], (
            line,
            found,
        )
        assert not known & {*others}, (line, found)


@pytest.mark.parametrize("name", PARSERS)
def test_every_option_is_in_every_script(name: str) -> None:
    (command,) = shells.commands({name: PARSERS[name]})
    flags = {flag for one in command.options for flag in one.flags}
    assert {"--help", "--lang"} < flags
    (line,) = re.findall(rf'^ *"{name} "-\*\) reply="(.*)" ;;$', script("bash"), re.MULTILINE)
    assert set(line.split()) == flags
    own = script("zsh").partition(f"\n_sslfix_{name}() {{")[2].partition("\n}")[0]
    assert all(re.search(rf"'.*[)*]{flag}[=+]?\[", own) for flag in flags)
    lines = [one for one in script("fish").splitlines() if f"'__sslfix_is {name}'" in one]
    assert all(any(f" {flag.lstrip('-')} " in f"{one} " for one in lines) for flag in flags)


# --------------------------------------------------------------------------- the manual page


def page() -> str:
    return man.render(shells.commands(PARSERS), "2026-11-21") + "\n"


def test_the_page_names_every_command_and_option() -> None:
    plain = page().replace("\\-", "-")
    for name, parser in PARSERS.items():
        assert name == "check" or f"\n.SS {name}\n" in plain
        for one in shells.commands({name: parser})[0].options:
            assert all(f"\\fB{flag}\\fR" in plain for flag in one.flags)


@pytest.mark.parametrize("lint", ["mandoc -Tlint -Wwarning", "groff -man -Tutf8 -ww -z"])
def test_the_page_is_what_readers_of_manuals_expect(lint: str) -> None:
    program, *words = lint.split()
    Path("sslfix.1").write_text(page())
    done = run(shell(program), *words, "sslfix.1")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_page_reads_as_the_help_does() -> None:
    Path("sslfix.1").write_text(page())
    shown = run(shell("groff"), "-man", "-Tascii", "-P-cbou", "sslfix.1").stdout
    text = " ".join(shown.replace("-\n", "-").split())
    assert "sslfix [options] [PATH ...] sslfix explain [options] [FILE]" in text
    assert "--target NAME a known deployment target, or `auto` for those" in text


# --------------------------------------------------------------------------- examples


@pytest.mark.parametrize("name", PARSERS)
def test_every_example_of_the_help_is_a_command_that_parses(name: str) -> None:
    _before, _examples, shown = (PARSERS[name].epilog or "").partition("examples:\n")
    lines = [one.strip() for one in shown.partition("\n\n")[0].splitlines()]
    own = [found[0] for one in lines if (found := re.search(r"sslfix(?: [^|>)]+)?", one))]
    assert own
    for line in own:
        first, *words = shlex.split(line.partition("   ")[0].partition("  ")[0])
        meant = words.pop(0) if words and words[0] in PARSERS else "check"
        assert (first, meant) == ("sslfix", name)
        PARSERS[name].parse_args(words)
