"""TLS servers on this machine for the programs of test_messages.py; they need the openssl command.

Certificates are made in the working directory, which must be scratch.
"""

from __future__ import annotations

import http.server
import socket
import socketserver
import ssl
import struct
import subprocess
import threading


def openssl(words: str) -> None:
    """Run the openssl command silently."""
    subprocess.run(["openssl", *words.split()], check=True, capture_output=True)


def authority() -> None:
    """Make ca.pem, a private authority, and chain.pem with site.key, a site that it signed."""
    curve = "ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"
    openssl(
        f"req -x509 -newkey {curve} -keyout ca.key -out ca.pem -days 2 -subj /CN=Private"
        " -addext keyUsage=critical,keyCertSign"
    )
    openssl(f"req -newkey {curve} -keyout site.key -out site.csr -subj /CN=localhost")
    with open("ext", "w", encoding="ascii") as file:
        file.write("subjectAltName=DNS:localhost\nauthorityKeyIdentifier=keyid\n")
    openssl(
        "x509 -req -in site.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile ext"
        " -out site.pem"
    )
    with open("chain.pem", "w", encoding="ascii") as chain:
        for name in ("site.pem", "ca.pem"):
            with open(name, encoding="ascii") as part:
                chain.write(part.read())


class _Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *words: object) -> None:
        pass


class _Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True


def serve(certificate: str = "site.pem", key: str = "site.key", dh: str = "") -> int:
    """The port of an https server with that certificate; `dh` names its only key exchange."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers("DHE:@SECLEVEL=0" if dh else "ALL:@SECLEVEL=0")
    context.load_cert_chain(certificate, key)
    if dh:
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.load_dh_params(dh)
    server = _Server(("127.0.0.1", 0), _Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return int(server.server_port)


def serve_hello(version: int) -> int:
    """The port of a server that answers with a bare ServerHello of that TLS version."""
    listener = socket.create_server(("127.0.0.1", 0))
    body = struct.pack("!H", version) + bytes(32) + b"\0\xc0\x2f\0"
    hello = b"\x02" + struct.pack("!I", len(body))[1:] + body

    def answer() -> None:
        while True:
            peer = listener.accept()[0]
            peer.recv(4096)
            peer.sendall(b"\x16" + struct.pack("!HH", version, len(hello)) + hello)
            peer.shutdown(socket.SHUT_WR)
            peer.recv(4096)
            peer.close()

    threading.Thread(target=answer, daemon=True).start()
    return int(listener.getsockname()[1])


def connect(port: int, context: ssl.SSLContext) -> None:
    """A handshake with localhost at that port."""
    with socket.create_connection(("127.0.0.1", port)) as raw:
        context.wrap_socket(raw, server_hostname="localhost").close()


def unverified() -> ssl.SSLContext:
    """A default context that takes any certificate."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
