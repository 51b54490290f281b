"""How long `sslfix check --only source` takes, against ruff and `git grep` on the same files.

    python benchmarks/source.py [--rounds 11] [FOLDER ...]

Without folders, the standard library of this Python is copied into a checkout of its own. All
commands run in turn in the same round, so that other load on the machine meets all; a row is the
median of the rounds' ratios. CPU seconds, user and system, of the child and all that it starts
are counted, and the clock in a column of its own: ruff and git use every core. `check, SSL601` is
the order of patches alone; `in process` is a check without the start of Python and the imports,
which `--version` and a project of one empty file cost as well. Compiled modules are used, as they
are after an installation: a checkout reads its rules' pages as well, which takes longer.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

SSLFIX = ("sslfix", "check", "--only", "source", "--exit-zero", "--python", sys.executable)
WORDS = ("gevent", "eventlet", "grequests", "locust")


def main() -> None:
    """Print a table for each folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("folders", metavar="FOLDER", nargs="*", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        empty = _checkout(Path(scratch) / "empty")
        for folder in arguments.folders or [_standard_library(Path(scratch) / "lib")]:
            _print(folder.resolve(), empty, arguments.rounds)


def _print(folder: Path, empty: Path, rounds: int) -> None:
    commands = {
        "ruff check --select E402 --no-cache": _ruff(folder),
        "git grep -l, our words": _grep(folder),
        "sslfix check, an empty project": (*SSLFIX, str(empty)),
        "sslfix check": (*SSLFIX, str(folder)),
        "sslfix check, SSL601": (*SSLFIX, "--select", "SSL601", str(folder)),
    }
    measured = [{name: _took(one, folder) for name, one in commands.items()} for _ in range(rounds)]
    ruff, grep, start, *_own = commands
    print(f"{folder}: {sum(1 for _ in folder.rglob('*.py'))} Python files, {rounds} rounds")
    print(f"{'':<40}{'CPU, ms':>9}{'/ ruff':>8}{'/ grep':>8}{'clock':>8}{'in process / ruff':>19}")
    for name in commands:
        seconds = statistics.median(row[name][0] for row in measured)
        ratios = [
            statistics.median(row[name][at] / row[other][at] for row in measured)
            for other, at in ((ruff, 0), (grep, 0), (ruff, 1))
        ]
        inside = statistics.median(
            (row[name][0] - row[start][0]) / row[ruff][0] for row in measured
        )
        line = f"{name:<40}{seconds * 1000:>9.0f}" + "".join(f"{one:>8.2f}" for one in ratios)
        print(line + (f"{inside:>19.2f}" if name in _own else ""))


def _ruff(folder: Path) -> tuple[str, ...]:
    options = ("--select", "E402", "--no-cache", "--isolated", "--quiet", "--exit-zero")
    return ("ruff", "check", *options, str(folder))


def _grep(folder: Path) -> tuple[str, ...]:
    words = [part for word in WORDS for part in ("-e", word)]
    return ("git", "-C", str(folder), "grep", "-lF", "--untracked", *words, "--", "*.py")


def _took(command: Sequence[str], folder: Path) -> tuple[float, float]:
    """CPU seconds, user and system, of a command and all that it starts; and those of the clock."""
    path = os.pathsep.join([os.path.dirname(sys.executable), os.environ["PATH"]])
    others = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(
        command,
        check=False,
        capture_output=True,
        cwd=folder.parent,
        env={**others, "PATH": path},
    )
    clock, after = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime, clock


def _standard_library(folder: Path) -> Path:
    skipped = shutil.ignore_patterns("site-packages", "__pycache__", "*.so", "*.a")
    shutil.copytree(sysconfig.get_path("stdlib"), folder, ignore=skipped)
    return _checkout(folder)


def _checkout(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "empty.py").write_text("")
    subprocess.run(["git", "init", "-q", str(folder)], check=True)
    return folder


if __name__ == "__main__":
    main()
