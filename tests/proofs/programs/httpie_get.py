import os
import ssl
import subprocess
import sys
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import certifi


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_):
        pass


# A server whose certificate is the only one in certifi's bundle.
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
for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
    os.environ.pop(name, None)
certifi.where = lambda: path

from httpie.core import main

sys.exit(main(["http", "--ignore-stdin", "https://localhost:%d/" % server.server_port]))
