"""Two requests on one pool after urllib3 was told to use pyOpenSSL, to a TLS server right here."""

import datetime
import os
import ssl
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import urllib3
import urllib3.contrib.pyopenssl
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
key = ec.generate_private_key(ec.SECP256R1())
certificate = (
    x509.CertificateBuilder()
    .subject_name(name)
    .issuer_name(name)
    .public_key(key.public_key())
    .serial_number(5)
    .not_valid_before(datetime.datetime(2020, 1, 1))
    .not_valid_after(datetime.datetime(2040, 1, 1))
    .sign(key, hashes.SHA256())
)
pem = serialization.Encoding.PEM
with tempfile.NamedTemporaryFile(delete=False) as file:
    file.write(certificate.public_bytes(pem))
    file.write(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.send_header("Connection", "close")
        self.end_headers()

    def log_message(self, *words):
        pass


server = HTTPServer(("localhost", 0), Handler)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(file.name)
os.unlink(file.name)
server.socket = context.wrap_socket(server.socket, server_side=True)
threading.Thread(target=server.serve_forever, daemon=True).start()

urllib3.contrib.pyopenssl.inject_into_urllib3()
pool = urllib3.PoolManager(cert_reqs="CERT_NONE")
for _ in range(2):
    assert pool.request("GET", f"https://localhost:{server.server_port}/").status == 200
