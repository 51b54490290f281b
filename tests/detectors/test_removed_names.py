"""Names that are gone where the project is judged, and nowhere else."""

from __future__ import annotations

import pytest

from sslfix import rules
from sslfix.detectors import all_detectors
from sslfix.detectors.code import removed_names
from sslfix.formats import requirements
from sslfix.model import Distribution, Document, Example, Facts, Hit, Interpreter, SslLibrary

OPENSSL = "OpenSSL 3.0.19 27 Jan 2026"


def detect(
    source: str,
    python: str = "3.13.0",
    ssl: str = OPENSSL,
    pins: str = "",
    installed: tuple[str, str] | None = None,
) -> tuple[Hit, ...]:
    there = (Distribution(*installed, path="x.dist-info"),) if installed else ()
    here = Interpreter(
        "i1", "python3", python, "cpython", {}, SslLibrary.parse(ssl), distributions=there
    )
    files = (requirements.FORMAT.read(Document("requirements.txt", pins)),) if pins else ()
    facts = Facts((here,), files, (Document("app.py", source),))
    return removed_names.DETECTOR.detect(facts, here)


WRAP = "import ssl\nssl.wrap_socket(s)\n"
CIPHERS = "import urllib3\nurllib3.util.ssl_.DEFAULT_CIPHERS += ':HIGH'\n"


@pytest.mark.parametrize(
    ("source", "python", "ssl", "rule"),
    [
        (WRAP, "3.13.0", OPENSSL, ["SSL603"]),
        (WRAP, "3.12.0", "LibreSSL 3.8.2", ["SSL603"]),
        (WRAP, "3.11.7", OPENSSL, ["SSL612"]),
        (WRAP, "3.6.15", OPENSSL, []),
        (WRAP, "2.7.18", OPENSSL, []),
        ("from ssl import match_hostname\n", "3.12.1", OPENSSL, ["SSL604"]),
        ("import ssl\nssl.PROTOCOL_SSLv3\n", "3.6.15", OPENSSL, ["SSL607"]),
        ("import ssl\nssl.PROTOCOL_SSLv3\n", "3.6.15", "LibreSSL 2.8.3", ["SSL607"]),
        ("import ssl\nssl.PROTOCOL_SSLv3\n", "3.9.18", "OpenSSL 1.1.1w  11 Sep 2023", []),
        ("import ssl\nssl.PROTOCOL_SSLv2\n", "3.9.18", "OpenSSL 1.1.1w  11 Sep 2023", ["SSL607"]),
        ("import ssl\nssl.PROTOCOL_SSLv2\n", "2.7.18", "OpenSSL 1.0.2k-fips  26 Jan 2017", []),
        ("import ssl\nssl.SSLContext()\n", "3.10.13", OPENSSL, ["SSL613"]),
        ("import ssl\nssl.SSLContext()\n", "3.9.18", OPENSSL, []),
        (
            "from urllib.request import urlopen\nurlopen(u, cafile=c)\n",
            "3.12.1",
            OPENSSL,
            ["SSL612"],
        ),
        (
            "from urllib.request import urlopen\nurlopen(u, cafile=c)\n",
            "3.13.0",
            OPENSSL,
            ["SSL620"],
        ),
        ("import ssl\nssl.SSLSocket(s)\n", "3.7.16", OPENSSL, ["SSL621"]),
    ],
)
def test_the_interpreter_decides(source: str, python: str, ssl: str, rule: list[str]) -> None:
    assert [hit.rule for hit in detect(source, python, ssl)] == rule


@pytest.mark.parametrize(
    ("pins", "installed", "found"),
    [
        ("", None, 0),
        ("urllib3==1.26.20\n", None, 0),
        ("urllib3>=1.26\n", None, 0),
        ("urllib3==2.2.3\n", ("urllib3", "1.26.20"), 0),
        ("urllib3==1.26.20\n", ("urllib3", "2.2.3"), 0),
        ("requests==2.32.5\n", None, 0),
        ("urllib3==2.2.3\n", None, 1),
        ("urllib3>=2,<3\n", None, 1),
        ("urllib3>=1.26\n", ("urllib3", "2.2.3"), 1),
        ("", ("urllib3", "2.2.3"), 1),
    ],
)
def test_a_release_has_to_be_known(
    pins: str, installed: tuple[str, str] | None, found: int
) -> None:
    hits = detect(CIPHERS, pins=pins, installed=installed)
    assert [hit.rule for hit in hits] == ["SSL623"] * found
    if hits:
        paths = [place.path for place in hits[0].locations]
        assert paths[0] == "app.py"
        assert paths[1] in {"requirements.txt", "x.dist-info"}


def test_one_line_is_one_note() -> None:
    line = "import ssl\nc.options |= ssl.OP_NO_TLSv1 | ssl.OP_NO_TLSv1_1\nssl.SSLContext()\n"
    assert [hit.locations[0].line for hit in detect(line)] == [2, 3]


def test_points_at_the_name() -> None:
    (hit,) = detect("import ssl\nsock = ssl.wrap_socket(sock, certfile='é')\n")
    place = hit.locations[0]
    assert place.snippet[place.column - 1 : place.end_column - 1] == "ssl.wrap_socket"


def test_it_is_found_by_its_name() -> None:
    assert all_detectors()["removed-names"] is removed_names.DETECTOR


EXAMPLES = [
    pytest.param(rule.id, example, rule.cases[0].when.detector, id=f"{rule.id}-{number}")
    for rule in rules.load()
    for number, example in enumerate(rule.examples)
    if example.source
    and rule.cases[0].when.detector in {"removed-names", "shared-handles", "contexts"}
]


@pytest.mark.parametrize(("rule", "example", "detector"), EXAMPLES)
def test_the_examples_of_the_pages(rule: str, example: Example, detector: str) -> None:
    library = SslLibrary.parse(example.ssl or OPENSSL)
    here = Interpreter("i1", "python3", example.python, "cpython", {}, library)
    facts = Facts((here,), (), (Document("app.py", example.source),))
    found = {hit.rule for hit in all_detectors()[detector].detect(facts, here)}
    assert (rule in found) is example.fires
