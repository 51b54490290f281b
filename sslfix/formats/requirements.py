"""pip's requirements and constraints files.

The grammar is pip's own: lines are joined first, then comments go, then variables are put in,
then options are split off at the first word that begins with "-".
https://pip.pypa.io/en/stable/reference/requirements-file-format/
https://github.com/pypa/pip/blob/26.0/src/pip/_internal/req/req_file.py
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple, Union

from sslfix.language import say as _
from sslfix.model import (
    Declaration,
    DependencyFile,
    Document,
    Edit,
    Format,
    Include,
    Kind,
    Problem,
    Span,
)

from . import _archive, _compiled, _hashes
from ._passage import Builder, Passage
from ._pep508 import NAME, VARIABLE, RequirementError, declare, is_marker, normalize, respecify

_COMMENT = re.compile(r"(?:^|\s)#")
_COMMENT_LINE = re.compile(r"\s*#")
_VARIABLE_FILE = re.compile(rf"{VARIABLE.pattern}[^/\\?#]*\.(?:whl|zip|tar\.gz)")
_OPTIONS_START = re.compile(r"(?:^| )-")
_WORD = re.compile(r"""(?:[^\s"'\\]|\\.|"(?:[^"\\]|\\.)*"|'[^']*')+""")

_URL = re.compile(r"(?:https?|file|ftp|(?:git|hg|svn|bzr)(?:\+[a-z]+)?):", re.IGNORECASE)
_PATH = re.compile(r"[./~]\S*|\S*[/\\]\S*|\S+\.(?:whl|zip|tar|tgz|tbz|tar\.\w+)(?:\[[^\]]*\])?")
_EGG = re.compile(rf"[#&]egg=({NAME})(?:\[([^\]]*)\])?")
_DIRECT = re.compile(rf"{NAME}\s*(?:\[[^\[\]]*\])?\s*@")

_SHORT = {
    "-i": "--index-url",
    "-c": "--constraint",
    "-r": "--requirement",
    "-e": "--editable",
    "-f": "--find-links",
    "-C": "--config-settings",
}
_WITH_VALUE = frozenset(
    {
        "--index-url",
        "--pypi-url",
        "--extra-index-url",
        "--constraint",
        "--requirement",
        "--editable",
        "--find-links",
        "--no-binary",
        "--only-binary",
        "--trusted-host",
        "--use-feature",
        "--global-option",
        "--install-option",
        "--hash",
        "--config-settings",
        "--config-setting",
        "--all-releases",
        "--only-final",
        "--allow-external",
        "--allow-unverified",
    }
)
# Those of old pips are still found in old files and mean nothing here.
_FLAGS = frozenset(
    {
        "--no-index",
        "--prefer-binary",
        "--require-hashes",
        "--no-require-hashes",
        "--pre",
        "--always-unzip",
        "--use-wheel",
        "--no-use-wheel",
        "--process-dependency-links",
        "--allow-all-external",
        "--no-allow-external",
        "--no-allow-insecure",
        "-Z",
    }
)


class _Option(NamedTuple):
    """An option by its long name, and where its value stands in the passage."""

    name: str
    value: str = ""
    start: int = 0
    end: int = 0


class _Fault(NamedTuple):
    """What is wrong, and with the line at which character."""

    offset: int
    message: str


_Outcome = Union[Declaration, Include, _Fault]


def read(document: Document, variables: Mapping[str, str] | None = None) -> DependencyFile:
    """What a requirements file says, `${NAME}` replaced by `variables` where they hold it."""
    name = document.path.replace("\\", "/").rpartition("/")[2]
    kind = Kind.CONSTRAINT if "constraint" in name.lower() else Kind.REQUIREMENT
    outcomes: list[_Outcome] = []
    for joined in _join(document.text):
        passage = _expand(joined, variables or {})
        end = _content_end(passage.text)
        start = len(passage.text) - len(passage.text.lstrip())
        if start < end:
            outcomes += _line(passage, start, end, kind)
    return DependencyFile(
        document,
        FORMAT.name,
        tuple(one for one in outcomes if isinstance(one, Declaration)),
        tuple(one for one in outcomes if isinstance(one, Include)),
        tuple(_problem(document, one) for one in outcomes if isinstance(one, _Fault)),
    )


def read_line(
    document: Document, passage: Passage, section: str, start: int = 0
) -> Iterator[Union[Declaration, Include, Problem]]:
    """What a line, from `start` on, says that pip is given by a file of another format."""
    end = _content_end(passage.text)
    start += len(passage.text[start:]) - len(passage.text[start:].lstrip())
    for outcome in _line(passage, start, end, Kind.REQUIREMENT) if start < end else ():
        if isinstance(outcome, _Fault):
            yield _problem(document, outcome)
        elif isinstance(outcome, Declaration):
            yield outcome._replace(section=section)
        else:
            yield outcome


def _problem(document: Document, fault: _Fault) -> Problem:
    return Problem(document.path, document.position(fault.offset)[0], fault.message)


# --------------------------------------------------------------------------- lines


def _join(text: str) -> Iterator[Passage]:
    """The lines, those that end in a backslash joined with the next, comment lines left out.

    As in pip a comment line ends a continuation.
    """
    pending: Builder | None = None
    start = 0
    for line, ended in zip(text.splitlines(), text.splitlines(keepends=True)):
        comment = _COMMENT_LINE.match(line) is not None
        if line.endswith("\\") and not comment:
            pending = pending or Builder()
            pending.add(line.strip("\\"), start + len(line) - len(line.lstrip("\\")))
        elif pending is not None:
            pending.add("" if comment else line, start)
            yield pending.build()
            pending = None
        elif line and not comment:
            yield Passage.of(text, start, start + len(line))
        start += len(ended)
    if pending is not None:
        yield pending.build()


def _content_end(text: str) -> int:
    comment = _COMMENT.search(text)
    return len(text[: comment.start()].rstrip()) if comment else len(text.rstrip())


def _expand(passage: Passage, variables: Mapping[str, str]) -> Passage:
    if not variables or "${" not in passage.text:
        return passage
    built, done = Builder(), 0
    for match in VARIABLE.finditer(passage.text):
        if variables.get(match[1]):
            _copy(built, passage, done, match.start())
            built.add(variables[match[1]], *passage.span(*match.span()))
            done = match.end()
    _copy(built, passage, done, len(passage.text))
    return built.build()


def _copy(built: Builder, passage: Passage, start: int, end: int) -> None:
    """Append a part of a passage that has verbatim pieces only, piece by piece."""
    for piece in passage.pieces:
        first = max(start, piece.at)
        last = min(end, piece.at + piece.end - piece.start)
        if first < last:
            built.add(passage.text[first:last], passage.span(first, last).start)


def _line(passage: Passage, start: int, end: int, kind: Kind) -> Iterator[_Outcome]:
    """What one logical line says: at most one thing, as in pip."""
    options_at = _OPTIONS_START.search(passage.text[start:end])
    stop = start + options_at.start() if options_at else end
    try:
        options = list(_options(passage.text, stop, end)) if options_at else []
        if stop > start:
            hashes = sum(option.name == "--hash" for option in options)
            for one in _requirement(passage, start, stop, kind, hashes):
                yield one
                yield from _unknown(one)
        else:
            yield from _directive(passage, options, kind)
    except RequirementError as error:
        yield _Fault(passage.span(start, end).start, str(error))


# --------------------------------------------------------------------------- requirements


def _requirement(
    passage: Passage, start: int, end: int, kind: Kind, hashes: int
) -> Iterator[Declaration]:
    text = passage.text[start:end].rstrip()
    body, _sign, marker = text.partition("; " if _URL.match(text) else ";")
    is_path = _PATH.fullmatch(body.strip()) and not _DIRECT.match(body)
    if _URL.match(text) or is_path:
        if marker.strip() and not is_marker(marker.strip()):
            text = _('"{text}" is not an environment marker').format(text=marker.strip())
            raise RequirementError(text)
        yield from _named_by_url(body.strip(), passage.span(start, start + len(text)), kind, marker)
    elif not VARIABLE.fullmatch(body.strip()):  # what one stands for is not known here
        declaration = declare(passage, start, start + len(text), kind=kind, variables=True)
        if hashes:
            declaration = declaration._replace(hashes=hashes, specifier_span=None)
        yield declaration


def _named_by_url(
    url: str, span: Span, kind: Kind, marker: str = "", section: str = ""
) -> Iterator[Declaration]:
    """A declaration, if a URL or path says the distribution's name: by #egg= or its file's name."""
    egg, archive = _EGG.search(url), _archive.named(url)
    name = normalize(egg[1]) if egg else archive[0] if archive else ""
    if name:
        extras = (egg[2] or "").split(",") if egg else []
        yield Declaration(
            name=name,
            specifier="",
            span=span,
            section=section,
            version=_archive.version(url, name),
            marker=marker.strip(),
            extras=tuple(extra.strip() for extra in extras if extra.strip()),
            url=url,
            kind=kind,
        )


def _unknown(one: Declaration) -> Iterator[_Fault]:
    """That a declaration cannot be judged, if nobody here knows the variable in its version."""
    variable = VARIABLE.search(one.specifier) or _VARIABLE_FILE.search(one.url)
    if variable:
        text = _("the version of {name} comes from the variable {variable}, not known here")
        yield _Fault(one.span.start, text.format(name=one.name, variable=variable[1]))


# --------------------------------------------------------------------------- options


def _options(text: str, start: int, end: int) -> Iterator[_Option]:
    """The options of a line; words that belong to none are left out, as pip does."""
    words = _words(text, start, end)
    for word in words:
        if not word[0].startswith("-"):
            continue
        name, value_start = _option_name(word[0])
        if name not in _WITH_VALUE:
            yield _Option(name)
            continue
        value = word
        if value_start == len(word[0]) and not word[0].endswith("="):
            following = next(words, None)
            if following is None:
                raise RequirementError(_("{option} needs a value").format(option=word[0]))
            value, value_start = following, 0
        written = value[0][value_start:]
        yield _Option(name, _unquote(written), value.start() + value_start, value.end())


def _words(text: str, start: int, end: int) -> Iterator[re.Match[str]]:
    """The words as a shell divides them."""
    for word in _WORD.finditer(text, start, end):
        if text[start : word.start()].strip():
            break
        start = word.end()
        yield word
    if text[start:end].strip():
        message = _("a quote is not closed: {text}")
        raise RequirementError(message.format(text=text[start:end].strip()))


def _option_name(word: str) -> tuple[str, int]:
    """The long name of an option, and where its value begins in the word."""
    if word[:2] in _SHORT:
        return _SHORT[word[:2]], 2
    name, equals, _value = word.partition("=")
    known = _WITH_VALUE | _FLAGS
    # Like optparse, take a beginning that only one option has.
    found = [name] if name in known else [one for one in known if one.startswith(name)]
    if len(found) != 1 or name in ("-", "--"):
        message = _("pip has no option {name} in requirements files")
        raise RequirementError(message.format(name=name))
    return found[0], len(name) + len(equals)


def _unquote(word: str) -> str:
    if not re.search(r"[\"'\\]", word):
        return word
    import shlex

    return "".join(shlex.split(word))


def _directive(
    passage: Passage, options: list[_Option], kind: Kind
) -> Iterator[Union[Declaration, Include]]:
    """The first -e, -r or -c of a line without a requirement: pip looks for them in that order."""
    by_name: dict[str, _Option] = {}
    for option in options:
        by_name.setdefault(option.name, option)
    if "--editable" in by_name:
        option = by_name["--editable"]
        span = passage.span(option.start, option.end)
        yield from _named_by_url(option.value, span, kind, section="editable")
        return
    option = by_name.get("--requirement") or by_name.get("--constraint") or _Option("")
    if option.name:
        span = passage.span(option.start, option.end)
        yield Include(option.value, span, option.name == "--constraint")


# --------------------------------------------------------------------------- writing


def constrain(
    file: DependencyFile, name: str, specifier: str, comment: str, _: str = ""
) -> Edit | None:
    """A new last line, or None where hashes are required: pip takes no line without one then."""
    text = file.document.text
    if any(one.hashes for one in file.declarations) or _requires_hashes(text):
        return None
    newline = (re.search(r"\r\n|\n|\r", text) or ["\n"])[0]
    line = name + specifier + (f"  # {comment}" if comment else "")
    last = (text.splitlines() or [""])[-1]
    # A backslash at the end would join the new line with it.
    gap = newline if last.endswith("\\") and not _COMMENT_LINE.match(last) else ""
    ended = not text or text.endswith(("\n", "\r"))
    added = gap + line + newline if ended else newline + gap + line
    return Edit(file.document.path, Span(len(text), len(text)), added)


def _requires_hashes(text: str) -> bool:
    return re.search(r"^\s*--require-hashes\b", text, re.MULTILINE) is not None


FORMAT = Format(
    name="requirements.txt",
    patterns=(
        "*requirements*.txt",
        "*requirements*.in",
        "*requirements*.req",
        "*requirements*.reqs",
        "requirements/*.txt",
        "requirements/*.in",
        "*constraints*.txt",
        "*constraints*.in",
        "REQUIREMENTS",
    ),
    read=read,
    respecify=respecify,
    constrain=constrain,
    repin=_hashes.repin,
    lock=_compiled.lock_of,
)
