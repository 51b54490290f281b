"""A command run as if nobody stood between: only its stderr passes through our hands.

The command keeps our stdin, stdout, process group, terminal, variables and open files. Its stderr
is a terminal if ours is one, else a pipe; what comes out of it is written to ours at once, and the
last of it is kept. On Windows, which has neither such terminals nor signals, it is a pipe always.

A program that takes its keys from stderr (`more` does) gets none, and the order of lines written
to stdout and to stderr within a millisecond may change where both are one terminal.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import time
from contextlib import suppress

KEPT = 1 << 20
"""Bytes of stderr that are kept, at the least (and twice that at the most)."""

GRACE = 0.2
"""Seconds after the command's end for what others still write, such as `2> >(tee log >&2)`."""

_CHUNK = 1 << 16
_SETTLE = 0.02

if sys.platform != "win32":
    # The terminal sends these to its whole foreground group: the command has got them already.
    _OF_TERMINALS = frozenset({signal.SIGINT, signal.SIGQUIT, signal.SIGTSTP})
    _PASSED_ON = _OF_TERMINALS | {
        signal.SIGCONT,
        signal.SIGHUP,
        signal.SIGTERM,
        signal.SIGUSR1,
        signal.SIGUSR2,
        signal.SIGWINCH,
    }
    _HANDLED = _PASSED_ON | {signal.SIGCHLD}
    _PYTHON_IGNORES = (signal.SIGPIPE, signal.SIGXFSZ)  # and the command would inherit it


def run(command: list[str]) -> tuple[int, bytes]:
    """How the command ended, as `subprocess` puts it, and the last that it wrote to stderr.

    OSError says why it could not be started, and nothing else.
    """
    if sys.platform == "win32":
        return run_with_thread(command)
    if sys.stderr is None:  # closed: nobody could read an explanation either
        for number in _PYTHON_IGNORES:
            signal.signal(number, signal.SIG_DFL)
        os.execvpe(command[0], command, _variables())  # noqa: S606  what we are asked to run
    source, sink = _channel()
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, _HANDLED)
    try:
        child = _spawn(command, sink, mask)
        handlers = _pass_signals_on(child, source)
    finally:
        os.close(sink)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
    kept = bytearray()
    status, more = _copy_while_it_runs(child, source, kept)
    more = more and _copy_the_rest(source, kept)
    for number, handler in handlers.items():
        signal.signal(number, handler)
    if more:
        _copy_in_background(source)
    return os.waitstatus_to_exitcode(status), bytes(kept[-KEPT:])


def die_by(number: int) -> None:
    """End this process by a signal, as the command did, so that a shell says and does the same."""
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    if number != signal.SIGKILL:
        signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)


# --------------------------------------------------------------------------- start


def _channel() -> tuple[int, int]:
    """Where we read the command's stderr, and what it writes to."""
    if os.isatty(2):
        with suppress(OSError):  # none to be had, as in a container without /dev/ptmx
            return _terminal()
    return os.pipe()


def _terminal() -> tuple[int, int]:
    """Both ends of a terminal like ours that leaves every byte as it is."""
    import termios

    source, sink = os.openpty()
    modes = termios.tcgetattr(2)
    modes[1] &= ~termios.OPOST
    termios.tcsetattr(sink, termios.TCSANOW, modes)
    _copy_size(source)
    return source, sink


def _copy_size(source: int) -> None:
    import fcntl
    import termios

    size = fcntl.ioctl(2, termios.TIOCGWINSZ, bytes(8))
    fcntl.ioctl(source, termios.TIOCSWINSZ, size)


def _spawn(command: list[str], sink: int, mask: set[signal.Signals | int]) -> int:
    """The process id of the command, found as `execvp` finds it.

    `subprocess` would close the files that our parent handed down (`<(...)`, make's job server)
    and takes longer to import than the command to start.
    """
    try:
        return _spawn_program(command, sink, mask)
    except OSError as error:
        import errno

        if error.errno != errno.ENOEXEC:
            raise
    import shutil

    # A script without a first line that names its interpreter: shells and execvp give it to sh.
    script = shutil.which(command[0]) or command[0]
    return _spawn_program(["/bin/sh", script, *command[1:]], sink, mask)


def _spawn_program(command: list[str], sink: int, mask: set[signal.Signals | int]) -> int:
    return os.posix_spawnp(
        command[0],
        command,
        _variables(),
        file_actions=[(os.POSIX_SPAWN_DUP2, sink, 2)],
        setsigmask=mask,
        setsigdef=_PYTHON_IGNORES,
    )


def _variables() -> dict[str, str]:
    """Our variables as we got them: in the C locale Python adds LC_CTYPE to its own (PEP 538)."""
    variables = dict(os.environ)
    with suppress(OSError), open("/proc/self/environ", "rb") as file:
        if b"\0LC_CTYPE=" not in b"\0" + file.read():
            variables.pop("LC_CTYPE", None)
    return variables


# --------------------------------------------------------------------------- signals


