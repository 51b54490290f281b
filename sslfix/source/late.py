"""Patches that come too late, and where they would have to stand."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from functools import cache, lru_cache
from typing import NamedTuple

from sslfix.model import Document, Facts, Interpreter, Location, Span
from sslfix.source.holders import RECURSES, Holders, injects, known_versions
from sslfix.source.modules import Modules, is_test, stem
from sslfix.source.moving_style import SETTINGS_ONLY
from sslfix.source.patches import mentions_patch
from sslfix.source.program import Late, Place, Start
from sslfix.source.quiet import Quiet
from sslfix.source.running import Run
from sslfix.source.starts import starts
from sslfix.source.syntax import bound, parse, span


class Misplaced(NamedTuple):
    """What has to stand where, for a patch that comes too late.

    `statement` is the whole statement in `patch` that patches: a call (`monkey.patch_all()`), an
    import that patches by itself (`import grequests`), or gunicorn's `worker_class = "gevent"`.
    `needs` are the imports in that module which bind the names that it uses, in their order. They
    belong before `before` in `entry`: `patch` itself where that leads to ssl, else the module that
    the program starts with. `before` is a statement at the top of its module: the import that leads
    to ssl, or what calls the function with it. `certain` is False where the patch only runs under a
    condition or inside a function, so that moving it changes when it runs.
    """

    patch: Document
    statement: Span
    needs: tuple[Span, ...]
    entry: Document
    before: Span
    certain: bool


def late_patches(facts: Facts, interpreter: Interpreter) -> tuple[Late, ...]:
    """The patches that surely come too late where they run: for each place the worst program."""
    found: dict[tuple[str, Span], Late] = {}
    for one in sorted(_late(facts, interpreter), key=lambda late: late.effect != RECURSES):
        found.setdefault((one.patch.document.path, one.patch.span), one)
    return tuple(found.values())


def _late(facts: Facts, interpreter: Interpreter) -> tuple[Late, ...]:
    judged = [one for one in facts.files if _judges(interpreter, one.document.path)]
    versions = known_versions(interpreter, judged)
    python = tuple(int(part) for part in interpreter.version.split(".")[:2] if part.isdigit())
    installed = frozenset(one.name for one in interpreter.distributions)
    return _in_all_programs(facts.sources, tuple(sorted(versions.items())), installed, python)


def _judges(interpreter: Interpreter, path: str) -> bool:
    return interpreter.judges is None or path in interpreter.judges


@lru_cache(maxsize=8)
def _in_all_programs(
    sources: tuple[Document, ...],
    versions: tuple[tuple[str, str], ...],
    installed: frozenset[str],
    python: tuple[int, ...],
) -> tuple[Late, ...]:
    """The late patches of each program; kept, as each fix asks again."""
    modules = Modules(sources)
    others = [
        one
        for one in sources
        if one.path not in modules.documents
        if one.path.rpartition("/")[2] not in SETTINGS_ONLY
    ]
    patching = [path for path, one in modules.documents.items() if mentions_patch(one)]
    if not patching and not any(word in one.text for word in _GREEN for one in others):
        return ()
    leading = modules.leading_to(patching)
    is_injected = injects(modules.documents.values())
    effects = Holders(dict(versions), installed, injected=is_injected)
    quiet = cache(lambda home: Quiet(modules, effects, python, leading, home))
    found: list[Late] = []
    modules_run = 0
    for start in starts(modules, others):
        first = {one.path for one in (start.document, start.configuration) if one}
        if start.after or not leading.isdisjoint(first):
            run = Run(modules, quiet(start.home), start)
            modules_run += len(run.seen)
            if start.is_sure or not _is_imported(start.document, modules, run):
                found += filter(_is_known, run.late)
            if modules_run > _MOST:
                break
    return tuple(found)


_GREEN = ("gevent", "eventlet")
# In all programs, some 10 s: thousands of programs that run thousands of modules each have more.
_MOST = 100_000


def _is_known(late: Late) -> bool:
    """Whether the program surely is none that `locust` starts, which patches before it."""
    name = late.start.document.path.rpartition("/")[2]
    is_task = late.patch.what.startswith("import locust")
    return not is_task or (late.start.is_sure and "locust" not in name)


def _is_imported(document: Document, modules: Modules, run: Run) -> bool:
    """Whether a module imports this one that is no test and not run by it."""
    own = stem(document.path)
    for other in modules.documents.values() if run.late else ():
        if is_test(other.path) or other.path in run.seen or own not in other.text:
            continue
        tree = parse(other)
        nodes = ast.walk(tree) if tree else ()
        imports = (one for one in nodes if isinstance(one, (ast.Import, ast.ImportFrom)))
        if any(document.path in modules.loaded(one, other.path) for one in imports):
            return True
    return False


def misplaced(location: Location, facts: Facts, interpreter: Interpreter) -> tuple[Misplaced, ...]:
    """What has to stand where, for the first location of a hit; nothing where no move helps.

    There is one for each module that has to patch: other programs may import the patch as late.
    """
    found: dict[str, Misplaced] = {}
    for late in _late(facts, interpreter):
        if late.patch.locate("")[:5] == location[:5]:
            one = _misplaced(late)
            if one is None:
                return ()
            found.setdefault(one.entry.path, one)
    return tuple(found.values())


def _misplaced(late: Late) -> Misplaced | None:
    document, steps = late.patch.document, (*late.holder.via, late.holder)
    # Where the module that patches leads to ssl by itself, the program's own need not change.
    own = (step for step in steps if step.document.path == document.path)
    first = next(own, steps[0])
    before = _statement_at(first)
    is_library = not late.start.is_sure and first.document.path.endswith("__init__.py")
    if late.statement is None or before is None:
        return None
    if is_library and first.document.path != document.path:
        return None  # what a package does for all that import it, a person decides
    return Misplaced(
        patch=document,
        statement=span(document, late.statement),
        needs=_needs(document, late.statement),
        entry=first.document,
        before=span(first.document, before),
        certain=late.is_plain,
    )


def _statement_at(place: Place) -> ast.stmt | None:
    """The statement at the top of its module that a place is in."""
    tree = parse(place.document)
    line = place.document.position(place.span.start)[0]
    body: Iterable[ast.stmt] = tree.body if tree else ()
    return next((one for one in body if one.lineno <= line <= (one.end_lineno or 0)), None)


def _needs(document: Document, statement: ast.stmt) -> tuple[Span, ...]:
    """The imports that bind the names that a statement uses, but for itself."""
    used = {node.id for node in ast.walk(statement) if isinstance(node, ast.Name)}
    tree = parse(document)
    return tuple(
        span(document, node)
        for node in (ast.walk(tree) if tree else ())
        if isinstance(node, (ast.Import, ast.ImportFrom)) and node is not statement
        if used.intersection(name for name, _meaning in bound(node))
    )


__all__ = ["Late", "Misplaced", "Start", "late_patches", "misplaced"]
