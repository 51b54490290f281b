"""The text of a pull request: what breaks, what was changed and why, what it costs, how to undo it.

Whatever comes from the repository (paths, declarations, names of targets) is shown as code or
escaped: it must neither call people nor close issues.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from sslfix import __version__, match, reasons, rules
from sslfix.model import Applicability, Declaration, Facts, Finding, Interpreter, Remedy
from sslfix.reporters.markdown import code, escaped

from .model import AGAIN
from .work import Group

LIMIT = 60_000
"""Characters; GitHub takes 65,536, and the hidden line has to fit too."""

DEPENDABOT = (".github/dependabot.yml", ".github/dependabot.yaml")
RENOVATE = (
    *("renovate.json", "renovate.json5", ".renovaterc", ".renovaterc.json"),
    *(".github/renovate.json", ".github/renovate.json5", ".gitlab/renovate.json"),
)


class Change(NamedTuple):
    """What a file said of a distribution before and after, "" for nothing."""

    path: str
    name: str
    before: str
    after: str


class Story(NamedTuple):
    """All that the text is made of.

    `updaters` are the files of Dependabot or Renovate that exist, `steps` what was told meanwhile.
    `table` is where the project's settings stand, "" for a file that is all sslfix's.
    """

    groups: tuple[Group, ...]
    before: Facts
    after: Facts
    noun: str = "pull request"
    updaters: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()
    table: str = "tool.sslfix."

    @property
    def fixed(self) -> list[Finding]:
        """The findings that are gone."""
        return [one for group in self.groups for one in group.fixed]

    @property
    def left(self) -> list[Finding]:
        """The findings that stay in these files."""
        return [one for group in self.groups for one in group.left]

    def interpreter(self, finding: Finding) -> Interpreter:
        """Who judged it."""
        people = self.before.interpreters
        return next(one for one in people if one.id == finding.interpreter)


def text(story: Story) -> str:
    """The whole text in Markdown, shortened where the forge would not take it."""
    for most in (200, 50, 10):
        parts = [section for make in _SECTIONS for section in [make(story, most)] if section]
        whole = "\n\n".join(parts)
        if len(whole) <= LIMIT:
            return whole
    return whole[:LIMIT] + "\n\n(shortened)"


# --------------------------------------------------------------------------- Markdown


def _cell(words: str) -> str:
    return code(words).replace("|", "\\|") if words else ""


def _block(words: str, language: str = "") -> str:
    longest = max(map(len, re.findall(r"`{3,}", words)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}{language}\n{words}\n{fence}"


def _some(lines: Sequence[str], most: int) -> str:
    rest = len(lines) - most
    return "\n".join([*lines[:most], *([f"- and {rest} more"] if rest > 0 else [])])


def _each_once(words: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(words))


# --------------------------------------------------------------------------- what breaks


def _breaks(story: Story, most: int) -> str:
    lines = _lines(story)
    may = "may not be" if all(map(_is_doubtful, story.fixed)) else "is not"
    parts = ["### What breaks" if _breaking(story) else f"### What {may} needed any more"]
    parts.append(_some(lines, most))
    seen = _each_once(_seen(one, story.interpreter(one)) for one in story.fixed)
    if any(seen):
        parts += ["What people would see there:", _block("\n".join(filter(None, seen[:3])))]
    return "\n\n".join(parts)


def _lines(story: Story) -> list[str]:
    """What is wrong and where, each once, with all for whom it is."""
    found: dict[tuple[str, str], list[str]] = {}
    for one in story.fixed:
        people = found.setdefault(_line(one), [])
        people.append("" if is_limit(one) else f"for {_person(story.interpreter(one))}")
    return [
        f"{', '.join(filter(None, [where, '; '.join(_each_once(people))]))}: {what}"
        for (where, what), people in found.items()
    ]


def _line(finding: Finding) -> tuple[str, str]:
    """Where it is, and what is wrong there with what its other places have to say."""
    place, *others = finding.locations
    where = f"- {code(place.path)}, line {place.line}"
    if is_limit(finding):
        return where, f"{escaped(finding.message)} ({escaped(finding.detail)})"
    notes = (
        f"\n  - {code(one.path)}, line {one.line}: {escaped(one.note)}"
        for one in others
        if one.note
    )
    return where, f"{escaped(finding.message)} ({finding.rule.id}){''.join(notes)}"


def _person(one: Interpreter) -> str:
    """Who judged: name and Python, SSL library, and where the project says so."""
    parts = [match.describe(one), one.ssl.raw if one.ssl else ""]
    if one.executable not in one.chosen_because:
        parts.append(one.chosen_because)
    return ", ".join(escaped(part) for part in parts if part)


_DATED = re.compile(r"(?:Open|Libre)SSL \d[\w.-]* +\d+ \w+ \d{4}")


def _seen(finding: Finding, person: Interpreter) -> str:
    """The message that the rule's page knows, with this SSL library in it."""
    if not finding.rule.symptoms:
        return ""
    example = finding.rule.symptoms[0].example
    raw = person.ssl.raw if person.ssl else ""
    return _DATED.sub(lambda found: raw or found[0], example)


