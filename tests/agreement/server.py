"""A TLS server on this machine for the probes that need a peer."""

from __future__ import annotations

import ssl
import tempfile
import threading
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.conftest import run

# What Python 3.13's stricter checks ask of a certificate that is its own CA.
EXTENSIONS = (
    "subjectAltName=DNS:localhost,IP:127.0.0.1",
    "basicConstraints=critical,CA:TRUE",
    "keyUsage=critical,digitalSignature,keyCertSign",
)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        pass


@cache
def variables() -> dict[str, str]:
    """The port of the server and its certificate, as the environment variables of a probe."""
    folder = Path(tempfile.mkdtemp())
    key, certificate = make_certificate(folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    one = _Server(("127.0.0.1", 0), _Handler)
    one.socket = context.wrap_socket(one.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=one.serve_forever, daemon=True).start()
    return {"PORT": str(one.server_port), "CERT": str(certificate), "KEY": str(key)}


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """A key and a certificate for localhost, valid for two days."""
    key, certificate = folder / "key.pem", folder / "cert.pem"
    made = run(
        "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
        "-subj", "/CN=localhost", "-keyout", key, "-out", certificate,
        *(part for one in EXTENSIONS for part in ("-addext", one)),
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    return key, certificate
