"""Laws of moving a patch to the top, over modules as people write them.

20,000 modules: `HYPOTHESIS_PROFILE=explore python -m pytest tests/property/test_moving.py`
"""

from __future__ import annotations

import ast
import io
import tokenize
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import hypothesis
from hypothesis import assume, given
from hypothesis import strategies as st

from sslfix.model import Document, Span
from sslfix.rehearse import apply_edits
from sslfix.source.moving import Move, move_to_top
from sslfix.source.moving_style import Style

LONG = hypothesis.settings().max_examples >= 5000

SIMPLE = (
    "import m{n}",
    "import m{n}.a as b{n}, c{n}",
    "from p{n} import a{n}, b{n}",
    "X{n} = {n}",
    "'no docstring {n}'",
    "call{n}()",
    "Y{n} = '''\n# no comment\n  '''",
    "Z{n} = [\n\t{n},\n\n]",
    "from q{n} import (\n    c{n},  # inner {n}\n    d{n},\n)",
    "from r{n} import \\\n    e{n}",
    "del D{n}; \\\n  E{n} = 'é'",
)
COMPOUND = (
    "def f{n}():\n\treturn {n}  # in {n}",
    "@deco{n}\n@(deco)\nclass C{n}:\n    '''Doc.'''\n\n    # in {n}\n    x = {n}",
    "if A{n}:\n    import m{n}",
    "try:\n  import m{n}\nexcept ImportError: pass",
    "if A{n}: import m{n}; b{n}()",
)
# The statements of a patch; of an import, what it needs is named below.
PATCHES = (
    ("from gevent import monkey", "monkey.patch_all()"),
    ("import gevent.monkey", "gevent.monkey.patch_all(thread=False)"),
    ("import eventlet", "eventlet.monkey_patch(\n    all=True,  # every\n)"),
    ("from gevent import sleep, monkey as mk", "mk.patch_all()"),
    ("import late, eventlet , early", "eventlet.monkey_patch()"),
    ("from gevent import (\n    spawn,\n    monkey,\n)", "(monkey.patch_all())"),
    ("from gevent import (monkey, # all\n    spawn)", "monkey . patch_ssl()"),
    ("from gevent \\\n  import monkey, spawn", "monkey.patch_all()"),
    ("import grequests",),
    ("from locust import HttpUser, task",),
    ("try:\n    from gevent import monkey\n    monkey.patch_all()\nexcept ImportError:\n    pass",),
)
UNITS = (".patch_all(", ".patch_ssl(", "patch_ssl()", ".monkey_patch(", "grequests", "locust")
NEEDED = ("monkey", "gevent.monkey", "eventlet", "grequests", "HttpUser", "task")
HEADS = (
    "",
    "#!/usr/bin/env python3\n",
    "#!/usr/bin/python\n# -*- coding: utf-8 -*-\n# Copyright ü\n\n",
    "\n# coding: utf-8\n",
    "# Copyright\n#\n# License\n",
    "\n\n",
)
DOCSTRINGS = ("", '"""Doc."""\n', "'''Doc.\n\nimport x\n'''  # doc\n\n", "('a'\n 'b')\n# below\n")
FUTURES = (
    "",
    "from __future__ import annotations\n",
    "from __future__ import (\n  division)  # future\n\nfrom __future__ import annotations\n\n",
)
STYLES = (Style(), Style(e402=True), Style(e402=True, sorts=True), Style(True, True, True))
ADDED = ("# noqa: E402", ", E402", "# isort: skip", "# isort: split", "# flake8: noqa: E402")


class Module(NamedTuple):
    document: Document
    style: Style

    @property
    def patch(self) -> Span:
        return find(self.document)


def find(document: Document) -> Span:
    """The place of the patch."""
    place = max(document.text.find(unit) for unit in UNITS)
    return Span(place, place + 1)


@st.composite
def modules(draw: st.DrawFn) -> Module:
    patch = draw(st.sampled_from(PATCHES))
    before = draw(st.lists(st.sampled_from(SIMPLE + COMPOUND), max_size=4))
    after = draw(st.lists(st.sampled_from(SIMPLE + COMPOUND), max_size=2))
    numbered = [text.replace("{n}", str(n)) for n, text in enumerate((*before, *after))]
    body = [*numbered[: len(before)], patch[-1], *numbered[len(before) :]]
    if len(patch) == 2:
        body.insert(draw(st.integers(0, len(before))), patch[0])
    head = draw(st.sampled_from(HEADS)) + draw(st.sampled_from(DOCSTRINGS))
    text = head + draw(st.sampled_from(FUTURES)) + draw(written(body))
    if draw(st.booleans()):
        text = text.replace("\n", "\r\n")
    if draw(st.booleans()):
        text = text.rstrip("\r\n")
    encoding = draw(st.sampled_from(["utf-8", "utf-8-sig"]))
    return Module(Document("app.py", text, encoding), draw(st.sampled_from(STYLES)))


