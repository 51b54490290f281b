"""Which names are gone, where a module uses them, and who asked first."""

from __future__ import annotations

import json
from typing import Callable

import pytest

from sslfix import specifiers
from sslfix.model import Document
from sslfix.source.names import all_names, uses
from tests.conftest import run


def names(source: str) -> list[str]:
    return [use.name.name for use in uses(Document("app.py", source))]


SILENT = {
    "another object of that name": "def f(ssl):\n    ssl.wrap_socket(s)\nimport ssl\n",
    "a variable of that name": "import ssl\nssl = make()\nssl.wrap_socket(s)\n",
    "two origins": "try:\n import ssl\nexcept E:\n from mine import ssl\nssl.wrap_socket(s)\n",
    "the project's own ssl": "from .ssl import wrap_socket\nwrap_socket(s)\n",
    "green ssl": "from eventlet.green import ssl\nssl.wrap_socket(s)\n",
    "a context's method": "import ssl\nssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).wrap_socket(s)\n",
    "not imported here": "ssl.wrap_socket(s)\n",
    "imported elsewhere": "def f():\n import ssl\ndef g():\n ssl.wrap_socket(s)\n",
    "a comment": "import ssl  # ssl.wrap_socket\n",
    "hasattr": "import ssl\nif hasattr(ssl, 'wrap_socket'):\n    ssl.wrap_socket(s)\n",
    "else of hasattr": "import ssl\nif hasattr(ssl, 'X'):\n a()\nelse:\n ssl.wrap_socket(s)\n",
    "hasattr and": "import ssl\nx = hasattr(ssl, 'wrap_socket') and ssl.wrap_socket(s)\n",
    "hasattr, shortly": "import ssl\nx = ssl.RAND_egd if hasattr(ssl, 'RAND_egd') else None\n",
    "getattr": "import ssl\nwrap = getattr(ssl, 'wrap_socket', None)\n",
    "version": "import ssl, sys\nif sys.version_info < (3, 12):\n    ssl.wrap_socket(s)\n",
    "asked before": (
        "import ssl\nmake = getattr(ssl, 'X', None)\nif make is not None:\n c = make()\n"
        "else:\n ssl.wrap_socket(s)\n"
    ),
    "no context": "import ssl\nc = ssl.SSLContext(v)\nif c:\n a()\nelse:\n ssl.wrap_socket(s)\n",
    "left before": (
        "import ssl, sys\ndef f():\n if sys.version_info > (3, 7):\n  return 1\n"
        " return ssl.wrap_socket(s)\n"
    ),
    "import tried": "try:\n from ssl import wrap_socket\nexcept ImportError:\n x = 1\n",
    "import tried for all": "try:\n from ssl import match_hostname\nexcept Exception:\n x = 1\n",
    "attribute tried": "import ssl\ntry:\n ssl.wrap_socket(s)\nexcept AttributeError:\n pass\n",
    "another way": "import ssl\ntry:\n ssl.wrap_socket(s)\nexcept Exception:\n ssl.other(s)\n",
    "suppressed": "import ssl\nwith suppress(AttributeError):\n ssl.RAND_egd(s)\n",
    "skipped": "import ssl\n@skipIf(X, 'old')\ndef test():\n    ssl.wrap_socket(s)\n",
    "set by the module": "import ssl\nssl.wrap_socket = mine\nssl.wrap_socket(s)\n",
    "a subclass": "import ssl\nclass S(ssl.SSLSocket):\n    pass\n",
    "other keywords": "import http.client\nhttp.client.HTTPSConnection(h, context=c)\n",
    "unknown keywords": "import http.client\nhttp.client.HTTPSConnection(h, **more)\n",
    "unknown arguments": "import http.client\nhttp.client.HTTPSConnection(*more)\n",
    "starttls of anything": "import smtplib\ndef f(server):\n server.starttls(k, c)\n",
    "imap's starttls": "import imaplib\ns = imaplib.IMAP4(h)\ns.starttls(c)\n",
    "a protocol that is only named": "import ssl\nx = ssl.PROTOCOL_TLS\n",
    "an option that is only read": "import ssl\nx = ssl.OP_NO_TLSv1\n",
    "of another library": "from mine import crypto\ncrypto.X509Req()\n",
    "a dead end": "import ssl\nssl.wrap_socket(",
}


@pytest.mark.parametrize("source", SILENT.values(), ids=SILENT)
def test_is_silent(source: str) -> None:
    assert names(source) == []


