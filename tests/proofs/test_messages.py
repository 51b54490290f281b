"""What programs print when trust or TLS policy fails, and that `explain` names the page first.

Unlike in `boundaries`, not the pins decide but variables, files and servers: each row has a
program that fails and one that works, run with the same pins.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Callable, NamedTuple

import pytest

from sslfix import rules
from sslfix.explain import explain

from .boundaries import HERE, Bench, shows

pytestmark = [pytest.mark.proof, pytest.mark.network]
RULES = rules.load()
TRUST = (
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "AWS_CA_BUNDLE",
    "HTTPLIB2_CA_CERTS",
    "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH",
)
REQUESTS = (
    "requests==2.32.5",
    "urllib3==2.6.3",
    "idna==3.10",
    "certifi==2025.8.3",
    "charset-normalizer==3.4.4",
)
CURL = ("curl_cffi==0.13.0", "cffi==1.17.1", "pycparser==2.22", "certifi==2025.8.3")
BOTOCORE = (
    "botocore==1.40.0",
    "urllib3==2.6.3",
    "jmespath==1.0.1",
    "python-dateutil==2.9.0.post0",
    "six==1.17.0",
)

SITE = "import tls; tls.authority(); port = tls.serve({}); url = f'https://localhost:{{port}}/'\n"
CHAIN = SITE.format("'chain.pem'")
URLOPEN = "import urllib.request; urllib.request.urlopen(url)"
GET = "import requests; requests.get(url{})"
STS = (
    "import botocore.session as s; s.Session().create_client('sts', 'us-east-1', endpoint_url=url,"
    " aws_access_key_id='a', aws_secret_access_key='b').get_caller_identity()"
)
GRPC = (
    "import grpc; trust = grpc.ssl_channel_credentials()\n"
    "c = grpc.secure_channel(f'localhost:{port}', trust)\n"
    "grpc.channel_ready_future(c).result(3)"
)
WEAK = (
    "import ssl, tls\n"
    "tls.openssl('req -x509 -newkey rsa:{} -nodes -keyout k -out c -subj /CN=localhost')\n"
)
LOAD = (
    "c = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)\n"
    "c.set_ciphers('DEFAULT:@SECLEVEL=2')\n"
)
DH = (
    WEAK.format(2048)
    + "tls.openssl('dhparam -dsaparam -out dh {}')\nport = tls.serve('c', 'k', 'dh')\n"
)
LEVEL = "c = tls.unverified(); c.set_ciphers('DEFAULT:@SECLEVEL=2'); tls.connect(port, c)"
CONTEXT = "import ssl; c = ssl.create_default_context(){}"
LEGACY = "openssl_conf=i\n[i]\nproviders=p\n[p]\nlegacy=l\n{}[l]\nactivate=1\n"


class Row(NamedTuple):
    """One page, what fails and prints the message, and what works."""

    rule: str
    fails: str
    works: str
    message: str
    bad: str = ""
    good: str = ""
    pins: tuple[str, ...] = ()
    python: str = "3.12"


VARIABLES = [
    Row("SSL705", CHAIN + GET.format(""), CHAIN + GET.format(""),
        "suitable TLS CA certificate bundle, invalid path: /nonexistent",
        "REQUESTS_CA_BUNDLE=/nonexistent", "REQUESTS_CA_BUNDLE=ca.pem", REQUESTS),
    Row("SSL707", CHAIN + GET.format(""), CHAIN + GET.format(""),
        "suitable TLS CA certificate bundle, invalid path: /old/certifi/cacert.pem",
        "REQUESTS_CA_BUNDLE=/old/certifi/cacert.pem", "REQUESTS_CA_BUNDLE=ca.pem",
        REQUESTS),
    Row("SSL708", CHAIN + "from curl_cffi import requests; requests.get(url)",
        CHAIN + "from curl_cffi import requests; requests.get(url)",
        "curl: (77) error setting certificate verify locations",
        "CURL_CA_BUNDLE=/nonexistent", "CURL_CA_BUNDLE=ca.pem", CURL),
    Row("SSL718", CHAIN + STS,
        CHAIN + f"try: {STS}\nexcept Exception as e: assert 'SSL' not in str(e), e",
        "SSL validation failed for {} [Errno 2] No such file or directory",
        "AWS_CA_BUNDLE=/nonexistent", "AWS_CA_BUNDLE=ca.pem", BOTOCORE),
    Row("SSL716", "import httplib2", "import httplib2",
        "Environment variable HTTPLIB2_CA_CERTS not a valid file",
        "HTTPLIB2_CA_CERTS=/nonexistent", "", ("httplib2==0.22.0", "pyparsing==3.2.3")),
]  # fmt: skip
ROWS = [
    Row("SSL702", SITE.format("") + URLOPEN, SITE.format("") + URLOPEN,
        "certificate verify failed: unable to get local issuer certificate",
        "SSL_CERT_FILE=/nonexistent", "SSL_CERT_FILE=ca.pem"),
    Row("SSL711", CHAIN + URLOPEN, CHAIN + URLOPEN,
        "certificate verify failed: self-signed certificate in certificate chain",
        "SSL_CERT_FILE=/nonexistent", "SSL_CERT_FILE=ca.pem"),
    Row("SSL910", SITE.format("") + GET.format(""), SITE.format("") + GET.format(""),
        "certificate verify failed: unable to get local issuer certificate",
        "", "REQUESTS_CA_BUNDLE=ca.pem", REQUESTS),
    Row("SSL715", "# session.verify = False\n" + CHAIN +
        "import requests\ns = requests.Session(); s.verify = False\n"
        "try: s.get(url)\nexcept OSError as e: raise SystemExit(f's.verify = False: {e}')",
        CHAIN + GET.format(", verify=False"), "CERTIFICATE_VERIFY_FAILED",
        "REQUESTS_CA_BUNDLE=/etc/ssl/certs/ca-certificates.crt",
        "REQUESTS_CA_BUNDLE=/etc/ssl/certs/ca-certificates.crt", REQUESTS),
    Row("SSL719", CHAIN + GET.format(", cert='/nonexistent'"),
        CHAIN + GET.format(", cert=('site.pem', 'site.key'), verify='ca.pem'"),
        "Could not find the TLS certificate file, invalid path", pins=REQUESTS),
    Row("SSL720", CHAIN + GRPC, CHAIN +
        "import grpc; grpc.ssl_channel_credentials(open('ca.pem', 'rb').read())",
        "OPENSSL_internal:CERTIFICATE_VERIFY_FAILED", "GRPC_VERBOSITY=info",
        pins=("grpcio==1.70.0",)),
    Row("SSL721", "open('e', 'w'); " + CONTEXT.format("; c.load_verify_locations('e')"),
        "import tls; tls.authority()\n" + CONTEXT.format("; c.load_verify_locations('ca.pem')"),
        "[X509: NO_CERTIFICATE_OR_CRL_FOUND] no certificate or crl found"),
    Row("SSL722", "open('e', 'w'); " + CONTEXT.format("; c.load_cert_chain('e')"),
        "import tls; tls.authority()\n"
        + CONTEXT.format("; c.load_cert_chain('site.pem', 'site.key')"),
        "[SSL] PEM lib (_ssl"),
    Row("SSL801", "import tls; tls.connect(tls.serve_hello(0x303), tls.unverified())",
        "import tls\nc = tls.unverified(); c.options |= 4\n"
        "try: tls.connect(tls.serve_hello(0x303), c)\n"
        "except OSError as e: assert 'LEGACY' not in str(e)",
        "unsafe legacy renegotiation disabled", python="3.9"),
    Row("SSL802", DH.format(1024) + LEVEL, DH.format(2048) + LEVEL, "dh key too small"),
    Row("SSL803", WEAK.format(1024) + LOAD + "c.load_cert_chain('c', 'k')",
        WEAK.format(2048) + LOAD + "c.load_cert_chain('c', 'k')", "ee key too small"),
    Row("SSL804", "import tls; tls.connect(tls.serve_hello(0x301), tls.unverified())",
        "import tls; tls.authority(); tls.connect(tls.serve(), tls.unverified())",
        "unsupported protocol (_ssl"),
    Row("SSL813", CONTEXT.format(""), CONTEXT.format(""), "library has no ciphers",
        "OPENSSL_CONF=legacy.cnf", "OPENSSL_CONF=both.cnf"),
    Row("SSL814", CONTEXT.format("; c.set_ciphers('FOO')"),
        CONTEXT.format("; c.set_ciphers('DEFAULT')"), "No cipher can be selected"),
]  # fmt: skip


def run(
    row: Row, side: str, setting: str, bench: Bench, python: str, place: Path
) -> tuple[int, str]:
    """Exit code and output of one side, run in a scratch folder without the machine's trust."""
    folder = bench.install(python, row.pins)
    (place / "legacy.cnf").write_text(LEGACY.format(""))
    (place / "both.cnf").write_text(LEGACY.format("default=d\n[d]\nactivate=1\n"))
    variables = {key: value for key, value in os.environ.items() if key not in TRUST}
    variables["PYTHONPATH"] = os.pathsep.join([str(HERE / "programs"), str(folder)])
    variables.update(PYTHONDONTWRITEBYTECODE="1", AWS_MAX_ATTEMPTS="1", SSL_CERT_DIR="/nonexistent")
    name, _, value = setting.partition("=")
    variables.update({name: value} if name else {})
    done = subprocess.run(
        [python, "-c", side],
        cwd=place,
        env=variables,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def prove(row: Row, bench: Bench, python: str, place: Path) -> None:
    code, output = run(row, row.fails, row.bad, bench, python, place)
    assert code > 0, output
    assert shows(row.message, output), output
    assert [match.rule.id for match in explain(output, RULES)][:1] == [row.rule], output
    code, output = run(row, row.works, row.good, bench, python, place)
    assert code == 0, output
    assert not shows(row.message, output)


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return Bench(tmp_path_factory.mktemp("bench"), None)


@pytest.mark.parametrize("row", VARIABLES, ids=lambda row: row.rule)
def test_a_variable_that_names_nothing(
    row: Row, bench: Bench, python: Callable[[str], str], tmp_path: Path
) -> None:
    prove(row, bench, python(row.python), tmp_path)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.rule)
def test_the_page_explains_what_is_printed(
    row: Row, bench: Bench, python: Callable[[str], str], tmp_path: Path
) -> None:
    prove(row, bench, python(row.python), tmp_path)
