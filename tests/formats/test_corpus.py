"""The real files of the corpus, held against an independent extractor's answers."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path
from typing import NamedTuple

import pytest

from sslfix import formats
from sslfix.errors import ReadError
from sslfix.formats.text import decode
from sslfix.model import DependencyFile, Format

AS = {"requirements": "requirements.txt", "constraints": "requirements.txt"}

# The extractor looks for the first line with the text of a declaration; it found another's.
OTHER_LINES = {
    # `"requests[security]"` of the group before
    ("uv/ecosystem-zulip/pyproject.toml", "requests", "group.release-tools"): (57, 94),
    # the same requirement of the group before
    ("urllib3__urllib3/pyproject.toml", "cryptography", "group.mypy"): (85, 106),
    # a comment that speaks of the requirement below it
    ("certbot__certbot/acme/pyproject.toml", "pyopenssl", "project.dependencies"): (31, 33),
}

# Lines that are no requirements; all other files are read without a word.
PROBLEMS = {
    "FabioLeitao__data-boar/pylock.toml": [185],
    "conda__conda/.devcontainer/requirements-dev.txt": [1, 2, 3],
    "dependabot/edited_array/Pipfile.lock": [37, 54],
    "dependabot/invalid_lines/requirements.txt": [4],
    "dependabot/jinja/requirements.txt": [1, 3, 5],
    "scalibr/per_req_options/requirements.txt": [13, 20, 30],
    "GoogleCloudPlatform__python-docs-samples/container/snippets/requirement-test.txt": [17],
    "GoogleCloudPlatform__python-docs-samples/storage/cloud-client/requirements.txt": [1, 4, 7],
}


# pip refuses some of its options (`--config-settings=bar`, `--hash=`); the names are plain.
REFUSED_BY_PIP = "scalibr/per_req_options/requirements.txt"


class Case(NamedTuple):
    path: str
    data: bytes
    format: Format
    pins: list[dict[str, str | int | None]]

    def read(self) -> DependencyFile:
        return self.format.read(decode(self.path, self.data, self.format.name))


def index(corpus: Path) -> list[dict[str, str]]:
    csv.field_size_limit(10**9)
    with (corpus / "INDEX.tsv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE))


@pytest.fixture
def cases(corpus: Path) -> list[Case]:
    found = []
    for row in index(corpus):
        format_ = formats.by_name(AS.get(row["format"], row["format"]))
        if format_ is not None:
            data = (corpus / row["file"]).read_bytes()
            found.append(Case(row["file"], data, format_, json.loads(row["pins_json"] or "[]")))
    return found


def test_the_corpus_has_the_formats_that_are_read(cases: list[Case]) -> None:
    read = {case.format.name for case in cases}
    assert read >= {
        "requirements.txt",
        "Pipfile",
        "Pipfile.lock",
        "pyproject.toml",
        "poetry.lock",
        "pdm.lock",
        "pylock.toml",
        "uv.lock",
        "setup.cfg",
        "environment.yml",
        "Dockerfile",
    }
    assert len(cases) >= 120


def test_declarations_agree_with_the_independent_answers(cases: list[Case]) -> None:
    names = {pin["name"] for case in cases for pin in case.pins}
    for case in cases:
        file = case.read()
        found = [
            {
                "name": one.name,
                "spec": one.specifier,
                "ver": one.version,
                "line": file.document.position(one.span.start)[0],
                "sec": one.section,
                "extras": ",".join(one.extras),
                "marker": one.marker,
                "url": one.url,
            }
            for one in file.declarations
            if one.name in names
        ]
        for pin in case.pins:
            key = (case.path, str(pin["name"]), str(pin["sec"]))
            if key in OTHER_LINES:
                wrong, right = OTHER_LINES[key]
                assert pin["line"] == wrong
                pin["line"] = right
        assert found == case.pins, case.path


def test_only_what_is_wrong_is_a_problem_with_its_line(cases: list[Case]) -> None:
    found = {case.path: [one.line for one in case.read().problems] for case in cases}
    assert {path: lines for path, lines in found.items() if lines} == PROBLEMS


def test_no_format_raises_for_any_file_and_all_files_keep_their_bytes(corpus: Path) -> None:
    for row in index(corpus):
        data = (corpus / row["file"]).read_bytes()
        for format_ in formats.all_formats():
            try:
                document = decode(row["file"], data, format_.name)
            except ReadError:  # UTF-16 where TOML or JSON belongs
                assert "utf-16" in row["encoding"]
                continue
            assert document.encode() == data
            file = format_.read(document)
            assert all(one.line != 0 and one.message for one in file.problems)


def test_spans_cover_the_name_and_the_specifier(cases: list[Case]) -> None:
    for case in cases:
        file = case.read()
        for one in file.declarations:
            text = file.document.text[slice(*one.span)]
            assert one.name[0] in text.lower(), (case.path, one)
            if one.specifier_span is not None:
                written = file.document.text[slice(*one.specifier_span)]
                assert written.translate({ord(" "): None}) in (one.specifier, "*")


def respecified(case: Case, file: DependencyFile, specifiers: list[str]) -> DependencyFile:
    """The file read again after all its declarations that can be were given new specifiers."""
    text = file.document.text
    assert case.format.respecify is not None
    for one, specifier in reversed(list(zip(file.declarations, specifiers))):
        if one.specifier_span is not None:
            start, end = one.specifier_span
            text = text[:start] + case.format.respecify(file.document, one, specifier) + text[end:]
    return case.format.read(file.document._replace(text=text))


def test_each_specifier_can_be_changed_and_changed_back(cases: list[Case]) -> None:
    changed_files = 0
    for case in cases:
        file = case.read()
        if case.format.respecify is None:
            continue
        changed = respecified(case, file, [">=3.14,<99"] * len(file.declarations))
        assert len(changed.declarations) == len(file.declarations)
        for old, new in zip(file.declarations, changed.declarations):
            assert old.name == new.name
            expected = ">=3.14,<99" if old.specifier_span else old.specifier
            assert new.specifier == expected
        back = respecified(case, changed, [one.specifier for one in file.declarations])
        assert back.document.encode() == case.data, case.path
        changed_files += changed.document != file.document
    assert changed_files > 60


def test_lock_files_are_never_edited(cases: list[Case]) -> None:
    for case in cases:
        if case.format.name.endswith(".lock"):
            assert case.format.respecify is None
            assert case.format.constrain is None
            assert all(one.specifier_span is None for one in case.read().declarations)


def test_pip_reads_the_same_names(cases: list[Case]) -> None:
    """As pip splits lines and options; what is no PEP 508 is left to the tables."""
    req_file = pytest.importorskip("pip._internal.req.req_file")
    from packaging.requirements import InvalidRequirement, Requirement
    from packaging.utils import canonicalize_name

    split = req_file.get_line_parser(None)
    for case in cases:
        if case.format.name != "requirements.txt":
            continue
        file = case.read()
        expected = []
        for line, content in req_file.preprocess(file.document.text):
            try:
                requirement = Requirement(split(content)[0].rstrip("; "))
            except (InvalidRequirement, req_file.OptionParsingError):
                continue
            expected.append((line, canonicalize_name(requirement.name)))
        # pip names those with a URL of their own later, from #egg= or the wheel's file name.
        declared = [
            one
            for one in file.declarations
            if not one.url
            or re.match(r"[\w.-]+\s*(\[.*?])?\s*@", file.document.text[slice(*one.span)])
        ]
        found = [(file.document.position(one.span.start)[0], one.name) for one in declared]
        assert [one for one in expected if one not in found] == [], case.path
        if case.path != REFUSED_BY_PIP:
            assert [one for one in found if one not in expected] == [], case.path
