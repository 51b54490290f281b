"""What `pip install`, `uv pip install` and their like are told to install."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Union

from sslfix.model import Declaration, Document, Include, Problem

from . import requirements
from ._passage import Passage
from ._pep508 import NAME, normalize

_FILES = ("-r", "--requirement", "--requirements")
_LIMITS = ("-c", "--constraint", "--constraints")
# https://pip.pypa.io/en/stable/cli/pip_install/ and https://docs.astral.sh/uv/reference/cli/
_WITH_VALUE = frozenset(
    (  # noqa: SIM905 - a list of 60 lines says no more
        "-b --build -C --config-setting --config-settings -d --dest -e --editable -f --find-links "
        "-i --index-url -p --python -P --upgrade-package -t --target -w --wheel-dir --abi "
        "--build-constraint --build-constraints --cache-dir --cert --client-cert --color "
        "--config-file --default-index --directory --exclude-newer --exists-action --extra "
        "--extra-index-url --global-option --group --implementation --index --index-strategy "
        "--install-option --keyring-provider --link-mode --log --no-binary --only-binary "
        "--override --overrides --platform --prefix --prerelease --progress-bar --project "
        "--proxy --python-platform --python-version --refresh-package --reinstall-package "
        "--report --requirements-from-script --resolution --retries --root "
        "--root-user-action --src --timeout --torch-backend --trusted-host "
        "--upgrade-strategy --uploaded-prior-to --use-deprecated --use-feature"
    ).split()
)
_COMPUTED = re.compile(r"[$`*{]")
_OPEN = re.compile(rf"({NAME})(?:\[[^\[\]]*\])?((?:===|[=!~<>]=|[<>])\S*)?")


def arguments(
    document: Document, words: Iterable[Passage | None], section: str
) -> Iterator[Union[Declaration, Include, Problem]]:
    """The requirements among the arguments, and the files of `-r` and `-c`.

    None is an argument that is computed.
    """
    remaining = iter(words)
    for word in remaining:
        if word is None:
            continue
        if not word.text.startswith("-"):
            yield from _requirement(document, word, section)
            continue
        name, start = _option(word.text)
        value = word if start else next(remaining, None) if name in _takes_value() else None
        if value is not None and name in (*_FILES, *_LIMITS):
            first = start + len(value.text[start:]) - len(value.text[start:].lstrip())
            end = len(value.text)
            yield Include(value.text[first:], value.span(first, end), name in _LIMITS)


def _takes_value() -> frozenset[str]:
    return _WITH_VALUE.union(_FILES, _LIMITS)


def _option(word: str) -> tuple[str, int]:
    """The name of an option, and where a value begins in the same word (0: nowhere)."""
    name, equals, _value = word.partition("=")
    if word.startswith("--"):
        return name, len(name) + 1 if equals else 0
    return word[:2], 2 if len(word) > 2 else 0


def _requirement(
    document: Document, word: Passage, section: str
) -> Iterator[Union[Declaration, Include, Problem]]:
    """What an argument declares; of a computed one the name, if that stands there plainly."""
    for number, outcome in enumerate(requirements.read_line(document, word, section)):
        if isinstance(outcome, Problem) and _COMPUTED.search(word.text):
            plain = None if number else _OPEN.fullmatch(word.text)
            if plain and not _COMPUTED.search(word.text[: plain.end(1)]):
                span = word.span(0, len(word.text))
                yield Declaration(normalize(plain[1]), plain[2] or "", span, section)
        elif isinstance(outcome, Declaration) and not all(one.verbatim for one in word.pieces):
            yield outcome._replace(specifier_span=None)
        else:
            yield outcome
