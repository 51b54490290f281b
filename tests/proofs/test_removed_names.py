"""Programs that fail where a name is gone, and work after the fix, there and before."""

from __future__ import annotations

from typing import Callable

import pytest

from sslfix import specifiers
from sslfix.explain import explain
from sslfix.model import Document
from sslfix.rules import load
from sslfix.source import modern
from sslfix.source.names import Name, all_names, uses
from sslfix.source.syntax import span
from tests.conftest import run

from .certificates import make_certificate
from .installed import Shelf, execute

pytestmark = pytest.mark.proof

# A server on 127.0.0.1 that answers, and a certificate for localhost.
SERVER = """
import socket, ssl, sys, threading
certificate, key = CERTIFICATE
context_ = ssl.SSLContext(getattr(ssl, "PROTOCOL_TLS_SERVER", getattr(ssl, "PROTOCOL_TLS", 2)))
context_.load_cert_chain(certificate, key)
listener = socket.socket()
listener.bind(("127.0.0.1", 0))
listener.listen(9)
port = listener.getsockname()[1]
def answer():
    while True:
        raw, _ = listener.accept()
        try:
            peer = context_.wrap_socket(raw, server_side=True)
            peer.sendall(GREETING)
            peer.recv(999)
            peer.sendall(b"HTTP/1.0 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nok")
            peer.close()
        except OSError:
            raw.close()
thread = threading.Thread(target=answer)
thread.daemon = True
thread.start()
"""
CONNECT = "raw = socket.create_connection(('127.0.0.1', port))\n"
PROGRAMS = [
    # rule, what greets, program, the Python that has the name and the one that lacks it
    ("SSL603", "", CONNECT + "s = ssl.wrap_socket(raw)\nprint(s.version()[:3])\n", "3.11", "3.12"),
    (
        "SSL603",
        "",
        CONNECT + "s = ssl.wrap_socket(raw, ca_certs=certificate, cert_reqs=ssl.CERT_REQUIRED)\n"
        "print(s.version()[:3])\n",
        "3.8",
        "3.13",
    ),
    (
        "SSL603",
        "",
        "from ssl import wrap_socket as ws\n" + CONNECT + "print(ws(raw).version()[:3])\n",
        "3.6",
        "3.13",
    ),
    ("SSL608", "", "print(type(ssl.RAND_pseudo_bytes(8)[0]), 'TLS')\n", "3.11", "3.12"),
    ("SSL608", "", "a, b = ssl.RAND_pseudo_bytes(8)\nprint(len(a), b, 'TLS')\n", "3.11", "3.13"),
    (
        "SSL605",
        "",
        (
            "import http.client\n"
            "http.client.HTTPSConnection('127.0.0.1', key_file=None, cert_file=None)\n"
            "print('TLS')\n"
        ),
        "3.11",
        "3.12",
    ),
    (
        "SSL606",
        "220 hello\\r\\n",
        (
            "import smtplib\n"
            "smtplib.SMTP_SSL('127.0.0.1', port, keyfile=key, certfile=certificate)\n"
            "print('TLS')\n"
        ),
        "3.11",
        "3.13",
    ),
    (
        "SSL606",
        "* OK hello\\r\\n",
        (
            "import imaplib, sys\nfrom unittest import mock\n"
            "with mock.patch.object(imaplib.IMAP4, '_connect'):\n"
            "    imaplib.IMAP4_SSL('127.0.0.1', port, keyfile=key, certfile=certificate)\n"
            "print('TLS')\n"
        ),
        "3.9",
        "3.12",
    ),
    (
        "SSL606",
        "+OK hello\\r\\n",
        (
            "import poplib\npoplib.POP3_SSL('127.0.0.1', port, keyfile=key, certfile=certificate)\n"
            "print('TLS')\n"
        ),
        "3.11",
        "3.12",
    ),
    (
        "SSL606",
        "",
        "import ftplib\nftplib.FTP_TLS(certfile=certificate, keyfile=key)\nprint('TLS')\n",
        "3.11",
        "3.12",
    ),
    (
        "SSL620",
        "",
        (
            "from urllib.request import urlopen\n"
            "print(urlopen('https://localhost:%d/' % port, cafile=certificate).read(), 'TLS')\n"
        ),
        "3.12",
        "3.13",
    ),
]


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    return make_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.mark.parametrize(("rule", "greeting", "program", "has", "lacks"), PROGRAMS)
def test_the_program_fails_before_the_fix_and_works_after_it(
    rule: str,
    greeting: str,
    program: str,
    has: str,
    lacks: str,
    certificate: tuple[str, str],
    python: Callable[[str], str],
) -> None:
    head = SERVER.replace("CERTIFICATE", repr(certificate)).replace("GREETING", f'b"{greeting}"')
    before = Document("app.py", head + program)
    (use,) = (one for one in uses(before) if one.name.rule == rule)
    place = before.locate(span(before, use.node))
    fix = modern.fix(before, place, rule)
    assert fix is not None
    text = before.text
    for edit in sorted(fix.edits, key=lambda one: -one.span.start):
        text = text[: edit.span.start] + edit.text + text[edit.span.end :]
    works = run(python(has), "-W", "ignore", "-c", before.text)
    fails = run(python(lacks), "-W", "ignore", "-c", before.text)
    after = [run(python(one), "-W", "ignore", "-c", text) for one in (has, lacks)]
    assert "TLS" in works.stdout, works.stderr
    assert fails.returncode == 1
    assert explain(fails.stderr, load())[0].rule.id == rule
    assert [one.stdout for one in after] == [works.stdout] * 2, after[1].stderr


