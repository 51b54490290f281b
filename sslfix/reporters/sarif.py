"""SARIF 2.1.0, as code scanning takes it: with the rules' pages, fixes and lasting fingerprints.

What is ignored or fixed is a notification of the run and no result: GitHub opens an alert for each
result, whatever its `suppressions` say (https://github.com/github/codeql-action/issues/1230).
There is no `automationDetails`: GitHub's upload-sarif sets its `category` only where there is none.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sslfix import __version__, rules
from sslfix.language import counted
from sslfix.model import Document, Edit, Level, Location, Report, Reporter, Rule, Span

from ._notices import UNCHECKED, Notice, clean, notices, rules_of, stated, whole_edits
from .text import judged

Json = dict[str, object]

# https://docs.github.com/en/code-security/reference/code-scanning/sarif-files/sarif-support
RESULTS = 25_000
DESCRIPTION = 1024
TAGS = 20

ROOT = "%SRCROOT%"
SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
FAMILIES = {
    "1": "ssl-library",
    "2": "python-ssl",
    "3": "compatibility",
    "4": "runtime",
    "5": "environment",
    "6": "source",
    "7": "certificates",
}
PRECISION = {"reproduced": "very-high", "source": "high", "maintainers": "medium"}
SEVERITY = {Level.ERROR: "error", Level.WARNING: "warning", Level.NOTE: "recommendation"}
IN_ORDER = frozenset({"patch-order"})
"""Detectors whose locations are steps, the last one first: what is wrong, then what led to it."""


def render(report: Report) -> str:
    """The whole report as one SARIF log with one run."""
    shown = notices(report)
    named = rules_of(shown)
    indexes = {rule.id: number for number, rule in enumerate(named)}
    standing = [one for one in shown if one.finding and one.counts]
    kept = sorted(standing, key=lambda one: -one.level)[:RESULTS]
    others = [one for one in shown if one.status == UNCHECKED or not one.counts]
    notes = [_notification(one, indexes) for one in others]
    if len(kept) < len(standing):
        notes.append(_left_out(len(standing) - len(kept)))
    notes += [{"level": "note", "message": _text(clean(step))} for step in report.left_to_do]
    fixes = _Fixes(whole_edits(kept, report.facts), report.facts.documents, report.root)
    run: Json = {
        "tool": {"driver": _driver(named)},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {ROOT: {"description": _text("the root of the repository")}},
        "invocations": [
            {"executionSuccessful": not report.problems, "toolExecutionNotifications": notes}
        ],
        "results": [_result(one, indexes, fixes) for one in kept],
        "properties": {"judged": [clean(judged(one)) for one in report.facts.interpreters]},
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=1)


def _text(text: str) -> Json:
    return {"text": text}


# --------------------------------------------------------------------------- rules


def _driver(named: Iterable[Rule]) -> Json:
    return {
        "name": "sslfix",
        "version": __version__,
        "rules": [_descriptor(rule) for rule in named],
        "notifications": [
            {"id": UNCHECKED, "shortDescription": _text("something could not be checked")}
        ],
    }


def _descriptor(rule: Rule) -> Json:
    page = rules.prose(rule)
    names = sorted({name for case in rule.cases for name in case.affected})
    descriptor: Json = {
        "id": rule.id,
        "name": rule.name,
        "shortDescription": _text(rule.title[:DESCRIPTION]),
        "fullDescription": _text(_opening(page).rstrip(":")[:DESCRIPTION] or rule.title),
        "help": {"text": page, "markdown": page},
        "defaultConfiguration": {"level": rule.level.name.lower()},
        "properties": {
            "tags": ["ssl", FAMILIES.get(rule.id[3], "ssl"), *names][:TAGS],
            "precision": PRECISION.get(rule.evidence.get("how", ""), "medium"),
            "problem.severity": SEVERITY[rule.level],
        },
    }
    if rule.references:
        descriptor["helpUri"] = rule.references[0]
    return descriptor


def _opening(page: str) -> str:
    """The first paragraph of a page, on one line."""
    texts = (part for part in page.split("\n\n") if not part.startswith(("#", "|", " ", "```")))
    return " ".join(next(texts, "").split())


# --------------------------------------------------------------------------- results


def _result(one: Notice, indexes: dict[str, int], fixes: _Fixes) -> Json:
    first, *others = one.locations
    result: Json = {
        "ruleId": one.rule,
        "ruleIndex": indexes[one.rule],
        "level": one.level.name.lower(),
        "message": _text(_message(one)),
        "locations": [{"physicalLocation": _physical(first)}],
        "partialFingerprints": {
            "primaryLocationLineHash": one.fingerprint,
            "sslfix/v1": one.fingerprint,
        },
        "properties": {"status": one.status},
    }
    if others:
        result["relatedLocations"] = [
            {"id": number, **_location(place)} for number, place in enumerate(others, 1)
        ]
    if others and one.finding and one.finding.case.when.detector in IN_ORDER:
        steps = [{"location": _location(place)} for place in (*others, first)]
        result["codeFlows"] = [{"threadFlows": [{"locations": steps}]}]
    fix = _fix(one, fixes)
    if fix is not None:
        result["fixes"] = [fix]
    return result


def _message(one: Notice) -> str:
    """What is wrong, what is to be done, and links to the other places.

    A link is `[text](id)`; texts of the repository make none (SARIF 2.1.0, 3.11.6).
    """
    lines = [line.replace("](", "] (") for line in (one.message, *one.advice)]
    round_ = str.maketrans("[]", "()")
    for number, place in enumerate(one.locations[1:], 1):
        label = place.note or f"{clean(place.path)}:{place.line}"
        lines.append(f"[{label.translate(round_)}]({number})")
    return "\n".join(lines)


def _location(place: Location) -> Json:
    found: Json = {"physicalLocation": _physical(place)}
    if place.note:
        found["message"] = _text(place.note)
    return found


def _physical(place: Location) -> Json:
    return {"artifactLocation": _artifact(place.path), "region": _region(place)}


def _artifact(path: str) -> Json:
    from urllib.parse import quote

    try:
        uri = quote(path.encode("utf-8", "surrogateescape"), safe="/~")  # the bytes of the name
    except UnicodeEncodeError:
        uri = quote(clean(path), safe="/~")
    return {"uri": f"file://{uri}"} if path.startswith("/") else {"uri": uri, "uriBaseId": ROOT}


def _region(place: Location) -> Json:
    return {
        "startLine": place.line,
        "startColumn": place.column,
        "endLine": place.end_line,
        "endColumn": place.end_column,
    }


# --------------------------------------------------------------------------- fixes


class _Fixes(NamedTuple):
    """What fixes are made of: the edits by fingerprint, the texts that they edit, and the root."""

    edits: dict[str, tuple[Edit, ...]]
    documents: dict[str, Document]
    root: str


def _fix(one: Notice, fixes: _Fixes) -> Json | None:
    by_path: dict[str, list[Edit]] = {}
    for edit in fixes.edits.get(one.fingerprint, ()):
        by_path.setdefault(edit.path, []).append(edit)
    if not by_path:
        return None
    changes = [
        {
            "artifactLocation": _artifact(stated(path, fixes.root)),
            "replacements": _replacements(fixes.documents[path], found),
        }
        for path, found in by_path.items()
    ]
    return {"description": _text(one.advice[0]), "artifactChanges": changes}


def _replacements(document: Document, edits: Sequence[Edit]) -> list[Json]:
    return [
        {
            "deletedRegion": _region(document.locate(Span(*edit.span))),
            "insertedContent": _text(edit.text),
        }
        for edit in edits
    ]


# --------------------------------------------------------------------------- notifications


def _notification(one: Notice, indexes: dict[str, int]) -> Json:
    text = "\n".join([f"{one.status}: {one.message}", *one.advice])
    found: Json = {
        "level": "error" if one.status == UNCHECKED else "note",
        "message": _text(text),
        "locations": [{"physicalLocation": _physical(one.locations[0])}],
        "properties": {"status": one.status},
    }
    if one.finding:
        found["associatedRule"] = {"id": one.rule, "index": indexes[one.rule]}
        found["properties"] = {"status": one.status, "ignoredBy": one.finding.ignored_by}
    else:
        found["descriptor"] = {"id": UNCHECKED, "index": 0}
    return found


def _left_out(number: int) -> Json:
    text = counted(
        "{number} more finding is left out: code scanning takes no more",
        "{number} more findings are left out: code scanning takes no more",
        number,
    )
    return {"level": "warning", "message": _text(text)}


REPORTER = Reporter(name="sarif", render=render)