def _pass_signals_on(child: int, source: int) -> dict[signal.Signals, signal._HANDLER]:
    """Pass on to the command what is sent to us alone; the handlers that were there before.

    What we were told to ignore (`nohup`) the command was told too, and decides for itself.
    """

    def pass_on(number: int, _frame: object) -> None:
        if number == signal.SIGWINCH:
            with suppress(OSError):  # no terminal, or closed by now
                _copy_size(source)
        if number not in _OF_TERMINALS or not _in_foreground():
            with suppress(OSError):  # it has ended, or is another user's (sudo)
                os.kill(child, number)

    before = {number: signal.getsignal(number) for number in _HANDLED}
    for number in _PASSED_ON:
        signal.signal(number, pass_on)
    signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
    return before


def _in_foreground() -> bool:
    """Whether we are who the terminal sends its signals to: then it sent them to us."""
    try:
        terminal = os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY)
    except OSError:
        return False
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:
        return False
    finally:
        os.close(terminal)


def _end_of(child: int) -> int | None:
    """The command's wait status once it has ended; while it is stopped, we are stopped too."""
    found, status = os.waitpid(child, os.WNOHANG | os.WUNTRACED)
    if found and os.WIFSTOPPED(status):
        # Where both were continued at once we may be first, and must not stop again.
        time.sleep(_SETTLE)
        found, status = os.waitpid(child, os.WNOHANG | os.WCONTINUED)
        if not found:
            _stop()
    return status if found and not os.WIFCONTINUED(status) else None


def _stop() -> None:
    """Stop until SIGCONT, as Ctrl-Z does; without a shell that could continue us, do nothing."""
    handler = signal.signal(signal.SIGTSTP, signal.SIG_DFL)
    os.kill(os.getpid(), signal.SIGTSTP)
    signal.signal(signal.SIGTSTP, handler)


# --------------------------------------------------------------------------- stderr


def _copy_while_it_runs(child: int, source: int, kept: bytearray) -> tuple[int, bool]:
    """The wait status, and whether there may be more to read."""
    awake, waker = os.pipe()  # a signal, SIGCHLD above all, makes it readable
    os.set_blocking(waker, False)
    signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
    reading = [source]
    while (status := _end_of(child)) is None:
        ready, _, _ = select.select([*reading, awake], [], [])
        if awake in ready:
            os.read(awake, _CHUNK)
        if source in ready and not _copy(source, kept):
            os.close(source)  # if nobody reads ours any more, the command learns it so
            reading.clear()
    signal.set_wakeup_fd(-1)
    os.close(awake)
    os.close(waker)
    return status, bool(reading)


def _copy_the_rest(source: int, kept: bytearray) -> bool:
    """Copy to the end if it is near; whether something that was left running may go on."""
    end = time.monotonic() + GRACE
    more = True
    while more and (left := end - time.monotonic()) > 0:
        ready, _, _ = select.select([source], [], [], left)
        more = not ready or _copy(source, kept)
    return more


def _copy_in_background(source: int) -> None:
    """Copy, in a process with nothing else open, until nobody holds the command's stderr open.

    Else a server that it left running would be killed by its own next message (SIGPIPE).
    """
    if os.fork():
        return
    try:
        os.setsid()
        for name in os.listdir("/dev/fd"):
            if int(name) not in {2, source}:
                with suppress(OSError):
                    os.close(int(name))
        while _copy(source, bytearray()):
            pass
    finally:
        os._exit(0)


def _copy(source: int, kept: bytearray) -> bool:
    """Pass on what there is to read; False if there will be no more, or nobody to read it."""
    try:
        data = os.read(source, _CHUNK)
    except OSError:  # EIO: so Linux says that nobody has the terminal open any more
        return False
    kept += data
    if len(kept) > 2 * KEPT:
        del kept[:-KEPT]
    return bool(data) and write(data)


def write(data: bytes) -> bool:
    """Write all to stderr; False if nobody reads it. What a full disk refuses is lost, as ever."""
    rest = memoryview(data)
    while rest:
        try:
            rest = rest[os.write(2, rest) :]
        except BlockingIOError:  # another program made our terminal non-blocking
            select.select([], [2], [])
        except BrokenPipeError:
            return False
        except OSError:
            break
    return True


# --------------------------------------------------------------------------- Windows


def run_with_thread(command: list[str]) -> tuple[int, bytes]:
    """`run` without terminals and signals; Ctrl-C reaches the command by itself."""
    import shutil
    import subprocess
    import threading

    program = shutil.which(command[0]) or command[0]  # finds .cmd and .bat too
    kept = bytearray()
    child = subprocess.Popen([program, *command[1:]], stderr=subprocess.PIPE)

    def copy() -> None:
        assert child.stderr is not None
        with child.stderr as source:
            while _copy(source.fileno(), kept):
                pass

    copier = threading.Thread(target=copy, daemon=True)
    copier.start()
    while True:
        with suppress(KeyboardInterrupt):
            code = child.wait()
            copier.join(GRACE)
            return code, bytes(kept[-KEPT:])
