"""curl handles and client certificates that threads share (SSL602, SSL625, SSL626, SSL627)."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from sslfix.language import say as _
from sslfix.model import Detector, Document, Facts, Hit, Interpreter, Location
from sslfix.source.scopes import Scopes, scopes_of
from sslfix.source.syntax import span
from sslfix.source.threads import Shared, Threads

from . import _releases

# The option exists on the plain Session only; AsyncSession has no threads.
SESSIONS = ("curl_cffi.Session", "curl_cffi.requests.Session", "curl_cffi.requests.session.Session")
HANDLES = ("curl_cffi.Curl", "curl_cffi.curl.Curl")
OPTION = "use_thread_local_curl"
# https://github.com/lexiforest/curl_cffi/pull/50
ONE_HANDLE = "<0.5.6"
REQUESTS_SESSIONS = ("requests.Session", "requests.session", "requests.sessions.Session")
ONE_CONTEXT = ">=2.32.0,<2.32.5"  # SSL401
_METHODS = frozenset({"get", "post", "put", "patch", "delete", "head", "options", "request"})


def detect(facts: Facts, interpreter: Interpreter) -> tuple[Hit, ...]:
    """A hit for each handle and each certificate that surely is in several threads."""
    return tuple(
        hit
        for document in facts.sources
        for hit in (
            *(_curl(document, facts, interpreter) if "curl_cffi" in document.text else ()),
            *(_certificates(document, facts, interpreter) if _may_matter(document) else ()),
        )
    )


def _may_matter(document: Document) -> bool:
    text = document.text
    return "cert" in text and "requests" in text and ("hread" in text or "executor" in text)


# --------------------------------------------------------------------------- curl_cffi


def _curl(document: Document, facts: Facts, interpreter: Interpreter) -> Iterator[Hit]:
    scopes = scopes_of(document)
    if scopes is None:
        return
    threads = Threads(scopes)
    shared = {one.made: one for one in threads.shared((*SESSIONS, *HANDLES))}
    for node in scopes.nodes:
        if isinstance(node, ast.Call) and scopes.meaning(node.func) in SESSIONS and _is_off(node):
            if node in shared:
                yield _session(document, shared[node], ())
            elif not threads.is_locked(node):
                yield _option(document, node)
    old = _releases.all_in("curl-cffi", ONE_HANDLE, facts, interpreter)
    for made, one in shared.items():
        if scopes.meaning(made.func) in HANDLES:
            yield _handle(document, one)
        elif old is not None and not _is_off(made):
            yield _session(document, one, old)


def _is_off(call: ast.Call) -> bool:
    return any(
        isinstance(one.value, ast.Constant) and one.value.value is False
        for one in call.keywords
        if one.arg == OPTION
    )


def _ways(document: Document, one: Shared) -> tuple[Location, ...]:
    return (
        document.locate(span(document, one.use), _("threads use it here")),
        document.locate(span(document, one.start), _("the threads are started here")),
    )


def _option(document: Document, call: ast.Call) -> Hit:
    note = _("one curl handle for all threads")
    return Hit(
        rule="SSL602",
        locations=(document.locate(span(document, call), note),),
        message=_("this Session shares one curl handle between all threads"),
        detail=_("two that use it at once crash the process"),
        distribution="curl-cffi",
    )


def _session(document: Document, one: Shared, places: tuple[Location, ...]) -> Hit:
    note = _("one curl handle for all threads")
    here = document.locate(span(document, one.made), note)
    return Hit(
        rule="SSL625",
        locations=(here, *_ways(document, one), *places),
        message=_("threads share this Session, which has one curl handle for all of them"),
        detail=_("two that use it at once crash the process"),
        distribution="curl-cffi",
    )


def _handle(document: Document, one: Shared) -> Hit:
    here = document.locate(span(document, one.made), _("made once"))
    return Hit(
        rule="SSL626",
        locations=(here, *_ways(document, one)),
        message=_("threads share this curl handle"),
        detail=_("two that use it at once crash the process"),
        distribution="curl-cffi",
    )


# --------------------------------------------------------------------------- requests


def _certificates(document: Document, facts: Facts, interpreter: Interpreter) -> Iterator[Hit]:
    places = _releases.all_in("requests", ONE_CONTEXT, facts, interpreter)
    scopes = scopes_of(document) if places is not None else None
    if scopes is None or places is None:
        return
    threads = Threads(scopes)
    seen = set()
    for start in threads.starts:
        for function in threads.functions(start):
            for node in ast.walk(function):
                told = _certificate(node, scopes, threads)
                if told is not None and told not in seen:
                    seen.add(told)
                    begun = document.locate(span(document, start.call), _("in threads from here"))
                    here = document.locate(span(document, told), _("loads a client certificate"))
                    yield Hit(
                        rule="SSL627",
                        locations=(here, begun, *places),
                        message=_("threads load client certificates into one SSLContext"),
                        detail=_("requests 2.32.0 to 2.32.4 use one context for all connections"),
                        distribution="requests",
                    )


def _certificate(node: ast.AST, scopes: Scopes, threads: Threads) -> ast.expr | None:
    """The place that gives a certificate to a request that is made here, None for none."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return None
    if node.func.attr not in _METHODS or _has_own_context(node) or threads.is_locked(node):
        return None
    made = threads.maker(node.func.value)
    of_session = made is not None and scopes.meaning(made.func) in REQUESTS_SESSIONS
    if not of_session and not scopes.meaning(node.func).startswith(("requests.get", "requests.")):
        return None
    own = next((one.value for one in node.keywords if one.arg == "cert"), None)
    if own is not None:
        return None if isinstance(own, ast.Constant) and own.value is None else node
    return _attribute(node.func.value, scopes, threads) if of_session else None


def _has_own_context(call: ast.Call) -> bool:
    """Whether `verify` is anything but True: only that takes the shared context."""
    return any(
        one.arg is None or (one.arg == "verify" and getattr(one.value, "value", None) is not True)
        for one in call.keywords
    )


def _attribute(session: ast.expr, scopes: Scopes, threads: Threads) -> ast.expr | None:
    """The `session.cert` that is set, unless `session.verify` is as well."""
    key, found = threads.key(session), None
    for node in scopes.nodes:
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            if threads.key(node.value) == key and node.attr == "verify":
                return None
            if threads.key(node.value) == key and node.attr == "cert":
                found = node
    return found


DETECTOR = Detector("shared-handles", detect)
