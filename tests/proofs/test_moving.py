"""Programs that patch too late fail or warn; after `sslfix --apply` they do not.

Neither isort nor ruff takes the patch back.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Callable, NamedTuple

import pytest

from sslfix.model import Document, Span
from sslfix.rehearse import apply_edits
from sslfix.source.moving import move_to_top
from sslfix.source.moving_style import Style
from tests.conftest import run

from .installed import Shelf, execute

pytestmark = [pytest.mark.proof, pytest.mark.network]

LATE = '''"""A program."""
from __future__ import print_function

import os
import requests

# Green from here on.
from gevent import monkey; monkey.patch_all(thread=os.name != "nt")

print("made")
'''
PLAIN = Style()
USES = "requests.packages.urllib3.util.ssl_.create_urllib3_context()\n"


def moved(text: str, patch: str, style: Style = PLAIN) -> str:
    place = text.index(patch)
    move = move_to_top(Document("app.py", text), Span(place, place + 1), style)
    assert move is not None
    assert move.safe
    return apply_edits(text, move.edits)


class Stack(NamedTuple):
    """What an environment holds, and whether gevent warns there when it patches late."""

    python: str
    requirements: tuple[str, ...]
    warns: bool


STACKS = {
    "gevent 1.2.1": Stack("3.6", ("gevent==1.2.1", "greenlet==0.4.17", "requests==2.14.2"), False),
    "gevent": Stack("3.11", ("gevent", "requests"), True),
    "eventlet": Stack("3.11", ("eventlet", "requests"), False),
}


class Programs(NamedTuple):
    """The sources of a project, how its program is started, and what fixes it."""

    files: Mapping[str, str]
    start: tuple[str, ...]
    options: tuple[str, ...] = ("--apply",)


DB = f"import requests\n\n\ndef connect():\n    {USES}"
RUNS = 'if __name__ == "__main__":\n    db.connect()\n    print("made")\n'
PATCH = "from gevent import monkey\n\nmonkey.patch_all()\n"
PROGRAMS = {
    "one module": Programs({"app.py": LATE.replace("print(", f"{USES}print(")}, ("app.py",)),
    "a chain": Programs(
        {
            "app/__init__.py": "",
            "app/db.py": DB,
            "app/main.py": f"import sys\n\nfrom app import db\n{PATCH}\n{RUNS}",
        },
        ("-m", "app.main"),
    ),
    "the chain of the module that patches": Programs(
        {
            "run.py": f"import green\nimport db\n\n{RUNS}",
            "green.py": f"import db\n{PATCH}",
            "db.py": DB,
        },
        ("run.py",),
    ),
    "a module that is imported late": Programs(
        {
            "run.py": f"import db\nimport green\n\n{RUNS}",
            "other.py": f"import requests\nimport green\nimport db\n\n{RUNS}",
            "green.py": PATCH,
            "db.py": DB,
        },
        ("run.py",),
        ("--apply", "--unsafe"),
    ),
}


@pytest.fixture(scope="module")
def environments(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Stack, str], Path]:
    """The interpreter of a virtual environment with a stack, made once."""
    root = tmp_path_factory.mktemp("environments")

    def make(stack: Stack, base: str) -> Path:
        folder = root / "-".join((stack.python, *stack.requirements)).replace("=", "")
        made = folder / "bin/python"
        if not folder.exists():
            assert run(base, "-m", "venv", folder).returncode == 0
            command = [str(made), "-m", "pip", "install", "-q", "--only-binary", ":all:"]
            done = run(*command, *stack.requirements, env=dict(os.environ))
            assert done.returncode == 0, done.stderr
        return made

    return make


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("patcher", STACKS)
def test_what_apply_moved_runs(
    patcher: str,
    program: str,
    python: Callable[[str], str],
    environments: Callable[[Stack, str], Path],
    tmp_path: Path,
) -> None:
    stack, (files, start, options) = STACKS[patcher], PROGRAMS[program]
    interpreter = environments(stack, python(stack.python))
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(_with(patcher, text), encoding="utf-8")

    def started() -> subprocess.CompletedProcess[str]:
        return run(interpreter, *start, cwd=tmp_path)

    def texts() -> dict[str, str]:
        return {name: (tmp_path / name).read_text(encoding="utf-8") for name in files}

    def sslfix(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "sslfix", "--python", str(interpreter), *arguments]
        return run(*command, cwd=tmp_path)

    before = started()
    assert "RecursionError" in before.stderr
    assert ("MonkeyPatchWarning" in before.stderr) is stack.warns
    if "--unsafe" in options:
        assert sslfix("--apply").returncode == 1
    done = sslfix(*options)
    assert done.returncode == 0, done.stdout + done.stderr
    after = started()
    assert (after.returncode, after.stdout) == (0, "made\n"), after.stderr
    assert "MonkeyPatchWarning" not in after.stderr
    fixed = texts()
    again = sslfix(*options)
    assert again.returncode == 0, again.stdout
    assert texts() == fixed


def _with(patcher: str, text: str) -> str:
    """A program's text with that library for gevent."""
    if patcher != "eventlet":
        return text
    text = text.replace("from gevent import monkey", "import eventlet")
    text = text.replace('monkey.patch_all(thread=os.name != "nt")', "eventlet.monkey_patch()")
    return text.replace("monkey.patch_all()", "eventlet.monkey_patch()")


