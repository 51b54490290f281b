"""A small runner of composite actions: their `run` steps in bash, as GitHub's runner does it."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.conftest import ROOT, run


class Ran(NamedTuple):
    code: int
    log: str
    outputs: dict[str, str]
    summary: str


def run_action(
    workspace: Path, temporary: Path, path: str, inputs: Mapping[str, str], checkout: Path = ROOT
) -> Ran:
    """The action of a checkout, run in a workspace with this PATH and these inputs."""
    yaml = pytest.importorskip("yaml", reason="needs PyYAML")
    action = yaml.safe_load((checkout / "action.yml").read_text("utf-8"))
    given = {name: str(one.get("default", "")) for name, one in action["inputs"].items()}
    known = {f"inputs.{name}": value for name, value in {**given, **inputs}.items()}
    output, summary = temporary / "output", temporary / "summary"
    code, log = 0, ""
    for step in action["runs"]["steps"]:
        output.write_text("")
        environment = {
            **{name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"},
            "PATH": path,
            "GITHUB_ACTION_PATH": str(checkout),
            "GITHUB_OUTPUT": str(output),
            "GITHUB_STEP_SUMMARY": str(summary),
            "RUNNER_TEMP": str(temporary),
            **{name: _filled(value, known) for name, value in step.get("env", {}).items()},
        }
        folder = workspace / _filled(step.get("working-directory", "."), known)
        assert step["shell"] == "bash"
        assert "${{" not in step["run"]
        bash = ("/bin/bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"])
        done = run(*bash, env=environment, cwd=folder)
        code, log = done.returncode, log + done.stdout + done.stderr
        for line in output.read_text("utf-8").splitlines():
            name, _, value = line.partition("=")
            known[f"steps.{step['id']}.outputs.{name}"] = value
        if code:
            break
    outputs = {name: _filled(one["value"], known) for name, one in action["outputs"].items()}
    return Ran(code, log, outputs, summary.read_text("utf-8") if summary.exists() else "")


def _filled(text: str, known: dict[str, str]) -> str:
    """The text with its expressions replaced; what is not known is empty."""
    return re.sub(r"\$\{\{\s*([\w.-]+)\s*\}\}", lambda found: known.get(found[1], ""), text)
