"""What to write instead of a name that is gone: the same behaviour in words that are still there.

`ssl.wrap_socket()` verified nobody, and so does what is written here in its place: a fix that
verified would end connections that work. The texts of the arguments stay as the author wrote them.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Callable, NamedTuple, Optional

from sslfix.language import say as _
from sslfix.model import Applicability, Document, Edit, Location, Span

from .names import Use, uses
from .scopes import Scopes, scopes_of
from .syntax import span


class Modern(NamedTuple):
    """The edits that take a name out, all together, and whether they change what happens."""

    title: str
    edits: tuple[Edit, ...]
    applicability: Applicability
    why: str


class Rewriting(NamedTuple):
    """One place written anew. `equal` says that it behaves as it did.

    `instead` is what is written, where that is not what the table of names advises.
    """

    edits: tuple[Edit, ...]
    equal: bool = True
    needs: tuple[str, ...] = ()  # names of ssl that the place uses without a module before them
    instead: str = ""


def fix(document: Document, location: Location, rule: str) -> Modern | None:
    """What to write at the first location of a hit of that rule; None where only a person can."""
    scopes = scopes_of(document)
    for use in uses(document):
        place = document.locate(span(document, use.node))
        if (
            scopes is None
            or place[:5] != location[:5]
            or rule not in {use.name.rule, use.name.note}
        ):
            continue
        source = Source(document, scopes)
        found = _import(source, use) if isinstance(use.node, _IMPORTS) else _write(source, use)
        if found is not None:
            applicability = Applicability.SAFE if found.equal else Applicability.UNSAFE
            title = _("write {instead}").format(instead=found.instead or use.name.instead)
            return Modern(title, found.edits, applicability, _why(use, equal=found.equal))
    return None


_IMPORTS = (ast.Import, ast.ImportFrom)


def _why(use: Use, *, equal: bool) -> str:
    if not equal:
        return _("it is not quite what {name} did").format(name=use.shown)
    return _("it does what {name} did, and verifies no more than that").format(name=use.shown)


class Source:
    """A module with what the rewriting asks of it."""

    def __init__(self, document: Document, scopes: Scopes) -> None:
        self.document = document
        self.scopes = scopes

    def span(self, node: ast.stmt | ast.expr) -> Span:
        return span(self.document, node)

    def text(self, node: ast.stmt | ast.expr) -> str:
        start, end = self.span(node)
        return self.document.text[start:end]

    def edit(self, place: Span, text: str) -> Edit:
        return Edit(self.document.path, place, text)

    def module(self, name: str) -> str:
        """What the module's own imports call a module, "" where they do not import it."""
        top = self.scopes.names[self.scopes.tree]
        return next((own for own, meaning in top.items() if meaning == name), "")

    def free_name(self, *wanted: str) -> str:
        """The first of these names that the module does not use yet, "" for none."""
        used = {node.id for node in self.scopes.nodes if isinstance(node, ast.Name)}
        used |= {node.arg for node in self.scopes.nodes if isinstance(node, ast.arg)}
        return next((name for name in wanted if name not in used), "")

    def alone(self, statement: ast.stmt) -> tuple[str, int] | None:
        """The indent of a statement and where its line begins; None if it shares its lines."""
        text, (start, end) = self.document.text, self.span(statement)
        begin = max(text.rfind("\n", 0, start), text.rfind("\r", 0, start)) + 1
        rest = re.match(r"[^\r\n]*", text[end:])
        behind = rest[0].strip() if rest else ""
        if text[begin:start].strip() or (behind and not behind.startswith("#")):
            return None
        return text[begin:start], begin

    @property
    def newline(self) -> str:
        found = re.search(r"\r\n|\r|\n", self.document.text)
        return found[0] if found else "\n"


# --------------------------------------------------------------------------- which way


def _write(source: Source, use: Use) -> Rewriting | None:
    writer = _WRITERS.get(use.name.name)
    if writer is not None:
        return writer(source, use.node)
    return _parameters(source, use) if use.name.is_parameter else None


