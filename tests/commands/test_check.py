"""The command line's contract: what is printed, what is written, how it exits."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT, run

OLD = ("--target", "lambda-python3.9")
NEW = ("--target", "debian-12")


@pytest.fixture(autouse=True)
def _inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("requirements.txt").write_text("requests==2.31.0\nurllib3==2.2.3\n")


WHY = (
    "  # sslfix: SSL101: newer urllib3 fails with OpenSSL<1.1.1, remove when that is gone, "
    "was ==2.2.3"
)


def sslfix(*arguments: str) -> subprocess.CompletedProcess[str]:
    return run(sys.executable, "-m", "sslfix", *arguments)


def test_a_finding_is_printed_as_the_contract_shows_it() -> None:
    done = sslfix(*OLD)
    assert done.returncode == 1
    assert done.stderr == ""
    assert done.stdout == (
        "requirements.txt:2:1: error[SSL101]: urllib3 2.2.3 cannot be imported here\n"
        "  |\n"
        "2 | urllib3==2.2.3\n"
        "  | ^^^^^^^^^^^^^^ refuses OpenSSL 1.0.2k, the SSL library of lambda-python3.9 "
        "(Python 3.9.18)\n"
        "  |\n"
        "  = fix: urllib3>=1.26.20,<2 (safe): no urllib3 2 works with OpenSSL older than 1.1.1; "
        "1.26.20 is the last release that does, and gets no security fixes any more\n"
        "  = more: sslfix rule SSL101\n"
        "\n"
        "judged for lambda-python3.9 (Python 3.9.18, OpenSSL 1.0.2k-fips  26 Jan 2017): "
        "the target lambda-python3.9\n"
        "1 error (1 file, 2 declarations read)\n"
    )


def test_nothing_found_is_said() -> None:
    done = sslfix(*NEW)
    assert done.returncode == 0
    assert done.stdout.endswith("nothing found (1 file, 2 declarations read)\n")


def test_apply_fixes_and_says_so_and_does_it_once() -> None:
    first = sslfix(*OLD, "--apply", "--offline")
    assert first.returncode == 0, first.stdout + first.stderr
    assert "requirements.txt:2:1: fixed[SSL101]" in first.stdout
    assert first.stdout.endswith("1 fixed (1 file, 2 declarations read)\n")
    text = Path("requirements.txt").read_text()
    assert text == f"requests==2.31.0\nurllib3>=1.26.20,<2{WHY}\n"
    second = sslfix(*OLD, "--apply", "--offline")
    assert (second.returncode, Path("requirements.txt").read_text()) == (0, text)
    assert "nothing found" in second.stdout


def test_diff_prints_the_patch_that_git_takes_and_changes_nothing() -> None:
    before = b"requests==2.31.0\r\n#\x0c\rx\nurllib3==2.2.3"
    Path("requirements.txt").write_bytes(before)
    done = subprocess.run(
        [sys.executable, "-m", "sslfix", *OLD, "--diff", "--offline"],
        check=False,
        capture_output=True,
    )
    assert done.returncode == 1
    assert Path("requirements.txt").read_bytes() == before
    Path("fix.patch").write_bytes(done.stdout)
    applied = run("git", "apply", "--whitespace=nowarn", "fix.patch")
    assert applied.returncode == 0, applied.stderr
    assert (
        Path("requirements.txt").read_bytes()
        == b"requests==2.31.0\r\n#\x0c\rx\nurllib3>=1.26.20,<2" + WHY.encode()
    )
    assert sslfix(*OLD, "--diff").returncode == 0


def test_several_paths_one_broken() -> None:
    Path("bad").mkdir()
    Path("bad/requirements.txt").write_bytes(b"\0\1\2")
    both = sslfix(*OLD)
    assert both.returncode == 1  # an error was found: that comes first
    assert "bad/requirements.txt:1: could not check: is binary" in both.stdout
    assert "1 error, 1 problem in what could not be checked" in both.stdout
    only_bad = sslfix(*NEW)
    assert only_bad.returncode == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--target", "lambda-python3.99"), "did you mean lambda-python3.9"),
        (("--ignore", "SSL999"), "no rule is called SSL999"),
        (("--as", "nonsense.lock"), "no file format is named nonsense.lock"),
        (("--config", "gone.toml"), "gone.toml: cannot be read"),
        (("--nonsense",), "unrecognized arguments"),
        (("--target", "debian-12", "--python", "3"), "not both"),
        (("--output", "no/such/folder/x"), "cannot be written"),
        (("--python", "/no/such/python"), "/no/such/python"),
    ],
)
def test_what_cannot_be_done_is_exit_2_and_a_message(
    arguments: tuple[str, ...], message: str
) -> None:
    named = any(one in arguments for one in ("--target", "--python"))
    done = sslfix(*arguments, *(() if named else OLD))
    assert done.returncode == 2
    assert message in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_levels_and_exit_codes() -> None:
    Path("requirements.txt").write_text("urllib3>=1.26\n")
    assert sslfix(*OLD).returncode == 0
    assert "1 warning" in sslfix(*OLD).stdout
    assert sslfix(*OLD, "--fail-on", "warning").returncode == 1
    Path("requirements.txt").write_text("urllib3==2.2.3\n")
    assert sslfix(*OLD, "--exit-zero").returncode == 0


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("--ignore", "SSL101"), 0),
        (("--ignore", "urllib3-openssl-too-old"), 0),
        (("--ignore", "SSL1"), 0),
        (("--select", "SSL4"), 0),
        (("--select", "SSL101"), 1),
        (("--only", "source"), 0),
        (("--only", "pins", "--only", "source"), 1),
    ],
)
def test_what_is_selected(arguments: tuple[str, ...], code: int) -> None:
    assert sslfix(*OLD, *arguments).returncode == code


@pytest.mark.parametrize(
    "comment", ["# sslfix: ignore[SSL101]", "# sslfix: ignore", "#sslfix:ignore[SSL1]"]
)
def test_a_comment_silences_its_line(comment: str) -> None:
    Path("requirements.txt").write_text(f"urllib3==2.2.3  {comment}\n")
    done = sslfix(*OLD, "--apply", "--offline")
    assert (done.returncode, "1 ignored" in done.stdout) == (0, True)
    assert Path("requirements.txt").read_text() == f"urllib3==2.2.3  {comment}\n"
    Path("requirements.txt").write_text("urllib3==2.2.3  # sslfix: ignore[SSL401]\n")
    assert sslfix(*OLD).returncode == 1


def test_settings_of_the_project_count_and_the_command_line_wins() -> None:
    Path(".sslfix.toml").write_text('targets = ["lambda-python3.9"]\nignore = ["SSL401"]\n')
    assert sslfix().returncode == 1
    assert sslfix(*NEW).returncode == 0


def test_the_json_of_all_four_fits_the_schema() -> None:
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads((ROOT / "sslfix/reporters/schema.json").read_text())
    Path("poetry.lock").write_text("= nonsense")
    Path("app.py").write_text("import requests\nfrom gevent import monkey\nmonkey.patch_all()\n")
    Path("error.log").write_text("ImportError: cannot import name 'HAS_TLSv1_3'\n")
    commands = {
        "check": ("--format", "json", *OLD),
        "explain": ("explain", "--format", "json", "error.log"),
        "env": ("env", "--format", "json", "--python", sys.executable),
        "declarations": ("declarations", "--format", "json", "requirements.txt", "poetry.lock"),
    }
    for name, arguments in commands.items():
        report = json.loads(sslfix(*arguments).stdout)
        one = {**schema, "anyOf": [{"$ref": f"#/$defs/{name}"}]}
        jsonschema.Draft202012Validator(one).validate(report)


def test_the_json_of_check() -> None:
    report = json.loads(sslfix(*OLD, "--format", "json").stdout)
    (finding,) = report["findings"]
    edit = {"kind": "edit", "path": "requirements.txt"}
    assert finding["fix"]["actions"] == [
        {**edit, "span": [24, 31], "text": ">=1.26.20,<2", "remark": False},
        {**edit, "span": [31, 31], "text": WHY, "remark": True},
    ]
    assert (finding["distribution"], finding["version"]) == ("urllib3", "2.2.3")
    assert finding["locations"][0]["line"] == 2
    assert report["interpreters"][0]["source"] == "profile"
    assert report["summary"] == {
        "errors": 1, "warnings": 0, "notes": 0, "fixed": 0, "files": 1, "declarations": 2,
    }  # fmt: skip


def test_a_report_goes_to_a_file() -> None:
    assert sslfix(*OLD, "--output", "report.txt").stdout == ""
    assert Path("report.txt").read_text().startswith("requirements.txt:2:1: error[SSL101]")


def test_colours_change_no_character() -> None:
    pytest.importorskip("rich")
    plain = sslfix(*OLD, "--color", "never").stdout
    coloured = sslfix(*OLD, "--color", "always").stdout
    assert "\x1b[" in coloured
    import re

    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == plain


def test_a_bug_is_exit_3_with_what_to_report(monkeypatch: pytest.MonkeyPatch) -> None:
    from sslfix import cli

    monkeypatch.setattr(cli, "_run", lambda _: 1 // 0)
    assert cli.main(["check"]) == 3


def test_an_interruption_is_130(monkeypatch: pytest.MonkeyPatch) -> None:
    from sslfix import cli

    def interrupted(_: list[str]) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "_run", interrupted)
    assert cli.main(["check"]) == 130


def test_where_a_lock_file_cannot_be_made_nothing_of_its_project_changes() -> None:
    """But a project beside it is another matter."""
    Path("pyproject.toml").write_text('[project]\nname = "a"\ndependencies = ["requests"]\n')
    Path("uv.lock").write_text(
        'version = 1\n\n[[package]]\nname = "urllib3"\nversion = "2.2.3"\n'
        'source = { registry = "https://index.example/simple" }\n'
    )
    Path("other").mkdir()
    Path("other/requirements.txt").write_text("urllib3==2.2.3\n")
    names = ("requirements.txt", "pyproject.toml", "uv.lock")
    before = [Path(name).read_bytes() for name in names]
    done = sslfix(*OLD, "--apply", "--offline")
    assert done.returncode == 1
    assert [Path(name).read_bytes() for name in names] == before
    assert "uv.lock could not be made, and no file of its project is changed" in done.stdout
    assert Path("other/requirements.txt").read_text() == f"urllib3>=1.26.20,<2{WHY}\n"