@pytest.mark.parametrize("asked", [".", "src"])
def test_ruff_with_the_projects_settings_leaves_what_apply_wrote(
    asked: str, tool: Callable[[str], str], tmp_path: Path
) -> None:
    path = tmp_path / "src/app.py"
    path.parent.mkdir()
    path.write_text(LATE, encoding="utf-8")
    (tmp_path / "ruff.toml").write_text('[lint]\nselect = ["E402", "I"]\n', encoding="utf-8")
    command = [sys.executable, "-m", "sslfix", "--offline", "--target", "debian-12"]
    done = run(*command, "--apply", asked, cwd=tmp_path)
    assert done.returncode == 0, done.stdout
    applied = path.read_text(encoding="utf-8")
    assert "import requests  # noqa: E402\n" in applied
    checked = [tool("ruff"), "check", "--no-cache", "--preview", "--unsafe-fixes", "--fix"]
    fixed = run(*checked, path, cwd=tmp_path)
    assert fixed.returncode == 0, fixed.stdout
    # Of the imports below ruff may still set apart those of the standard library.
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line]
    assert lines == [line for line in applied.splitlines() if line]
    assert run(*command, asked, cwd=tmp_path).returncode == 0


@pytest.mark.parametrize("floats", [False, True])
@pytest.mark.parametrize(
    ("patch", "unit"),
    [
        ("from gevent import monkey; monkey.patch_all()\n", "monkey.patch_all"),
        ("import gevent.monkey\ngevent.monkey.patch_all()\n", "gevent.monkey.patch_all"),
        ("import grequests\n", "import grequests"),
        ("try:\n    import grequests\nexcept ImportError:\n    pass\n", "try"),
    ],
)
def test_isort_and_ruff_leave_it_at_the_top(
    *,
    floats: bool,
    patch: str,
    unit: str,
    python: Callable[[str], str],
    tool: Callable[[str], str],
    shelf: Shelf,
    tmp_path: Path,
) -> None:
    interpreter = python("3.11")
    folder = shelf.install(interpreter, "isort")
    late = f"import boto3\nfrom abc import (\n    ABC,\n)\n{patch}\nx = ABC\nimport a\n"
    path = tmp_path / "app.py"
    style = Style(e402=True, sorts=True, floats=floats)
    path.write_text(moved(late, unit, style), encoding="utf-8")
    options = ["--settings-path", str(tmp_path), *(["--float-to-top"] if floats else [])]
    script = f"from isort.main import main; main({[str(path), *options]!r})"
    checked = [tool("ruff"), "check", "--isolated", "--no-cache", "--preview", "--unsafe-fixes"]
    for _again in range(2):
        done = execute(interpreter, folder, script)
        assert done.returncode == 0, done.stderr
        fixed = run(*checked, "--select=E402,I", "--fix", path)
        assert fixed.returncode == 0, fixed.stdout
    lines = path.read_text(encoding="utf-8").splitlines()
    early = [line for line in patch.replace("; ", "\n").splitlines() if line]
    places = [next(i for i, line in enumerate(lines) if line.startswith(one)) for one in early]
    assert max(places) < next(i for i, line in enumerate(lines) if line.startswith("import boto3"))
