"""`sslfix constraints` as it is called."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from sslfix import cli
from tests.conftest import run

Output = pytest.CaptureFixture[str]
OLD = ("--target", "lambda-python3.9")
MAC = ("--target", "macos-python3.9")


@pytest.fixture(autouse=True)
def _inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if line and not line.startswith("#")]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (OLD, ["eventlet>=0.26.0", "gevent>=1.2", "imapclient>=2.2.0", "urllib3<2"]),
        ((*OLD, "--select", "SSL1"), ["selenium<4.33", "types-requests<2.31.0.7", "urllib3<2"]),
        ((*OLD, "--select", "SSL101"), ["urllib3<2"]),
        ((*OLD, "--ignore", "SSL2", "--ignore", "urllib3-openssl-too-old"), []),
        ((*MAC, "--select", "SSL101"), ["urllib3!=2.0.0.*,!=2.0.1.*,!=2.0.2.*"]),
        ((*MAC, "--select", "SSL101", "--select", "SSL102"), ["urllib3<2"]),
        ((*MAC, "--select", "SSL102", "--level", "error"), []),
    ],
)
def test_the_rules_that_count_are_chosen_by_level_or_by_name(
    words: tuple[str, ...], expected: list[str], capsys: Output
) -> None:
    assert cli.main(["constraints", *words]) == 0
    found = [line for line in lines(capsys.readouterr().out) if "ibm" not in line]
    assert found == expected


def test_the_file_says_what_it_is_for(capsys: Output) -> None:
    assert cli.main(["constraints", *OLD, "--select", "SSL101"]) == 0
    head, names, *rest = capsys.readouterr().out.splitlines()
    assert head.startswith("# made by sslfix ")
    assert names.startswith("# fingerprint: ")
    assert rest == [
        "# interpreter: lambda-python3.9 (Python 3.9.18)",
        "# SSL library: OpenSSL 1.0.2k-fips  26 Jan 2017",
        "",
        "# SSL101 urllib3-openssl-too-old: urllib3 >=2.0.0a1 fails with OpenSSL<1.1.1",
        "urllib3<2",
    ]


def test_the_file_is_the_same_in_every_language(capsys: Output) -> None:
    assert cli.main(["constraints", *OLD, "--lang", "zh"]) == 0
    spoken = capsys.readouterr().out
    assert cli.main(["constraints", *OLD]) == 0
    assert capsys.readouterr().out == spoken


def test_json_says_the_same(capsys: Output) -> None:
    assert cli.main(["constraints", *OLD, "--select", "SSL101", "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["schema"] == 1
    assert found["interpreter"]["ssl"]["library"] == "OpenSSL"
    assert found["constraints"] == [
        {
            "requirement": "urllib3<2",
            "distribution": "urllib3",
            "specifier": "<2",
            "rules": ["SSL101"],
            "reasons": [
                "SSL101 urllib3-openssl-too-old: urllib3 >=2.0.0a1 fails with OpenSSL<1.1.1"
            ],
        }
    ]


def test_the_interpreter_is_chosen_as_check_does(capsys: Output) -> None:
    assert run(sys.executable, "-m", "venv", "--without-pip", ".venv").returncode == 0
    assert cli.main(["constraints"]) == 0
    assert "# interpreter: .venv (Python " in capsys.readouterr().out
    Path(".sslfix.toml").write_text('targets = ["lambda-python3.9"]\nignore = ["SSL2"]\n')
    assert cli.main(["constraints"]) == 0
    said = capsys.readouterr().out
    assert "# interpreter: lambda-python3.9" in said
    assert lines(said) == ["urllib3<2"]
    assert cli.main(["constraints", "--python", ".venv"]) == 0
    assert "# interpreter: .venv (Python " in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["--target", "nowhere"], "no target is named nowhere"),
        (["--python", "nowhere"], "no such file"),
        (["--select", "SSL999", *OLD], "SSL999"),
        (["--config", "two.toml"], "for one interpreter"),
        (["--python", "sick"], "sick"),
        (["--output", "nowhere/c.txt", *OLD], "nowhere/c.txt cannot be written"),
    ],
)
def test_what_cannot_be_done_is_exit_2_and_writes_nothing(
    words: list[str], reason: str, capsys: Output
) -> None:
    Path("two.toml").write_text('targets = ["lambda-python3.9", "debian-12"]\n')
    Path("sick").write_text("#!/bin/sh\necho no; exit 1\n")
    Path("sick").chmod(0o755)
    assert cli.main(["constraints", *words]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert reason in said.err


def test_a_file_is_written_in_one_step_and_through_a_link(capsys: Output) -> None:
    Path("real").mkdir()
    Path("real/c.txt").write_text("urllib3<1\n")
    Path("c.txt").symlink_to("real/c.txt")
    old = os.stat("real/c.txt").st_ino
    assert cli.main(["constraints", *OLD, "--output", "c.txt"]) == 0
    assert capsys.readouterr().out == ""
    assert Path("c.txt").is_symlink()
    assert lines(Path("real/c.txt").read_text())[-1] == "urllib3<2"
    assert os.stat("real/c.txt").st_ino != old
    assert os.listdir("real") == ["c.txt"]


def test_a_device_stays_what_it_is() -> None:
    done = run(sys.executable, "-m", "sslfix", "constraints", *OLD, "--output", "/dev/stdout")
    assert done.returncode == 0
    assert lines(done.stdout)[-1] == "urllib3<2"
