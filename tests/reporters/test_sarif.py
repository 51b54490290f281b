"""SARIF: OASIS' schema, what GitHub asks for beyond it, and fixes that apply."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from sslfix.model import Document, Edit, Facts, Report, Span
from sslfix.reporters import sarif
from tests.conftest import run

from .applied import by_code_points
from .samples import HOSTILE, finding, hostile, report, requirements_file, rule, typical

PINS = requirements_file("six\nurllib3==2.0.2\n")


def log(one: Report) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(sarif.render(one))
    return found["runs"][0]  # type: ignore[no-any-return]


def patch_order() -> Report:
    """A finding with steps: the patch, an import that leads to the holder, the holder."""
    found = finding(PINS)
    late = rule("SSL601")
    place = found.locations[0]
    steps = tuple(
        place._replace(line=line, end_line=line, note=f"step {line}") for line in (9, 3, 5)
    )
    return report(
        found._replace(rule=late, case=late.cases[0], locations=steps, fix=None), files=(PINS,)
    )


@pytest.mark.network
@pytest.mark.parametrize(
    "one",
    [report(), typical(), patch_order(), *map(hostile, HOSTILE)],
    ids=["empty", "typical", "steps", *[f"hostile{n}" for n in range(len(HOSTILE))]],
)
def test_the_log_is_valid(one: Report, sarif_schema: dict[str, object]) -> None:
    jsonschema = pytest.importorskip("jsonschema", reason="needs jsonschema")
    sarif.render(one).encode("utf-8")
    jsonschema.validate(json.loads(sarif.render(one)), sarif_schema)


@pytest.mark.network
def test_the_schema_would_find_a_fault(sarif_schema: dict[str, object]) -> None:
    jsonschema = pytest.importorskip("jsonschema", reason="needs jsonschema")
    wrong = json.loads(sarif.render(typical()))
    wrong["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["region"]["startLine"] = 0
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(wrong, sarif_schema)


@pytest.mark.proof
@pytest.mark.network
def test_sarif_tools_reads_it(tmp_path: Path) -> None:
    uv = shutil.which("uv") or pytest.skip("needs uv")
    (tmp_path / "a.sarif").write_text(sarif.render(typical()), "utf-8")
    tool = [uv, "tool", "run", "--from", "sarif-tools==3.0.5", "sarif"]
    done = run(*tool, "codeclimate", "--output", "out.json", "a.sarif", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    issues = json.loads((tmp_path / "out.json").read_text("utf-8"))
    found = {(one["location"]["path"], one["location"]["lines"]["begin"]) for one in issues}
    assert found == {("requirements.txt", line) for line in (1, 2, 6)}


def test_each_result_has_what_github_requires() -> None:
    for result in log(typical())["results"]:
        place = result["locations"][0]["physicalLocation"]
        assert place["artifactLocation"] == {"uri": "requirements.txt", "uriBaseId": "%SRCROOT%"}
        assert set(place["region"]) == {"startLine", "startColumn", "endLine", "endColumn"}
        assert min(place["region"].values()) >= 1
        assert result["partialFingerprints"]["primaryLocationLineHash"]
        assert result["message"]["text"]


def test_the_rules_that_are_named_carry_their_pages() -> None:
    run_ = log(typical())
    rules = run_["tool"]["driver"]["rules"]
    assert [one["id"] for one in rules] == ["SSL101", "SSL102"]
    assert {run_["tool"]["driver"]["rules"][one["ruleIndex"]]["id"] for one in run_["results"]} == {
        "SSL101",
        "SSL102",
    }
    for one in rules:
        assert one["help"]["markdown"].startswith("## What happens")
        assert one["helpUri"].startswith("https://")
        assert len(one["properties"]["tags"]) <= sarif.TAGS


def test_every_rule_can_be_described_within_github_s_limits() -> None:
    from sslfix import rules

    for one in rules.load():
        found = sarif._descriptor(one)
        texts = [found["shortDescription"], found["fullDescription"]]
        assert all(0 < len(text["text"]) <= 1024 for text in texts if isinstance(text, dict))
        assert len(one.name) <= 255


def test_what_is_fixed_or_ignored_is_told_and_opens_no_alert() -> None:
    run_ = log(typical())
    assert {one["properties"]["status"] for one in run_["results"]} == {"open", "withheld"}
    told = run_["invocations"][0]["toolExecutionNotifications"]
    assert told.pop()["message"]["text"] == "pipenv sync"
    statuses = [one["properties"]["status"] for one in told]
    assert sorted(statuses) == ["could-not-check", "could-not-check", "fixed", "ignored"]
    ignored = next(one for one in told if one["properties"]["status"] == "ignored")
    assert ignored["properties"]["ignoredBy"] == "configuration"
    assert "until the move" in ignored["message"]["text"]


def test_a_run_that_could_not_check_all_was_not_successful() -> None:
    assert log(typical())["invocations"][0]["executionSuccessful"] is False
    assert log(report())["invocations"][0]["executionSuccessful"] is True


def test_why_a_fix_is_withheld_is_said() -> None:
    result = next(one for one in log(typical())["results"] if one["level"] == "warning")
    assert "it was tried and did not hold" in result["message"]["text"]
    assert "fixes" not in result


def test_a_fix_applies_by_lines_and_columns_of_code_points() -> None:
    text = "# \N{PILE OF POO}\nurllib3==2.0.2 # \N{PILE OF POO}\r\nsix==1"
    file = requirements_file(text)
    one = finding(file)
    assert one.fix is not None
    at = text.index(" # ")
    more = Edit(file.document.path, Span(at, at), "  # why", remark=True)
    fixed = one._replace(fix=one.fix._replace(actions=(*one.fix.actions, more)))
    run_ = log(report(fixed, files=(file,)))
    (change,) = run_["results"][0]["fixes"][0]["artifactChanges"]
    assert run_["columnKind"] == "unicodeCodePoints"
    assert change["artifactLocation"]["uri"] == "requirements.txt"
    assert by_code_points(text, change["replacements"]) == text.replace(
        "==2.0.2", ">=2.0.3,<3  # why"
    )


def test_steps_are_a_flow_that_ends_where_it_fails() -> None:
    (result,) = log(patch_order())["results"]
    steps = result["codeFlows"][0]["threadFlows"][0]["locations"]
    lines = [one["location"]["physicalLocation"]["region"]["startLine"] for one in steps]
    assert lines == [3, 5, 9]
    assert "[step 3](1)\n[step 5](2)" in result["message"]["text"]


def test_texts_of_the_repository_make_no_links() -> None:
    (first, *_) = log(hostile("[a](javascript:b)"))["results"]
    assert "](javascript" not in first["message"]["text"]


def test_names_of_files_become_uris() -> None:
    path = "a b/\udcff#?%:[é]/requirements.txt"
    file = requirements_file("urllib3==2.0.2\n", path)
    (result,) = log(report(finding(file), files=(file,)))["results"]
    place = result["locations"][0]["physicalLocation"]["artifactLocation"]
    assert place["uri"] == "a%20b/%FF%23%3F%25%3A%5B%C3%A9%5D/requirements.txt"


def test_what_stands_outside_is_an_absolute_uri() -> None:
    one = finding(PINS)
    outside = one.locations[0]._replace(path="/usr/bin/python3")
    (result,) = log(Report(Facts(), (one._replace(locations=(outside,), fix=None),), ()))["results"]
    place = result["locations"][0]["physicalLocation"]["artifactLocation"]
    assert place == {"uri": "file:///usr/bin/python3"}


def test_the_worst_remain_where_there_are_more_results_than_github_takes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sarif, "RESULTS", 2)
    run_ = log(typical())
    assert [one["level"] for one in run_["results"]] == ["error", "warning"]
    told = run_["invocations"][0]["toolExecutionNotifications"]
    assert told[-2]["message"]["text"].startswith("1 more finding is left out")


def test_edits_of_several_files_are_changes_of_one_fix() -> None:
    other = requirements_file("urllib3==2.0.2\n", "b.txt")
    one = finding(PINS)
    assert one.fix is not None
    there = finding(other).fix
    assert there is not None
    both = one._replace(fix=one.fix._replace(actions=(*one.fix.actions, *there.actions)))
    facts = Facts((), (PINS, other), (Document("x.py", ""),))
    (result,) = log(Report(facts, (both,), ()))["results"]
    (fix,) = result["fixes"]
    uris = [one["artifactLocation"]["uri"] for one in fix["artifactChanges"]]
    assert sorted(uris) == ["b.txt", "requirements.txt"]
