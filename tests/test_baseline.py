from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from sslfix import baseline
from sslfix.baseline import Baseline
from sslfix.errors import ReadError
from tests.conftest import run

OLD = ("--target", "lambda-python3.9")
KNOWN = ("--baseline", "known.json")
BAD = "urllib3==2.2.3\n"


@pytest.fixture(autouse=True)
def _inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def write(files: dict[str, str]) -> None:
    for name, text in files.items():
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(text)


def sslfix(*arguments: str) -> subprocess.CompletedProcess[str]:
    return run(sys.executable, "-m", "sslfix", *OLD, *arguments)


def summary(*arguments: str) -> tuple[int, str]:
    """Exit code and what was found, as the last line says it."""
    done = sslfix(*KNOWN, *arguments)
    assert done.stderr == ""
    return done.returncode, done.stdout.splitlines()[-1].partition(" (")[0]


@pytest.fixture
def _written() -> None:
    """A baseline of two findings in two files."""
    write({"requirements.txt": f"requests\n{BAD}", "a/requirements.txt": BAD})
    assert summary("--write-baseline") == (0, "2 in the baseline")


@pytest.mark.usefixtures("_written")
def test_the_file_has_a_sorted_line_for_each_finding() -> None:
    assert Path("known.json").read_text() == (
        '{\n  "schema": 1,\n  "findings": [\n'
        '    {"rule": "SSL101", "path": "a/requirements.txt", "distribution": "urllib3", '
        '"level": "error"},\n'
        '    {"rule": "SSL101", "path": "requirements.txt", "distribution": "urllib3", '
        '"level": "error"}\n'
        "  ]\n}\n"
    )


@pytest.mark.usefixtures("_written")
def test_what_is_known_does_not_fail_and_what_is_new_does() -> None:
    assert summary() == (0, "2 in the baseline")
    write({"requirements.txt": "# moved\n\nrequests\nurllib3 == 2.3.0 # raised\n"})
    assert summary() == (0, "2 in the baseline")
    write({"b/requirements.txt": BAD})
    assert summary() == (1, "1 error, 2 in the baseline")
    (one,) = [
        one
        for one in json.loads(sslfix(*KNOWN, "--format", "json").stdout)["findings"]
        if one["status"] == "open"
    ]
    assert one["locations"][0]["path"] == "b/requirements.txt"


@pytest.mark.usefixtures("_written")
def test_what_stands_in_more_places_is_new() -> None:
    write({"a/requirements.txt": "urllib3==2.2.3; os_name == 'posix'\nurllib3==2.2.2\n"})
    assert summary() == (1, "2 errors, 1 in the baseline")
    assert summary("--write-baseline") == (0, "3 in the baseline")
    assert '"level": "error", "count": 2}' in Path("known.json").read_text()


def test_what_got_worse_is_new_and_what_got_better_is_not() -> None:
    write({"requirements.txt": "urllib3>=1.26\n"})
    assert summary("--write-baseline") == (0, "1 in the baseline")
    assert '"level": "warning"' in Path("known.json").read_text()
    write({"requirements.txt": BAD})
    assert summary() == (1, "1 error")
    assert summary("--write-baseline") == (0, "1 in the baseline")
    write({"requirements.txt": "urllib3>=1.26\n"})
    assert summary() == (0, "1 in the baseline")