FOUND = {
    "import ssl\nssl.wrap_socket(s)\n": "ssl.wrap_socket",
    "import ssl as tls\nf = tls.wrap_socket\n": "ssl.wrap_socket",
    "from ssl import wrap_socket as ws\nws(s)\n": "ssl.wrap_socket",
    "from ssl import *\nwrap_socket(s)\n": "ssl.wrap_socket",
    "try:\n import ssl\nexcept ImportError:\n ssl = None\nssl.wrap_socket(s)\n": "ssl.wrap_socket",
    "import ssl\ndef f():\n try:\n  ssl.wrap_socket(s)\n except OSError:\n  pass\n": (
        "ssl.wrap_socket"
    ),
    "import ssl\nif HAS_SSL:\n ssl.wrap_socket(s)\n": "ssl.wrap_socket",
    "import ssl\ndef f(v=ssl.PROTOCOL_SSLv3): pass\n": "ssl.PROTOCOL_SSLv3",
    "try:\n import httplib\nexcept ImportError:\n import http.client as httplib\n"
    "httplib.HTTPSConnection(h, key_file=k)\n": "http.client.HTTPSConnection",
    "from http.client import HTTPSConnection\nHTTPSConnection(h, 1, k)\n": (
        "http.client.HTTPSConnection"
    ),
    "import smtplib\nwith smtplib.SMTP(h) as s:\n s.starttls(None, None)\n": (
        "smtplib.SMTP().starttls"
    ),
    "from urllib.request import urlopen\nurlopen(u, cafile=c)\n": "urllib.request.urlopen",
    "import ssl\nssl.SSLSocket(s)\n": "ssl.SSLSocket",
    "import ssl\nssl.SSLContext()\n": "ssl.SSLContext",
    "import ssl\nif c is None:\n c = ssl.SSLContext(ssl.PROTOCOL_TLSv1_2)\n": (
        "ssl.PROTOCOL_TLSv1_2"
    ),
    "from ssl import SSLContext, PROTOCOL_TLS\nSSLContext(PROTOCOL_TLS)\n": "ssl.PROTOCOL_TLS",
    "import ssl\nc.options |= ssl.OP_NO_TLSv1\n": "ssl.OP_NO_TLSv1",
    "import requests\nrequests.packages.urllib3.util.ssl_.DEFAULT_CIPHERS += ':HIGH'\n": (
        "urllib3.util.ssl_.DEFAULT_CIPHERS"
    ),
    "import urllib3.contrib.appengine\n": "urllib3.contrib.appengine",
    "from OpenSSL import crypto\ncrypto.X509Req()\n": "OpenSSL.crypto.X509Req",
}


@pytest.mark.parametrize(("source", "name"), FOUND.items(), ids=FOUND.values())
def test_finds_a_use_once(source: str, name: str) -> None:
    assert names(source) == [name]


ASK = """
import json, sys
names, calls = json.loads(sys.argv[1])
def there(name):
    owner, _, last = name.rpartition(".")
    try:
        return hasattr(__import__(owner, fromlist=[last]), last)
    except ImportError:
        return None
def takes(name, keyword):
    import inspect
    owner, _, last = name.replace("()", "").rpartition(".")
    head, _, part = owner.rpartition(".")
    try:
        where = __import__(owner, fromlist=[last])
    except ImportError:
        try:
            where = getattr(__import__(head, fromlist=[part]), part)
        except ImportError:
            return None
    return keyword in inspect.signature(getattr(where, last)).parameters
print(json.dumps([
    {name: there(name) for name in names}, [takes(*one) for one in calls],
]))
"""
PYTHONS = ("2.7", "3.6", "3.7", "3.8", "3.9", "3.10", "3.11", "3.12", "3.13")


@pytest.mark.parametrize("version", PYTHONS)
def test_the_table_is_true_of_real_interpreters(version: str, python: Callable[[str], str]) -> None:
    plain = [
        one
        for one in all_names()
        if "python" in one.gone and not one.is_parameter and not one.called
    ]
    calls = [(one, key) for one in all_names() if one.keywords for key in one.keywords]
    if version == "2.7":
        calls, plain = [], []  # it has none of http.client, asyncio and inspect.signature
    built = [one for one in all_names() if "LibreSSL" in one.gone]
    asked = [[one.name for one in plain + built], [(one.name, key) for one, key in calls]]
    done = run(python(version), "-W", "ignore", "-c", ASK, json.dumps(asked))
    there, takes = json.loads(done.stdout)
    for one in plain:
        gone = specifiers.holds(version, one.gone["python"])
        assert there[one.name] is not gone, one.name
    for (one, key), taken in zip(calls, takes):
        assert taken is not specifiers.holds(version, one.gone["python"]), (one.name, key)
    library = run(python(version), "-c", "import ssl; print(ssl.OPENSSL_VERSION)").stdout
    if library.startswith("OpenSSL 3"):
        assert not any(there[one.name] for one in built)


CALLED = """
import ssl, socket
try:
    {}(socket.socket())
except TypeError as error:
    print(error)
except AttributeError:
    pass  # 3.6 wants more than a socket
"""


@pytest.mark.parametrize("name", [one.name for one in all_names() if one.called])
@pytest.mark.parametrize(("version", "refused"), [("3.6", False), ("3.7", True), ("3.13", True)])
def test_what_only_a_context_makes_cannot_be_called(
    name: str, version: str, refused: bool, python: Callable[[str], str]
) -> None:
    done = run(python(version), "-W", "ignore", "-c", CALLED.format(name))
    assert ("does not have a public constructor" in done.stdout) is refused


WARNS = """
import ssl, sys, warnings, json
with warnings.catch_warnings(record=True) as seen:
    warnings.simplefilter("always")
    exec(sys.argv[1], {"ssl": ssl})
print(len([one for one in seen if one.category is DeprecationWarning]))
"""


@pytest.mark.parametrize("version", ["3.9", "3.10", "3.13"])
@pytest.mark.parametrize(
    "name",
    [one for one in all_names() if one.bare or one.option or one.argument],
    ids=lambda one: one.name,
)
def test_what_is_deprecated_warns(name: object, version: str, python: Callable[[str], str]) -> None:
    one = next(known for known in all_names() if known is name)
    line = f"{one.argument}({one.name})" if one.argument else f"{one.name}()"
    if one.option:
        line = f"context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)\ncontext.options |= {one.name}"
    done = run(python(version), "-c", WARNS, line)
    assert bool(int(done.stdout)) is specifiers.holds(version, one.deprecated)
