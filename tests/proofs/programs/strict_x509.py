# ruff: noqa: INP001
# mypy: ignore-errors
"""Asks servers by urllib3 whose chains fall short of RFC 5280, each in one point."""

import contextlib
import os
import socket
import ssl
import subprocess
import sys
import tempfile
import threading

import urllib3

CONFIG = """
[req]
distinguished_name = name
[name]
[ca]
{ca}
[server]
{server}
subjectAltName = DNS:localhost
"""
BASIC, KEY = "basicConstraints=critical,CA:TRUE\n", "subjectKeyIdentifier=hash\n"
USAGE, ISSUER = "keyUsage=critical,keyCertSign\n", "authorityKeyIdentifier=keyid"
# What the CA and the server's certificate say.
CHAINS = (
    ("basicConstraints=CA:TRUE\n" + KEY + USAGE, ISSUER),
    (BASIC + KEY + USAGE, "authorityKeyIdentifier=none"),
    (BASIC + "subjectKeyIdentifier=none\n" + USAGE, "2.5.29.35=DER:30:16:80:14" + 20 * ":01"),
    (BASIC + KEY, ISSUER),
)


def openssl(*words: str) -> None:
    subprocess.run(["openssl", *words], check=True, stderr=subprocess.DEVNULL)


def make_chain(ca: str, server: str) -> tuple[str, str, str]:
    """The paths of a CA and of a server's certificate with its key."""
    folder = tempfile.mkdtemp()
    config, ca_file, ca_key, request, file, key = (
        os.path.join(folder, name) for name in ("config", "ca", "ca_key", "request", "file", "key")
    )
    with open(config, "w", encoding="utf-8") as opened:
        opened.write(CONFIG.format(ca=ca, server=server))
    new = ("req", "-newkey", "rsa:2048", "-nodes", "-config", config)
    own = ("-subj", "/CN=ca", "-keyout", ca_key, "-out", ca_file)
    openssl(*new, "-x509", "-extensions", "ca", *own)
    openssl(*new, "-subj", "/CN=localhost", "-keyout", key, "-out", request)
    sign = ("x509", "-req", "-in", request, "-CA", ca_file, "-CAkey", ca_key)
    openssl(*sign, "-extfile", config, "-extensions", "server", "-out", file)
    return ca_file, file, key


def serve(listener: socket.socket, file: str, key: str) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file, key)
    connection, _ = listener.accept()
    with contextlib.suppress(OSError), context.wrap_socket(connection, server_side=True) as wrapped:
        wrapped.recv(1000)
        wrapped.sendall(b"HTTP/1.0 200 OK\r\n\r\n")


refused = 0
for ca, server in CHAINS:
    ca_file, file, key = make_chain(ca, server)
    listener = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=serve, args=(listener, file, key), daemon=True).start()
    address = f"https://localhost:{listener.getsockname()[1]}/"
    try:
        urllib3.PoolManager(ca_certs=ca_file).request("GET", address, retries=False)
    except urllib3.exceptions.SSLError as error:
        refused += 1
        print(error)
sys.exit(bool(refused))
