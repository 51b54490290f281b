# ruff: noqa: INP001
# mypy: ignore-errors
"""Asks gunicorn's threaded worker over TLS."""

import os
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.request

folder = tempfile.mkdtemp()
certificate, key = os.path.join(folder, "cert"), os.path.join(folder, "key")
subprocess.run(
    [
        *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
        *("-subj", "/CN=localhost", "-keyout", key, "-out", certificate),
    ],
    check=True,
    stderr=subprocess.DEVNULL,
)
with open(os.path.join(folder, "application.py"), "w", encoding="utf-8") as file:
    file.write("def run(environ, start):\n    start('200 OK', [])\n    return [b'hello']\n")
log = os.path.join(folder, "log")
server = subprocess.Popen(
    [
        *(sys.executable, "-m", "gunicorn", "-k", "gthread", "-b", "127.0.0.1:0"),
        *("--chdir", folder, "--log-file", log),
        *("--certfile", certificate, "--keyfile", key, "application:run"),
    ]
)


def read_log() -> str:
    with open(log, encoding="utf-8") as file:
        return file.read()


for _ in range(100):
    if os.path.exists(log) and "Listening at" in read_log():
        break
    time.sleep(0.1)
address = read_log().split("Listening at: ")[1].split()[0]
try:
    with urllib.request.urlopen(address, context=ssl._create_unverified_context()) as answer:
        assert answer.read() == b"hello"
finally:
    server.terminate()
    server.wait()
    print(read_log())
