"""What is written in the place of a name that is gone, and where nothing is."""

from __future__ import annotations

import ast

import pytest

from sslfix.model import Applicability, Document
from sslfix.source import modern
from sslfix.source.names import uses
from sslfix.source.syntax import span


def written(source: str) -> tuple[str, Applicability] | None:
    """The source with its first use written anew, and how safe that is."""
    document = Document("app.py", source)
    use = next(one for one in uses(document) if one.name.rule)
    place = document.locate(span(document, use.node))
    found = modern.fix(document, place, use.name.rule)
    if found is None:
        return None
    for edit in sorted(found.edits, key=lambda one: -one.span.start):
        source = source[: edit.span.start] + edit.text + source[edit.span.end :]
    return source, found.applicability


SAFE = [
    (
        "import ssl\ns = ssl.wrap_socket(s)\n",
        "import ssl\ns = ssl.SSLContext(ssl.PROTOCOL_TLS).wrap_socket(s)\n",
    ),
    (
        (
            "import ssl as t\n"
            "f(t.wrap_socket(s, cert_reqs=t.CERT_NONE, do_handshake_on_connect=False))\n"
        ),
        (
            "import ssl as t\n"
            "f(t.SSLContext(t.PROTOCOL_TLS).wrap_socket(s, do_handshake_on_connect=False))\n"
        ),
    ),
    (
        (
            "import ssl\r\ndef f(s):\r\n"
            "\ts.x = ssl.wrap_socket(s.x, certfile='c', server_side=True)  # é\r\n"
        ),
        (
            "import ssl\r\ndef f(s):\r\n\tcontext = ssl.SSLContext(ssl.PROTOCOL_TLS)\r\n"
            "\tcontext.load_cert_chain('c')\r\n"
            "\ts.x = context.wrap_socket(s.x, server_side=True)  # é\r\n"
        ),
    ),
    (
        (
            "import ssl\ncontext = 1\ns = ssl.wrap_socket(\n    s, k, c,\n"
            "    cert_reqs=ssl.CERT_REQUIRED,\n"
            "    ssl_version=ssl.PROTOCOL_TLSv1_2, ca_certs=a, ciphers='X',\n)\n"
        ),
        (
            "import ssl\ncontext = 1\nssl_context = ssl.SSLContext(ssl.PROTOCOL_TLSv1_2)\n"
            "ssl_context.verify_mode = ssl.CERT_REQUIRED\nif a:\n"
            "    ssl_context.load_verify_locations(a)\n"
            "if c:\n    ssl_context.load_cert_chain(c, k)\nssl_context.set_ciphers('X')\n"
            "s = ssl_context.wrap_socket(s)\n"
        ),
    ),
    (
        "import ssl\ns = ssl.wrap_socket(s, ssl_version=v)\n",
        (
            "import ssl\ncontext = ssl.SSLContext(v)\ncontext.verify_mode = ssl.CERT_NONE\n"
            "s = context.wrap_socket(s)\n"
        ),
    ),
    (
        "import ssl\nwith ssl.wrap_socket(s, ca_certs='a') as t:\n    pass\n",
        (
            "import ssl\ncontext = ssl.SSLContext(ssl.PROTOCOL_TLS)\n"
            "context.load_verify_locations('a')\n"
            "with context.wrap_socket(s) as t:\n    pass\n"
        ),
    ),
    (
        "from ssl import CERT_NONE, wrap_socket as ws\na = ws(s)\nb = ws(t)\n",
        (
            "from ssl import CERT_NONE, SSLContext, PROTOCOL_TLS\n"
            "a = SSLContext(PROTOCOL_TLS).wrap_socket(s)\n"
            "b = SSLContext(PROTOCOL_TLS).wrap_socket(t)\n"
        ),
    ),
    (
        "import http.client as h\nh.HTTPSConnection(a, key_file=None, timeout=1, cert_file=None)\n",
        "import http.client as h\nh.HTTPSConnection(a, timeout=1)\n",
    ),
    (
        "import ssl, smtplib\nsmtplib.SMTP_SSL(host=h, keyfile=k, certfile=c)\n",
        (
            "import ssl, smtplib\n"
            "smtplib.SMTP_SSL("
            "host=h, context=ssl._create_unverified_context(keyfile=k, certfile=c))\n"
        ),
    ),
    (
        "import ssl, imaplib\nimaplib.IMAP4_SSL(\n    h,\n    certfile=c,\n)\n",
        (
            "import ssl, imaplib\nimaplib.IMAP4_SSL(\n    h,\n"
            "    ssl_context=ssl._create_unverified_context(certfile=c),\n)\n"
        ),
    ),
    (
        "import smtplib\ns = smtplib.SMTP(h)\ns.starttls(keyfile=None, certfile=None)\n",
        "import smtplib\ns = smtplib.SMTP(h)\ns.starttls()\n",
    ),
    (
        "import ssl\nfrom urllib.request import urlopen\nurlopen(u, cafile=c, cadefault=True)\n",
        (
            "import ssl\nfrom urllib.request import urlopen\n"
            "urlopen(u, context=ssl.create_default_context(cafile=c))\n"
        ),
    ),
    ("import ssl\nx = ssl.RAND_pseudo_bytes(8)[0]\n", "import ssl\nx = ssl.RAND_bytes(8)\n"),
    (
        "import ssl\nx, y = ssl.RAND_pseudo_bytes(8)\n",
        "import ssl\nx, y = (ssl.RAND_bytes(8), True)\n",
    ),
]


