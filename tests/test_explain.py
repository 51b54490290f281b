"""explain: the right page from texts as people paste them."""

from __future__ import annotations

import csv
import time
from pathlib import Path

import pytest

from sslfix import rules
from sslfix.explain import asked_for, explain, remedies, told
from sslfix.model import Remedy

RULES = rules.load()
REFUSED = (
    "ImportError: urllib3 v2.0 only supports OpenSSL 1.1.1+, currently the 'ssl' module is compiled"
    " with 'OpenSSL 1.0.2k-fips  26 Jan 2017'. See: https://github.com/urllib3/urllib3/issues/2168"
)
RECURSION = (
    '  File "/usr/lib/python3.9/ssl.py", line 602, in options\n'
    "    super(SSLContext, SSLContext).options.__set__(self, value)\n"
    "  [Previous line repeated 474 more times]\n"
    "RecursionError: maximum recursion depth exceeded\n"
)
# The families of reports that are the five cases, and the rule that explains each.
FAMILIES = {
    "urllib3-v2-old-openssl": ("SSL101",),
    "urllib3-notopenssl-warning": ("SSL102",),
    "stale-ssl-symbol-mismatch": ("SSL501", "SSL502", "SSL503"),
    "sslcontext-shared-threads-crash": ("SSL401", "SSL403"),
    "gevent-ssl-recursion": ("SSL601",),
    "eventlet-ssl-recursion": ("SSL601",),
    "curl-cffi-ssl-syscall": ("SSL901",),
}


def recognised(text: str) -> list[tuple[str, str]]:
    return [(match.rule.id, match.confidence) for match in explain(text, RULES)]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(REFUSED, id="as it is"),
        pytest.param(REFUSED.replace(" ", "\n"), id="wrapped"),
        pytest.param(REFUSED.replace(" ", "\r\n    "), id="wrapped with CRLF"),
        pytest.param(REFUSED.replace("'", "\u2019"), id="typographic quotes"),
        pytest.param("\x1b[31m" + REFUSED.replace("v2.0", "\x1b[1mv2.0\x1b[0m"), id="coloured"),
        pytest.param(REFUSED.replace("supports OpenSSL", "supports 0penSSL"), id="OCR"),
        pytest.param('{"message": "' + REFUSED.replace(" only", "\\n  only") + '"}', id="JSON"),
        pytest.param("2024-01-02T03:04:05.678Z " + REFUSED, id="timestamp"),
        pytest.param(
            "\n".join(f"web_1  | {part}" for part in REFUSED.split(", ")).replace("+\n", "+,\n"),
            id="docker compose",
        ),
        pytest.param("> " + REFUSED.replace(" module", "\n> module"), id="quoted mail"),
        pytest.param(REFUSED.upper(), id="upper case"),
        pytest.param(REFUSED.replace("v2.0", "v2"), id="newer words"),
    ],
)
def test_a_text_is_recognised_however_it_was_pasted(text: str) -> None:
    assert recognised(text)[0] == ("SSL101", "certain")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (REFUSED.replace("'OpenSSL 1.0.2k-fips  26 Jan 2017'", "LibreSSL 2.8.3"), "SSL101"),
        (REFUSED.replace("OpenSSL 1.0.2k-fips  26 Jan 2017", "LibreSSL 2.8.3"), "SSL101"),
        (
            REFUSED.replace("ImportError", "NotOpenSSLWarning").replace(
                "OpenSSL 1.0", "LibreSSL 3"
            ),
            "SSL102",
        ),
        (
            "NotOpenSSLWarning"
            + REFUSED[len("ImportError") :].replace("'OpenSSL 1.0", "LibreSSL 3"),
            "SSL102",
        ),
        (RECURSION + "gevent==1.2.1", "SSL601"),
        (RECURSION + "eventlet==0.40.4", "SSL601"),
        (RECURSION, "SSL601"),
        ("curl: (35) BoringSSL SSL_connect: SSL_ERROR_SYSCALL in connection to h:443", "SSL901"),
        ("requests==2.32.3\nSegmentation fault (core dumped)", "SSL401"),
        ("requests 2.32.3\n[X509: KEY_VALUES_MISMATCH] key values mismatch", "SSL401"),
        ("TypeError: wrap_socket() got an unexpected keyword argument '_context'", "SSL203"),
    ],
)
def test_the_right_page_comes_first(text: str, expected: str) -> None:
    assert recognised(text)[0][0] == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n\n",
        "Segmentation fault",
        "RecursionError: maximum recursion depth exceeded",
        "gevent\nRecursionError: maximum recursion depth exceeded in comparison",
        "requests==2.32.5\nSegmentation fault",
        "urllib3 2.0.2 was installed",
        "[X509: KEY_VALUES_MISMATCH] key values mismatch",
        "curl: (3) URL using bad/illegal format or missing URL",
    ],
)
def test_what_is_not_known_is_not_recognised(text: str) -> None:
    assert recognised(text) == []


