"""The nouns: frozen values that pass from room to room.

They are named tuples and not dataclasses because importing `dataclasses` alone takes longer
than a bare interpreter needs to start (15 ms against 10 ms; see `benchmarks/`).
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from enum import IntEnum
from functools import lru_cache
from typing import Callable, NamedTuple, Optional, Union

# --------------------------------------------------------------------------- text and places


class Span(NamedTuple):
    """A half-open range of characters (not bytes) in a document's text."""

    start: int
    end: int


class Location(NamedTuple):
    """A place in a file as people and editors count it: lines and columns from 1.

    `end_column` is exclusive. `snippet` is the whole first line, for reports; `note` says what
    this place has to do with the finding.
    """

    path: str
    line: int
    column: int
    end_line: int
    end_column: int
    note: str = ""
    snippet: str = ""


_LINE_END = re.compile(r"\r\n|\r|\n")


@lru_cache(maxsize=8)
def _line_ends(text: str) -> list[int]:
    """Where each line ends, kept for the texts asked about last: thousands may be wrong in one."""
    return [found.end() for found in _LINE_END.finditer(text)]


class Document(NamedTuple):
    """A text with its path, and what is needed to turn it back into the same bytes.

    `path` is what reports show: relative to the working directory with `/`, or absolute.
    Newlines are kept as they stand in the file; `bom` is not part of `text`.
    """

    path: str
    text: str
    encoding: str = "utf-8"
    bom: bytes = b""

    def encode(self, text: str | None = None) -> bytes:
        """The bytes of the file, or those it would have with `text` instead."""
        return self.bom + (self.text if text is None else text).encode(self.encoding)

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column (from 1) of a character offset; CR, LF and CRLF each end a line."""
        ends = _line_ends(self.text)
        before = bisect_right(ends, offset)
        return before + 1, offset - (ends[before - 1] if before else 0) + 1

    def locate(self, span: Span, note: str = "") -> Location:
        """The location of a span, with the line that it starts on."""
        line, column = self.position(span.start)
        end_line, end_column = self.position(span.end)
        start = span.start - column + 1
        stop = _LINE_END.search(self.text, start)
        snippet = self.text[start : stop.start() if stop else len(self.text)]
        return Location(self.path, line, column, end_line, end_column, note, snippet)


# --------------------------------------------------------------------------- dependency files


class Kind(IntEnum):
    """What a declaration does: asks for, limits without asking, or records what was chosen."""

    REQUIREMENT = 1
    CONSTRAINT = 2
    LOCK = 3


class Declaration(NamedTuple):
    """One requirement as a file states it.

    `specifier` is written as the author wrote it, blanks removed. `accepts` says the same in
    PEP 440: the versions accepted are those of any of these specifier sets (poetry's `^1 || ^3`
    is two); it is empty where versions cannot be told (a URL, a path). `version` is set for a
    single exact pin and for lock entries only. `span` covers the whole requirement (in lock
    files the name), `specifier_span` the characters that a fix may replace: None means that the
    file is not edited there by hand.
    """

    name: str
    specifier: str
    span: Span
    section: str = ""
    version: str | None = None
    accepts: tuple[str, ...] = ()
    marker: str = ""
    extras: tuple[str, ...] = ()
    url: str = ""
    hashes: int = 0
    kind: Kind = Kind.REQUIREMENT
    specifier_span: Span | None = None


class Include(NamedTuple):
    """A file that a dependency file names (`-r`, `-c`), as written, and where."""

    target: str
    span: Span
    constraint: bool = False


class Problem(NamedTuple):
    """Something that could not be read or checked: path, 1-based line where known, message."""

    path: str
    line: int | None
    message: str


class DependencyFile(NamedTuple):
    """A dependency file that was read: what it declares, what it includes, what was wrong."""

    document: Document
    format: str
    declarations: tuple[Declaration, ...] = ()
    includes: tuple[Include, ...] = ()
    problems: tuple[Problem, ...] = ()

    @classmethod
    def of(
        cls, document: Document, name: str, outcomes: Sequence[Declaration | Include | Problem]
    ) -> DependencyFile:
        """The file of that format, its declarations in the order of the text."""
        declarations = [one for one in outcomes if isinstance(one, Declaration)]
        return cls(
            document,
            name,
            tuple(sorted(declarations, key=lambda one: one.span)),
            tuple(one for one in outcomes if isinstance(one, Include)),
            tuple(one for one in outcomes if isinstance(one, Problem)),
        )


Constrain = Callable[[DependencyFile, str, str, str, str], Optional["Edit"]]
"""`Format.constrain`: file, name, specifier, comment and section to an edit."""


Commands = Callable[[Mapping[str, str], Sequence[str]], "tuple[tuple[str, ...], ...]"]
"""{name: specifier} and the sections of a lock file to what a person would type."""


class Lock(NamedTuple):
    """How a lock file's own tool makes it anew after its manifest was edited.

    `typed` gives, for {name: specifier} and the lock's sections that hold them, the commands
    that do the whole job by hand. `rerun` gives those that sslfix runs in a copy whose manifest
    it has edited already, for the tool's major version. `check` is the tool's own test, where it
    has one. All run in `folder`, seen from the lock file; from there the `manifests` are seen too,
    the one that takes limits first.
    `sections` maps a section of the lock file to the manifest's section that it is made from,
    where each has its own. `spell` writes a specifier as the tool does. `constrain` is the
    manifest's edit like that of its format, for a tool that reads limits elsewhere; `unaided`
    says that the commands alone do as well where the manifest has no place for a limit.
    `on_project_python` says that the tool resolves on the project's own Python. `versions` are
    the tool's versions that keep the layout of this file, "" for any, `version` the one to prefer
    or to fetch. `layout` is a pattern for what must stand in the new file as it
    stands in the old one. `forks` says that a limit may have a marker: what is locked for other
    interpreters stays. `limit` is like `typed`, for what no manifest names, where that differs.
    """

    tool: str
    manifests: tuple[str, ...]
    typed: Commands
    rerun: Callable[[int, Mapping[str, str], Sequence[str]], tuple[tuple[str, ...], ...]]
    check: tuple[str, ...] = ()
    folder: str = ""
    sections: Mapping[str, str] = {}
    spell: Callable[[str], str] = str
    constrain: Constrain | None = None
    unaided: bool = False
    on_project_python: bool = False
    versions: str = ""
    version: str = ""
    layout: str = ""
    forks: bool = False
    limit: Commands | None = None


class Format(NamedTuple):
    """One dependency-file format: `FORMAT`, the last line of its module in `sslfix.formats`.

    `patterns` are `fnmatch` patterns for the file's name, or with a `/` for its last two parts.
    `read` never raises for bad content: what can't be understood becomes a `Problem`. `respecify`
    is the text that replaces a declaration's `specifier_span` so that it says the PEP 440
    `specifier`. `constrain` is the edit that makes the file also limit `name`, which it does not
    declare itself, or None where the format has no place for that; `comment` stands beside the new
    text, and the last argument is the section that it belongs into, "" for the usual one. `repin`
    is the edit that gives a hashed pin another version and its hashes, or None. `lock` says how a
    file that a tool made is made anew, None for one that none did. `mark` makes a Python file of
    any name with a line that begins so one of this format. `elsewhere` says that what it declares
    is installed on another Python than the project's, a container's: it is looked at when it is
    named itself, or for a target.
    """

    name: str
    patterns: tuple[str, ...]
    read: Callable[[Document], DependencyFile]
    respecify: Callable[[Document, Declaration, str], str] | None = None
    constrain: Constrain | None = None
    repin: Callable[[Document, Declaration, str, Sequence[str]], Edit | None] | None = None
    lock: Callable[[DependencyFile], Lock | None] | None = None
    mark: bytes = b""
    elsewhere: bool = False


# --------------------------------------------------------------------------- interpreters

_SSL_RAW = re.compile(
    r"(?P<name>[A-Za-z][A-Za-z-]*)(?:\s+(?P<version>\d+(?:\.\d+)*)(?P<rest>\S*))?"
)


class SslLibrary(NamedTuple):
    """The SSL library that an interpreter runs with.

    Only the version string tells which one it is: LibreSSL reports `OPENSSL_VERSION_NUMBER`
    0x20000000 in every release, which compares as newer than OpenSSL 1.1.1.
    """

    name: str
    version: str
    raw: str

    @classmethod
    def parse(cls, raw: str) -> SslLibrary:
        """Split `ssl.OPENSSL_VERSION`: "OpenSSL 1.0.2k-fips  26 Jan 2017" is OpenSSL, "1.0.2k"."""
        match = _SSL_RAW.match(raw)
        if match is None:
            return cls(raw, "", raw)
        letter = re.match(r"[a-z]{0,2}(?![a-z])", match["rest"] or "")
        return cls(match["name"], (match["version"] or "") + (letter[0] if letter else ""), raw)

    @property
    def comparable(self) -> str:
        """The version in PEP 440, the patch letter in a place of its own: 1.0.2k is 1.0.2.11.

        PEP 440 has no such letters: "1.1.1w" is invalid and "1.1.1c" is a pre-release of 1.1.1.
        OpenSSL goes on with two letters after z (0.9.8zh): za is 27.
        """
        match = re.fullmatch(r"([\d.]+)([a-z]*)", self.version)
        if match is None:
            return "0"
        letters = sum(ord(letter) - ord("a") + 1 for letter in match[2])
        return f"{match[1]}.{letters}" if letters else match[1]


class Distribution(NamedTuple):
    """An installed distribution, read from its metadata on disk.

    `path` is the .dist-info or .egg-info folder (or file). `direct_url` is PEP 610's
    direct_url.json as text, "" where there is none; `editable` is the project folder of an
    editable install. `requested` is False only where the installer recorded that it came as a
    dependency (PEP 376's REQUESTED file missing though the installer writes it).
    """

    name: str
    version: str
    path: str
    editable: str = ""
    direct_url: str = ""
    requested: bool = True


class PythonWish(NamedTuple):
    """Which Python a project says that it is for, and where.

    `text` is as it is written, `accepts` says it in PEP 440: any of them will do. `binding` tells
    what installers refuse to go against from what tools only choose by.
    """

    text: str
    accepts: tuple[str, ...]
    location: Location
    binding: bool = True


class Unloadable(NamedTuple):
    """An installed extension module that the interpreter cannot load.

    `machine` is the one that it was made for, if that is the cause; else `error` is what its
    import would say of the SSL library that it needs.
    """

    path: str
    distribution: str
    version: str
    machine: str = ""
    error: str = ""


class Environment(NamedTuple):
    """A virtual environment as it is found on disk, and what its interpreter answered.

    `config` is pyvenv.cfg ({} in environments of virtualenv < 20, which have none), `document`
    its text.
    `made_by` is "venv", "virtualenv", "uv", "conda" or "" (unknown). `copied` says that the
    executable is a copy, not a link. `base_executable` is "" where it cannot be told;
    `base_version` is what the base interpreter answered, "" where it is gone or cannot run.
    `failure` is why the environment's own interpreter could not be asked, "" if it could, and
    `base_failure` the same of the base interpreter where it was asked. `stdlib_version` is the
    patch release of the standard library beside a copied executable, where it can be told;
    `libraries` are the minor versions whose `lib/pythonX.Y/site-packages` is there, and
    `moved_from` is where the environment was made, if elsewhere. `base_unheard` says that the base
    did not answer (in time): whether it works is not known.
    `machine` is the kind of machine that its executable is for, if that is not this one.
    `dead_scripts` are those that begin with the path of a Python that is gone, `dead_python`.
    `pip_failure` is why its pip cannot start, `unloadable` are its extension modules that this
    Python cannot load, and `wishes` is what the project says that it belongs to.
    `state` is "ok", "stale" (no longer fits what it was made from) or "broken" (does not work),
    with the reasons; `notes` are what else is to be known of it.
    """

    path: str
    config: Mapping[str, str] = {}
    made_by: str = ""
    maker_version: str = ""
    copied: bool = False
    base_executable: str = ""
    base_version: str = ""
    base_ssl: SslLibrary | None = None
    failure: str = ""
    system_site_packages: bool = False
    prompt: str = ""
    document: Document | None = None
    base_failure: str = ""
    stdlib_version: str = ""
    libraries: tuple[str, ...] = ()
    moved_from: str = ""
    base_unheard: bool = False
    machine: str = ""
    dead_scripts: tuple[str, ...] = ()
    dead_python: str = ""
    pip_failure: str = ""
    unloadable: tuple[Unloadable, ...] = ()
    wishes: tuple[PythonWish, ...] = ()
    state: str = "ok"
    reasons: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


class Interpreter(NamedTuple):
    """A Python interpreter and what it says of itself.

    `version` is the full one ("3.9.18"). `markers` is the PEP 508 marker environment. Exactly
    one of `ssl` and `ssl_error` (the message of the failing `import ssl`) is set. `judges` are the
    paths of the dependency files that are its project's, None for all. `source` says
    how it is known: "asked", "binary" (read, not run) or "profile" (a deployment target).
    `ended` is the month or day since which its Python gets no fixes, "" where it does. `differs`
    is what it says of itself that its files do not, "" for nothing or where they were not read.
    """

    id: str
    executable: str
    version: str
    implementation: str
    markers: Mapping[str, str]
    ssl: SslLibrary | None
    ssl_error: str | None = None
    source: str = "asked"
    chosen_because: str = ""
    prefix: str = ""
    base_prefix: str = ""
    stdlib: str = ""
    environment: Environment | None = None
    distributions: tuple[Distribution, ...] = ()
    judges: frozenset[str] | None = None
    ended: str = ""
    differs: str = ""


class Installation(NamedTuple):
    """An interpreter or an environment as it was found on the machine.

    `owner` is what made it and keeps it ("pipx", "tox", "pyenv", "project"), "" where nobody is
    known. `size` is what its files take of the disk, in bytes, None where it was not looked at.
    `remedy` is the command that makes it anew if it is not well, as it is typed in a shell.
    """

    interpreter: Interpreter
    owner: str = ""
    size: int | None = None
    remedy: str = ""


class Facts(NamedTuple):
    """All that was read: the input of `match`, and nothing else is."""

    interpreters: tuple[Interpreter, ...] = ()
    files: tuple[DependencyFile, ...] = ()
    sources: tuple[Document, ...] = ()

    @property
    def documents(self) -> dict[str, Document]:
        """All texts that a fix may edit, by path; a setup.py is a source as well."""
        sources = {one.path: one for one in self.sources}
        return {**sources, **{one.document.path: one.document for one in self.files}}


# --------------------------------------------------------------------------- rules


class Level(IntEnum):
    """How bad a finding is; the order counts."""

    NOTE = 1
    WARNING = 2
    ERROR = 3


class Applicability(IntEnum):
    """Who may apply a fix: nobody but a person, `--unsafe`, or `--apply` alone."""

    DISPLAY = 1
    UNSAFE = 2
    SAFE = 3


class When(NamedTuple):
    """Conditions of a rule on the interpreter and its surroundings; empty means any.

    `ssl` is a library name, or "not NAME"; `ssl_version` and `python` are PEP 440 specifiers
    (the former over `SslLibrary.comparable`). `beside` lists requirements of which at least one
    must also be declared or installed, `together` those that all must be. `draws` names the
    distributions among these that the affected one brings along itself, in their newest release
    where nothing else is said. `refused` names those among these whose metadata, or the affected
    one's, refuses the pair: a resolver avoids it, so ranges say nothing and only pins and what is
    installed count. `detector` names the module of `sslfix.detectors` that decides instead of the
    data.
    """

    ssl: str = ""
    ssl_version: str = ""
    python: str = ""
    platform: str = ""
    beside: tuple[str, ...] = ()
    together: tuple[str, ...] = ()
    draws: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    detector: str = ""


class Remedy(NamedTuple):
    """What cures a rule's findings: `constraint` (name -> specifier), or an `action` in words.

    `commands` are lines to paste, in which `{python}` stands for the interpreter's minor version.
    `applicability` is argued on the page under "Fix safety". `python` limits the remedy to
    interpreters that can install it, `platform` (a `sys.platform`) to the systems that have it.
    """

    constraint: Mapping[str, str]
    why: str
    action: str = ""
    commands: tuple[str, ...] = ()
    applicability: Applicability = Applicability.SAFE
    python: str = ""
    platform: str = ""

    def filled(self, words: Mapping[str, str]) -> Remedy:
        """The remedy with the words in place; commands know no other template than `{python}`."""
        minor = ".".join([*words["python"].split("."), "X"][:2])
        return self._replace(
            why=self.why.format_map(words),
            commands=tuple([command.replace("{python}", minor) for command in self.commands]),
        )

    def worded(self, words: Mapping[str, str]) -> Remedy:
        """The remedy with these words of its commands exchanged."""
        commands = self.commands
        for word, text in words.items():
            commands = tuple([command.replace(word, text) for command in commands])
        return self._replace(commands=commands)


class Symptom(NamedTuple):
    """Words of a message that betray a rule, and a line that shows them.

    `text` is the message as it is printed, `{}` where it varies (up to `GAP` characters). Letter
    case, blanks, line ends and quotes do not count; it begins and ends at the ends of words,
    unless a `{}` stands there. Of `needs` at least one text must be found elsewhere, of `unless`
    none may be. `confidence` is "certain" or "likely".
    """

    text: str
    example: str
    needs: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()
    confidence: str = "certain"


class Example(NamedTuple):
    """A case that the rule's own page states: it fires here, or stays silent."""

    fires: bool
    declared: tuple[str, ...]
    ssl: str = ""
    python: str = "3.9.18"
    source: str = ""


class Case(NamedTuple):
    """Circumstances in which a rule's distributions fail, and what cures them there.

    `affected` and `brought_by` map normalised names to PEP 440 specifiers; `brought_by` are
    distributions that bring an affected one along where a project does not name it. `message`
    and `detail` (the note under the caret) are templates with {name}, {version}, {ssl},
    {python}, {library}, {interpreter} and {beside} (what `When.beside` and `together` met).
    """

    when: When
    affected: Mapping[str, str]
    brought_by: Mapping[str, str]
    remedies: tuple[Remedy, ...]
    message: str
    detail: str


class Rule(NamedTuple):
    """A page of the knowledge base without its prose: of its cases the first that holds counts."""

    id: str
    name: str
    title: str
    level: Level
    since: str
    cases: tuple[Case, ...]
    symptoms: tuple[Symptom, ...]
    examples: tuple[Example, ...]
    evidence: Mapping[str, str]
    references: tuple[str, ...]


# --------------------------------------------------------------------------- findings and fixes


class Edit(NamedTuple):
    """Replace the characters of `span` in the file `path` by `text`.

    A `remark` is a comment: it is left out where the file's format would read it otherwise.
    """

    path: str
    span: Span
    text: str
    remark: bool = False


class Relock(NamedTuple):
    """Let `tool` make the lock file `path` anew so that it satisfies `constraint`.

    `sections` are those of the lock file that hold the distribution; `commands` are what a
    person would type in the lock file's folder instead.
    """

    path: str
    tool: str
    constraint: Mapping[str, str]
    sections: tuple[str, ...]
    commands: tuple[tuple[str, ...], ...]


class Recreate(NamedTuple):
    """Make the environment `path` anew with the interpreter that matches."""

    path: str
    reason: str


class Install(NamedTuple):
    """Install requirements into the environment `path`, by uv or a pip from outside it."""

    path: str
    requirements: tuple[str, ...]


class Advice(NamedTuple):
    """What only a person can do, with commands to paste."""

    text: str
    commands: tuple[str, ...] = ()


Action = Union[Edit, Relock, Recreate, Install, Advice]


class Fix(NamedTuple):
    """What would cure a finding: all actions together, or none. `why` argues for it."""

    title: str
    applicability: Applicability
    actions: tuple[Action, ...]
    why: str = ""


class Hit(NamedTuple):
    """What a detector found: the rule's id, where, and the words for its message.

    `words` are what stands for VERSION and the like in the commands of the rule's page.
    """

    rule: str
    locations: tuple[Location, ...]
    message: str
    detail: str = ""
    distribution: str | None = None
    version: str | None = None
    words: Mapping[str, str] = {}


class Finding(NamedTuple):
    """A rule that matched.

    `subject` is the declaration or the installed distribution, None where a detector spoke.
    `status` is "open", "fixed", "ignored" or "withheld": `withheld` says why, `left_to_run` is
    the command that would do it, where there is one. `ignored_by` is "comment", "configuration" or
    "baseline".
    """

    rule: Rule
    case: Case
    level: Level
    message: str
    detail: str
    interpreter: str
    locations: tuple[Location, ...]
    distribution: str | None = None
    version: str | None = None
    declared: str | None = None
    subject: Union[Declaration, Distribution, None] = None
    fix: Fix | None = None
    status: str = "open"
    withheld: str = ""
    left_to_run: str = ""
    ignored_by: str = ""

    @property
    def key(self) -> tuple[str, str, str | None, str, str]:
        """What makes two findings the same one before and after a change."""
        section = self.subject.section if isinstance(self.subject, Declaration) else ""
        return (self.rule.id, self.locations[0].path, self.distribution, section, self.interpreter)


Matcher = Callable[[Facts], Sequence[Finding]]
"""`match.match` with the rules and detectors of one run."""


class Plan(NamedTuple):
    """The findings with their fixes decided: those to carry out, and those withheld with why."""

    fixes: tuple[Finding, ...]
    withheld: tuple[Finding, ...]


class Outcome(NamedTuple):
    """What a plan achieved, by checking again after it was carried out (or rehearsed)."""

    fixed: tuple[Finding, ...]
    remaining: tuple[Finding, ...]
    introduced: tuple[Finding, ...]


class Detector(NamedTuple):
    """A check that data cannot say: `DETECTOR`, the last line of its module."""

    name: str
    detect: Callable[[Facts, Interpreter], tuple[Hit, ...]]


class Match(NamedTuple):
    """A rule that `explain` recognised in a text: the line that shows it, and how surely."""

    rule: Rule
    confidence: str
    evidence: str
    line: int


class Report(NamedTuple):
    """All that a reporter needs to print one run of check.

    `elsewhere` are lines on targets that the project names and that were not judged. `root` is the
    repository's, absolute: reports for forges state paths from there.
    """

    facts: Facts
    findings: tuple[Finding, ...]
    problems: tuple[Problem, ...]
    left_to_do: tuple[str, ...] = ()
    quiet: bool = False
    elsewhere: tuple[str, ...] = ()
    root: str = ""


class Reporter(NamedTuple):
    """One output format: `REPORTER`, the last line of its module in `sslfix.reporters`."""

    name: str
    render: Callable[[Report], str]
