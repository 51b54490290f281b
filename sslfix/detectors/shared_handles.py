"""curl_cffi sessions that are told to share their curl handle between threads (SSL602)."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from sslfix.detectors._bindings import bound, parse, qualified, span
from sslfix.language import say as _
from sslfix.model import Detector, Document, Facts, Hit, Interpreter

# The option exists on the plain Session only; AsyncSession has no threads.
SESSIONS = ("curl_cffi.Session", "curl_cffi.requests.Session", "curl_cffi.requests.session.Session")
OPTION = "use_thread_local_curl"


def detect(facts: Facts, interpreter: Interpreter) -> tuple[Hit, ...]:
    """A hit for each `Session(use_thread_local_curl=False)` in the sources."""
    del interpreter  # no release of Python or of an SSL library makes it safe
    note = _("one curl handle for all threads")
    return tuple(
        Hit(
            rule="SSL602",
            locations=(document.locate(span(document, call), note),),
            message=_("this Session shares one curl handle between all threads"),
            detail=_("threads that use it together crash the process"),
            distribution="curl-cffi",
        )
        for document in facts.sources
        if "curl_cffi" in document.text and OPTION in document.text
        for call in _sharing(document)
    )


def _sharing(document: Document) -> Iterator[ast.Call]:
    tree = parse(document)
    nodes = list(ast.walk(tree)) if tree else []
    names = {
        name: meaning
        for node in nodes
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for name, meaning in bound(node)
    }
    for node in nodes:
        if isinstance(node, ast.Call) and qualified(node.func, names) in SESSIONS:
            for keyword in node.keywords:
                off = isinstance(keyword.value, ast.Constant) and keyword.value.value is False
                if keyword.arg == OPTION and off:
                    yield node


DETECTOR = Detector("shared-handles", detect)
