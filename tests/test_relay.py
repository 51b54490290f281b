"""A command that runs through `sslfix.relay` cannot tell: bytes, files, signals, terminals."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Callable

import pytest

from sslfix import relay

if sys.platform == "win32":
    pytest.skip("needs terminals and signals", allow_module_level=True)

import fcntl
import pty
import struct
import termios
import tty

RUN = [sys.executable, "-m", "sslfix", "run", "--"]
BYTES = bytes(range(256)) * 4000
TIMEOUT = 60


def python(code: str) -> list[str]:
    """A command that runs the code, quick to start."""
    return [sys.executable, "-I", "-S", "-c", code]


WRITE_BYTES = python("import sys; sys.stderr.buffer.write(bytes(range(256)) * 4000)")

# --------------------------------------------------------------------------- bytes and files


def test_stderr_passes_byte_for_byte() -> None:
    done = subprocess.run([*RUN, *WRITE_BYTES], check=True, capture_output=True, timeout=TIMEOUT)
    assert (done.stdout, done.stderr) == (b"", BYTES)


def test_the_way_without_terminals_and_signals(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    command = ["sh", "-c", '"$@"; exit 3', "sh", *WRITE_BYTES]
    assert relay.run_with_thread(command) == (3, BYTES)
    assert capfdbinary.readouterr() == (b"", BYTES)


def test_only_the_last_of_stderr_is_kept(capfd: pytest.CaptureFixture[str]) -> None:
    code, kept = relay.run(["sh", "-c", "yes | head -c 5000000 >&2; printf end >&2"])
    assert (code, len(kept), kept[-5:]) == (0, relay.KEPT, b"y\nend")


def test_output_is_not_delayed() -> None:
    command = ["sh", "-c", "printf half >&2; read line; echo $line"]
    pipe = subprocess.PIPE
    with subprocess.Popen([*RUN, *command], stdin=pipe, stdout=pipe, stderr=pipe) as process:
        assert process.stderr is not None
        assert process.stderr.read(4) == b"half"
        assert process.communicate(b"whole\n", timeout=TIMEOUT) == (b"whole\n", b"")


def test_a_stderr_that_others_made_non_blocking_loses_nothing() -> None:
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    with subprocess.Popen([*RUN, *WRITE_BYTES], stderr=writing) as process:
        wait_for(lambda: not select.select([], [writing], [], 0)[1])  # it is full
        os.close(writing)
        with open(reading, "rb") as file:
            assert file.read() == BYTES
    assert process.returncode == 0


def test_a_command_whose_stderr_nobody_reads_learns_it() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    command = ["sh", "-c", "while :; do echo x >&2; done"]
    with subprocess.Popen([*RUN, *command], stderr=writing) as process:
        os.close(writing)
        assert process.wait(TIMEOUT) == -signal.SIGPIPE


def test_stdin_stdout_folder_variables_and_open_files_are_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The variables too where Python changes its own, in the C locale."""
    for name in ("LANG", "LC_ALL", "LC_CTYPE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ODD", os.fsdecode(b"\xff"))
    (tmp_path / "in").write_bytes(BYTES)
    script = "env | grep -v ^_=; pwd; ls -iL /dev/fd/0 /dev/fd/1 /dev/fd/$1; wc -c"
    said = []
    for front in ([], RUN):
        with open(tmp_path / "in", "rb") as given, open(tmp_path / "out", "wb") as out:
            command = [*front, "sh", "-c", script, "sh", str(given.fileno())]
            subprocess.run(
                command,
                check=True,
                cwd=tmp_path,
                stdin=given,
                stdout=out,
                pass_fds=[given.fileno()],
                timeout=TIMEOUT,
            )
        said.append((tmp_path / "out").read_bytes())
    assert said[0] == said[1]
    assert b"ODD=\xff" in said[0]


def test_what_the_command_left_running_neither_holds_us_up_nor_dies(tmp_path: Path) -> None:
    server = "while [ ! -e go ]; do sleep 0.05; done; echo late >&2; echo alive > done"
    with open(tmp_path / "err", "wb") as err:
        command = [*RUN, "sh", "-c", f"({server}) & echo early >&2; exit 3"]
        code = subprocess.run(command, check=False, cwd=tmp_path, stderr=err, timeout=TIMEOUT)
    assert code.returncode == 3
    assert (tmp_path / "err").read_text() == "early\n"
    (tmp_path / "go").touch()
    wait_for(lambda: (tmp_path / "err").read_text() == "early\nlate\n")
    wait_for((tmp_path / "done").exists)