def _import(source: Source, use: Use) -> Rewriting | None:
    """The import and all that uses the name, if each place can be written anew."""
    statement, writer = use.node, _WRITERS.get(use.name.name)
    if not isinstance(statement, ast.ImportFrom) or writer is None:
        return None
    places = [
        writer(source, node)
        for node in source.scopes.nodes
        if isinstance(node, ast.Name) and source.scopes.meaning(node) == use.name.name
    ]
    written = [one for one in places if one is not None]
    last = use.name.name.rpartition(".")[2]
    start, end = source.span(statement)
    found = re.search(rf"\b{last}\b(?:\s+as\s+\w+)?", source.document.text[start:end])
    if not written or len(written) < len(places) or found is None:
        return None
    there = {one.asname or one.name for one in statement.names}
    needed = dict.fromkeys(name for one in written for name in one.needs if name not in there)
    alias = Span(start + found.start(), start + found.end())
    if not needed:
        return None  # the comma would have to go as well
    edits = [source.edit(alias, ", ".join(needed)), *(e for one in written for e in one.edits)]
    return Rewriting(tuple(edits), all(one.equal for one in written))


# --------------------------------------------------------------------------- wrap_socket

# https://github.com/python/cpython/blob/v3.11.7/Lib/ssl.py#L1435
_PARAMETERS = (
    "sock", "keyfile", "certfile", "server_side", "cert_reqs", "ssl_version", "ca_certs",
    "do_handshake_on_connect", "suppress_ragged_eofs", "ciphers",
)  # fmt: skip
_KEPT = ("server_side", "do_handshake_on_connect", "suppress_ragged_eofs")
# With these a new context verifies nobody, as the function did where nothing was said.
_PLAIN = {f"ssl.PROTOCOL_{one}" for one in ("TLS", "SSLv23", "TLSv1", "TLSv1_1", "TLSv1_2")}
_BROKEN = {"ssl.PROTOCOL_SSLv2", "ssl.PROTOCOL_SSLv3"}


def _wrap_socket(source: Source, node: ast.AST) -> Rewriting | None:
    """A context that is made as the function made it, in front of the statement if need be."""
    call = source.scopes.parents[node]
    if not isinstance(call, ast.Call) or call.func is not node or "#" in source.text(call):
        return None
    given = _arguments(call, _PARAMETERS)
    if given is None:
        return None
    given = {key: value for key, value in given.items() if not _is_default(source, key, value)}
    if "sock" not in given:
        return None
    meaning = source.scopes.meaning
    protocol = given.get("ssl_version")
    refused = ("server_side" in given or "keyfile" in given) and "certfile" not in given
    if refused or (protocol is not None and meaning(protocol) in _BROKEN):
        return None
    before = source.text(node.value) + "." if isinstance(node, ast.Attribute) else ""
    version = source.text(protocol) if protocol is not None else f"{before}PROTOCOL_TLS"
    made = f"{before}SSLContext({version})"
    needs = ["SSLContext", *([] if protocol is not None else ["PROTOCOL_TLS"])]
    plain = protocol is None or meaning(protocol) in _PLAIN
    lines = list(_settings(source, given))
    if not plain and "cert_reqs" not in given:
        lines.insert(0, f"{{}}.verify_mode = {before}CERT_NONE")
        needs.append("CERT_NONE")
    rest = [f"{key}={source.text(given[key])}" for key in _KEPT if key in given]
    wrap = f"wrap_socket({', '.join([source.text(given['sock']), *rest])})"
    if not lines:
        edits: tuple[Edit, ...] = (source.edit(source.span(call), f"{made}.{wrap}"),)
        return Rewriting(edits, equal=True, needs=tuple(needs))
    lines = [f"{{}} = {made}", *lines]
    return _in_front(source, call, lines, wrap, given=given, needs=() if before else needs)


def _settings(source: Source, given: Mapping[str, ast.expr]) -> Iterator[str]:
    """The lines that set a context, `{}` for its name, a tab for what only may be done."""
    text = {key: source.text(value) for key, value in given.items()}
    if "cert_reqs" in given:
        yield f"{{}}.verify_mode = {text['cert_reqs']}"
    if "ca_certs" in given:
        yield from _if(given["ca_certs"], text["ca_certs"], "load_verify_locations", "")
    if "certfile" in given:
        key = f", {text['keyfile']}" if "keyfile" in given else ""
        yield from _if(given["certfile"], text["certfile"], "load_cert_chain", key)
    if "ciphers" in given:
        yield from _if(given["ciphers"], text["ciphers"], "set_ciphers", "")


def _if(value: ast.expr, text: str, method: str, more: str) -> Iterator[str]:
    """The call of a method, only if the value is one where that is not known."""
    if not _is_text(value):
        yield f"if {text}:"
    yield f"{'' if _is_text(value) else chr(9)}{{}}.{method}({text}{more})"


