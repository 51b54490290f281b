"""TLS stacks of distributions: what fails, what cures it, and what explain says of the message."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Callable

import pytest

from sslfix import rules
from sslfix.explain import explain
from tests.conftest import run

from .installed import Shelf, execute

pytestmark = [pytest.mark.proof, pytest.mark.network]

PATTERN = r"\\d\\.\\d\\.\\d[a-z]*"
REPAIRED = r"\\d+\\.\\d+\\.\\d+[a-z]*"

SIGN = """
import oscrypto
print(oscrypto.backend())
from oscrypto import asymmetric
public, private = asymmetric.generate_pair("rsa", bit_size=2048)
signature = asymmetric.rsa_pkcs1v15_sign(private, b"x", "sha256")
asymmetric.rsa_pkcs1v15_verify(public, signature, b"x", "sha256")
print("verified")
"""


def first(text: str) -> str:
    """The id of the rule that explain names first, "" for none."""
    matches = explain(text, rules.load())
    return matches[0].rule.id if matches else ""


def library(python: str) -> str:
    """What that Python calls its SSL library."""
    return run(python, "-c", "import ssl; print(ssl.OPENSSL_VERSION)").stdout


def oscrypto(version: str, python: str, shelf: Shelf, tmp_path: Path) -> tuple[Path, Path]:
    """That oscrypto as it was released, and a copy that reads any number of digits."""
    if not library(python).startswith("OpenSSL 3.0.1"):
        pytest.skip("needs OpenSSL 3.0.10 to 3.0.19")
    released = shelf.install(python, f"oscrypto=={version}")
    repaired = tmp_path / "repaired"
    shutil.copytree(released, repaired)
    for backend in ("cffi", "ctypes"):
        source = repaired / "oscrypto" / "_openssl" / f"_libcrypto_{backend}.py"
        text = source.read_text("utf-8")
        assert PATTERN in text
        source.write_text(text.replace(PATTERN, REPAIRED), encoding="utf-8")
    return released, repaired


def test_oscrypto_works_once_it_reads_two_digits(
    python: Callable[[str], str], shelf: Shelf, tmp_path: Path
) -> None:
    released, repaired = oscrypto("1.3.0", python("3.9"), shelf, tmp_path)
    assert first(execute(python("3.9"), released, SIGN).stderr) == "SSL120"
    assert execute(python("3.9"), repaired, SIGN).stdout.split() == ["openssl", "verified"]


def test_oscrypto_before_1_3_does_not_know_openssl_3(
    python: Callable[[str], str], shelf: Shelf, tmp_path: Path
) -> None:
    # The repair lets it come as far as on OpenSSL 3.0.2, which it can read.
    _, repaired = oscrypto("1.2.1", python("3.9"), shelf, tmp_path)
    printed = execute(python("3.9"), repaired, SIGN).stderr
    assert "SSL121" in {match.rule.id for match in explain(printed, rules.load())}


def test_oscrypto_that_finds_no_library(python: Callable[[str], str], shelf: Shelf) -> None:
    released = shelf.install(python("3.9"), "oscrypto==1.3.0")
    nothing = "import ctypes.util; ctypes.util.find_library = lambda name: None\n"
    assert first(execute(python("3.9"), released, nothing + SIGN).stderr) == "SSL123"


@pytest.mark.parametrize(
    ("version", "works"),
    [("2.31.0", True), ("2.32.0", False), ("2.32.2", False), ("2.32.3", True)],
)
def test_requests_2_32_0_cannot_be_imported_without_ssl(
    version: str, works: bool, python: Callable[[str], str], shelf: Shelf
) -> None:
    folder = shelf.install(python("3.12"), f"requests=={version}", "urllib3==2.2.3")
    done = execute(
        python("3.12"), folder, "import sys; sys.modules['_ssl'] = None; import requests"
    )
    assert (done.returncode == 0) is works, done.stderr
    assert works or first(done.stderr) == "SSL406"


SERVER = """
import os, socket, ssl, threading
path = os.environ["CERTIFICATE"]
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(path)
listener = socket.socket()
listener.bind(("127.0.0.1", 0))
listener.listen(5)
port = listener.getsockname()[1]
def serve():
    while True:
        connection, _ = listener.accept()
        try:
            secure = context.wrap_socket(connection, server_side=True)
            talk(secure)
        except OSError:
            pass
def talk(secure):
    while True:
        data = secure.recv(4096)
        if not data:
            return
        secure.sendall(ANSWER or data)
ANSWER = b""
threading.Thread(target=serve, daemon=True).start()
"""


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A file with a certificate for localhost, without the address, and its key."""
    if shutil.which("openssl") is None:
        pytest.skip("needs the openssl command")
    file = tmp_path_factory.mktemp("certificate") / "server.pem"
    made = run(
        *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
        *("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"),
        *("-addext", "keyUsage=critical,digitalSignature,keyCertSign"),
        *("-keyout", file, "-out", file.with_suffix(".part")),
    )
    assert made.returncode == 0, made.stderr
    file.write_text(file.read_text("ascii") + file.with_suffix(".part").read_text("ascii"))
    return str(file)


