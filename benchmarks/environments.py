"""How long `sslfix env --all` takes on a machine with 200 environments, against find.

    python benchmarks/environments.py [--number 200] [--rounds 7]

The environments are made for it in a home of their own, half of them in projects, half in the
homes of tools; some are copies, stale or broken. Each command runs in every round, so that other
load on the machine meets all; a row is the median of the seconds, and of the ratios to `find` for
pyvenv.cfg in the same round. Nothing here is a test: the figures are for people.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

SSLFIX = (sys.executable, "-m", "sslfix", "env", "--all")
HOMES = (
    ".local/share/pipx/venvs",
    ".local/share/uv/tools",
    ".virtualenvs",
    ".cache/pypoetry/virtualenvs",
)
FOLDERS, FILES = 20, 20  # in each environment; pip alone has as many


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--number", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=7)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        home = Path(scratch)
        _make(home, arguments.number)
        said, _seconds = _run((*SSLFIX, "src"), home)
        print(next(line for line in said.splitlines() if " environments" in line))
        _print_table(home, arguments.rounds)


def _print_table(home: Path, rounds: int) -> None:
    commands = {
        "find . -name pyvenv.cfg": ("find", ".", "-name", "pyvenv.cfg"),
        "find . -printf %b (all files' sizes)": ("find", ".", "-printf", "%b\n"),
        "sslfix env --all --no-size": (*SSLFIX, "--no-size", "src"),
        "sslfix env --all": (*SSLFIX, "src"),
    }
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            seconds[name].append(_run(command, home)[1])
    reference = next(iter(seconds.values()))
    print(f"{'':<40}{'seconds':>9}{'ratio':>7}")
    for name, measured in seconds.items():
        ratio = statistics.median(own / base for own, base in zip(measured, reference))
        print(f"{name:<40}{statistics.median(measured):>9.2f}{ratio:>7.1f}")


def _run(command: Sequence[str], home: Path) -> tuple[str, float]:
    """What the command prints in that home, and how long it takes."""
    variables = {"HOME": str(home), "PATH": os.environ["PATH"], "LANG": "C.UTF-8"}
    start = time.perf_counter()
    done = subprocess.run(
        command, cwd=home, env=variables, check=False, capture_output=True, text=True
    )
    return done.stdout, time.perf_counter() - start


# --------------------------------------------------------------------------- environments


def _make(home: Path, number: int) -> None:
    """Environments by hand, as venv makes them: 200 calls of venv would take a minute."""
    base = Path(os.path.realpath(sys.executable))
    for index in range(number):
        root = home / f"src/app-{index}/.venv"
        if index % 2:
            root = home / HOMES[index // 2 % len(HOMES)] / f"tool-{index}"
        else:
            _fill(root.parent / "node_modules", 10)
        library = root / f"lib/python{sys.version_info[0]}.{sys.version_info[1]}"
        _fill(library / "site-packages", FOLDERS)
        (root / "bin").mkdir()
        (root / "pyvenv.cfg").write_text(f"home = {base.parent}\nversion = 3\n")
        python = root / "bin/python"
        if index % 20 == 5:
            shutil.copy2(base, python)
        else:
            python.symlink_to("/no/such/python" if index % 20 == 1 else base)
        if index % 20 == 3:
            library.rename(library.with_name("python3.4"))


def _fill(folder: Path, number: int) -> None:
    for index in range(number):
        package = folder / f"package{index}"
        package.mkdir(parents=True)
        for file in range(FILES):
            (package / f"module{file}.py").write_text("x = 1\n" * 100)


if __name__ == "__main__":
    main()
