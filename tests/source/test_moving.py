"""A patch moved to the top of its module."""

from __future__ import annotations

from pathlib import Path
from typing import Callable

import pytest

from sslfix.model import Document, Span
from sslfix.rehearse import apply_edits
from sslfix.source.moving import Move, move_to_top, on_top
from sslfix.source.moving_style import Style
from tests.conftest import run

PLAIN = Style()
LINT = Style(e402=True, sorts=True)


def move(text: str, patch: str, style: Style = PLAIN) -> Move | None:
    place = text.index(patch)
    return move_to_top(Document("app.py", text), Span(place, place + len(patch)), style)


def after(text: str, patch: str, style: Style = PLAIN) -> str:
    found = move(text, patch, style)
    assert found is not None
    return apply_edits(text, found.edits)


@pytest.mark.parametrize(
    ("text", "patch"),
    [
        ("from gevent import monkey\nmonkey.patch_all()\nimport requests\n", "monkey.patch"),
        ("from gevent import monkey, sleep; monkey.patch_all()\nimport a\n", "monkey.patch"),
        ("'''Doc.'''\nimport grequests\nimport requests\n", "import grequests"),
        (
            "import requests\ndef f():\n    import eventlet\n    eventlet.monkey_patch()\n",
            "eventlet.m",
        ),
        ("import a\nif __name__ == '__main__':\n    import grequests\n", "import grequests"),
        ("import a\nif a.b:\n    import grequests\n    a.c = 1\n", "import grequests"),
        ("import a\nfrom gevent.monkey import *\npatch_all()\n", "patch_all"),
        ("import a\nimport gevent\ngevent.monkey.patch_all()\n", "gevent.monkey.p"),
        ("import requests\nworker_class = 'gevent'\n", "worker_class"),
        ("import a\nx = a.x()\na.b[x] = grequests = 1\nimport grequests.a\ny(grequests)\n", "y("),
        ("import monkey\nfrom gevent import monkey\nmonkey.patch_all()\n", "monkey.patch"),
        ("import requests\rimport grequests\r", "import grequests"),
        ("'''Doc.'''; import requests\nimport grequests\n", "import grequests"),
        ("import requests\nprint 1\nimport grequests\n", "import grequests"),
        ("\\\nimport requests\nimport grequests\n", "import grequests"),
    ],
)
def test_what_is_first_or_a_persons_to_decide_is_left(text: str, patch: str) -> None:
    assert move(text, patch) is None


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        (
            "import requests\nfrom gevent import monkey; monkey.patch_all()\n",
            "from gevent import monkey; monkey.patch_all()\n\nimport requests\n",
        ),
        (
            "from gevent import monkey\nimport requests\n\nmonkey.patch_all()\n\nx = 1\n",
            "from gevent import monkey\n\nmonkey.patch_all()\n\nimport requests\n\nx = 1\n",
        ),
        (
            (
                "#!/usr/bin/env python\n# coding: utf-8\n'''Doc.'''\n"
                "from __future__ import annotations\nimport os\n\n# Patch all.\n"
                "from gevent import monkey\nmonkey.patch_all()  # here\n\nimport flask\n"
            ),
            (
                "#!/usr/bin/env python\n# coding: utf-8\n'''Doc.'''\n"
                "from __future__ import annotations\n\n# Patch all.\n"
                "from gevent import monkey\nmonkey.patch_all()  # here\n\n"
                "import os\n\nimport flask\n"
            ),
        ),
        (
            (
                "# Copyright\n# License\nimport os, requests, gevent.monkey\n"
                "gevent.monkey.patch_all(thread=os.name == 'nt')\n"
            ),
            (
                "# Copyright\n# License\n\nimport os, gevent.monkey\n\n"
                "gevent.monkey.patch_all(thread=os.name == 'nt')\n\nimport requests\n"
            ),
        ),
        (
            (
                "# web\nimport flask\n\n# third\nfrom gevent import (\n    monkey,\n    sleep,\n)\n"
                "import requests\nmonkey.patch_all(\n\tthread=False,\n)\n"
            ),
            (
                "from gevent import monkey\n\nmonkey.patch_all(\n\tthread=False,\n)\n\n"
                "# web\nimport flask\n\n# third\nfrom gevent import (\n    sleep,\n)\n"
                "import requests\n"
            ),
        ),
        (
            "import a; from gevent import monkey; monkey.patch_all(); import b  # c\n",
            "from gevent import monkey; monkey.patch_all()\n\nimport a; import b  # c\n",
        ),
        (
            (
                "import a\r\n\r\ntry:\r\n\tfrom gevent import monkey\r\n\tmonkey.patch_all()\r\n"
                "except ImportError:\r\n\tpass\r\n\r\n\r\nclass A:\r\n\tpass"
            ),
            (
                "try:\r\n\tfrom gevent import monkey\r\n\tmonkey.patch_all()\r\n"
                "except ImportError:\r\n\tpass\r\n\r\nimport a\r\n\r\n\r\nclass A:\r\n\tpass"
            ),
        ),
        (
            "@deco\ndef f():\n    pass\nfrom gevent import monkey\nmonkey.patch_all()",
            "from gevent import monkey\nmonkey.patch_all()\n\n\n@deco\ndef f():\n    pass\n",
        ),
        (
            "import a\nfrom gevent import (monkey,  # green\n    sleep)\nmonkey.patch_all()\n",
            (
                "from gevent import monkey\n\nmonkey.patch_all()\n\n"
                "import a\nfrom gevent import (monkey,  # green\n    sleep)\n"
            ),
        ),
    ],
)
def test_the_patch_goes_up_and_all_else_stays(before: str, expected: str) -> None:
    assert after(before, "monkey.patch_all") == expected
    assert move(expected, "monkey.patch_all") is None