def test_what_others_say_right_after_the_end_is_kept(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(relay, "GRACE", TIMEOUT)
    assert relay.run(["sh", "-c", "(sleep 0.1; echo late >&2) & exit 3"]) == (3, b"late\n")
    assert capfd.readouterr().err == "late\n"


def test_one_that_never_stops_writing_does_not_hold_us_up(tmp_path: Path) -> None:
    command = [*RUN, "sh", "-c", "(while [ ! -e stop ]; do echo x >&2; done) & exit 3"]
    with open(os.devnull, "wb") as err:
        done = subprocess.run(command, check=False, cwd=tmp_path, stderr=err, timeout=TIMEOUT)
    (tmp_path / "stop").touch()
    assert done.returncode == 3


def wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + TIMEOUT
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


# --------------------------------------------------------------------------- signals

# Counts what arrives; the first sets a moment in which a second one would be seen.
COUNT = """
import signal, sys, time
seen = []
for name in sys.argv[1:]:
    signal.signal(getattr(signal, name), lambda number, _: seen.append(signal.Signals(number).name))
print("ready", flush=True)
while not seen:
    time.sleep(0.01)
time.sleep(0.2)
print(*seen, flush=True)
sys.exit(42)
"""


@pytest.mark.parametrize(
    "name", ["SIGHUP", "SIGINT", "SIGQUIT", "SIGTERM", "SIGUSR1", "SIGUSR2", "SIGCONT"]
)
def test_a_signal_for_us_alone_is_passed_on(name: str) -> None:
    command = [*RUN, *python(COUNT), name]
    with subprocess.Popen(command, stdout=subprocess.PIPE, start_new_session=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        process.send_signal(getattr(signal, name))
        assert process.communicate(timeout=TIMEOUT)[0].decode() == f"{name}\n"
    assert process.returncode == 42


def test_what_we_ignore_the_command_ignores() -> None:
    script = 'trap "" HUP INT; exec "$@"'
    command = ["sh", "-c", script, "sh", *RUN, "sh", "-c", "kill -HUP $$; kill -INT $$; echo alive"]
    assert subprocess.run(command, check=True, capture_output=True).stdout == b"alive\n"


# --------------------------------------------------------------------------- terminals

# A shell with job control, as small as can be. It says how its job stopped and ended.
SHELL = """
import fcntl, os, signal, sys, termios
os.setsid()
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
signal.signal(signal.SIGTTOU, signal.SIG_IGN)
job = os.fork()
if not job:
    os.setpgid(0, 0)
    os.tcsetpgrp(0, os.getpid())
    signal.signal(signal.SIGTTOU, signal.SIG_DFL)
    os.execv(sys.argv[1], sys.argv[1:])
status = os.waitpid(job, os.WUNTRACED)[1]
while os.WIFSTOPPED(status):
    os.tcsetpgrp(0, os.getpid())
    print("stopped", flush=True)
    os.tcsetpgrp(0, job)
    os.killpg(job, signal.SIGCONT)
    status = os.waitpid(job, os.WUNTRACED)[1]
print("ended", os.waitstatus_to_exitcode(status), flush=True)
"""


class Terminal:
    """A terminal of 101 columns and 33 lines, raw but for its signal keys."""

    def __init__(self) -> None:
        self.keys, self.screen = pty.openpty()
        tty.setraw(self.screen)
        modes = termios.tcgetattr(self.screen)
        modes[3] |= termios.ISIG
        termios.tcsetattr(self.screen, termios.TCSANOW, modes)
        self.resize(101, 33)

    def resize(self, columns: int, lines: int) -> None:
        fcntl.ioctl(self.keys, termios.TIOCSWINSZ, struct.pack("4H", lines, columns, 0, 0))

    def start(self, *command: str, stderr: int | None = None) -> subprocess.Popen[bytes]:
        """Run the command as a job of the shell in this terminal."""
        here = self.screen
        return subprocess.Popen(
            [*python(SHELL), *RUN, *command],
            stdin=here,
            stdout=here,
            stderr=here if stderr is None else stderr,
        )

    def press(self, keys: bytes) -> None:
        os.write(self.keys, keys)

    def read_to(self, end: bytes) -> bytes:
        """What is shown up to and with these bytes."""
        shown = b""
        while not shown.endswith(end):
            assert select.select([self.keys], [], [], TIMEOUT)[0], shown
            shown += os.read(self.keys, 1 << 16)
        return shown


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    terminal = Terminal()
    yield terminal
    os.close(terminal.keys)
    os.close(terminal.screen)


SHOW = "import os; print([os.isatty(fd) for fd in (0, 1, 2)], flush=True)"


def test_stderr_is_a_terminal_where_ours_is(terminal: Terminal) -> None:
    code = SHOW + "; print(*os.get_terminal_size(2), flush=True)"
    with terminal.start(*python(code)):
        assert terminal.read_to(b"ended 0\n") == b"[True, True, True]\n101 33\nended 0\n"


def test_stderr_is_no_terminal_where_ours_is_none(terminal: Terminal) -> None:
    with open(os.devnull, "wb") as err, terminal.start(*python(SHOW), stderr=err.fileno()):
        assert terminal.read_to(b"ended 0\n") == b"[True, True, False]\nended 0\n"


def test_a_terminal_gets_the_bytes_as_they_are(terminal: Terminal) -> None:
    """It makes its own changes to them (LF becomes CR LF), and nobody else."""
    modes = termios.tcgetattr(terminal.screen)
    modes[1] |= termios.OPOST | termios.ONLCR
    termios.tcsetattr(terminal.screen, termios.TCSANOW, modes)
    with terminal.start("sh", "-c", '"$@"; exit 3', "sh", *WRITE_BYTES):
        shown = terminal.read_to(b"ended 3\r\n")
    assert shown == (BYTES + b"ended 3\n").replace(b"\n", b"\r\n")


def test_a_new_size_is_passed_on(terminal: Terminal) -> None:
    code = """
import os, signal
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGWINCH})
print("ready", flush=True)
while tuple(os.get_terminal_size(2)) != (50, 20):
    signal.sigwait({signal.SIGWINCH})
"""
    with terminal.start(*python(code)):
        terminal.read_to(b"ready\n")
        terminal.resize(50, 20)
        assert terminal.read_to(b"ended 0\n") == b"ended 0\n"


@pytest.mark.parametrize(("key", "name"), [(b"\x03", "SIGINT"), (b"\x1c", "SIGQUIT")])
def test_a_signal_key_reaches_the_command_once(terminal: Terminal, key: bytes, name: str) -> None:
    with terminal.start(*python(COUNT), name):
        terminal.read_to(b"ready\n")
        terminal.press(key)
        assert terminal.read_to(b"ended 42\n").decode() == f"{name}\nended 42\n"


def test_ctrl_c_ends_us_as_it_ends_the_command(terminal: Terminal) -> None:
    with terminal.start("sh", "-c", "echo ready; exec sleep 60"):
        terminal.read_to(b"ready\n")
        terminal.press(b"\x03")
        assert terminal.read_to(b"\n") == b"ended -2\n"


def test_ctrl_z_stops_both_and_fg_continues_both(terminal: Terminal) -> None:
    code = "print('ready', flush=True); input(); print('goes on', flush=True)"
    with terminal.start(*python(code)):
        terminal.read_to(b"ready\n")
        terminal.press(b"\x1a")
        assert terminal.read_to(b"\n") == b"stopped\n"
        terminal.press(b"\n")
        assert terminal.read_to(b"ended 0\n") == b"goes on\nended 0\n"


def test_ctrl_z_stops_neither_where_the_command_ignores_it(terminal: Terminal) -> None:
    code = (
        "import signal; signal.signal(signal.SIGTSTP, signal.SIG_IGN); print('ready', flush=True);"
        " input(); print('goes on', flush=True)"
    )
    with terminal.start(*python(code)):
        terminal.read_to(b"ready\n")
        terminal.press(b"\x1a\n")
        assert terminal.read_to(b"ended 0\n") == b"goes on\nended 0\n"


def test_a_command_that_stops_itself_stops_us(terminal: Terminal) -> None:
    with terminal.start("sh", "-c", "kill -STOP $$; echo goes on"):
        assert terminal.read_to(b"ended 0\n") == b"stopped\ngoes on\nended 0\n"
