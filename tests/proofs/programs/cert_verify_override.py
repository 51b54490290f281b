import os
import ssl
import subprocess
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_):
        pass


path = os.path.join(tempfile.mkdtemp(), "localhost.pem")
subprocess.run(
    ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    + ["-keyout", path + ".key", "-out", path]
    + ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"],
    check=True,
    capture_output=True,
)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(path, path + ".key")
server = HTTPServer(("127.0.0.1", 0), Handler)
server.socket = context.wrap_socket(server.socket, server_side=True)
threading.Thread(target=server.serve_forever, daemon=True).start()

import requests


class NoVerifyHTTPAdapter(requests.adapters.HTTPAdapter):
    """As exchangelib's before 5.4.2."""

    def cert_verify(self, conn, url, verify, cert):
        super().cert_verify(conn=conn, url=url, verify=False, cert=cert)


session = requests.Session()
session.trust_env = False
session.mount("https://", NoVerifyHTTPAdapter())
print(session.get("https://localhost:%d/" % server.server_port).text)
