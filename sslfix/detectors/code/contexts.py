"""SSLContexts that are changed while they are in use (SSL622, SSL628, SSL629)."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from sslfix import specifiers
from sslfix.language import say as _
from sslfix.model import Detector, Document, Facts, Hit, Interpreter, Location
from sslfix.source.scopes import Scopes, scopes_of
from sslfix.source.syntax import span
from sslfix.source.threads import Threads

MAKERS = (
    "ssl.SSLContext", "ssl.create_default_context", "ssl._create_unverified_context",
    "urllib3.util.ssl_.create_urllib3_context", "urllib3.util.create_urllib3_context",
)  # fmt: skip
# What loads or replaces something that connections read.
_LOADS = frozenset({"load_cert_chain", "load_verify_locations", "load_default_certs"})
_CHANGES = _LOADS | {"set_ciphers", "set_alpn_protocols"}
_SETTINGS = frozenset({"verify_mode", "check_hostname", "minimum_version", "maximum_version"})
_OLD = ("ssl.PROTOCOL_TLSv1", "ssl.PROTOCOL_TLSv1_1")


def detect(facts: Facts, interpreter: Interpreter) -> tuple[Hit, ...]:
    """A hit for each context that is changed too late, and each that no peer can talk to."""
    return tuple(
        hit
        for document in facts.sources
        if "ssl" in document.text and "ontext" in document.text
        for hit in _look(document, interpreter)
    )


def _look(document: Document, interpreter: Interpreter) -> Iterator[Hit]:
    text = document.text
    old = _OLD_SIGN.search(text) is not None and _refuses_old(interpreter)
    changes = _MADE.search(text) and any(word in text for word in (*_CHANGES, *_SETTINGS))
    in_threads = changes and _THREADS.search(text) is not None
    after_use = changes and _is_wrapped_first(text)
    scopes = scopes_of(document) if old or in_threads or after_use else None
    if scopes is None:
        return
    if old:
        yield from _old_versions(document, scopes)
    if changes:
        threads = Threads(scopes)
        told = tuple(_in_threads(document, threads))
        yield from told
        known = {hit.locations[0] for hit in told}
        for hit in _after_use(document, scopes, threads) if after_use else ():
            if hit.locations[0] not in known:
                yield hit


_OLD_SIGN = re.compile(r"PROTOCOL_TLSv1(?:_1)?(?!\w)")
# What starts threads; without one of these no context is shared.
_THREADS = re.compile(r"Thread(?![a-z])|to_thread|run_in_executor|multiprocessing")
_MADE = re.compile(rf"(?:{'|'.join({one.rpartition('.')[2] for one in MAKERS})})(?:\(| as )")


def _is_wrapped_first(text: str) -> bool:
    """Whether a context may be changed after a connection, by the places of the words alone."""
    first = text.find(".wrap_socket(")
    return first >= 0 and any(text.rfind(word) > first for word in (*_CHANGES, *_SETTINGS))


# --------------------------------------------------------------------------- TLS 1.0 and 1.1


def _refuses_old(interpreter: Interpreter) -> bool:
    """OpenSSL 3 has TLS 1.0 and 1.1 at security level 0 only."""
    library = interpreter.ssl
    return bool(
        library and library.name == "OpenSSL" and specifiers.holds(library.comparable, ">=3")
    )


def _old_versions(document: Document, scopes: Scopes) -> Iterator[Hit]:
    if "SECLEVEL" in document.text:
        return
    for node in scopes.nodes:
        if not isinstance(node, ast.Call) or scopes.meaning(node.func) != "ssl.SSLContext":
            continue
        for argument in node.args[:1]:
            if scopes.meaning(argument) in _OLD and not scopes.is_guarded(node):
                yield Hit(
                    rule="SSL622",
                    locations=(document.locate(span(document, node)),),
                    message=_("a context for TLS 1.0 or 1.1 alone connects to nobody here"),
                    detail=_("OpenSSL 3 has these versions at security level 0 only"),
                )


# --------------------------------------------------------------------------- changed in use


def _in_threads(document: Document, threads: Threads) -> Iterator[Hit]:
    """Contexts that several threads share and that the threads themselves load into."""
    for one in threads.shared(MAKERS):
        key = threads.key(one.use)
        for start in threads.starts:
            for function in threads.functions(start):
                for node in ast.walk(function):
                    change = _change(node)
                    if change is not None and key and threads.key(change) == key:
                        yield Hit(
                            rule="SSL628",
                            locations=(
                                _place(document, node, _("changes the context")),
                                _place(document, start.call, _("in threads from here")),
                                _place(document, one.made, _("the context that they share")),
                            ),
                            message=_("threads change an SSLContext that they share"),
                            detail=_("OpenSSL does not allow it while another one uses it"),
                        )
                        return


def _after_use(document: Document, scopes: Scopes, threads: Threads) -> Iterator[Hit]:
    """Local contexts that are changed after the only connection that they make."""
    for block in _blocks(scopes):
        used: dict[object, ast.Call] = {}
        for statement in block:
            for key in _bound_keys(statement, threads) if used else ():
                used.pop(key, None)
            change = _changed(statement)
            key = threads.key(change) if change is not None else None
            if key in used and key is not None and not _is_read_later(key, statement, threads):
                yield Hit(
                    rule="SSL629",
                    locations=(
                        _place(document, statement, _("too late for that")),
                        _place(document, used.pop(key), _("the connection is made here")),
                    ),
                    message=_("this SSLContext is changed after it has made its connection"),
                    detail=_("a connection takes the settings over when it is made"),
                )
            for reference, place in _wrapped(statement):
                known, where = threads.maker(reference), threads.key(reference)
                is_own = known is not None and scopes.meaning(known.func) in MAKERS
                if is_own and where and isinstance(reference, ast.Name):
                    used.setdefault(where, place)


def _is_read_later(key: object, change: ast.stmt, threads: Threads) -> bool:
    """Whether anything but another change has to do with the context after that."""
    for node in threads.scopes.nodes:
        if isinstance(node, ast.Name) and node.lineno > change.lineno and threads.key(node) == key:
            is_change = _changed(threads.scopes.statement(node)) is node
            if not is_change:
                return True
    return any(isinstance(one, _LOOPS) for one, _child in threads.scopes.above(change))


_LOOPS = (ast.For, ast.AsyncFor, ast.While)


def _blocks(scopes: Scopes) -> Iterator[list[ast.stmt]]:
    for node in scopes.nodes:
        body = getattr(node, "body", None)
        if isinstance(body, list) and isinstance(node, (ast.Module, ast.FunctionDef, ast.With)):
            yield body


def _changed(statement: ast.stmt) -> ast.expr | None:
    if isinstance(statement, ast.Expr):
        return _change(statement.value)
    return _change(statement)


def _change(node: ast.AST) -> ast.expr | None:
    """The context that a call or an assignment changes, None where it changes none."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return node.func.value if node.func.attr in _CHANGES else None
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Attribute):
        return node.targets[0].value if node.targets[0].attr in _SETTINGS else None
    return None


def _bound_keys(statement: ast.stmt, threads: Threads) -> Iterator[object]:
    for node in ast.walk(statement):
        if isinstance(node, (ast.Name, ast.Attribute)) and isinstance(node.ctx, ast.Store):
            yield threads.key(node)


def _wrapped(statement: ast.stmt) -> Iterator[tuple[ast.expr, ast.Call]]:
    """The contexts by which simple statements make a client's connection."""
    if isinstance(statement, (ast.Expr, ast.Assign)):
        for node in ast.walk(statement):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                serves = any(one.arg in {None, "server_side"} for one in node.keywords)
                if node.func.attr == "wrap_socket" and not serves:
                    yield node.func.value, node


def _place(document: Document, node: ast.AST, note: str) -> Location:
    assert isinstance(node, (ast.stmt, ast.expr))
    return document.locate(span(document, node), note)


DETECTOR = Detector("contexts", detect)
