"""The site's pages: `python -m docs.site.generate FOLDER` writes FOLDER/pages and zensical.toml.

`python3 dev.py docs` runs this, then zensical. Nothing is copied by hand: the start page is the
README, a rule's page is `sslfix/rules/*.md` as sslfix itself reads it.
"""

from __future__ import annotations

import json
import posixpath
import re
import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from pathlib import Path

from sslfix import rules as knowledge
from sslfix.model import Applicability, Case, Level, Remedy, Rule, Symptom, When

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent
REPOSITORY = "https://github.com/sslfix/sslfix"
INDEX_HOSTS = ("pypi." + "org", "pythonhosted." + "org")  # no file here may name them in full

HUNDREDS = {
    "1": "A distribution against the linked SSL library",
    "2": "A distribution against Python's own ssl module",
    "3": "Distributions against each other",
    "4": "Releases with a known SSL defect",
    "5": "Interpreters and environments",
    "6": "Source code",
    "7": "CA trust",
    "8": "Seen only at run time",
    "9": "Not this environment's fault",
}
LEVELS = {
    Level.ERROR: ("danger", "It makes programs fail or crash."),
    Level.WARNING: ("warning", "It fails in some uses only."),
    Level.NOTE: ("note", "It works; this is a warning at run time, or advice."),
}
APPLICABILITY = {
    Applicability.SAFE: " (safe: `sslfix --apply` does it)",
    Applicability.UNSAFE: " (unsafe: only with `--unsafe`)",
    Applicability.DISPLAY: "",
}
EVIDENCE = {
    "reproduced": "Reproduced with the real releases on both sides of the boundary.",
    "source": "Read in the source of the releases.",
    "maintainers": "Said by the maintainers.",
}
CONDITIONS = {
    "ssl": "SSL library",
    "ssl_version": "Its version",
    "beside": "Together with",
    "together": "Together with",
    "draws": "Brings along",
}
ALL_OF = ("together", "draws")
PLACEHOLDERS = {
    "ssl": "the SSL library",
    "library": "the SSL library",
    "interpreter": "this Python",
    "python": "this version",
    "name": "it",
    "version": "",
    "beside": "the other distribution",
}


def main(folder: str) -> int:
    """Write the pages and settings; 1, with the reasons printed, for a link of a wrong form."""
    out = Path(folder)
    pages = site(knowledge.load(), committed())
    wrong = [f"{path}: {why}" for path, text in pages.items() for why in wrong_links(text)]
    if wrong:
        print("\n".join(wrong), file=sys.stderr)
        return 1
    shutil.rmtree(out / "pages", ignore_errors=True)
    for path, text in pages.items():
        (out / "pages" / path).parent.mkdir(parents=True, exist_ok=True)
        (out / "pages" / path).write_text(text, encoding="utf-8")
    shutil.copy(HERE / "extra.css", out / "pages")
    settings = (HERE / "zensical.toml").read_text(encoding="utf-8")
    entries = navigation(knowledge.load(), pages)
    (out / "zensical.toml").write_text(f"{settings}nav = {entries}\n", encoding="utf-8")
    return 0