def is_limit(finding: Finding) -> bool:
    """Whether it is about a limit that nothing needs any more."""
    return finding.case.when.detector.startswith("obsolete")


def _is_doubtful(finding: Finding) -> bool:
    """Whether its fix is one that `--apply` alone would not make."""
    return finding.fix is not None and finding.fix.applicability < Applicability.SAFE


def _breaking(story: Story) -> bool:
    return not all(map(is_limit, story.fixed))


# --------------------------------------------------------------------------- what changes


def changes(story: Story) -> list[Change]:
    """What the files of the groups say otherwise than before."""
    found = []
    for path in _each_once(path for group in story.groups for path in group.paths):
        old, new = _said(story.before, path), _said(story.after, path)
        found += [
            Change(path, name, old.get(name, ""), new.get(name, ""))
            for name in sorted({*old, *new})
            if old.get(name, "") != new.get(name, "")
        ]
    return found


def _said(facts: Facts, path: str) -> dict[str, str]:
    said: dict[str, list[str]] = {}
    for file in facts.files:
        for one in file.declarations if file.document.path == path else ():
            said.setdefault(one.name, []).append(_version(one))
    return {name: ", ".join(sorted(set(texts))) for name, texts in said.items()}


def _version(one: Declaration) -> str:
    return one.version or one.specifier or one.url or "any"


def wanted(story: Story) -> set[str]:
    """The distributions that the fixes are about; all others only moved along."""
    names = {one.distribution for one in story.fixed if one.distribution}
    return names.union(*(remedy.constraint for one in story.fixed for remedy in _chosen(one)))


def _chosen(finding: Finding) -> list[Remedy]:
    """The remedy that a fix carries out, which it gives its reason from."""
    why = finding.fix.why if finding.fix else ""
    return [one for one in finding.case.remedies if one.why == why][:1]


_AFTERWARDS = (
    "Lock files keep the versions that they hold until they are upgraded as usual. What tells "
    "Dependabot or Renovate to leave this alone for the same reason can go too. If somebody works "
    "with another Python or SSL library than those named here, add it to sslfix's `targets`: the "
    "limit then counts as needed."
)
_DOUBT = (
    "`sslfix --apply` does this only where it is told to, as there may be a reason against it that "
    "is not written down. If there is one, close this {noun}, and say it in a comment at the line."
)


