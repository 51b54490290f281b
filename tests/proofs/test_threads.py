"""Shared contexts and handles: what leaks, what crashes, and what is the other side's doing."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Callable

import pytest

from sslfix import rules
from sslfix.explain import explain
from tests.conftest import run

from .installed import Shelf, execute

pytestmark = [pytest.mark.proof, pytest.mark.network]

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
    tmp_path: Path,
    python: Callable[[str], str],
    shelf: Shelf,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # With a bundle of its own requests does not use the shared context.
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    if shutil.which("openssl") is None:
        pytest.skip("needs the openssl command")
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    made = run(
        *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
        *("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"),
        *("-keyout", key, "-out", certificate),
    )
    assert made.returncode == 0, made.stderr
    folder = shelf.install(python("3.9"), f"requests=={version}", "urllib3==2.2.3")
    script = LEAK.replace("(CERTIFICATE, KEY)", repr((str(certificate), str(key))))
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
    script = SHARE.replace("OPTION", option)
    # What goes wrong by chance is tried three times.
    outputs = [execute(python("3.10"), folder, script).stdout.strip() for _ in range(3)]
    assert (set(outputs) == {"320"}) is works


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