def test_a_recursion_without_the_culprit_is_only_likely() -> None:
    assert recognised(RECURSION) == [("SSL601", "likely")]
    assert recognised("from gevent import monkey\n" + RECURSION)[0] == ("SSL601", "certain")


def test_the_error_comes_before_the_warning_that_precedes_it() -> None:
    warning = "NotOpenSSLWarning: urllib3 v2 only supports OpenSSL 1.1.1+\n"
    assert [rule for rule, _ in recognised(warning + "gevent\n" + RECURSION)] == [
        "SSL601",
        "SSL102",
    ]


def test_the_evidence_is_the_line_and_its_number() -> None:
    match = explain(f"hello\n\n\x1b[31m  {REFUSED}\x1b[0m\nbye", RULES)[0]
    assert match.line == 3
    assert match.evidence == " ".join(REFUSED.split())


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("compiled with 'OpenSSL 1.0.2k-fips  26 Jan 2017'", {"urllib3": ">=1.26.20,<2"}),
        ("compiled with LibreSSL 2.8.3", {"urllib3": ">=2.0.3,<3"}),
        ("compiled with libressl 3.3.6", {"urllib3": ">=2.0.3,<3"}),
    ],
)
def test_the_remedies_are_those_of_the_library_in_the_text(
    text: str, first: dict[str, str]
) -> None:
    found = remedies(RULES[0], told(text, ()))
    assert found[0].constraint == first
    assert not any("{" in remedy.why for remedy in found)


def test_without_a_library_in_the_text_the_remedies_of_all_cases_are_given() -> None:
    assert {str(remedy.constraint) for remedy in remedies(RULES[0], told("?", ()))} == {
        "{'urllib3': '>=2.0.3,<3'}",
        "{'urllib3': '>=1.26.20,<2'}",
        "{}",
    }


def test_the_python_in_the_paths_narrows_the_remedies() -> None:
    rule = rules.find(RULES, "SSL401")
    assert rule
    old = remedies(rule, told("/lib/python3.8/ssl.py", ()))
    assert [bool(remedy.constraint) for remedy in old] == [False]
    assert remedies(rule, told("/lib/python3.9/ssl.py", ()))[0].constraint


