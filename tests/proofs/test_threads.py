"""Shared contexts and handles: what leaks, what crashes, and what is the other side's doing."""

from __future__ import annotations

from pathlib import Path
from typing import Callable

import pytest

from sslfix import match, rules
from sslfix.detectors import all_detectors
from sslfix.explain import explain
from sslfix.model import Distribution, Document, Facts, Interpreter

from .certificates import make_certificate
from .installed import Shelf, execute

pytestmark = [pytest.mark.proof, pytest.mark.network]


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    return make_certificate(tmp_path_factory.mktemp("certificate"))


# Spoilt memory ends in a crash, or in a program that spins for ever: then this one ends it.
ENDING = "import faulthandler; faulthandler.dump_traceback_later(100, exit=True)"

LEAK = """
import http.server, ssl, sys, threading, types
certificate, key = (CERTIFICATE, KEY)
certifi = types.ModuleType("certifi")
certifi.where = lambda: certificate
certifi.contents = lambda: open(certificate).read()
sys.modules["certifi"] = certifi

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = b"certificate" if self.connection.getpeercert() else b"none"
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *args):
        pass

context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate, key)
context.load_verify_locations(certificate)
context.verify_mode = ssl.CERT_OPTIONAL
server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
server.socket = context.wrap_socket(server.socket, server_side=True)
threading.Thread(target=server.serve_forever, daemon=True).start()
import requests
url = "https://localhost:%d/" % server.server_port
print(requests.get(url, cert=(certificate, key)).text, requests.get(url).text)
"""


