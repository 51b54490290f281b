"""Servers on this machine that programs share: an https server, and a Docker daemon's socket.

Python 3.6 can read it.
"""

import os
import socketserver
import ssl
import subprocess
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer


class Handler(BaseHTTPRequestHandler):
    """Answers every question with `body`."""

    body = b"ok"

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(self.body)))
        self.end_headers()
        self.wfile.write(self.body)

    def address_string(self):
        return "client"

    def log_message(self, *_):
        pass


class Daemon(Handler):
    """Answers every question as a Docker daemon answers GET /version."""

    body = b'{"ApiVersion": "1.41", "Version": "20.10"}'


def certificate():
    """The path of a self-signed certificate for localhost; its key is at path + ".key"."""
    path = os.path.join(tempfile.mkdtemp(), "localhost.pem")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
        + ["-keyout", path + ".key", "-out", path]
        + ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"],
        check=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    return path


def https(path):
    """The URL of a server with that certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path, path + ".key")
    server = HTTPServer(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return "https://localhost:%d/" % server.server_port


def docker():
    """The path of the socket of a Docker daemon."""
    path = os.path.join(tempfile.mkdtemp(), "docker.sock")
    server = socketserver.ThreadingUnixStreamServer(path, Daemon)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return path
