"""Programs that patch too late fail or warn; moved, they do not, and isort leaves them so."""

from __future__ import annotations

from pathlib import Path
from typing import Callable

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


def test_the_recursion_of_gevent_1_2_1_is_gone(python: Callable[[str], str], shelf: Shelf) -> None:
    interpreter = python("3.6")
    folder = shelf.install(interpreter, "gevent==1.2.1", "greenlet==0.4.17", "requests==2.14.2")
    before = execute(interpreter, folder, LATE + USES)
    after = execute(interpreter, folder, moved(LATE, "monkey.patch_all") + USES)
    assert "RecursionError" in before.stderr
    assert (after.returncode, after.stdout, after.stderr) == (0, "made\n", "")


@pytest.mark.parametrize("patch", ["gevent", "eventlet"])
def test_the_recursion_of_current_releases_is_gone(
    patch: str, python: Callable[[str], str], shelf: Shelf
) -> None:
    interpreter = python("3.11")
    folder = shelf.install(interpreter, "gevent", "eventlet", "requests")
    late, place = LATE, "monkey.patch_all"
    if patch == "eventlet":
        late, place = "import requests\nimport eventlet\neventlet.monkey_patch()\n", "eventlet.m"
    before = execute(interpreter, folder, late + USES)
    after = execute(interpreter, folder, moved(late, place) + USES)
    assert "RecursionError" in before.stderr
    assert ("MonkeyPatchWarning" in before.stderr) is (patch == "gevent")
    assert after.returncode == 0, after.stderr
    assert "MonkeyPatchWarning" not in after.stderr


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
