"""`sslfix rules` and `sslfix rule`."""

from __future__ import annotations

import json

import pytest

from sslfix import rules
from sslfix.cli import main


def test_every_rule_has_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == [rule.id for rule in rules.load()]


def test_a_word_narrows_the_list(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "Eventlet", "--format", "json"]) == 0
    found = [rule["id"] for rule in json.loads(capsys.readouterr().out)["rules"]]
    assert "SSL203" in found
    assert "SSL101" not in found


@pytest.mark.parametrize(
    ("words", "found", "others"),
    [
        (["LibreSSL", "urllib3"], "SSL101", "SSL203"),
        (["--distribution", "Urllib3"], "SSL102", "SSL402"),
        (["--distribution", "curl_cffi"], "SSL402", "SSL101"),
        (["--symptom", "No module named _ssl"], "SSL515", "SSL101"),
        (
            ["--symptom", "NotOpenSSLWarning: urllib3 v2", "--distribution", "urllib3"],
            "SSL102",
            "SSL101",
        ),
    ],
)
def test_the_list_is_narrowed(
    words: list[str], found: str, others: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["rules", *words]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert found in {line.split()[0] for line in lines}
    assert others not in {line.split()[0] for line in lines}


@pytest.mark.parametrize("words", [["xyzzy"], ["--distribution", "xyzzy"], ["--symptom", "xyzzy"]])
def test_nothing_found_is_said(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", *words]) == 1
    assert "no rule is about that" in capsys.readouterr().out


@pytest.mark.parametrize("word", ["SSL101", "ssl101", "urllib3-openssl-too-old"])
def test_a_page_is_printed_as_markdown(word: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rule", word]) == 0
    page = capsys.readouterr().out
    assert page.startswith("# SSL101 urllib3-openssl-too-old: ")
    assert "`urllib3>=2.0.0a1` with OpenSSL <1.1.1 and Python >=3.7" in page
    assert "`urllib3>=2.0.0a1,<2.0.3` with an SSL library other than OpenSSL" in page
    assert page.index("## What happens") < page.index("## Fix safety") < page.index("## References")


def test_a_page_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rule", "SSL202", "--format", "json"]) == 0
    page = json.loads(capsys.readouterr().out)
    assert page["cases"] == [
        {
            "when": "Python >=3.6 and requests or urllib3 or botocore or boto3",
            "affected": {"gevent": ">=1.2,<1.3.4"},
        }
    ]
    assert page["page"].startswith("# SSL202 ")


def test_a_terminal_gets_the_page_set(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    assert main(["rule", "SSL101"]) == 0
    page = capsys.readouterr().out
    assert "What happens" in page
    assert "## What happens" not in page


def test_an_unknown_rule_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rule", "SSL000"]) == 2
    assert "no rule 'SSL000'" in capsys.readouterr().err
