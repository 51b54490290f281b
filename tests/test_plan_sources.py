"""The fix of a patch that comes too late, from the finding to the text."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from sslfix import detectors, match, rules
from sslfix.model import Applicability, Document, Edit, Facts, Finding, Fix, Interpreter
from sslfix.plan import sources
from sslfix.plan.tasks import Task
from sslfix.rehearse import apply_edits
from tests.conftest import run

HERE = Interpreter("i1", "python3", "3.9.18", "cpython", {}, None)
LATE = "import requests\nfrom gevent import monkey; monkey.patch_all()\n"


def matcher(facts: Facts) -> tuple[Finding, ...]:
    return match.match(facts, rules.load(), detectors.all_detectors())


def world(**texts: str) -> Facts:
    names = {
        "green": "green.py",
        "run": "run.py",
        "other": "other.py",
        "pyproject": "pyproject.toml",
        "hooks": ".pre-commit-config.yaml",
        "procfile": "Procfile",
    }
    return Facts((HERE,), sources=tuple(Document(names[one], texts[one]) for one in texts))


def fixed(facts: Facts) -> tuple[Fix | None, Facts]:
    """The fix of the only finding, and the facts after it."""
    (finding,) = (one for one in matcher(facts) if one.rule.id == "SSL601")
    fix = sources.move(Task(finding, (), facts, matcher, {}), HERE)
    if fix is None:
        return None, facts
    edits = [one for one in fix.actions if isinstance(one, Edit)]
    after = [
        one._replace(text=apply_edits(one.text, [e for e in edits if e.path == one.path]))
        for one in facts.sources
    ]
    return fix, facts._replace(sources=tuple(after))


@pytest.mark.parametrize(
    ("texts", "applicability", "path"),
    [
        ({"run": LATE}, Applicability.SAFE, "run.py"),
        ({"run": "import requests\nimport grequests\n"}, Applicability.SAFE, "run.py"),
        ({"run": f"import os\nos.umask(1)\n{LATE}"}, Applicability.UNSAFE, "run.py"),
        (
            {"run": "import requests\nimport green\n", "green": LATE.partition("\n")[2]},
            Applicability.UNSAFE,
            "run.py",
        ),
        ({"run": "import green\n", "green": LATE}, Applicability.SAFE, "top of green.py"),
        (
            {
                "run": "import requests\nimport green\n",
                "other": "#!python\nimport boto3\nimport green\n",
                "green": LATE.partition("\n")[2],
            },
            Applicability.UNSAFE,
            "top of other.py, run.py as well",
        ),
    ],
)
def test_the_fix_removes_its_finding(
    texts: dict[str, str], applicability: Applicability, path: str
) -> None:
    fix, after = fixed(world(**texts))
    assert fix is not None
    assert fix.applicability == applicability
    assert path in fix.title
    assert not [one for one in matcher(after) if one.rule.id == "SSL601"]


def test_the_title_names_three_modules_at_most() -> None:
    program = "import requests\nimport green\nif __name__ == '__main__':\n    pass\n"
    programs = [Document(f"run{number}.py", program) for number in range(5)]
    green = Document("green.py", LATE.partition("\n")[2])
    fix, after = fixed(Facts((HERE,), sources=(green, *programs)))
    title = "patch at the top of run0.py, run1.py, run2.py and 2 more as well"
    assert (fix and fix.title, matcher(after)) == (title, ())


def test_the_projects_linters_are_told() -> None:
    _fix, after = fixed(world(run=LATE, pyproject="[tool.ruff]\n"))
    assert "import requests  # noqa: E402\n" in after.sources[0].text


@pytest.mark.parametrize(("file", "is_start"), [("procfile", True), ("hooks", False)])
def test_what_pre_commit_runs_is_no_start(*, file: str, is_start: bool) -> None:
    texts = {
        "other": "import requests\nimport green\n",
        "green": LATE.partition("\n")[2],
        file: "web: python other.py\n",
    }
    found = {one.rule.id for one in matcher(world(**texts))}
    assert ("SSL601" in found) is is_start


def test_a_patch_in_a_function_is_left_to_a_person() -> None:
    text = (
        "import requests\ndef main():\n    import eventlet\n    eventlet.monkey_patch()\nmain()\n"
    )
    assert fixed(world(run=text))[0] is None


# --------------------------------------------------------------------------- the command line

OPTIONS = ("--offline", "--target", "debian-12")


def sslfix(*arguments: str) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "sslfix", *arguments, *OPTIONS]
    return subprocess.run(command, check=False, capture_output=True)


@pytest.mark.parametrize("asked", [".", "src", "src/app/main.py"])
@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("ruff.toml", '[lint]\nselect = ["E402", "I"]\n'),
        ("src/.ruff.toml", '[lint]\nselect = ["E402", "I"]\n'),
        (".flake8", "[flake8]\n"),
        ("tox.ini", "[flake8]\n"),
        (".pre-commit-config.yaml", "repos:\n- hooks:\n  - id: ruff\n"),
    ],
)
def test_apply_writes_what_the_linters_above_the_module_want(
    name: str, text: str, asked: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("src/app").mkdir(parents=True)
    Path("src/app/main.py").write_text(LATE)
    Path(name).write_text(text)
    done = sslfix("--apply", asked)
    assert done.returncode == 0, done.stdout
    assert "import requests  # noqa: E402\n" in Path("src/app/main.py").read_text()
    assert Path(name).read_text() == text


TEXT = (
    '"""Gr\xfc\xdfe."""\n{}# gr\xfcn ab hier\nfrom gevent import monkey; monkey.patch_all()\n'
    '{}\nprint("\xfc")\n'
)
IMPORTS = "import os\nimport requests\n"


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize(
    ("head", "encoding"),
    [
        ("", "utf-8"),
        ("", "utf-8-sig"),
        ("#!/usr/bin/env python3\n# -*- coding: utf-8 -*-\n", "utf-8-sig"),
        ("# -*- coding: latin-1 -*-\n", "latin-1"),
        ("#!/usr/bin/env python3\n# vim: set fileencoding=cp1252 :\n", "cp1252"),
    ],
)
def test_bytes_outside_of_the_edits_stay_as_they_are(
    head: str, encoding: str, newline: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    before, after = (
        (head + text).replace("\n", newline).encode(encoding)
        for text in (TEXT.format(f"{IMPORTS}\n", ""), TEXT.format("\n", f"\n{IMPORTS}"))
    )
    path = Path("app.py")
    path.write_bytes(before)
    shown = sslfix("--diff")
    assert (shown.returncode, shown.stderr, path.read_bytes()) == (1, b"", before)
    Path("fix.patch").write_bytes(shown.stdout)
    applied = run("git", "apply", "--whitespace=nowarn", "fix.patch")
    assert applied.returncode == 0, applied.stderr
    assert path.read_bytes() == after
    path.write_bytes(before)
    assert sslfix("--apply").returncode == 0
    assert path.read_bytes() == after