def test_a_heading_stays_with_the_imports_below_it() -> None:
    text = "import a\n\n# third party\nimport eventlet\nimport b\n\neventlet.monkey_patch()\n"
    expected = "import eventlet\n\neventlet.monkey_patch()\n\nimport a\n\n# third party\nimport b\n"
    assert after(text, "eventlet.m") == expected


@pytest.mark.parametrize(
    ("above", "safe"),
    [
        ("import requests, app.models\nfrom . import x", True),
        ("A = 1\nB: int = 2\nC = D = [1, 'x']\n'text'\npass", True),
        ("def f(x=1): return g()\nclass A(B):\n    '''Doc.'''\n    def g(self): h()", True),
        ("import logging\nlog = logging.getLogger(__name__)", True),
        ("try:\n    import json\nexcept ImportError:\n    json = None", True),
        ("if A:\n    import json", True),
        ("import os\nos.environ['GEVENT_RESOLVER'] = 'ares'", False),
        ("import sys\nsys.path.insert(0, 'lib')", False),
        ("app = Flask()", False),
        ("@app.route('/')\ndef f(): pass", False),
        ("def f(x=g()): pass", False),
        ("class A(f()): pass", False),
        ("class A:\n    x = f()", False),
        ("try:\n    import a\nexcept ImportError:\n    f()", False),
        ("if f():\n    import json", False),
        ("from x import *", False),
        ("del x", False),
        ("for x in y: pass", False),
    ],
)
def test_it_is_safe_where_nothing_above_does_more_than_import_and_define(
    above: str, safe: bool
) -> None:
    found = move(f"{above}\nimport eventlet\neventlet.monkey_patch()\n", "eventlet.m")
    assert found is not None
    assert found.safe is safe
    assert ("line" in found.why_unsafe) is not safe


@pytest.mark.parametrize(
    "above", ["SOME = {'thread': False}", "from settings import SOME", "import a as SOME"]
)
def test_what_the_patch_needs_of_the_project_goes_up_unsafely(above: str) -> None:
    text = f"import requests\n{above}\nimport eventlet\neventlet.monkey_patch(**SOME)\n"
    found = move(text, "eventlet.m")
    assert found is not None
    assert not found.safe
    assert apply_edits(text, found.edits).startswith(f"{above}\nimport eventlet\n")


