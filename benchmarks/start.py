"""How long sslfix takes to start and to check a clean project, against a bare interpreter.

    python benchmarks/start.py [--rounds 21]

Every command runs in turn with its reference in the same round, so that other load on the machine
meets both; a row is the median of the rounds' ratios. CPU seconds of the child are counted, not
the clock. Nothing here is a test: the figures are for people.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

REFERENCE = (sys.executable, "-I", "-S", "-c", "pass")
SSLFIX = (sys.executable, "-m", "sslfix")


class Row(NamedTuple):
    """A command to measure, and where it runs."""

    name: str
    command: tuple[str, ...]
    folder: Path


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=21)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as scratch:
        rows = _rows(Path(scratch))
        print(f"reference: {' '.join(REFERENCE[1:])} on Python {sys.version.split()[0]}")
        print(f"{'':<44}{'ratio':>7}{'ms':>7}{'modules':>9}")
        for row in rows:
            ratio, seconds = _measure(row, rounds)
            print(f"{row.name:<44}{ratio:>7.1f}{seconds * 1000:>7.0f}{_modules(row):>9}")


def _rows(scratch: Path) -> list[Row]:
    clean, locked = scratch / "clean", scratch / "locked"
    for folder in (clean, locked):
        subprocess.run(
            [sys.executable, "-m", "venv", "--without-pip", folder / ".venv"], check=True
        )
    pins = [f"package-{number}==1.{number}.0" for number in range(30)]
    (clean / "requirements.txt").write_text("\n".join(pins) + "\n")
    (locked / "poetry.lock").write_text(_lock(1000))
    return [
        Row("import ssl, json (for comparison)", (sys.executable, "-c", "import ssl, json"), clean),
        Row("sslfix --help", (*SSLFIX, "--help"), clean),
        Row("sslfix explain, a line", (*SSLFIX, "explain", os.devnull), clean),
        Row("sslfix, 30 clean pins", SSLFIX, clean),
        Row("sslfix --only pins, 30 clean pins", (*SSLFIX, "--only", "pins"), clean),
        Row("sslfix --only pins, poetry.lock of 1,000", (*SSLFIX, "--only", "pins"), locked),
    ]


def _lock(number: int) -> str:
    entry = (
        '[[package]]\nname = "package-{0}"\nversion = "1.{0}.0"\ndescription = "a package"\n'
        'optional = false\npython-versions = ">=3.8"\ngroups = ["main"]\n'
        'files = [\n    {{file = "package-{0}.whl", hash = "sha256:{0:064}"}},\n]\n\n'
    )
    packages = "".join(entry.format(index) for index in range(number))
    return packages + '[metadata]\nlock-version = "2.1"\npython-versions = ">=3.9"\n'


def _measure(row: Row, rounds: int) -> tuple[float, float]:
    ratios, seconds = [], []
    for _ in range(rounds):
        base, own = _cpu(REFERENCE, row.folder), _cpu(row.command, row.folder)
        ratios.append(own / base)
        seconds.append(own)
    return statistics.median(ratios), statistics.median(seconds)


def _cpu(command: Sequence[str], folder: Path) -> float:
    """CPU seconds, user and system, of a command and all that it starts."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, cwd=folder, check=False, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def _modules(row: Row) -> int:
    """How many modules the command imports in its own process."""
    if row.command[:3] != SSLFIX:
        return 0
    code = (
        "import sys; sys.argv[0] = 'sslfix'\nfrom sslfix.cli import main\n"
        "try: main()\nexcept SystemExit: pass\nprint(len(sys.modules), file=sys.stderr)"
    )
    command = [sys.executable, "-c", code, *row.command[3:]]
    done = subprocess.run(command, cwd=row.folder, check=False, capture_output=True, text=True)
    return int(done.stderr.split()[-1])


if __name__ == "__main__":
    main()