@pytest.mark.parametrize(("source", "expected"), SAFE)
def test_writes_what_does_the_same(source: str, expected: str) -> None:
    assert written(source) == (expected, Applicability.SAFE)
    ast.parse(expected)
    assert not [one for one in uses(Document("app.py", expected)) if one.name.rule]


UNSAFE = [
    ("import ssl\nv = ssl.PROTOCOL_SSLv3\n", "import ssl\nv = ssl.PROTOCOL_TLS\n"),
    (
        "import ssl\ns = ssl.wrap_socket(s, ca_certs=find())\n",
        (
            "import ssl\ncontext = ssl.SSLContext(ssl.PROTOCOL_TLS)\nif find():\n"
            "    context.load_verify_locations(find())\ns = context.wrap_socket(s)\n"
        ),
    ),
    (
        "import urllib3\nurllib3.util.ssl_.DEFAULT_CIPHERS += ':HIGH'\n",
        "import urllib3\npass\n",
    ),
]


@pytest.mark.parametrize(("source", "expected"), UNSAFE)
def test_says_what_is_not_quite_the_same(source: str, expected: str) -> None:
    assert written(source) == (expected, Applicability.UNSAFE)


@pytest.mark.parametrize(
    "source",
    [
        "import ssl\ns = ssl.wrap_socket(s, **options)\n",
        "import ssl\ns = ssl.wrap_socket(*both)\n",
        "import ssl\ns = ssl.wrap_socket(None)\n",
        "import ssl\nwrap = ssl.wrap_socket\n",
        "import ssl\nif x: s = ssl.wrap_socket(s, ca_certs='a')\n",
        "import ssl\na(); s = ssl.wrap_socket(s, ca_certs='a')\n",
        "import ssl\ns = x or ssl.wrap_socket(s, ca_certs='a')\n",
        "import ssl\ns = [ssl.wrap_socket(t, ca_certs='a') for t in x]\n",
        "import ssl\ns = lambda: ssl.wrap_socket(s, ca_certs='a')\n",
        "import ssl\ns = ssl.wrap_socket(s,  # mine\n    ca_certs='a')\n",
        "import ssl\ns = ssl.wrap_socket(s, ssl_version=ssl.PROTOCOL_SSLv3)\n",
        "import ssl\ns = ssl.wrap_socket(s, server_side=True)\n",
        "import ssl\ns = ssl.wrap_socket(s, keyfile='k')\n",
        "import ssl\ns = ssl.wrap_socket(s, password='k')\n",
        (
            "import ssl\ncontext = ssl_context = tls_context = 0\n"
            "s = ssl.wrap_socket(s, ca_certs='a')\n"
        ),
        "import ssl\ns = ssl.wrap_socket(s, ca_certs=(\n 'a'\n 'b'))\n",
        "from ssl import wrap_socket\nx = wrap_socket\n",
        "from ssl import match_hostname\n",
        "import ssl\nssl.match_hostname(a, b)\n",
        "import http.client as h\nh.HTTPSConnection(a, key_file=k)\n",
        "import http.client as h\nh.HTTPSConnection(a, check_hostname=False)\n",
        "import smtplib\nsmtplib.SMTP_SSL(h, keyfile=k, certfile=c)\n",
        "import ssl, smtplib\nsmtplib.SMTP_SSL(h, 1, 'l', k, c)\n",
        "import ssl, smtplib\nsmtplib.SMTP_SSL(h, keyfile=k, context=c)\n",
        "import ssl\nfrom urllib.request import urlopen\nurlopen(u, cadefault=x)\n",
        "import ssl\nssl.RAND_egd(p)\n",
        "import urllib3\nx = urllib3.util.ssl_.DEFAULT_CIPHERS + ':HIGH'\n",
    ],
)
def test_leaves_the_rest_to_a_person(source: str) -> None:
    assert written(source) is None


def test_the_title_says_what_is_written() -> None:
    """The table advises PROTOCOL_TLS_CLIENT, which would begin to verify."""
    document = Document("app.py", "import ssl\nc = ssl.SSLContext(ssl.PROTOCOL_SSLv3)\n")
    use = next(one for one in uses(document) if one.name.rule == "SSL607")
    found = modern.fix(document, document.locate(span(document, use.node)), "SSL607")
    assert found is not None
    assert (found.title, found.edits[0].text) == ("write PROTOCOL_TLS", "ssl.PROTOCOL_TLS")
