"""What `sslfix bot github` costs: many repositories on a fake GitHub, in one run, and once more.

    python -m benchmarks.bot [--repositories 1000] [--broken 3]

Every third repository (`--broken`) needs a request. GitHub's description of its API is fetched
with npm at first. The bot is a process of its own: CPU is its own and that of the git that it
runs; the fake's is not counted, but the wall is for both.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from tests.forge import bots, contract
from tests.forge.github import GitHub
from tests.forge.server import Token


class Run(NamedTuple):
    """What one run of the bot did."""

    code: int
    seconds: float
    cpu: float
    said: Counter[str]


def main() -> None:
    """Print a table with a line for each run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repositories", type=int, default=1000)
    parser.add_argument("--broken", type=int, default=3)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        with GitHub(_made(folder / "forge"), contract.load(_made(folder / "cache"))) as forge:
            names = _fill(forge, arguments.repositories, arguments.broken)
            (folder / "names").write_text("\n".join(names), encoding="utf-8")
            _print(forge, folder / "names", len(names))


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def _fill(forge: GitHub, count: int, broken: int) -> list[str]:
    """The names of the repositories made."""
    files: dict[str, str | None] = {**bots.FILES}
    prepared = forge.repository("octo/broken", files)
    fine = forge.repository("octo/fine", {**files, "requirements.txt": bots.FINE})
    names = [f"octo/r{number:04}" for number in range(count)]
    for number, name in enumerate(names):
        forge.copy(fine if number % broken else prepared, name)
    return names


def _print(forge: GitHub, names: Path, count: int) -> None:
    token = forge.app()
    token.limit = 10**6
    print(f"{count} repositories, {os.cpu_count()} cores")
    heads = ("run", "exit", "opened", "open twice", "API calls", "each", "git calls", "each")
    print("".join(f"{head:>13}" for head in (*heads, "writes", "wall, s", "CPU, ms each")))
    for number in (1, 2):
        forge.forget()
        before = _opened(forge)
        run = _run(forge, token, names)
        api = sum(seen.path.startswith("/repos/") for seen in forge.seen)
        git = len(forge.seen) - api
        cells = (
            f"{number}",
            f"{run.code}",
            f"{sum(_opened(forge).values()) - sum(before.values())}",
            f"{sum(opened > 1 for opened in _opened(forge).values())}",
            f"{api}",
            f"{api / count:.2f}",
            f"{git}",
            f"{git / count:.2f}",
            f"{len(forge.writes)}",
            f"{run.seconds:.0f}",
            f"{run.cpu / count * 1000:.0f}",
        )
        print("".join(f"{cell:>13}" for cell in cells), flush=True)
        print("  " + ", ".join(f"{word} {many}" for word, many in run.said.most_common(5)))
    for violation in forge.violations[:5]:
        print("not in GitHub's description:", violation)


def _opened(forge: GitHub) -> Counter[str]:
    """How many requests each repository has had."""
    return Counter({name: len(one.pulls) for name, one in forge.repositories.items()})


def _run(forge: GitHub, token: Token, names: Path) -> Run:
    words = [*bots.words(forge), "--repos", str(names)]
    variables = {**os.environ, **bots.OFFLINE, "GITHUB_TOKEN": token.text}
    start = time.monotonic()
    with subprocess.Popen(
        [sys.executable, "-m", "sslfix", *words],
        env=variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout is not None
        said = Counter(_kind(line) for line in process.stdout)
        _pid, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    cpu = usage.ru_utime + usage.ru_stime
    return Run(process.returncode, time.monotonic() - start, cpu, said)


def _kind(line: str) -> str:
    """What a line says, whatever repository it is about."""
    text = line.partition(": ")[2].strip()
    return "up to date" if text.endswith("up to date") else re.split(r" http|: ", text)[0]


if __name__ == "__main__":
    main()