@st.composite
def written(draw: st.DrawFn, body: Sequence[str]) -> str:
    """The statements below or beside each other, with comments and empty lines."""
    text = ""
    joint = False
    for number, statement in enumerate(body):
        is_compound = statement.startswith(("def", "@", "if", "try"))
        if is_compound and joint:
            text, joint = text + "\n", False
        if not joint:
            text += "\n" * draw(st.integers(0, 2))
            text += draw(st.sampled_from(["", "", f"# above {number}\n", f"# far {number}\n\n"]))
        text += statement
        joint = not is_compound and draw(st.integers(0, 4)) == 0
        if joint:
            text += draw(st.sampled_from(["; ", ";", " ;\t"]))
        else:
            text += draw(st.sampled_from(["", "", f"  # beside {number}", "  ", " # noqa: F401"]))
            text += "\n"
    return text if text.endswith("\n") else text + "\n"


def moved(module: Module) -> tuple[Document, Move]:
    move = move_to_top(module.document, module.patch, module.style)
    assume(move is not None)
    assert move is not None
    return module.document._replace(text=apply_edits(module.document.text, move.edits)), move


def single(statement: ast.stmt) -> Iterator[str]:
    """The dump of a statement; of an import one for each name."""
    if isinstance(statement, ast.Import):
        for alias in statement.names:
            yield ast.dump(ast.Import([alias]))
    elif isinstance(statement, ast.ImportFrom):
        for alias in statement.names:
            yield ast.dump(ast.ImportFrom(statement.module, [alias], statement.level))
    else:
        yield ast.dump(statement)


def dumps(text: str) -> list[str]:
    return [dump for statement in ast.parse(text).body for dump in single(statement)]


def patching(text: str) -> list[str]:
    """The dumps of all that a patch needs, in order, with the patch as the last."""
    found = []
    for statement in ast.parse(text).body:
        if isinstance(statement, (ast.Import, ast.ImportFrom)):
            for alias, dump in zip(statement.names, single(statement)):
                if alias.name in NEEDED:
                    found.append(dump)
        elif any(unit in ast.unparse(statement) + "()" for unit in UNITS[:4]):
            found.append(ast.dump(statement))
    return found


def anchors(text: str) -> int:
    """How many names and statements stand before the place of a patch."""
    body = ast.parse(text).body
    count = int(ast.get_docstring(ast.parse(text)) is not None)
    while isinstance(body[count], ast.ImportFrom) and body[count].module == "__future__":  # type: ignore[attr-defined]
        count += 1
    return count


def comments(text: str) -> list[tuple[int, str]]:
    tokens = tokenize.generate_tokens(io.StringIO(text.replace("\r\n", "\n")).readline)
    return [(one.start[0], one.string) for one in tokens if one.type == tokenize.COMMENT]


def plain(comment: str) -> str:
    for added in ADDED:
        comment = comment.replace(added, "")
    return comment.strip()


def beside(text: str) -> dict[str, set[str]]:
    """For each comment the statements that its line holds a part of."""
    tree = ast.parse(text)
    return {
        plain(comment): {
            dump
            for one in tree.body
            if one.lineno <= line <= (one.end_lineno or 0)
            for dump in single(one)
        }
        for line, comment in comments(text)
        if "beside" in comment or "in " in comment
    }


def above(text: str) -> dict[str, str]:
    """For each comment of its own line the statement on the line below."""
    starts: dict[int, str] = {}
    for one in reversed(ast.parse(text).body):
        decorators = getattr(one, "decorator_list", ())
        starts[min([one.lineno, *(d.lineno for d in decorators)])] = next(single(one))
    return {
        comment: starts[line + 1]
        for line, comment in comments(text)
        if "above" in comment and line + 1 in starts
    }


@hypothesis.settings(max_examples=20_000 if LONG else 300)
@given(modules())
def test_a_move_keeps_its_laws(module: Module) -> None:
    old = module.document.text
    new, move = moved(module)
    compile(new.text, "app.py", "exec")
    # The patch comes first, all else in its order.
    count, wanted = anchors(old), patching(old)
    found = dumps(new.text)
    assert found[: count + len(wanted)] == dumps(old)[:count] + wanted
    assert without(found, wanted) == without(dumps(old), wanted)
    # Names that went up are gone below, but from an import with a comment or a backslash in it.
    copied = "(monkey, # all" in old or "\\\n  import" in old.replace("\r", "")
    assert len(found) == len(dumps(old)) or copied
    keeps_comments(old, new.text)
    assert move_to_top(new, find(new), module.style) is None
    if "\r\n" in old:
        assert "\n" not in new.text.replace("\r\n", "")
    assert move.safe is not bool(move.why_unsafe)


def without(found: list[str], wanted: list[str]) -> list[str]:
    return [dump for dump in found if dump not in wanted]


def keeps_comments(old: str, new: str) -> None:
    before = Counter(plain(comment) for _line, comment in comments(old))
    after = Counter(plain(comment) for _line, comment in comments(new))
    del after[""], before[""]
    assert before == after
    for comment, dumps_there in beside(old).items():
        assert dumps_there & beside(new)[comment], comment
    gone = set(patching(old))
    for comment, dump in above(old).items():
        head = old.partition(comment)[0].strip().splitlines()
        is_header = bool(head) and all(line.startswith("#") for line in head)
        if dump not in gone and not is_header:
            assert above(new)[comment] == dump, comment


@given(modules())
def test_a_move_is_found_wherever_something_else_is_first(module: Module) -> None:
    text = module.document.text
    count, wanted = anchors(text), patching(text)
    above = dumps(text)[count : dumps(text).index(wanted[-1])]
    assume(any(dump not in wanted and "module='gevent'" not in dump for dump in above))
    assert move_to_top(module.document, module.patch, module.style) is not None
