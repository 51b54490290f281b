"""`sslfix run`: its words, its exit codes, and what it says of a failure. See also test_relay."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from sslfix.cli import main
from tests.test_house import modules_after

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs sh and signals")

REFUSED = (
    "ImportError: urllib3 v2.0 only supports OpenSSL 1.1.1+, currently the 'ssl' module is compiled"
    " with LibreSSL 2.8.3. See: https://github.com/urllib3/urllib3/issues/2168\n"
)
RUN = [sys.executable, "-m", "sslfix", "run"]


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*RUN, *words], check=False, capture_output=True, text=True, timeout=60, errors="replace"
    )


@pytest.mark.parametrize("code", [0, 1, 2, 3, 77, 126, 127, 130, 255])
def test_the_exit_code_passes_through(code: int, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "--", "sh", "-c", f"echo out; echo err >&2; exit {code}"]) == code
    assert capfd.readouterr() == ("out\n", "err\n")


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGPIPE, signal.SIGSEGV, signal.SIGTERM])
def test_a_death_by_a_signal_is_ours_too(number: int) -> None:
    done = run("--", "sh", "-c", f"kill -{int(number)} $$; echo alive")
    assert (done.returncode, done.stdout, done.stderr) == (-number, "", "")


@pytest.mark.parametrize(
    ("words", "arguments"),
    [
        (("--", sys.executable, "-c", "CODE", "--", "-h"), ["--", "-h"]),
        ((sys.executable, "-c", "CODE", "--version", "a b", ""), ["--version", "a b", ""]),
        ((sys.executable, "-c", "CODE", "--lang", "zh", "--"), ["--lang", "zh", "--"]),
    ],
)
def test_the_arguments_pass_through(words: tuple[str, ...], arguments: list[str]) -> None:
    code = "import sys; print(sys.argv[1:])"
    assert run(*(code if word == "CODE" else word for word in words)).stdout == f"{arguments}\n"


@pytest.mark.parametrize("words", [["run"], ["run", "--"]])
def test_without_a_command_it_says_what_is_missing(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 2
    expected = "sslfix: nothing to run; for example: sslfix run -- python app.py\n"
    assert capsys.readouterr().err == expected


def test_what_cannot_be_started_has_the_codes_of_shells(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    plain = tmp_path / "plain"
    plain.write_text("exit 0\n")
    for name, code, reason in (
        ("no-such-command", 127, "command not found"),
        (str(tmp_path / "missing"), 127, "No such file or directory"),
        (str(plain), 126, "Permission denied"),
        (str(tmp_path), 126, "Permission denied"),
    ):
        assert main(["run", "--", name]) == code
        assert capfd.readouterr().err == f"sslfix: {name}: {reason}\n"


def test_a_script_that_names_no_interpreter_is_run_by_sh(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / "script"
    script.write_text('echo "$1"; exit 4\n')
    script.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    assert main(["run", "script", "a b"]) == 4
    assert capfd.readouterr().out == "a b\n"


@pytest.mark.parametrize("ending", ["", "\n"])
def test_a_failure_is_explained_after_a_blank_line(
    ending: str, capfd: pytest.CaptureFixture[str]
) -> None:
    text = REFUSED.rstrip() + ending
    assert main(["run", "--", "sh", "-c", 'printf %s "$1" >&2; exit 1', "sh", text]) == 1
    out, err = capfd.readouterr()
    assert err.startswith(
        f"{REFUSED}\nsslfix: sh failed with exit code 1; what is known about its messages:\nSSL101 "
    )
    assert not out


def test_a_death_by_a_signal_is_explained_with_the_words_of_a_shell(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sslfix.commands.explain.explanation", lambda text: f"<{text}>")
    monkeypatch.setattr("sslfix.relay.die_by", lambda _number: None)
    assert main(["run", "--", "sh", "-c", "echo err >&2; kill -SEGV $$"]) == 128 + signal.SIGSEGV
    word = signal.strsignal(signal.SIGSEGV)
    assert capfd.readouterr().err == (
        f"err\n\nsslfix: sh was ended by a signal ({word}); what is known about its messages:\n"
        f"<err\n\n{word}\n>\n"
    )


@pytest.mark.parametrize(
    "script",
    [
        pytest.param('printf %s "$1" >&2', id="success"),
        pytest.param('printf %s "$1"; exit 1', id="said on stdout"),
        pytest.param("echo KeyError: 1 >&2; exit 1", id="not recognised"),
        pytest.param(
            'printf %s "$1" >&2; yes | head -c 3000000 >&2; exit 1', id="three megabytes ago"
        ),
    ],
)
def test_nothing_is_said(script: str, capfd: pytest.CaptureFixture[str]) -> None:
    main(["run", "--", "sh", "-c", script, "sh", REFUSED])
    assert "sslfix" not in capfd.readouterr().err


def test_the_end_of_a_long_output_is_explained(capfd: pytest.CaptureFixture[str]) -> None:
    script = 'yes | head -c 3000000 >&2; printf %s "$1" >&2; exit 1'
    main(["run", "--", "sh", "-c", script, "sh", REFUSED])
    err = capfd.readouterr().err
    assert err.startswith("y\n" * 1500000 + REFUSED)
    assert "SSL101" in err


@pytest.mark.parametrize("error", [ValueError("odd"), KeyboardInterrupt("odd")])
def test_a_fault_of_the_explanation_does_not_change_the_exit_code(
    error: BaseException, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def explanation(_text: str) -> str:
        raise error

    monkeypatch.setattr("sslfix.commands.explain.explanation", explanation)
    assert main(["run", "--", "sh", "-c", "exit 7"]) == 7
    assert capfd.readouterr().err == f"sslfix: cannot explain: {type(error).__name__}: odd\n"


def test_an_explanation_that_nobody_reads_does_not_change_the_exit_code() -> None:
    script = 'printf %s "$1" >&2; read line; exit 7'
    pipe = subprocess.PIPE
    command = [*RUN, "sh", "-c", script, "sh", REFUSED]
    with subprocess.Popen(command, stdin=pipe, stderr=pipe) as process:
        assert process.stderr is not None
        assert process.stderr.read(len(REFUSED)).decode() == REFUSED
        process.stderr.close()
        process.communicate(b"\n", timeout=60)
    assert process.returncode == 7


def test_what_explains_is_imported_only_after_a_failure() -> None:
    heavy = {"sslfix.commands.explain", "sslfix.rules", "subprocess"}
    assert not modules_after("run", "--", "true") & heavy


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_streams_do_not_matter(closed: str) -> None:
    script = f'"$@" -- sh -c "exit 5" {closed}'
    done = subprocess.run(["sh", "-c", script, "sh", *RUN], check=False, timeout=60)
    assert done.returncode == 5
