# A site with a private authority that only SSL_CERT_FILE names.
import os
import ssl
import subprocess
import tempfile
import threading

os.chdir(tempfile.mkdtemp())
for words in (
    "req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 2 -subj /CN=Private",
    "req -newkey rsa:2048 -nodes -keyout site.key -out site.csr -subj /CN=localhost",
    "x509 -req -in site.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile ext"
    " -out site.pem",
):
    with open("ext", "w") as file:
        file.write("subjectAltName=DNS:localhost\n")
    subprocess.run(["openssl", *words.split()], check=True, capture_output=True)
for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
    os.environ.pop(name, None)
os.environ["SSL_CERT_FILE"] = os.path.abspath("ca.pem")

import http.server

from curl_cffi import requests


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()


context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("site.pem", "site.key")
server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
server.socket = context.wrap_socket(server.socket, server_side=True)
threading.Thread(target=server.serve_forever, daemon=True).start()
requests.get("https://localhost:%d/" % server.server_port)
