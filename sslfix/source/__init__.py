"""The project's own source: its modules, what they import and in which order.

For detectors and fixes:

    from sslfix.source.late import Late, Misplaced, late_patches, misplaced

    late_patches(facts, interpreter) -> tuple[Late, ...]
        the patches that surely come too late, each with the way to what was imported before
    misplaced(location, facts, interpreter) -> tuple[Misplaced, ...]
        for the first location of an SSL601 (or SSL614) hit: what has to stand where

A `Misplaced` says (see its docstring):

    patch      Document    the module in which the patch stands
    statement  Span        the whole statement that patches, in `patch`
    needs      Span, ...   the import statements in `patch` that it needs (`from gevent import ...`)
    entry      Document    the program's first module: where the patch has to stand
    before     Span        the import statement in `entry` before which it has to stand

For anything that reads sources:

    from sslfix.source.syntax import parse, span, bound, qualified

    parse(document) -> ast.Module | None        kept for the documents asked about last
    span(document, node) -> Span                characters, from ast's bytes of UTF-8
    bound(import statement) -> (name, dotted name it stands for), ...
    qualified(expression, names) -> dotted name, "" for anything else
"""
