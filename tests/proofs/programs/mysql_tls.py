# ruff: noqa: INP001
# mypy: ignore-errors
"""Speaks TLS to a fake MySQL server, whose own CA does not mark its constraints as critical."""

import contextlib
import importlib.util
import os
import socket
import ssl
import struct
import subprocess
import tempfile
import threading

CONFIG = """
[req]
distinguished_name = name
[name]
[ca]
basicConstraints = CA:TRUE
subjectKeyIdentifier = hash
keyUsage = keyCertSign
[server]
authorityKeyIdentifier = keyid
subjectAltName = DNS:localhost
"""
folder = tempfile.mkdtemp()
config, ca, ca_key, request, certificate, key = (
    os.path.join(folder, name) for name in ("config", "ca", "ca_key", "request", "file", "key")
)
with open(config, "w", encoding="utf-8") as file:
    file.write(CONFIG)


def openssl(*words: str) -> None:
    subprocess.run(["openssl", *words], check=True, stderr=subprocess.DEVNULL)


new = ("req", "-newkey", "rsa:2048", "-nodes", "-config", config)
openssl(*new, "-x509", "-extensions", "ca", "-subj", "/CN=ca", "-keyout", ca_key, "-out", ca)
openssl(*new, "-subj", "/CN=localhost", "-keyout", key, "-out", request)
sign = ("x509", "-req", "-in", request, "-CA", ca, "-CAkey", ca_key)
openssl(*sign, "-extfile", config, "-extensions", "server", "-out", certificate)

LONG_PASSWORD, PROTOCOL_41, SSL, SECURE, PLUGIN = 1, 0x200, 0x800, 0x8000, 0x80000
capabilities = LONG_PASSWORD | PROTOCOL_41 | SSL | SECURE | PLUGIN
greeting = b"".join(
    (
        b"\x0a8.0.30\0" + struct.pack("<I", 1) + b"saltsalt\0",
        struct.pack("<HBH", capabilities & 0xFFFF, 33, 2),
        struct.pack("<HB", capabilities >> 16, 21) + bytes(10) + b"saltsaltsalt\0",
        b"mysql_native_password\0",
    )
)
listener = socket.socket()
listener.bind(("127.0.0.1", 0))
listener.listen(5)
port = listener.getsockname()[1]
handshakes = []


def serve() -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    while True:
        connection, _ = listener.accept()
        connection.sendall(struct.pack("<I", len(greeting)) + greeting)
        connection.recv(4 + 32)
        with contextlib.suppress(OSError):
            wrapped = context.wrap_socket(connection, server_side=True)
            handshakes.append(wrapped.recv(1))
            wrapped.close()


def mysql() -> None:
    import mysql.connector

    try:
        mysql.connector.connect(
            host="localhost",
            port=port,
            ssl_ca=ca,
            ssl_verify_cert=True,
            use_pure=True,
            **({"ssl_verify_identity": True} if mysql.connector.version.VERSION[0] > 2 else {}),
        )
    except mysql.connector.Error as error:
        print(error)


def pymysql() -> None:
    import pymysql

    try:
        pymysql.connect(host="localhost", port=port, user="u", password="p", ssl={"ca": ca})
    except pymysql.Error:
        if not handshakes:
            raise


threading.Thread(target=serve, daemon=True).start()
connect = mysql if importlib.util.find_spec("mysql") else pymysql
connect()
assert handshakes