def _changes(story: Story, most: int) -> str:
    every, meant = changes(story), wanted(story)
    parts = ["### What this changes"]
    for title, rows in (
        ("", [one for one in every if one.name in meant]),
        ("What else moved:", [one for one in every if one.name not in meant]),
    ):
        if rows:
            table = ["| file | distribution | before | after |", "|---|---|---|---|"]
            cells = [f"| {' | '.join(map(_cell, one))} |" for one in rows[:most]]
            rest = len(rows) - most
            more = f"\n\nand {rest} more" if rest > 0 else ""
            parts += [*([title] if title else []), "\n".join([*table, *cells]) + more]
    doubtful = _each_once(
        f"- {code(one.distribution or one.rule.id)}: {_DOUBT.format(noun=story.noun)}"
        for one in filter(_is_doubtful, story.fixed)
    )
    whys = _each_once(
        f"- {code(one.distribution or one.rule.id)}: {escaped(one.fix.why)}"
        for one in story.fixed
        if one.fix and one.fix.why
    )
    if whys:
        parts += ["Why this:", _some(whys, most)]
    if any(map(is_limit, story.fixed)):
        parts.append(_AFTERWARDS)
    if doubtful:
        parts += ["For you to decide:", _some(doubtful, most)]
    return "\n\n".join(parts)


# --------------------------------------------------------------------------- what it costs


def _costs(story: Story, most: int) -> str:
    lines = [
        f"- {code(name + one.case.affected[name])} is kept out, and with it whatever is fixed in "
        "those releases only."
        for name, one in _held(story).items()
    ]
    better = {
        f"{escaped(remedy.action)}: {escaped(remedy.why)}"
        for one in _holding(story)
        for remedy in one.case.remedies
        if remedy.action and remedy.action != (one.fix.title if one.fix else "")
    }
    parts = [_some(lines, most)] if lines else []
    if better and lines:
        people = (story.interpreter(one) for one in _holding(story))
        held = _each_once(escaped(match.describe(one)) for one in people)
        parts += [
            f"The better cure: {'; or '.join(sorted(better))}.",
            f"What holds it back: {', '.join(held)}.",
        ]
    return "\n\n".join(["### What it costs", *parts, *_open_holes(story)]) if parts else ""


def _open_holes(story: Story) -> list[str]:
    """What the rules' pages say of the advisories that stay open."""
    pages = (rules.prose(one.rule) for one in _held(story).values())
    every = (part for page in pages for part in page.split("\n\n") if "CVE-" in part)
    return _each_once(" ".join(part.split()) for part in every)


# --------------------------------------------------------------------------- how it was checked


def _checked(story: Story, most: int) -> str:
    lines = [
        "- the changes were tried out in memory before anything was written",
        *(f"- {escaped(one)}" for one in _each_once(_steps(story.steps))),
        "- the files were checked again afterwards: "
        + ("nothing is left to fix" if not story.left else "what is left is listed below"),
    ]
    left = [
        f"- {code(one.locations[0].path)}: {escaped(one.message)} ({one.rule.id})"
        + (f": {escaped(one.withheld.replace(chr(10), '; '))}" if one.withheld else "")
        for one in story.left
    ]
    parts = ["### How it was checked", f"By sslfix {__version__}:", _some(lines, most)]
    return "\n\n".join(
        [*parts, *(["Left to a person:", _some(_each_once(left), most)] if left else [])]
    )


_NOT = " was not tried with a resolver: "
_DONE = {"trying": "tried", "re-locking": "re-locked"}


def _steps(told: Sequence[str]) -> Iterator[str]:
    """What was told meanwhile as what was done, and at the end what could not be tried."""
    whys: dict[str, str] = {}
    for path, found, why in (one.partition(_NOT) for one in told):
        if found:
            whys.setdefault(path, why)
    for one in told:
        verb, _, rest = one.partition(" ")
        path = rest.rpartition(" with a resolver")[0].partition("the change of ")[2]
        if _NOT not in one and not (verb == "trying" and path in whys):
            yield f"{_DONE.get(verb, verb)} {rest}"
    for why in _each_once(whys.values()):
        paths = [path for path, known in whys.items() if known == why]
        yield f"not tried with a resolver: {', '.join(paths)}: {why}"


# --------------------------------------------------------------------------- if you disagree


_UNDO = (
    "Nothing but the files above is touched: reverting the merge undoes it all. Close this {noun} "
    "and it is not opened again as long as it is about the same. Commits of your own on its branch "
    "are never overwritten: sslfix then leaves it alone, until you tick the box below."
)


