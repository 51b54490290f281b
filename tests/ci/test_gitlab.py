"""The GitLab component: valid, and its job run for real by gitlab-ci-local."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Callable
from xml.etree import ElementTree as ET

import pytest

from tests.conftest import ROOT, run

TEMPLATE = ROOT / "templates/sslfix.yml"


def documents() -> tuple[dict[str, Any], dict[str, Any]]:
    yaml = pytest.importorskip("yaml", reason="needs PyYAML")
    head, body = yaml.safe_load_all(TEMPLATE.read_text("utf-8"))
    return head["spec"]["inputs"], body


def test_the_jobs_of_the_component_are_valid(tmp_path: Path, tool: Callable[[str], str]) -> None:
    inputs, body = documents()
    text = json.dumps(body)
    for name, one in inputs.items():
        default = one.get("default", "")
        whole = f'"$[[ inputs.{name} ]]"'
        if not isinstance(default, str):
            text = text.replace(whole, json.dumps(default))
        text = text.replace(f"$[[ inputs.{name} ]]", str(default))
    assert "$[[" not in text
    (tmp_path / "job.json").write_text(text)
    schema = ("--builtin-schema", "vendor.gitlab-ci")
    done = run(tool("check-jsonschema"), *schema, tmp_path / "job.json")
    assert done.returncode == 0, done.stdout


def test_inputs_reach_the_script_as_variables_only() -> None:
    _, body = documents()
    (job,) = body.values()
    assert "$[[" not in "\n".join(job["script"])


@pytest.mark.proof
@pytest.mark.network
def test_the_job_reports_what_it_finds(
    checkout: Path, tmp_path: Path, gitlab_job: Callable[[Path, str], tuple[int, str]]
) -> None:
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates/sslfix.yml").write_text(TEMPLATE.read_text("utf-8"))
    (tmp_path / "requirements.txt").write_text("urllib3==2.2.3\n")
    (tmp_path / "venv.py").write_text("raise SystemExit('of the repository')\n")
    inputs = {"targets": "lambda-python3.9 macos-python3.9", "package": str(checkout)}
    include = {"include": [{"local": "templates/sslfix.yml", "inputs": inputs}]}
    (tmp_path / ".gitlab-ci.yml").write_text(json.dumps(include))
    commit = ("-c", "user.name=a", "-c", "user.email=a@b.example", "commit", "-qm", "x")
    for command in (("init", "-q"), ("add", "-A"), commit):
        assert run("git", *command, cwd=tmp_path).returncode == 0
    code, log = gitlab_job(tmp_path, "sslfix")
    assert "error[SSL101]: urllib3 2.2.3 cannot be imported here" in log
    assert code == 1
    issues = json.loads((tmp_path / "gl-code-quality-report.json").read_text("utf-8"))
    assert [one["location"]["path"] for one in issues] == ["requirements.txt", "requirements.txt"]
    suite = ET.fromstring((tmp_path / "sslfix-junit.xml").read_bytes())[0]
    assert suite.attrib["failures"] == "1"
