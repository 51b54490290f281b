"""The fix of a patch that comes too late, from the finding to the text."""

from __future__ import annotations

import pytest

from sslfix import detectors, match, rules
from sslfix.model import Applicability, Document, Edit, Facts, Finding, Fix, Interpreter
from sslfix.plan import sources
from sslfix.plan.tasks import Task
from sslfix.rehearse import apply_edits

HERE = Interpreter("i1", "python3", "3.9.18", "cpython", {}, None)
LATE = "import requests\nfrom gevent import monkey; monkey.patch_all()\n"


def matcher(facts: Facts) -> tuple[Finding, ...]:
    return match.match(facts, rules.load(), detectors.all_detectors())


def world(**texts: str) -> Facts:
    names = {"green": "green.py", "run": "run.py", "pyproject": "pyproject.toml"}
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


def test_the_projects_linters_are_told() -> None:
    _fix, after = fixed(world(run=LATE, pyproject="[tool.ruff]\n"))
    assert "import requests  # noqa: E402\n" in after.sources[0].text


def test_a_patch_in_a_function_is_left_to_a_person() -> None:
    text = (
        "import requests\ndef main():\n    import eventlet\n    eventlet.monkey_patch()\nmain()\n"
    )
    assert fixed(world(run=text))[0] is None