def _is_text(value: ast.expr) -> bool:
    """Whether it is a text whatever happens."""
    if isinstance(value, ast.Call):
        return ast.unparse(value.func) in {"os.path.join", "os.path.abspath"}
    return isinstance(value, ast.JoinedStr) or (
        isinstance(value, ast.Constant) and bool(value.value)
    )


def _in_front(
    source: Source,
    call: ast.Call,
    lines: Sequence[str],
    wrap: str,
    *,
    given: Mapping[str, ast.expr],
    needs: Sequence[str],
) -> Rewriting | None:
    """Lines that make a context before the statement of a call, which then uses it."""
    statement = source.scopes.statement(call)
    place = source.alone(statement)
    name = source.free_name("context", "ssl_context", "tls_context")
    # A line of an argument that is moved out of its parentheses must not break.
    moved = [value for key, value in given.items() if key not in {*_KEPT, "sock"}]
    broken = any(re.search(r"[\r\n{}]", source.text(value)) for value in moved)
    if place is None or not name or broken or not _runs_first(source, call, statement):
        return None
    indent, begin = place
    unit = "\t" if "\t" in indent else "    "
    head = "".join(
        indent + line.replace("\t", unit).format(name) + source.newline for line in lines
    )
    edits = (
        source.edit(Span(begin, begin), head),
        source.edit(source.span(call), f"{name}.{wrap}"),
    )
    return Rewriting(edits, equal=all(_is_quiet(one) for one in moved), needs=tuple(needs))


def _runs_first(source: Source, call: ast.Call, statement: ast.stmt) -> bool:
    """Whether the statement surely calls it, and nothing of weight before it."""
    if isinstance(statement, (ast.With, ast.AsyncWith)):
        return statement.items[0].context_expr is call
    simple = (ast.Assign, ast.AnnAssign, ast.Return, ast.Expr)
    if not isinstance(statement, simple):
        return False
    for parent, _child in source.scopes.above(call):
        if parent is statement:
            return True
        if not isinstance(parent, (ast.Call, ast.keyword, ast.Tuple, ast.List)):
            return False
    return False


def _is_quiet(value: ast.expr) -> bool:
    """Whether it does not matter when, and how often, a value is worked out."""
    loud = (ast.Call, ast.Await, ast.Yield, ast.YieldFrom, ast.NamedExpr)
    return _is_text(value) or not any(isinstance(node, loud) for node in ast.walk(value))


def _arguments(call: ast.Call, parameters: Sequence[str]) -> dict[str, ast.expr] | None:
    """The arguments of a call by their names, None where they are not all written out."""
    if any(isinstance(one, ast.Starred) for one in call.args) or len(call.args) > len(parameters):
        return None
    given = dict(zip(parameters, call.args))
    for keyword in call.keywords:
        if keyword.arg is None or keyword.arg not in parameters or keyword.arg in given:
            return None
        given[keyword.arg] = keyword.value
    return given


def _is_default(source: Source, key: str, value: ast.expr) -> bool:
    if key == "cert_reqs":
        return source.scopes.meaning(value) == "ssl.CERT_NONE"
    if key == "server_side":
        return isinstance(value, ast.Constant) and value.value is False
    return isinstance(value, ast.Constant) and value.value is None


# --------------------------------------------------------------------------- parameters

_MAKES = {
    # What these made of a key and a certificate: a context that verifies nobody.
    "smtplib.SMTP_SSL": ("context", "_create_unverified_context"),
    "smtplib.SMTP().starttls": ("context", "_create_unverified_context"),
    "poplib.POP3_SSL": ("context", "_create_unverified_context"),
    "ftplib.FTP_TLS": ("context", "_create_unverified_context"),
    "imaplib.IMAP4_SSL": ("ssl_context", "_create_unverified_context"),
    "urllib.request.urlopen": ("context", "create_default_context"),
}