@pytest.mark.parametrize(
    ("before", "expected", "style"),
    [
        (
            "import a\nfrom gevent import monkey; monkey.patch_all()\nfrom b import (\n    c\n)\n",
            (
                "from gevent import monkey\n\nmonkey.patch_all()\n\n"
                "import a  # noqa: E402\nfrom b import (  # noqa: E402\n    c\n)\n"
            ),
            LINT,
        ),
        (
            (
                "import a  # noqa: F401\nimport b  # why\nimport c  # noqa\nimport d  # NOQA:E402\n"
                "from gevent import monkey; monkey.patch_all()\n"
            ),
            (
                "from gevent import monkey; monkey.patch_all()\n\nimport a  # noqa: F401, E402\n"
                "import b  # why  # noqa: E402\nimport c  # noqa\nimport d  # NOQA:E402\n"
            ),
            Style(e402=True),
        ),
        (
            "import a\nfrom gevent import monkey; monkey.patch_all()\n",
            "from gevent import monkey\n\nmonkey.patch_all()\n# isort: split\n\nimport a\n",
            Style(sorts=True, floats=True),
        ),
        (
            "import a, b\nfrom gevent import monkey\n\nmonkey.patch_all()\n",
            (
                "# flake8: noqa: E402\nfrom gevent import monkey\n\nmonkey.patch_all()\n\n"
                "import a, b\n"
            ),
            LINT,
        ),
        (
            "# ruff: noqa: E402\nimport a\n\nfrom gevent import monkey\n\nmonkey.patch_all()\n",
            "# ruff: noqa: E402\n\nfrom gevent import monkey\n\nmonkey.patch_all()\n\nimport a\n",
            LINT,
        ),
    ],
)
def test_linters_and_sorters_are_told(before: str, expected: str, style: Style) -> None:
    assert after(before, "monkey.patch_all", style) == expected


def test_a_patching_import_is_kept_from_being_sorted() -> None:
    text = "import requests\nimport grequests, os\n\nx = 1\nimport a\n"
    expected = "import grequests{}\n\nimport requests\nimport os\n\nx = 1\nimport a{}\n"
    assert after(text, "import grequests") == expected.format("", "")
    told = expected.format("  # isort: skip", "  # noqa: E402")
    assert after(text, "import grequests", LINT) == told


def test_a_patch_of_another_module_is_made_in_the_first_one_as_well() -> None:
    source = "import os\nfrom gevent import monkey, sleep\n\nmonkey.patch_all()  # late\n"
    entry = Document("run.py", "'''Doc.'''\nimport requests\nimport green\n")
    place = source.index("monkey.patch_all")
    found = on_top(entry, Document("green.py", source), Span(place, place + 1), Style())
    assert found is not None
    assert not found.safe
    assert "green.py" in found.why_unsafe
    expected = "'''Doc.'''\n\nfrom gevent import monkey\n\nmonkey.patch_all()\n\nimport requests\n"
    assert apply_edits(entry.text, found.edits) == expected + "import green\n"


@pytest.mark.parametrize(
    "source",
    [
        "from . import monkey\nmonkey.patch_all()\n",
        "X = 1\nfrom gevent import monkey\nmonkey.patch_all(X)\n",
    ],
)
def test_what_only_works_in_its_module_is_not_copied(source: str) -> None:
    place = source.index("monkey.patch_all")
    green = Document("green.py", source)
    assert on_top(Document("run.py", "import a\n"), green, Span(place, place + 1), Style()) is None


def test_ruff_neither_reports_nor_moves_what_was_moved(
    tool: Callable[[str], str], tmp_path: Path
) -> None:
    text = (
        "'''Doc.'''\nimport requests\nimport abc\n"
        "from flask import (\n    Flask,\n    request,\n)\n"
        "from gevent import monkey; monkey.patch_all()\n\napp = Flask(request, abc, requests)\n"
    )
    path = tmp_path / "app.py"
    path.write_text(after(text, "monkey.patch_all", LINT), encoding="utf-8")
    checked = [tool("ruff"), "check", "--isolated", "--no-cache", "--preview"]
    before = run(*checked, "--select=E402", path)
    assert before.returncode == 0, before.stdout
    done = run(*checked, "--select=E402,I", "--fix", "--unsafe-fixes", path)
    assert done.returncode == 0, done.stdout
    lines = path.read_text(encoding="utf-8").splitlines()
    assert lines.index("monkey.patch_all()") < lines.index("import requests  # noqa: E402")
