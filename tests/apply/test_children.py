"""Commands of other programs do not outlive us, however we are ended."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.apply.test_lockfiles import UV_LOCK

LOCK = UV_LOCK.replace("2.2.3", "2.0.2")
PROJECT = '[project]\nname = "a"\nversion = "1"\ndependencies = ["urllib3==2.0.2"]\n'
# Says its version; whatever else it is told, it waits, and so does its child.
WAITING = """\
#!/bin/sh
if [ "$1" = --version ]; then echo uv 0.13.9; exit; fi
sleep 60 &
echo $! > {child}.new
mv {child}.new {child}
wait
"""


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_a_signal_ends_what_runs_and_leaves_nothing(
    number: signal.Signals, code: int, tmp_path: Path
) -> None:
    if signal.getsignal(number) == signal.SIG_IGN:
        pytest.skip("this signal is ignored here, as under nohup")
    project, tools, scratch = (tmp_path / name for name in ("project", "tools", "scratch"))
    for folder in (project, tools, scratch):
        folder.mkdir()
    (project / "pyproject.toml").write_text(PROJECT)
    (project / "uv.lock").write_text(LOCK)
    child = tmp_path / "child"
    (tools / "uv").write_text(WAITING.format(child=child))
    (tools / "uv").chmod(0o755)
    command = [sys.executable, "-m", "sslfix", "--apply", "--target", "macos-python3.9"]
    variables = {**os.environ, "PATH": f"{tools}:/usr/bin:/bin", "TMPDIR": str(scratch)}
    with subprocess.Popen(
        command, cwd=project, env=variables, stderr=subprocess.PIPE, text=True
    ) as process:
        _wait_until(lambda: child.exists() or process.poll() is not None)
        assert child.exists()
        assert list(scratch.iterdir())
        process.send_signal(number)
        errors = process.communicate(timeout=60)[1]
    assert (process.returncode, errors.splitlines()[-1]) == (code, "sslfix: interrupted")
    assert list(scratch.iterdir()) == []
    waiting = int(child.read_text())
    _wait_until(lambda: not _is_alive(waiting))
    assert (project / "pyproject.toml").read_text() == PROJECT
    assert (project / "uv.lock").read_text() == LOCK


def _wait_until(true: Callable[[], bool], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.05)


def _is_alive(pid: int) -> bool:
    """Whether it runs: one that nobody has waited for yet is dead."""
    status = Path(f"/proc/{pid}/stat")
    if status.parent.parent.is_dir():
        return status.exists() and status.read_text().rpartition(")")[2].split()[0] != "Z"
    return subprocess.run(["ps", "-p", str(pid)], check=False, capture_output=True).returncode == 0