def _otherwise(story: Story, _most: int) -> str:
    return "\n\n".join(
        [
            "### Undo it, or do without it",
            _UNDO.format(noun=story.noun),
            "To silence it in sslfix, with a reason and perhaps a last day (`until = YYYY-MM-DD`):",
            _block(_silenced(story), "toml"),
            *_updaters(story),
            AGAIN,
        ]
    )


def _silenced(story: Story) -> str:
    """The entries of the configuration that silence these findings."""
    entries = _each_once(
        "\n".join(
            [
                f"[[{story.table}ignore]]",
                f'rule = "{one.rule.id}"',
                *([f'distribution = "{one.distribution}"'] if one.distribution else []),
                'reason = "why"',
            ]
        )
        for one in story.fixed
    )
    return "\n\n".join(entries[:5])


def _held(story: Story) -> dict[str, Finding]:
    """The distributions whose newer releases are kept out."""
    return {one.distribution or "": one for one in reversed(_holding(story))}


def _holding(story: Story) -> list[Finding]:
    """The findings that keep newer releases out."""
    return [
        one
        for one in story.fixed
        if one.distribution in one.case.affected
        and reasons.holds_back(one.case, one.distribution or "")
    ]


def _updaters(story: Story) -> Iterator[str]:
    """What keeps Dependabot or Renovate from raising again what is limited here."""
    held = _held(story)
    if not held:
        return
    files = [one for one in story.updaters if one in {*DEPENDABOT, *RENOVATE}]
    if files:
        yield "What would raise it again is told to leave it alone so:"
        yield from _entries(held, files)
    else:
        yield "<details><summary>If Dependabot or Renovate would raise it again</summary>"
        on_github = story.noun == "pull request"
        yield from _entries(held, [*([DEPENDABOT[0]] if on_github else []), RENOVATE[0]])
        yield "</details>"


def _entries(held: Mapping[str, Finding], files: Sequence[str]) -> Iterator[str]:
    for path in files:
        if path in DEPENDABOT:
            yield f"{code(path)}, in the entry of this ecosystem (it ends security updates too):"
            rows = (_dependabot(name, one) for name, one in sorted(held.items()))
            yield _block("\n".join(["ignore:", *rows]), "yaml")
        else:
            yield f"{code(path)}:"
            yield _block(_renovate(held), "json")


def _dependabot(name: str, finding: Finding) -> str:
    bad = finding.case.affected[name]
    return f'  - dependency-name: "{name}"\n    versions: ["{bad}"]'


def _renovate(held: Mapping[str, Finding]) -> str:
    import json

    entries = [
        {"matchPackageNames": [name], "allowedVersions": remedy.constraint[name]}
        for name, one in sorted(held.items())
        for remedy in _chosen(one)
        if name in remedy.constraint
    ]
    return json.dumps({"packageRules": entries}, indent=2)


# --------------------------------------------------------------------------- the pages


def _pages(story: Story, most: int) -> str:
    """What the rules' own pages say to it, folded."""
    found = {one.rule.id: one.rule for one in story.fixed}
    parts = []
    for rule in list(found.values())[: most // 10]:
        prose = _sections(rules.prose(rule), ("Why", "What to do", "Fix safety"))
        title = escaped(f"{rule.id}: {rule.title}")
        parts.append(f"<details><summary>{title}</summary>\n\n{prose}\n\n</details>")
    return "\n\n".join(parts)


def _sections(prose: str, titles: Sequence[str]) -> str:
    """Those sections of a page, their titles made smaller."""
    found = re.split(r"^## (.+)$", prose, flags=re.MULTILINE)
    every = dict(zip(found[1::2], found[2::2]))
    return "\n\n".join(
        f"**{title}**\n\n{every[title].strip()}" for title in titles if title in every
    )


_SECTIONS = (_breaks, _changes, _costs, _checked, _otherwise, _pages)
