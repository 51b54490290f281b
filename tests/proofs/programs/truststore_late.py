"""truststore is put in place after requests was imported; nobody trusts the server."""

import http.server
import os
import ssl
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
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(path)
server = http.server.HTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
server.socket = context.wrap_socket(server.socket, server_side=True)
threading.Thread(target=server.serve_forever, daemon=True).start()
for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
    os.environ.pop(name, None)
import requests  # noqa: E402
import truststore  # noqa: E402

truststore.inject_into_ssl()
print("truststore is in place")
try:
    requests.get("https://localhost:%d/" % server.server_port)
except requests.exceptions.SSLError:
    print("refused the certificate, as it should")