@pytest.mark.parametrize(
    ("version", "second"),
    [("2.31.0", "none"), ("2.32.0", "certificate"), ("2.32.4", "certificate"), ("2.32.5", "none")],
)
def test_requests_leaks_a_client_certificate_below_2_32_5(
    version: str,
    second: str,
    certificate: tuple[str, str],
    python: Callable[[str], str],
    shelf: Shelf,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # With a bundle of its own requests does not use the shared context.
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    folder = shelf.install(python("3.9"), f"requests=={version}", "urllib3==2.2.3")
    script = LEAK.replace("(CERTIFICATE, KEY)", repr(certificate))
    done = execute(python("3.9"), folder, script)
    assert done.stdout.split() == ["certificate", second], done.stderr


SHARE = """
import http.server, socketserver, sys, threading
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")
    def log_message(self, *args):
        pass
class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    request_queue_size = 64
server = Server(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
from curl_cffi import requests
session = requests.Session(OPTION)
done = []
def work():
    for _ in range(20):
        done.append(session.get("http://127.0.0.1:%d/" % server.server_port).status_code)
threads = [threading.Thread(target=work, daemon=True) for _ in range(16)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join(60)
print(done.count(200))
"""


@pytest.mark.parametrize(
    ("version", "option", "works"),
    [
        ("0.5.5", "", False),
        ("0.5.6", "", True),
        ("0.10.0", "", True),
        ("0.10.0", "use_thread_local_curl=False", False),
    ],
)
def test_curl_cffi_sessions_shared_by_threads(
    version: str, option: str, works: bool, python: Callable[[str], str], shelf: Shelf
) -> None:
    folder = shelf.install(python("3.10"), f"curl_cffi=={version}")
    script = ENDING + SHARE.replace("OPTION", option)
    # What goes wrong by chance is tried three times.
    outputs = [execute(python("3.10"), folder, script).stdout.strip() for _ in range(3)]
    assert (set(outputs) == {"320"}) is works
    found = rules_found(script, "3.10.13", ("curl-cffi", version))
    assert ("SSL625" in found) is not works


HANG_UP = """
import socket, threading
server = socket.create_server(("127.0.0.1", 0))
def work():
    while True:
        connection, _ = server.accept()
        connection.recv(4096)
        connection.close()
threading.Thread(target=work, daemon=True).start()
from curl_cffi import requests
requests.get("https://127.0.0.1:%d/" % server.getsockname()[1])
"""


@pytest.mark.parametrize("version", ["0.5.10", "0.10.0", "0.13.0", ""])
def test_curl_cffi_error_35_is_the_peer_closing(
    version: str, python: Callable[[str], str], shelf: Shelf
) -> None:
    folder = shelf.install(python("3.10"), f"curl_cffi=={version}" if version else "curl_cffi")
    done = execute(python("3.10"), folder, HANG_UP)
    assert "35" in done.stderr
    match = explain(done.stderr, rules.load())[0]
    assert (match.rule.id, match.confidence) == ("SSL901", "certain")


CERTIFICATES = """
import http.server, socketserver, ssl, sys, threading, types
certificate, key = (CERTIFICATE, KEY)
certifi = types.ModuleType("certifi")
certifi.where = lambda: certificate
certifi.contents = lambda: open(certificate).read()
sys.modules["certifi"] = certifi

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")
    def log_message(self, *args):
        pass
class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    request_queue_size = 64
    def handle_error(self, *args):
        pass
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate, key)
server = Server(("127.0.0.1", 0), Handler)
server.socket = context.wrap_socket(
    server.socket, server_side=True, do_handshake_on_connect=False)
threading.Thread(target=server.serve_forever, daemon=True).start()
url = "https://localhost:%d/" % server.server_port
from concurrent.futures import ThreadPoolExecutor
"""
IN_THREADS = """
import requests
def work(number):
    good = 0
    for _ in range(40):
        try:
            good += requests.get(url, cert=(certificate, key)).status_code == 200
        except requests.RequestException:
            pass
    return good
with ThreadPoolExecutor(16) as pool:
    print(sum(pool.map(work, range(16))))
"""
CHANGED = """
import socket
shared = ssl.create_default_context(cafile=certificate)
EARLY
def work(number):
    good = 0
    for _ in range(40):
        try:
            LATE
            with socket.create_connection(server.server_address) as raw:
                shared.wrap_socket(raw, server_hostname="localhost").close()
                good += 1
        except OSError:
            pass
    return good
with ThreadPoolExecutor(16) as pool:
    print(sum(pool.map(work, range(16))))
"""
LOAD = "shared.load_cert_chain(certificate, key)"


def rules_found(script: str, python: str, *installed: tuple[str, str]) -> set[str]:
    """What the detectors say of a script with these distributions."""
    there = tuple(Distribution(*one, path="x.dist-info") for one in installed)
    here = Interpreter("i1", "python3", python, "cpython", {}, None, distributions=there)
    facts = Facts((here,), (), (Document("app.py", script),))
    return {one.rule.id for one in match.match(facts, rules.load(), all_detectors())}


@pytest.mark.parametrize(("version", "works"), [("2.32.3", False), ("2.32.5", True)])
def test_requests_with_certificates_in_threads(
    version: str,
    works: bool,
    certificate: tuple[str, str],
    python: Callable[[str], str],
    shelf: Shelf,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    folder = shelf.install(python("3.12"), f"requests=={version}", "urllib3==2.2.3")
    script = ENDING + CERTIFICATES.replace("(CERTIFICATE, KEY)", repr(certificate)) + IN_THREADS
    # What goes wrong by chance is tried three times.
    outputs = {execute(python("3.12"), folder, script).stdout.strip() for _ in range(3)}
    assert (outputs == {"640"}) is works
    found = rules_found(script, "3.12.1", ("requests", version), ("urllib3", "2.2.3"))
    assert ("SSL627" in found) is not works


@pytest.mark.parametrize(
    ("early", "late", "works"), [(LOAD, "pass", True), ("", LOAD, False)], ids=["early", "late"]
)
def test_a_context_changed_by_its_threads(
    early: str,
    late: str,
    works: bool,
    certificate: tuple[str, str],
    python: Callable[[str], str],
    tmp_path: Path,
) -> None:
    script = ENDING + CERTIFICATES.replace("(CERTIFICATE, KEY)", repr(certificate))
    script += CHANGED.replace("EARLY", early).replace("LATE", late)
    outputs = {execute(python("3.12"), tmp_path, script).stdout.strip() for _ in range(3)}
    assert (outputs == {"640"}) is works
    assert ("SSL628" in rules_found(script, "3.12.1")) is not works


HANDLES = (
    SHARE.partition("from curl_cffi")[0]
    + """
from concurrent.futures import ThreadPoolExecutor
from curl_cffi import Curl, CurlOpt
url = b"http://127.0.0.1:%d/" % server.server_port
OUTER
def work(number):
    INNER
    for _ in range(40):
        curl.setopt(CurlOpt.URL, url)
        curl.setopt(CurlOpt.WRITEFUNCTION, len)
        curl.perform()
    return 40
with ThreadPoolExecutor(16) as pool:
    print(sum(pool.map(work, range(16))))
"""
)


@pytest.mark.parametrize(
    ("outer", "inner", "works"),
    [("", "curl = Curl()", True), ("curl = Curl()", "pass", False)],
    ids=["own", "shared"],
)
def test_a_curl_handle_shared_by_threads(
    outer: str, inner: str, works: bool, python: Callable[[str], str], shelf: Shelf
) -> None:
    folder = shelf.install(python("3.10"), "curl_cffi==0.10.0")
    script = ENDING + HANDLES.replace("OUTER", outer).replace("INNER", inner)
    outputs = {execute(python("3.10"), folder, script).stdout.strip() for _ in range(3)}
    assert (outputs == {"640"}) is works
    assert ("SSL626" in rules_found(script, "3.10.13")) is not works