def _parameters(source: Source, use: Use) -> Rewriting | None:
    """The call without its old parameters, or with the context that they stood for."""
    call = use.node
    if not isinstance(call, ast.Call) or "#" in source.text(call):
        return None
    gone = [one for one in call.keywords if one.arg in use.name.keywords]
    if not gone or any(one.arg is None for one in call.keywords):
        return None
    telling = [one for one in gone if not _says_nothing(one)]
    if not telling:
        return Rewriting(tuple(_without(source, call, gone)))
    parameter, maker = _MAKES.get(use.name.name, ("", ""))
    module = source.module("ssl")
    known = all(one.arg != "cadefault" or isinstance(one.value, ast.Constant) for one in telling)
    if not parameter or not module or not known or parameter in {one.arg for one in call.keywords}:
        return None
    arguments = [f"{one.arg}={source.text(one.value)}" for one in telling if one.arg != "cadefault"]
    made = f"{parameter}={module}.{maker}({', '.join(arguments)})"
    first = source.edit(source.span(gone[0].value)._replace(start=_start(source, gone[0])), made)
    return Rewriting((first, *_without(source, call, gone[1:])))


def _says_nothing(keyword: ast.keyword) -> bool:
    value = keyword.value.value if isinstance(keyword.value, ast.Constant) else ...
    return value is None or (value is False and keyword.arg == "cadefault")


def _start(source: Source, keyword: ast.keyword) -> int:
    """Where a keyword's name begins; its place is no more than its value's with Python 3.8."""
    before = source.document.text[: source.span(keyword.value).start]
    found = re.search(rf"{keyword.arg}\s*=\s*$", before)
    return found.start() if found else len(before)


def _without(source: Source, call: ast.Call, gone: Sequence[ast.keyword]) -> Iterator[Edit]:
    """The edits that take arguments out, with the comma before them, or else behind them."""
    kept = [source.span(one) for one in call.args]
    kept += [
        Span(_start(source, one), source.span(one.value).end)
        for one in call.keywords
        if one not in gone
    ]
    left = source.span(call.func).end
    for one in gone:
        start, end = _start(source, one), source.span(one.value).end
        before = [place.end for place in kept if place.end <= start]
        if before:
            comma = source.document.text.rfind(",", 0, start)
            yield source.edit(Span(max(before[-1], left, comma), end), "")
        else:
            behind = re.compile(r"\s*,\s*").match(source.document.text, end)
            end = behind.end() if behind else end
            yield source.edit(Span(start, end), "")
        left = end


# --------------------------------------------------------------------------- smaller ones


def _random(source: Source, node: ast.AST) -> Rewriting | None:
    """`RAND_bytes`, which gives the bytes alone; the other gave a pair."""
    call = source.scopes.parents[node]
    if not isinstance(call, ast.Call) or call.func is not node:
        return None
    before = source.text(node.value) + "." if isinstance(node, ast.Attribute) else ""
    inside = source.text(call)[len(source.text(call.func)) :]
    again, whole = f"{before}RAND_bytes{inside}", source.scopes.parents[call]
    first = isinstance(whole, ast.Subscript) and ast.unparse(whole.slice) == "0"
    if first and isinstance(whole, ast.Subscript):
        return Rewriting((source.edit(source.span(whole), again),), needs=("RAND_bytes",))
    return Rewriting((source.edit(source.span(call), f"({again}, True)"),), needs=("RAND_bytes",))


def _protocol(source: Source, node: ast.AST) -> Rewriting | None:
    """The best protocol that both sides know, in the place of one that nobody speaks."""
    if not isinstance(node, (ast.Attribute, ast.Name)):
        return None
    before = source.text(node.value) + "." if isinstance(node, ast.Attribute) else ""
    edit = source.edit(source.span(node), f"{before}PROTOCOL_TLS")
    return Rewriting((edit,), equal=False, needs=("PROTOCOL_TLS",), instead="PROTOCOL_TLS")


def _ciphers(source: Source, node: ast.AST) -> Rewriting | None:
    """Nothing in the place of a statement that changes urllib3's list."""
    statement = source.scopes.statement(node)
    if not isinstance(statement, (ast.Assign, ast.AugAssign)) or source.alone(statement) is None:
        return None
    if node not in {getattr(statement, "target", None), *getattr(statement, "targets", ())}:
        return None
    return Rewriting((source.edit(source.span(statement), "pass"),), equal=False)


_Writer = Callable[[Source, ast.AST], Optional[Rewriting]]
_WRITERS: Mapping[str, _Writer] = {
    "ssl.wrap_socket": _wrap_socket,
    "ssl.RAND_pseudo_bytes": _random,
    "ssl.PROTOCOL_SSLv2": _protocol,
    "ssl.PROTOCOL_SSLv3": _protocol,
    "urllib3.util.ssl_.DEFAULT_CIPHERS": _ciphers,
}