def committed() -> dict[str, str]:
    """The Markdown files that the site shows as they are, by their path in the repository."""
    names = ("README.md", *sorted(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md")))
    names = (*names, "CONTRIBUTING.md", "CHANGELOG.md")
    return {name: (ROOT / name).read_text(encoding="utf-8") for name in names}


def site(rules: tuple[Rule, ...], files: Mapping[str, str]) -> dict[str, str]:
    """Every page of the site by its path there, links between them set."""
    places = {name: "index.md" if name == "README.md" else _place(name) for name in files}
    places.update({_source(rule): f"rules/{rule.id}.md" for rule in rules})
    pages = {places[name]: linked(text, name, places) for name, text in files.items()}
    pages["rules/index.md"] = linked(index(rules), "sslfix/rules/index.md", places)
    for rule in rules:
        text = page(rule, knowledge.prose(rule))
        pages[places[_source(rule)]] = linked(text, _source(rule), places)
    return pages


def _place(name: str) -> str:
    return posixpath.basename(name).lower().replace("changelog", "changes")


def _source(rule: Rule) -> str:
    return f"sslfix/rules/{rule.id}-{rule.name}.md"


# --------------------------------------------------------------------------- links

_TOKEN = re.compile(
    r"""
      ^(?P<fence>`{3,}).*?^(?P=fence)[^\n]*$ | ^(?:[ ]{4}|\t)[^\n]*$  # blocks of code
    | (?P<ticks>`+)(?:(?!\n\n).)*?(?P=ticks)                         # code
    | ^\#[^\n]*$                                                    # a heading
    | \[(?P<label>[^\]\[]*)\]\((?P<target>[^)\s]+)\)                # a link
    | <(?P<url>[a-z]+:[^\s>]+)> | https?://\S*                      # a URL
    | \b(?P<rule>SSL\d{3})\b
    """,
    re.MULTILINE | re.DOTALL | re.VERBOSE,
)


def linked(text: str, source: str, places: Mapping[str, str]) -> str:
    """The text with rule ids as links, and with links to the repository's files set for the site.

    A rule that does not exist is linked too: the strict build says where it is named.
    """
    here = posixpath.splitext(posixpath.basename(source))[0].partition("-")[0]
    start = "" if source.startswith("sslfix/rules/") else "rules/"

    def link(match: re.Match[str]) -> str:
        rule, target = match["rule"], match["target"]
        if rule:
            return rule if rule == here else f"[{rule}]({start}{rule}.md)"
        if target:
            return f"[{match['label']}]({_target(target, source, places)})"
        return match[0]

    return _TOKEN.sub(link, text)


def _target(target: str, source: str, places: Mapping[str, str]) -> str:
    if ":" in target or target.startswith("#"):
        return target
    path, mark, anchor = target.partition("#")
    path = posixpath.normpath(posixpath.join(posixpath.dirname(source), path))
    if path in places:
        return ("../" if source.startswith("sslfix/rules/") else "") + places[path] + mark + anchor
    return f"{REPOSITORY}/blob/main/{path}" if (ROOT / path).exists() else target


def external_links(text: str) -> tuple[str, ...]:
    """The URLs that a page links to, those in code left out."""
    found = (match["url"] or match["target"] or "" for match in _TOKEN.finditer(text))
    return tuple(url for url in found if re.match(r"[a-z]+:", url))


def wrong_links(text: str) -> Iterator[str]:
    """What is wrong with a page's external links, as far as it shows without a network."""
    for url in external_links(text):
        host = url.partition("://")[2].partition("/")[0]
        if not re.fullmatch(r"https://[\w-]+(\.[\w-]+)+(/\S*)?", url):
            yield f"{url}: expected an https:// URL"
        elif host.endswith(INDEX_HOSTS):
            yield f"{url}: names a package index; link to the project's own pages"
        path = url.partition(f"{REPOSITORY}/blob/main/")[2]
        if path and not (ROOT / path).exists():
            yield f"{url}: no such file in this repository"


# --------------------------------------------------------------------------- navigation, index


def navigation(rules: tuple[Rule, ...], paths: Iterable[str]) -> str:
    """The navigation as a TOML array: rules by hundreds, other pages after them."""
    hundreds = [
        _entry(title, _array(_quoted(f"rules/{rule.id}.md") for rule in group))
        for title, group in _by_hundred(rules)
    ]
    others = [path for path in paths if "/" not in path and path != "index.md"]
    return _array(
        [
            _entry("Start", _quoted("index.md")),
            _entry("Rules", _array([_quoted("rules/index.md"), *hundreds])),
            _entry("The project", _array(map(_quoted, others))),
        ]
    )


def _by_hundred(rules: tuple[Rule, ...]) -> Iterator[tuple[str, list[Rule]]]:
    for hundred, group in groupby(rules, key=lambda rule: rule.id[3]):
        yield f"{hundred}xx {HUNDREDS[hundred]}", list(group)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _array(entries: Iterable[str]) -> str:
    return f"[{', '.join(entries)}]"


def _entry(title: str, value: str) -> str:
    return f"{{ {_quoted(title)} = {value} }}"


INDEX = """\
# Rules

Each rule is a page with exact version boundaries, what to do, and the evidence. Looking for an
error message? The search knows the messages of every page.
"""


def index(rules: tuple[Rule, ...]) -> str:
    """The page that lists all rules, a table for each hundred."""
    parts = [INDEX]
    for title, group in _by_hundred(rules):
        parts.append(f"## {title}\n\n| Rule | Level | What | Distributions |\n|---|---|---|---|")
        parts += [
            _row((rule.id, rule.level.name.lower(), plain(rule.title), _names(rule)))
            for rule in group
        ]
        parts.append("")
    return "\n".join(parts)


def _names(rule: Rule) -> str:
    return ", ".join(sorted({name for case in rule.cases for name in case.affected}))


# --------------------------------------------------------------------------- a rule's page


HEAD = """\
---
description: {description}
---
# {id}: {title}

!!! {kind} "{level}"

    {meaning}
    The rule's name is `{name}`; it is there since sslfix {since}.

## In short
"""


def page(rule: Rule, prose: str) -> str:
    """A rule's page: what its head says, in words, then its prose, evidence and references."""
    parts = [_head(rule)]
    if len(rule.cases) > 1:
        parts.append("Of these cases, the first that applies counts.\n")
    parts += [_case(case, place, len(rule.cases)) for place, case in enumerate(rule.cases, 1)]
    if rule.symptoms:
        parts.append("## Messages that betray it\n")
        parts += [fence(text, "text") for text in dict.fromkeys(map(message, rule.symptoms))]
    parts += [prose, _evidence(rule)]
    if rule.references:
        parts.append("## References\n")
        parts += [f"- <{reference}>" for reference in rule.references]
    return "\n".join(parts) + "\n"


def _head(rule: Rule) -> str:
    kind, meaning = LEVELS[rule.level]
    return HEAD.format(
        description=_quoted(rule.title),
        id=rule.id,
        title=plain(rule.title),
        kind=kind,
        level=rule.level.name.capitalize(),
        meaning=meaning,
        name=rule.name,
        since=rule.since,
    )


def _case(case: Case, place: int, cases: int) -> str:
    columns = [("Affected", _specifiers(case.affected)), *conditions(case.when)]
    columns.append(("Also if brought by", _specifiers(case.brought_by)))
    columns = [(label, words) for label, words in columns if words]
    lines = [f"**Case {place} of {cases}**\n"] if cases > 1 else []
    if columns:
        lines += [_row(label for label, _ in columns), _row("---" for _ in columns)]
        lines += [_row(words for _, words in columns), ""]
    lines += [_remedy(remedy, number) for number, remedy in enumerate(case.remedies, 1)]
    return "\n".join(lines)


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def conditions(when: When) -> list[tuple[str, str]]:
    """The conditions that a rule sets, each as its label and its value in words.

    Fields without a label of their own take their name, so that a new one shows up by itself.
    """
    return [
        (
            CONDITIONS.get(field, field.replace("_", " ").capitalize()),
            _value(value, " and " if field in ALL_OF else " or "),
        )
        for field, value in zip(when._fields, when)
        if value
    ]


def _value(value: object, joint: str = "") -> str:
    if isinstance(value, Mapping):
        return _specifiers(value)
    if isinstance(value, (tuple, list)):
        return joint.join(_value(one) for one in value)
    text = str(value)
    if text.startswith("not "):
        return f"any but {text[4:]}"
    return text if re.fullmatch(r"[\w ]+", text) else code(text)


def _specifiers(table: Mapping[str, str]) -> str:
    return ", ".join(code(f"{name}{specifier}") for name, specifier in table.items())


def _remedy(remedy: Remedy, number: int) -> str:
    what = _specifiers(remedy.constraint) or f"**{plain(remedy.action)}**"
    where = f" on Python {code(remedy.python)}" if remedy.python else ""
    how = APPLICABILITY[remedy.applicability]
    text = f"{number}. {what}{where}{how}: {plain(remedy.why)}\n"
    if not remedy.commands:
        return text
    commands = fence("\n".join(remedy.commands), "bash")
    return text + "\n" + re.sub(r"^(?=.)", "    ", commands, flags=re.MULTILINE)


def message(symptom: Symptom) -> str:
    """The line that betrays a rule; where the page has no example, its text with the gaps shown."""
    if symptom.example == symptom.text.replace("{}", "1"):
        return symptom.text.replace("{}", "…")
    return symptom.example


def _evidence(rule: Rule) -> str:
    parts = [EVIDENCE[rule.evidence["how"]]]
    if rule.evidence["note"]:
        parts.append(plain(rule.evidence["note"]))
    if rule.evidence["proof"]:
        path, _, name = rule.evidence["proof"].partition("::")
        parts.append(f"Proof: [{code(name or path)}]({REPOSITORY}/blob/main/{path}).")
    return "## Evidence\n\n" + " ".join(parts) + "\n"


# --------------------------------------------------------------------------- Markdown


def plain(text: str) -> str:
    """Markdown that shows the text as it is; only `code` in backticks stays code."""
    text = re.sub(r"\{(\w+)\}", lambda match: PLACEHOLDERS.get(match[1], match[0]), text)
    special = re.compile(r"(`[^`]*`)|([\\`*_\[\]<>|])")
    return special.sub(lambda match: match[1] or f"&#{ord(match[2])};", text)


def code(text: str) -> str:
    """The text as inline code, also in a table's cell."""
    return f"`{text}`"


def fence(text: str, language: str) -> str:
    """The text as a block of code."""
    return f"```` {language}\n{text}\n````\n"


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
