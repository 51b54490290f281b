"""How long `sslfix explain` takes for a large log, against `grep -E` for the same messages.

    python benchmarks/explain.py [--megabytes 50] [--rounds 3]

The log has the words that such logs have (requests, ssl, connection, error) in every line, and one
message that is known at its end. grep gets the phrases as extended regular expressions, a gap as
`.{0,200}`, letter case ignored. Then texts that are made to be slow, from the pages' own phrases:
the bound is what a megabyte of the worst of them costs. Nothing here is a test.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from sslfix import rules
from sslfix.explain import explain

WORDS = (
    "request response handled user session cache miss hit retry upstream timeout database query "
    "select update insert job queue worker started finished payload size bytes error code import "
    "module path python3.9 site-packages requests urllib3 ssl connection pool http https GET POST "
    "certificate verify failed openssl warning attribute has no name file line in raise from"
)
SAMPLE = 40
MESSAGE = (
    "2026-11-21T11:00:00Z ERROR ImportError: urllib3 v2.0 only supports OpenSSL 1.1.1+, currently "
    "the 'ssl' module is compiled with 'OpenSSL 1.0.2k-fips  26 Jan 2017'.\n"
)


def main() -> None:
    """Print the two tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        log = _log(Path(scratch, "big.log"), arguments.megabytes * 1_000_000)
        patterns = _patterns(Path(scratch, "patterns"))
        grep = ("grep", "-E", "-i", "-c", "-f", str(patterns), str(log))
        own = (sys.executable, "-m", "sslfix", "explain", str(log))
        ratios, memories = [], []
        for _ in range(arguments.rounds):
            reference, mine = _measure(grep), _measure(own)
            ratios.append(mine[0] / reference[0])
            memories.append(mine[1])
        print(f"{arguments.megabytes} MB log, {len(_phrases())} phrases")
        print(f"  CPU, sslfix explain / grep -E:  {statistics.median(ratios):.2f}")
        print(f"  peak memory of sslfix explain:  {max(memories) / 1024:.0f} MB")
    _worst()


def _phrases() -> list[str]:
    return [symptom.text for rule in rules.load() for symptom in rule.symptoms]


def _log(path: Path, size: int) -> Path:
    chance, words = random.Random(1), WORDS.split()
    with path.open("w") as file:
        written = 0
        while written < size:
            line = " ".join(chance.choices(words, k=chance.randint(4, 18)))
            written += file.write(f"2026-11-21T10:00:00.{written % 1000:03d}Z INFO app: {line}\n")
        file.write(MESSAGE)
    return path


def _patterns(path: Path) -> Path:
    lines = (
        ".{0,200}".join(
            re.sub(r"([\\.^$*+?()\[\]{}|])", r"\\\1", part) for part in text.split("{}")
        )
        for text in _phrases()
    )
    path.write_text("\n".join(lines) + "\n")
    return path


def _measure(command: tuple[str, ...]) -> tuple[float, int]:
    """CPU seconds and the peak memory in KiB of a command."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, _, usage = os.wait4(process.pid, 0)
    process.returncode = 0
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss


def _worst() -> None:
    """The hostile texts that cost most, at one size and at its double."""
    measured = []
    for piece in _hostile():
        one, two = (_seconds(piece, size) for size in (200_000, 400_000))
        measured.append((two / 0.4, two / one, piece))
    print(f"hostile texts, {len(measured)} tried: CPU seconds for a MB, and twice the size / once")
    for seconds, growth, piece in sorted(measured, reverse=True)[:5]:
        print(f"  {seconds:6.2f} s {growth:5.2f}  {piece[:70]!r}")


def _hostile() -> Iterator[str]:
    """Beginnings of phrases over and over, never ended; and what is stripped from lines."""
    firsts = {text.split("{}")[0] + " " for text in _phrases() if "{}" in text.strip("{}")}
    yield from random.Random(1).sample(sorted(firsts), min(len(firsts), SAMPLE))
    yield from ("> > | ", "\\" * 9, "\\u001b[", " " * 50, "2026-11-21 10:00:00 ", "&quot;", "\n")


def _seconds(piece: str, size: int) -> float:
    text = piece * (size // len(piece))
    start = time.process_time()
    explain(text, rules.load())
    return time.process_time() - start


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    main()
