"""Reports on the real files of the corpus: readable, and their fixes apply."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import unquote
from xml.etree import ElementTree as ET

import pytest

from sslfix import formats
from sslfix.model import Report
from sslfix.reporters import gitlab, junit, rdjson, sarif
from sslfix.session import Request, check

from .applied import by_bytes, by_code_points


def test_fixes_of_real_files_apply_alike(corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fix of SARIF and its suggestion in RDJSON give one text, which can be read as before."""
    compared = 0
    for folder in filter(Path.is_dir, sorted(corpus.iterdir())):
        monkeypatch.chdir(folder)
        found = check(Request(targets=("lambda-python3.9",), only=("pins",)))
        report = Report(found.facts, found.findings, found.problems, root=str(folder))
        compared += _compared(report)
        ET.fromstring(junit.render(report).encode("utf-8"))
        json.loads(gitlab.render(report))
    assert compared > 20


def _compared(report: Report) -> int:
    documents = report.facts.documents
    suggested = {}
    for one in json.loads(rdjson.render(report))["diagnostics"]:
        for suggestion in one.get("suggestions", ()):
            suggested[one["location"]["path"], one["message"].split("\n")[0]] = suggestion
    results = json.loads(sarif.render(report))["runs"][0]["results"]
    for result in results:
        for fix in result.get("fixes", ()):
            (change,) = fix["artifactChanges"]
            document = documents[unquote(change["artifactLocation"]["uri"])]
            text = by_code_points(document.text, change["replacements"])
            key = (document.path, result["message"]["text"].split("\n")[0])
            if key in suggested:
                assert by_bytes(document.text, suggested.pop(key)) == text
            format_ = formats.for_path(document.path)
            assert format_ is not None
            again = format_.read(document._replace(text=text))
            assert text != document.text
            assert again.problems == format_.read(document).problems
    assert not suggested
    return sum("fixes" in result for result in results)
