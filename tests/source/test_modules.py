"""Where an import of a project's file leads."""

from __future__ import annotations

import ast

import pytest

from sslfix.model import Document
from sslfix.source.modules import Modules
from sslfix.source.syntax import parse


def project(**texts: str) -> Modules:
    paths = {name.replace("__", "/") + ".py": text for name, text in texts.items()}
    return Modules(
        Document(path.replace("/init.", "/__init__."), one) for path, one in paths.items()
    )


TREE = project(
    go="", p__init="", p__a="", p__sub__init="", p__sub__b="", src__q__init="", src__q__c="",
    n__x="", lib__r="", p__go="",
)  # fmt: skip


@pytest.mark.parametrize(
    ("path", "statement", "expected"),
    [
        ("go.py", "import p.a", ["p/__init__.py", "p/a.py"]),
        ("go.py", "from p import a", ["p/__init__.py", "p/__init__.py", "p/a.py"]),
        ("go.py", "import q.c", ["src/q/__init__.py", "src/q/c.py"]),
        ("go.py", "import n.x", ["n/x.py"]),
        ("go.py", "import json", []),
        ("go.py", "import r", []),
        ("p/a.py", "from .sub import b", ["p/sub/__init__.py"] * 2 + ["p/sub/b.py"]),
        ("p/sub/b.py", "from .. import a", ["p/a.py"]),
        ("p/sub/b.py", "from .... import a", []),
        ("p/sub/__init__.py", "from .b import x", ["p/sub/b.py"] * 2),
        ("p/sub/b.py", "import a", []),
        ("p/a.py", "import a", ["p/a.py"]),
        ("lib/r.py", "import go", ["go.py"]),
    ],
)
def test_an_import_runs_these_files(path: str, statement: str, expected: list[str]) -> None:
    (node,) = ast.parse(statement).body
    assert isinstance(node, (ast.Import, ast.ImportFrom))
    assert list(TREE.loaded(node, path)) == expected


@pytest.mark.parametrize(
    "text",
    [
        "import a.patch",
        "from a import patch",
        "from a import (\n    x,\n    patch,\n)",
        "from a import x, \\\n    patch",
        "from a.patch import x  # why",
        "from a import (  # one, two\n    patch as p,\n)",
        "if x:\n    import patch as y",
        "x = importlib.import_module('a.patch')",
        "__import__('patch')",
        "x = 1; import patch",
    ],
)
def test_files_that_may_lead_to_a_module_are_found_by_words(text: str) -> None:
    files = project(a__patch="", b=text, c="from .b import x", d="import e\npatch = 1")
    assert files.leading_to(["a/patch.py"]) == {"a/patch.py", "b.py", "c.py"}


@pytest.mark.parametrize(
    "text", ["from .patch import x", "import b.patch", "x = 'important: patch'", "import_module(x)"]
)
def test_files_that_lead_elsewhere_are_left_out(text: str) -> None:
    assert project(a__patch="", b__patch="", b__c=text).leading_to(["a/patch.py"]) == {"a/patch.py"}


@pytest.mark.parametrize("text", ["print 'x'", "x\0", "(" * 1000])
def test_what_cannot_be_parsed_is_not_ours_to_judge(text: str) -> None:
    assert parse(Document("a.py", text)) is None