@pytest.mark.usefixtures("_written")
def test_it_holds_for_other_interpreters_and_from_every_folder(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert summary("--target", "amazonlinux:2") == (0, "4 in the baseline")
    monkeypatch.chdir("a")
    done = sslfix("--baseline", "../known.json")
    assert (done.returncode, "1 in the baseline" in done.stdout) == (0, True)


@pytest.mark.usefixtures("_written")
def test_what_is_gone_is_told_and_left_out_when_it_is_written_anew() -> None:
    write({"a/requirements.txt": "attrs\n"})
    done = sslfix(*KNOWN)
    line = "known.json: one finding in it is there no more; --write-baseline leaves it out"
    assert (done.returncode, line in done.stdout.splitlines()) == (0, True)
    assert line not in sslfix(*KNOWN, "requirements.txt").stdout  # says nothing of a/
    assert sslfix(*KNOWN, "--write-baseline", "requirements.txt").returncode == 0
    assert "a/requirements.txt" in Path("known.json").read_text()
    assert sslfix(*KNOWN, "--write-baseline").returncode == 0
    assert "a/requirements.txt" not in Path("known.json").read_text()
    assert line not in sslfix(*KNOWN).stdout


@pytest.mark.usefixtures("_written")
def test_what_could_not_be_read_stays_in_it() -> None:
    """A lock file in a conflict has not lost its findings."""
    old = Path("known.json").read_text()
    write({"a/requirements.txt": "\0", "requirements.txt": BAD})
    done = sslfix(*KNOWN)
    assert (done.returncode, "there no more" in done.stdout) == (2, False)
    done = sslfix(*KNOWN, "--write-baseline")
    assert (done.returncode, "as not all was checked, nothing" in done.stdout) == (2, True)
    assert Path("known.json").read_text() == old


@pytest.mark.usefixtures("_written")
def test_it_is_replaced_in_one_step_and_through_a_link() -> None:
    Path("shared").mkdir()
    Path("known.json").rename("shared/known.json")
    Path("known.json").symlink_to("shared/known.json")
    shared = Path("shared/known.json")
    shared.chmod(0o640)
    old = shared.stat()
    assert sslfix(*KNOWN, "--write-baseline").returncode == 0
    new = shared.stat()
    assert Path("known.json").is_symlink()
    assert (new.st_ino != old.st_ino, new.st_mode) == (True, old.st_mode)
    assert os.listdir("shared") == ["known.json"]


@pytest.mark.usefixtures("_written")
def test_a_byte_order_mark_and_other_line_ends_are_no_obstacle() -> None:
    text = Path("known.json").read_text().replace("\n", "\r\n")
    Path("known.json").write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert summary() == (0, "2 in the baseline")


def test_names_that_are_no_text_are_known_again() -> None:
    Path(os.fsdecode(b"requirements-\xe9.txt")).write_text(BAD)
    assert sslfix(*KNOWN, "--write-baseline", "-q").returncode == 0
    assert Path("known.json").read_text(encoding="ascii").count("\\udce9") == 1
    assert sslfix(*KNOWN, "-q").returncode == 0


@pytest.mark.usefixtures("_written")
def test_quiet_says_nothing_of_what_is_known() -> None:
    assert sslfix(*KNOWN, "-q").stdout == ""


@pytest.mark.usefixtures("_written")
def test_nothing_that_is_known_is_fixed() -> None:
    write({"b/requirements.txt": BAD})
    done = sslfix(*KNOWN, "--apply", "--offline")
    assert done.returncode == 0
    assert done.stdout.splitlines()[-1].startswith("1 fixed, 2 in the baseline (")
    assert Path("a/requirements.txt").read_text() == BAD
    assert Path("b/requirements.txt").read_text() != BAD


def test_what_a_comment_silences_is_not_in_it() -> None:
    write({"requirements.txt": "urllib3==2.2.3  # sslfix: ignore[SSL101]\n"})
    assert summary("--write-baseline") == (0, "1 ignored")
    assert Path("known.json").read_text() == '{\n  "schema": 1,\n  "findings": []\n}\n'


def test_the_settings_name_it_as_well() -> None:
    write({"requirements.txt": BAD, ".sslfix.toml": 'baseline = "known.json"\n'})
    done = sslfix()
    assert (done.returncode, done.stderr) == (
        2,
        "sslfix: known.json: is not there yet; write it with --write-baseline\n",
    )
    assert sslfix("--write-baseline").returncode == 0
    assert sslfix().returncode == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--write-baseline",), "--write-baseline needs --baseline FILE, or `baseline` in the"),
        ((*KNOWN, "--write-baseline", "--select", "SSL1"), "a baseline is of everything"),
        (("--baseline", "gone.json"), "gone.json: is not there yet; write it with --write-b"),
    ],
)
def test_what_cannot_be_meant_is_said(arguments: tuple[str, ...], message: str) -> None:
    write({"requirements.txt": BAD})
    done = sslfix(*arguments)
    assert (done.returncode, done.stderr[: 8 + len(message)]) == (2, f"sslfix: {message}")


ENTRY = '{"rule": "SSL101", "path": "a", "level": "error"}'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{\n"schema": 1,\n<<<<<<<', "b:3: is not valid JSON: "),
        ("[]", "b:1: is no baseline; delete it, and write one with --write-baseline"),
        ('{"schema": 2, "findings": []}', "b:1: has schema 2; this version reads 1"),
        (f'{{"schema": 1, "findings": [\n{ENTRY},\n1\n]}}', "b:3: is no entry of a baseline"),
        *(
            (f'{{"schema": 1, "findings": [\n{ENTRY},\n\n {entry}\n]}}', "b:4: is no entry of a")
            for entry in [
                '{"path": "a", "level": "error"}',
                '{"rule": "SSL101", "level": "error"}',
                '{"rule": "SSL101", "path": "a"}',
                '{"rule": "SSL101", "path": "a", "level": "bad"}',
                '{"rule": "SSL101", "path": ["a"], "level": "error"}',
                '{"rule": "SSL101", "path": "a", "level": "error", "count": 0}',
                '{"rule": "SSL101", "path": "a", "level": "error", "count": true}',
                '{"rule": "SSL101", "path": "a", "level": "error", "line": 3}',
            ]
        ),
    ],
)
def test_a_broken_file_is_an_error_with_its_line(text: str, message: str) -> None:
    with pytest.raises(ReadError) as raised:
        baseline.parse(text, "b")
    assert str(raised.value).startswith(message)


def test_what_is_written_is_read_as_it_was() -> None:
    text = baseline.render(baseline.parse(f'{{"schema": 1, "findings": [{ENTRY}]}}', "b"))
    assert baseline.render(baseline.parse(text, "b")) == text
    assert baseline.parse(baseline.render(Baseline("b")), "b") == Baseline("b")
