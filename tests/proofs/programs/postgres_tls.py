"""psycopg2 connects with TLS, in a process that has the system's OpenSSL in the global scope.

uWSGI and mod_wsgi have it there; here LD_PRELOAD puts it there. The server speaks enough of
PostgreSQL's protocol to let a client in.
"""

import faulthandler
import os
import socket
import ssl
import struct
import sys
import tempfile
import threading

LIBRARIES = "libssl.so.3:libcrypto.so.3"
if LIBRARIES not in os.environ.get("LD_PRELOAD", ""):
    os.environ["LD_PRELOAD"] = LIBRARIES
    with open("/proc/self/cmdline") as file:
        arguments = file.read().split("\0")[:-1]
    os.execv(sys.executable, arguments)

PEM = """-----BEGIN CERTIFICATE-----
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
listener = socket.socket()
listener.bind(("127.0.0.1", 0))
listener.listen(5)


def message(kind, body):
    return kind + struct.pack("!i", len(body) + 4) + body


def serve():
    while True:
        plain, _ = listener.accept()
        plain.recv(8)
        plain.sendall(b"S")
        secure = context.wrap_socket(plain, server_side=True)
        secure.recv(4096)
        secure.sendall(
            message(b"R", struct.pack("!i", 0))
            + message(b"S", b"DateStyle\0ISO, MDY\0")
            + message(b"S", b"client_encoding\0UTF8\0")
            + message(b"S", b"server_version\x0014.0\0")
            + message(b"S", b"standard_conforming_strings\0on\0")
            + message(b"Z", b"I")
        )
        secure.recv(4096)


threading.Thread(target=serve, daemon=True).start()
faulthandler.enable()
import psycopg2  # noqa: E402

port = listener.getsockname()[1]
psycopg2.connect(host="127.0.0.1", port=port, user="u", password="p", sslmode="require")
print("connected")
