"""Python sources, and the files that say how a project's programs are started.

Few files matter: they are found by their words before anything is decoded, by `git grep` where
there is a checkout. On 4,300 files it takes 53 ms of CPU against 90 ms for reading them here.
"""

from __future__ import annotations

import fnmatch
import os
import re
import stat
from collections.abc import Iterable, Iterator, Sequence

from sslfix.collect import repository
from sslfix.detectors import PROJECT_WORDS
from sslfix.model import Document
from sslfix.source import moving_style
from sslfix.source.commands import NAMES

PYTHON = (".py", ".pyw")
_STARTS = re.compile("|".join(fnmatch.translate(name) for name in NAMES)).match
_IMPORT = re.compile(
    rb"(?:from|import)\b[^\n]*\b(?:" + b"|".join(PROJECT_WORDS) + rb")|\bworker_class\b"
)
_SHEBANG = re.compile(rb"#![^\n]*python")
# Longer files of commands are something else.
_LONGEST = 1 << 18


def is_start(path: str) -> bool:
    """Whether a file of that name may say how a program is started, or be one without an ending."""
    name = path.rpartition("/")[2]
    return "." not in name or _STARTS(name) is not None


def wanted(texts: Iterable[tuple[str, bytes]], words: Sequence[bytes]) -> Iterator[Document]:
    """The files that a detector may want: all, if one names what patches; else those that matter.

    What an entry module imports may import `requests`, so order needs every module, and a patch
    that moves the settings of linters.
    """
    kept = {path: data for path, data in texts if path.endswith(PYTHON) or _tells(path, data)}
    needs_all = not are_all(kept.items())
    if needs_all:
        kept.update(contents(_settings(kept)))
    for path, data in sorted(kept.items()):
        if needs_all or any(word in data for word in words):
            document = _decoded(path, data)
            if document is not None:
                yield document


def are_all(texts: Iterable[tuple[str, bytes]]) -> bool:
    """Whether the files with one of the words are all that matter: nothing patches."""
    named = (one for one in texts if any(word in one[1] for word in PROJECT_WORDS))
    return not any(not path.endswith(PYTHON) or _IMPORT.search(data) for path, data in named)


def _settings(paths: Iterable[str]) -> set[str]:
    """Where linters may have settings for these files, up to the top of the repository."""
    top = os.path.relpath(repository.root("."))
    beyond = 0 if top == os.curdir else top.count(os.pardir)
    folders = {one for path in paths for one in moving_style.folders_above(path, beyond)}
    return {folder + name for folder in folders for name in moving_style.NAMES}.difference(paths)


def _tells(path: str, data: bytes) -> bool:
    is_named = _STARTS(path.rpartition("/")[2]) is not None
    return len(data) < _LONGEST and (is_named or _SHEBANG.match(data) is not None)


def contents(paths: Iterable[str]) -> Iterator[tuple[str, bytes]]:
    """The files that can be read; what is no file (a pipe, a device) is not waited for."""
    for path in paths:
        try:
            with open(path, "rb", buffering=0, opener=_without_waiting) as stream:
                if stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
                    yield path, stream.read()
        except OSError:
            continue


def _without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def grep(folder: str, words: Sequence[bytes]) -> list[str] | None:
    """The files of a checkout that have any of the words, as git shows them; None without git."""
    import subprocess

    command = ["git", "grep", "-lzF", "--untracked"]
    command += [part for word in (*PROJECT_WORDS, *words) for part in ("-e", word.decode())]
    names = (*(f"*{ending}" for ending in PYTHON), *NAMES)
    command += ["--", *(f":(glob)**/{name}" for name in names)]
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, check=False, stdin=subprocess.DEVNULL
        )
    except OSError:
        return None
    if done.returncode not in (0, 1):  # no checkout, or a git without an option
        return None
    return [os.fsdecode(name) for name in done.stdout.split(b"\0") if name]


def _decoded(path: str, data: bytes) -> Document | None:
    import codecs
    import io
    import tokenize

    bom = codecs.BOM_UTF8 if data.startswith(codecs.BOM_UTF8) else b""
    try:
        encoding = "utf-8"
        if not bom and not data.isascii():
            encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        return Document(path, data[len(bom) :].decode(encoding), encoding, bom)
    except (SyntaxError, UnicodeDecodeError, LookupError):
        return None
