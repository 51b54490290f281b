"""Where a late patch would have to stand."""

from __future__ import annotations

import pytest

from sslfix.detectors.code import patch_order
from sslfix.model import Document, Facts, Interpreter, Span
from sslfix.source.late import Misplaced, misplaced

HERE = Interpreter("i1", "python3", "3.9.18", "cpython", {}, None)


def wanted(files: dict[str, str]) -> Misplaced | None:
    facts = Facts(sources=tuple(Document(path, text) for path, text in files.items()))
    (hit,) = patch_order.DETECTOR.detect(facts, HERE)
    return next(iter(misplaced(hit.locations[0], facts, HERE)), None)


def cut(document: Document, span: Span) -> str:
    return document.text[span.start : span.end]


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (
            {"go.py": "import requests\nfrom gevent import monkey\nmonkey.patch_all()\n"},
            ("monkey.patch_all()", ["from gevent import monkey"], "go.py", "import requests", True),
        ),
        (
            {
                "go.py": "if x:\n    import json\nimport a\nimport grequests\n",
                "a.py": "import boto3",
            },
            ("import grequests", [], "go.py", "import a", True),
        ),
        (
            {
                "app.py": "import requests\nimport p\n",
                "p.py": "import eventlet\nimport sys\neventlet.monkey_patch()\n",
            },
            ("eventlet.monkey_patch()", ["import eventlet"], "app.py", "import requests", True),
        ),
        (
            {
                "go.py": "import gevent.monkey as m\nimport boto3\n"
                "def f():\n    m.patch_ssl()\nf()\n"
            },
            ("m.patch_ssl()", ["import gevent.monkey as m"], "go.py", "import boto3", False),
        ),
        (
            {
                "go.py": "def f():\n    import boto3\nx = f()\nimport eventlet\n"
                "def g():\n    eventlet.monkey_patch()\ng()\n"
            },
            ("eventlet.monkey_patch()", ["import eventlet"], "go.py", "x = f()", False),
        ),
    ],
)
def test_says_what_has_to_stand_where(
    files: dict[str, str], expected: tuple[str, list[str], str, str, bool]
) -> None:
    found = wanted(files)
    assert found is not None
    needs = [cut(found.patch, one) for one in found.needs]
    statement, before = cut(found.patch, found.statement), cut(found.entry, found.before)
    assert (statement, needs, found.entry.path, before, found.certain) == expected


def test_a_module_that_may_be_run_first_patches_under_no_condition_of_its_own() -> None:
    files = {
        "p/__init__.py": "from p.sh import X\n",
        "p/sh.py": "#!/usr/bin/env python3\nimport requests\nimport grequests\nX = 1\n",
    }
    found = wanted(files)
    assert found is not None
    assert found.certain


def test_what_a_package_does_for_all_that_import_it_is_left_alone() -> None:
    files = {"p/__init__.py": "import requests\n", "p/news.py": "import requests, grequests\n"}
    assert wanted(files) is None


def test_where_no_source_holds_the_patch_none_can_be_moved() -> None:
    files = {"app.py": "import requests\n", "Procfile": "web: gunicorn -k gevent --preload app:app"}
    assert wanted(files) is None


def test_a_test_that_imports_the_program_is_no_other_place_to_patch() -> None:
    files = {
        "app.py": "import requests\nfrom gevent import monkey\nmonkey.patch_all()\n",
        "tests/test_app.py": "import requests\nimport app\nif __name__ == '__main__': app.go()\n",
    }
    facts = Facts(sources=tuple(Document(path, text) for path, text in files.items()))
    (hit,) = patch_order.DETECTOR.detect(facts, HERE)
    assert [one.entry.path for one in misplaced(hit.locations[0], facts, HERE)] == ["app.py"]