NAMED = [one for one in all_names() if set(one.gone) & {"urllib3", "pyopenssl"}]
LAST = {
    # the release before each removal that was looked at
    "urllib3": ("1.26.20", "2.0.7", "2.1.0"),
    "pyopenssl": (
        "22.0.0",
        "22.1.0",
        "23.2.0",
        "23.3.0",
        "24.0.0",
        "24.1.0",
        "24.2.1",
        "24.3.0",
        "26.1.0",
        "26.2.0",
        "26.3.0",
    ),
}
THERE = """
import importlib, importlib.util, json, sys, warnings
warnings.simplefilter("ignore")
answers = {}
for name in json.loads(sys.argv[1]):
    owner, _, last = name.rpartition(".")
    try:
        answers[name] = hasattr(importlib.import_module(owner), last)
    except ImportError:
        answers[name] = False
    if not answers[name]:
        try:
            answers[name] = bool(importlib.util.find_spec(name))
        except ImportError:
            pass
print(json.dumps(answers))
"""


@pytest.mark.network
@pytest.mark.parametrize(
    ("distribution", "version"), [(name, one) for name, all_ in LAST.items() for one in all_]
)
def test_the_table_is_true_of_the_releases(
    distribution: str, version: str, python: Callable[[str], str], shelf: Shelf
) -> None:
    import json

    named: list[Name] = [one for one in NAMED if distribution in one.gone]
    # 22.0 does not limit cryptography, and fails with the newest
    beside = ["cryptography==36.0.2"] if version == "22.0.0" else []
    folder = shelf.install(python("3.9"), f"{distribution}=={version}", *beside)
    asked = json.dumps(json.dumps([one.name for one in named]))
    done = execute(python("3.9"), folder, THERE.replace("sys.argv[1]", asked))
    there = json.loads(done.stdout)
    for one in named:
        gone = specifiers.holds(version, one.gone[distribution])
        assert there[one.name] is not gone, (one.name, done.stderr)


@pytest.mark.network
@pytest.mark.parametrize(("version", "works"), [("1.26.20", True), ("2.0.7", False)])
def test_urllib3_2_lacks_the_names(
    version: str, works: bool, python: Callable[[str], str], shelf: Shelf
) -> None:
    folder = shelf.install(python("3.9"), "requests==2.31.0", f"urllib3=={version}")
    line = "import requests\nrequests.packages.urllib3.util.ssl_.DEFAULT_CIPHERS += ':HIGH'\n"
    before = Document("app.py", line)
    (use,) = uses(before)
    fix = modern.fix(before, before.locate(span(before, use.node)), "SSL623")
    assert fix is not None
    (edit,) = fix.edits
    after = line[: edit.span.start] + edit.text + line[edit.span.end :]
    done = execute(python("3.9"), folder, line)
    assert (done.returncode == 0) is works
    assert works or explain(done.stderr, load())[0].rule.id == "SSL300"
    assert execute(python("3.9"), folder, after).returncode == 0


OLD = """
import warnings
warnings.simplefilter("ignore")
context_.set_ciphers("ALL:@SECLEVEL=0")
context_.minimum_version = ssl.TLSVersion.TLSv1
context = ssl.SSLContext(ssl.PROTOCOL_TLSv1)
LOWER
print(context.wrap_socket(socket.create_connection(("127.0.0.1", port))).version())
"""


@pytest.mark.parametrize("version", ["3.10", "3.13"])
def test_a_context_for_old_tls_alone_connects_to_nobody(
    version: str, certificate: tuple[str, str], python: Callable[[str], str]
) -> None:
    library = run(python(version), "-c", "import ssl; print(ssl.OPENSSL_VERSION)").stdout
    if not library.startswith("OpenSSL 3"):
        pytest.skip("needs OpenSSL 3")
    head = SERVER.replace("CERTIFICATE", repr(certificate)).replace("GREETING", 'b""')
    plain = run(python(version), "-c", head + OLD.replace("LOWER", ""))
    lowered = OLD.replace("LOWER", "context.set_ciphers('DEFAULT:@SECLEVEL=0')")
    assert "NO_CIPHERS_AVAILABLE" in plain.stderr
    assert run(python(version), "-c", head + lowered).stdout == "TLSv1\n"


LATE = """
context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
context.check_hostname = False
context.load_verify_locations(certificate)
FIRST
made = context.wrap_socket(socket.create_connection(("127.0.0.1", port)))
SECOND
made.do_handshake()
print(made.version())
"""


def test_a_context_changed_after_its_connection_has_no_effect(
    certificate: tuple[str, str], python: Callable[[str], str]
) -> None:
    head = SERVER.replace("CERTIFICATE", repr(certificate)).replace("GREETING", 'b""')
    change = "context.maximum_version = ssl.TLSVersion.TLSv1_2"
    lazy = LATE.replace("port)))", "port)), do_handshake_on_connect=False)")
    early = head + lazy.replace("FIRST", change).replace("SECOND", "")
    late = head + lazy.replace("FIRST", "").replace("SECOND", change)
    assert run(python("3.12"), "-c", early).stdout == "TLSv1.2\n"
    assert run(python("3.12"), "-c", late).stdout == "TLSv1.3\n"