@pytest.mark.parametrize(
    "piece",
    [
        "in ssl_wrap_socket ",
        "ssl.py SSLContext ",
        "super(SSLContext, SSLContext).options ",
        "urllib3 v2 only supports OpenSSL ",
        "requests gevent https:// Segmentation fault ",
        "> > > | | | ",
        " " * 10,
        "a" * 40,
    ],
)
def test_a_large_text_takes_linear_time(piece: str) -> None:
    text = (piece * (500_000 // len(piece))) + "gevent"
    start = time.process_time()
    explain(text, RULES)
    assert time.process_time() - start < 5


def test_the_reports_of_the_five_cases_are_explained_and_no_other(reports: Path) -> None:
    with (reports / "index.tsv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    wrong = []
    for row in rows:
        text = (reports / "texts" / f"{row['report']}.txt").read_text(encoding="utf-8")
        first = [rule for rule, _ in recognised(text)][:1]
        wanted = FAMILIES.get(row["family"])
        if wanted and not set(first) & set(wanted):
            wrong.append((row["report"], row["family"], first))
        if row["family"].startswith("neg-") and first and not first[0].startswith("SSL9"):
            wrong.append((row["report"], row["family"], first))
    assert wrong == []


PAIR = "AttributeError: module 'lib' has no attribute 'X509_V_FLAG_CB_ISSUER_CHECK'"


def advice(text: str) -> list[Remedy]:
    rule = explain(text, RULES)[0].rule
    return list(remedies(rule, told(text, asked_for([rule]))))


def test_releases_in_the_text_narrow_the_remedies() -> None:
    every, narrowed = advice(PAIR), advice(f"cryptography==41.0.7, Python 3.9.2\n{PAIR}")
    assert len(every) > len(narrowed) == 1
    assert narrowed[0].constraint == {"pyopenssl": ">=25.1.0,<25.2"}
    assert not narrowed[0].why.startswith("with ")
    assert all(one.why.startswith("with cryptography>=") for one in every)


def test_a_remedy_moves_only_what_the_text_speaks_of() -> None:
    text = f"cryptography==41.0.7, Python 3.9.2\n{PAIR}\nFile scrapy/core/downloader/tls.py"
    moved = {"pyopenssl": ">=25.1.0,<25.2", "scrapy": ">=2.6.3,<2.7"}
    assert advice(text)[0].constraint == moved


@pytest.mark.parametrize(
    ("text", "platform"),
    [
        (r'File "C:\Users\me\x.py"', "win32"),
        ("FileNotFoundError: [WinError 2]", "win32"),
        ("/Users/me/x.py", "darwin"),
        ("/Library/Frameworks/Python.framework/Versions/3.8/bin/python3", "darwin"),
        ("dyld: Library not loaded", "darwin"),
        ("/home/me/x.py", "linux"),
        ("/usr/lib/x86_64-linux-gnu/libssl.so.3", "linux"),
        ("libpython3.8.so.1.0: cannot open", "linux"),
        ("https://h/Users/me", ""),
        ("/mnt/c/Users/me/x.py", ""),
        ("/usr/local/lib/python3.8/ssl.py", ""),
        ("C:\\x, then in WSL /home/me/x.py", ""),
    ],
)
def test_the_paths_tell_the_platform_unless_they_are_of_two(text: str, platform: str) -> None:
    assert told(text, ()).platform == platform


@pytest.mark.parametrize(
    ("path", "offered"),
    [("/Users/me/x.py", False), (r"C:\x.py", False), ("/home/me/x.py", True), ("x.py", True)],
)
def test_a_remedy_for_another_platform_is_not_given(path: str, offered: bool) -> None:
    rule = rules.find(RULES, "SSL702")
    assert rule
    commands = [one for remedy in remedies(rule, told(path, ())) for one in remedy.commands]
    assert ("apk add ca-certificates" in commands) is offered


@pytest.mark.parametrize(
    ("id_", "text", "command"),
    [
        ("SSL507", "libpython3.7m.so.1.0: cannot open", "sudo apt-get install libpython3.7"),
        ("SSL507", "libpython3.11.so.1.0: cannot open", "sudo apt-get install libpython3.11"),
        ("SSL507", "cannot open", "sudo apt-get install libpython3.X"),
        (
            "SSL701",
            "/Library/Frameworks/Python.framework/Versions/3.8/lib/x.py",
            'open "/Applications/Python 3.8/Install Certificates.command"',
        ),
    ],
)
def test_a_command_names_the_python_of_the_text(id_: str, text: str, command: str) -> None:
    rule = rules.find(RULES, id_)
    assert rule
    assert command in [one for remedy in remedies(rule, told(text, ())) for one in remedy.commands]


WARNED = (
    "urllib3/__init__.py:35: NotOpenSSLWarning: urllib3 v2 only supports OpenSSL 1.1.1+, currently"
    " the 'ssl' module is compiled with 'LibreSSL 2.8.3'.\n"
)


@pytest.mark.parametrize(
    ("error", "first"),
    [
        ("", "SSL102"),
        (
            "requests.exceptions.HTTPError: 403 Client Error: Forbidden for url: https://h/",
            "SSL908",
        ),
        ("certificate verify failed: certificate has expired (_ssl.c:1129)", "SSL909"),
        ("socket.gaierror: [Errno 8] nodename nor servname provided, or not known", "SSL902"),
        ("ModuleNotFoundError: No module named '_ssl'", "SSL515"),
    ],
)
def test_what_ended_the_program_comes_before_what_only_warned(error: str, first: str) -> None:
    assert recognised(WARNED + error)[0][0] == first