FORK = """
client = ssl.create_default_context(cafile=path)
plain = socket.create_connection(("127.0.0.1", port))
secure = client.wrap_socket(plain, server_hostname="localhost")
secure.sendall(b"before")
secure.recv(100)
if os.fork() == 0:
    secure.sendall(b"child")
    secure.recv(100)
    os._exit(0)
os.wait()
secure.sendall(b"parent")
print(secure.recv(100))
"""


@pytest.mark.parametrize("version", ["3.8", "3.12"])
def test_a_connection_shared_by_two_processes(
    version: str, certificate: str, python: Callable[[str], str], tmp_path: Path
) -> None:
    variables = {**os.environ, "CERTIFICATE": certificate}
    done = execute(python(version), tmp_path, SERVER + FORK, variables)
    assert "DECRYPTION_FAILED_OR_BAD_RECORD_MAC" in done.stderr
    assert first(done.stderr) == "SSL415"


PING = """
ANSWER = b"+PONG\\r\\n"
import redis
client = redis.Redis(host="127.0.0.1", port=port, ssl=True, ssl_ca_certs=path, protocol=2)
client.execute_command("PING")
print("answered")
"""


@pytest.mark.parametrize(("version", "works"), [("5.2.1", True), ("6.0.0", False), ("", False)])
def test_redis_6_checks_the_hostname(
    version: str, works: bool, certificate: str, python: Callable[[str], str], shelf: Shelf
) -> None:
    folder = shelf.install(python("3.12"), f"redis=={version}" if version else "redis")
    variables = {**os.environ, "CERTIFICATE": certificate}
    done = execute(python("3.12"), folder, SERVER + PING, variables)
    assert (done.returncode == 0) is works, done.stderr
    assert works or first(done.stderr) == "SSL409"


GET = """
ANSWER = b"HTTP/1.1 200 OK\\r\\nContent-Length: 0\\r\\n\\r\\n"
os.environ.pop("SSL_CERT_FILE", None)
os.environ.pop("SSL_CERT_DIR", None)
import asyncio, aiohttp
os.environ['SSL_CERT_FILE'] = path
async def main():
    async with aiohttp.ClientSession() as session:
        async with session.get("https://localhost:%d/" % port) as response:
            print(response.status)
asyncio.run(main())
"""


@pytest.mark.parametrize(
    ("version", "works"), [("3.10.5", True), ("3.10.6", False), ("3.11.11", False)]
)
def test_aiohttp_reads_the_certificates_at_import(
    version: str, works: bool, certificate: str, python: Callable[[str], str], shelf: Shelf
) -> None:
    folder = shelf.install(python("3.12"), f"aiohttp=={version}")
    variables = {**os.environ, "CERTIFICATE": certificate}
    done = execute(python("3.12"), folder, SERVER + GET, variables)
    assert (done.stdout == "200\n") is works, done.stderr
    assert works or "ClientConnectorCertificateError" in done.stderr
    # Of the output alone nobody could say why; with the line of the program explain can.
    seen = {match.rule.id for match in explain(GET + done.stderr, rules.load())}
    assert works or "SSL420" in seen


@pytest.mark.parametrize(("version", "warns"), [("0.27.2", False), ("0.28.1", True)])
def test_httpx_0_28_warns_of_paths(
    version: str, warns: bool, python: Callable[[str], str], shelf: Shelf
) -> None:
    folder = shelf.install(python("3.12"), f"httpx=={version}")
    script = "import certifi, httpx; httpx.Client(verify=certifi.where())"
    done = run(
        python("3.12"), "-W", "always", "-c", script, env={**os.environ, "PYTHONPATH": str(folder)}
    )
    assert done.returncode == 0, done.stderr
    assert (first(done.stderr) == "SSL418") is warns


WITHOUT_CRYPTOGRAPHY = """
import sys
sys.modules["cryptography.hazmat.backends"] = None
from pymysql import _auth
_auth.sha2_rsa_encrypt(b"x", b"y", b"z")
"""

URL = """
import redis
redis.Redis.from_url("rediss://127.0.0.1:1/0?ssl_cert_reqs=CERT_REQUIRED").ping()
"""

CLIENTS = [
    (
        "SSL410",
        ("celery==5.3.6", "redis==5.0.8"),
        "from celery import Celery; Celery('x', backend='rediss://127.0.0.1:1/0').backend",
    ),
    ("SSL411", ("redis==5.2.1",), URL),
    (
        "SSL416",
        ("asyncpg==0.29.0",),
        "import asyncio, asyncpg; asyncio.run(asyncpg.connect(sslmode='require'))",
    ),
    ("SSL417", ("PyMySQL==1.1.1",), WITHOUT_CRYPTOGRAPHY),
    ("SSL417", ("PyMySQL==0.9.3",), WITHOUT_CRYPTOGRAPHY),
]


@pytest.mark.parametrize(
    ("rule", "pins", "script"), CLIENTS, ids=[f"{rule}-{pins[0]}" for rule, pins, _ in CLIENTS]
)
def test_explain_knows_what_clients_say_of_tls_options(
    rule: str, pins: tuple[str, ...], script: str, python: Callable[[str], str], shelf: Shelf
) -> None:
    folder = shelf.install(python("3.10"), *pins)
    done = execute(python("3.10"), folder, script)
    assert done.returncode != 0
    assert first(done.stderr) == rule, done.stderr
