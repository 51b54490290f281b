"""Adapters that bring an SSLContext: one that trusts the server, one that trusts nobody yet."""

import http.server
import os
import ssl
import sys
import tempfile
import threading

PEM = """\
-----BEGIN CERTIFICATE-----
MIIBqzCCAVGgAwIBAgIUWrrsJaRNGMX28fNJi6Ufvan+fr8wCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMTE0NDgyNloYDzIwODEwODI0
MTQ0ODI2WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAARXKGmWwr6jaqVgGltGZp6GH1bTPQb+lgNCFync2nxA2M4Yy7DEDmwk
QqKN0nVlkJFL/M3ao6EzItxHnmAVS0QRo38wfTAdBgNVHQ4EFgQURxEBaJ2cJV4I
rQJKW6ujWG23MukwHwYDVR0jBBgwFoAURxEBaJ2cJV4IrQJKW6ujWG23MukwGgYD
VR0RBBMwEYIJbG9jYWxob3N0hwR/AAABMA8GA1UdEwEB/wQFMAMBAf8wDgYDVR0P
AQH/BAQDAgKEMAoGCCqGSM49BAMCA0gAMEUCIQDYyblLG52fyh9g/0+7mpZj5MZb
gOf0Fwx3WRli/iug/gIgGVCf+3bO44rcrlsPW9/UUQbw++U4IOQ7ilvMny3igfI=
-----END CERTIFICATE-----
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgvySYJO/YGBWu04rg
hB2V+qq9M85bEZNUwr6bJQzRFcihRANCAARXKGmWwr6jaqVgGltGZp6GH1bTPQb+
lgNCFync2nxA2M4Yy7DEDmwkQqKN0nVlkJFL/M3ao6EzItxHnmAVS0QR
-----END PRIVATE KEY-----
"""

path = os.path.join(tempfile.mkdtemp(), "server.pem")
with open(path, "w") as file:
    file.write(PEM)


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args):
        pass


context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(path)
server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
server.socket = context.wrap_socket(server.socket, server_side=True)
threading.Thread(target=server.serve_forever, daemon=True).start()

# The shared context of requests is for verify=True only; a bundle of its own avoids it.
for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
    os.environ.pop(name, None)
import certifi  # noqa: E402
import requests  # noqa: E402
from requests.adapters import HTTPAdapter  # noqa: E402
from urllib3.util.ssl_ import create_urllib3_context  # noqa: E402


def get(own):
    class Adapter(HTTPAdapter):
        def init_poolmanager(self, *args, **kwargs):
            super().init_poolmanager(*args, ssl_context=own, **kwargs)

    session = requests.Session()
    session.mount("https://", Adapter())
    return session.get("https://localhost:%d/" % server.server_port)


def attempt(words, own):
    try:
        get(own)
    except requests.exceptions.SSLError as error:
        print(words, error)
        return 1
    return 0


trusting = create_urllib3_context()
trusting.load_verify_locations(path)
failed = attempt("a context that trusts the server:", trusting)

# certifi's bundle is taken to be one that trusts the server.
requests.adapters.DEFAULT_CA_BUNDLE_PATH = path
certifi.where = lambda: path
if hasattr(requests.adapters, "_preloaded_ssl_context"):
    requests.adapters._preloaded_ssl_context.load_verify_locations(path)
failed += attempt("a context without certificates:", create_urllib3_context())
sys.exit(failed)
