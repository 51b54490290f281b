"""Dockerfile and Containerfile: what `RUN pip install` puts into an image. Read, not rewritten.

Nothing is expanded: the values of ARG and ENV are known when the image is built. Files that `-r`
names lie in the image and are not followed.
https://docs.docker.com/reference/dockerfile/
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from sslfix.model import Declaration, DependencyFile, Document, Format, Problem

from ._passage import Builder, Passage

_LINE = re.compile(r"([^\r\n]*)(\r\n|\r|\n|$)")
_ESCAPE = re.compile(r"#\s*escape\s*=\s*`\s*(?:[\r\n]|$)", re.IGNORECASE)
_DIRECTIVES = re.compile(
    r"(?:#\s*\w+\s*=[^\r\n]*(?:\r\n|\r|\n))*?(?=#\s*escape\s*=)", re.IGNORECASE
)
_RUN = re.compile(r"\s*(?:ONBUILD\s+)?RUN\s+((?:--\S+\s+)*)", re.IGNORECASE)
_HEREDOC = re.compile(r"<<-?\s*([\"']?)([A-Za-z_]\w*)\1")
_SHELL = r"(?:(?:/usr)?(?:/bin/)?(?:ba|da|a|z)?sh(?:\s+-\w+)*)"
# `RUN <<EOF`, and not `RUN python <<EOF` or `RUN cat <<EOF > file`
_SCRIPT = re.compile(rf"{_SHELL}?\s*{_HEREDOC.pattern}\s*{_SHELL}?\s*")
_INTERPRETED = re.compile(r"#!(?!.*sh\b)")
_JSON_STRING = re.compile(r'"([^"\\]*)"')
_PIP = re.compile(r"(?:.*/)?pip[\d.]*")
_COMMANDS = ("install", "wheel", "download")


class _Instruction(NamedTuple):
    """An instruction with its continued lines joined, and the heredoc that follows it."""

    line: Passage
    heredoc: Passage


def read(document: Document) -> DependencyFile:
    """What pip and uv are told to install while an image is built."""
    if "pip" not in document.text:
        return DependencyFile(document, FORMAT.name)
    from . import _install

    outcomes: list[Declaration | Problem] = []
    for instruction in _instructions(document.text):
        for words in _commands(instruction):
            for one in _install.arguments(document, _packages(words), "RUN"):
                if isinstance(one, Problem):
                    outcomes.append(one)
                elif isinstance(one, Declaration):
                    outcomes.append(one._replace(specifier_span=None))
    return DependencyFile.of(document, FORMAT.name, outcomes)


def _packages(words: list[Passage]) -> list[Passage]:
    """The arguments of a command that installs distributions, [] of any other."""
    at = next((at for at, word in enumerate(words) if _PIP.fullmatch(word.text)), len(words))
    if not at < len(words) or words[0].text in ("echo", "printf"):
        return []
    for number, word in enumerate(words[at + 1 :], at + 1):
        if word.text in _COMMANDS:
            return words[number + 1 :]
        if not word.text.startswith("-") and not words[number - 1].text.startswith("-"):
            break
    return []


def _commands(instruction: _Instruction) -> Iterator[list[Passage]]:
    from . import _shell

    run = _RUN.match(instruction.line.text)
    if run is None:
        return
    rest = instruction.line.text[run.end() :]
    if rest.startswith("[") and rest.rstrip().endswith("]"):
        yield [
            _part(instruction.line, *word.span(1))
            for word in _JSON_STRING.finditer(instruction.line.text, run.end())
        ]
        return
    yield from _shell.commands(_part(instruction.line, run.end(), len(instruction.line.text)))
    if _SCRIPT.fullmatch(rest) and not _INTERPRETED.match(instruction.heredoc.text):
        yield from _shell.commands(instruction.heredoc)


def _part(passage: Passage, start: int, end: int) -> Passage:
    from . import _shell

    built = Builder()
    _shell.copy(built, passage, start, end)
    return built.build()


def _instructions(text: str) -> Iterator[_Instruction]:
    """The instructions of a file; comments and empty lines inside continued ones are left out."""
    escape = "`" if _has_backtick(text) else "\\"
    lines = _LINE.finditer(text)
    line, open_ = Builder(), False
    for found in lines:
        content = found[1]
        if not content.strip() or content.lstrip().startswith("#"):
            continue
        open_ = content.rstrip().endswith(escape)
        kept = content.rstrip()[:-1] if open_ else content
        line.add(kept, found.start())
        if open_:
            continue
        built, line = line.build(), Builder()
        yield _Instruction(built, _heredoc(built.text, lines))
    if open_:
        yield _Instruction(line.build(), Passage("", ()))


def _has_backtick(text: str) -> bool:
    first = _DIRECTIVES.match(text)
    return first is not None and _ESCAPE.match(text, first.end()) is not None


def _heredoc(line: str, lines: Iterator[re.Match[str]]) -> Passage:
    """The lines up to the words that end an instruction's heredocs, those of a shell joined."""
    built = Builder()
    for heredoc in _HEREDOC.finditer(line) if line.split(None, 1)[0].upper() in _TAKE else ():
        for found in lines:
            if found[1].strip("\t") == heredoc[2]:
                break
            continued = found[1].endswith("\\")
            built.add(found[1][:-1] if continued else found[1] + "\n", found.start())
    return built.build()


_TAKE = ("ADD", "COPY", "ONBUILD", "RUN")


FORMAT = Format(
    name="Dockerfile",
    patterns=(
        "Dockerfile",
        "Dockerfile.*",
        "*.Dockerfile",
        "*.dockerfile",
        "Containerfile",
        "Containerfile.*",
    ),
    read=read,
    elsewhere=True,
)
