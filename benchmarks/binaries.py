"""How long it takes to read an interpreter's files, against asking it.

    python benchmarks/binaries.py [--rounds 11] [EXECUTABLE ...]

Both run in turn in the same round, so that other load on the machine meets both; a row is the
median of the rounds. CPU seconds are those of this process and its children. The first look pays
for the imports of either; it is left out, as `sslfix env --all` looks at many.
"""

from __future__ import annotations

import argparse
import glob
import os
import resource
import statistics
import time
from typing import Callable

from sslfix.collect import binaries, probe
from sslfix.errors import ProbeError

Look = Callable[[str], object]
Seconds = tuple[float, float]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("executables", metavar="EXECUTABLE", nargs="*")
    arguments = parser.parse_args()
    print(f"{'':<52}{'asked, ms':>12}{'read, ms':>12}{'ratio':>15}")
    print(f"{'':<52}{'CPU  clock':>12}{'CPU  clock':>12}{'CPU  clock':>15}")
    for path in arguments.executables or _all():
        _print(path, arguments.rounds)


def _all() -> list[str]:
    pyenv = os.environ.get("PYENV_ROOT") or os.path.expanduser("~/.pyenv")
    uv = os.path.expanduser("~/.local/share/uv/python")
    found = glob.glob(f"{pyenv}/versions/*/bin/python") + glob.glob(f"{uv}/*/bin/python")
    return sorted(found) + sorted(glob.glob("/usr/bin/python3.[0-9]*[0-9]"))


def _print(path: str, rounds: int) -> None:
    looks: tuple[Look, Look] = (probe.answer, lambda one: binaries.answer(one, os.environ))
    try:
        for look in looks:
            look(path)
    except ProbeError as error:
        print(error)
        return
    asked, read = zip(*([_seconds(look, path) for look in looks] for _ in range(rounds)))
    one, other = (_median(times) for times in (asked, read))
    row = "".join(f"{cpu * 1000:>7.1f}{clock * 1000:>5.0f}" for cpu, clock in (one, other))
    print(f"{path[-52:]:<52}{row}{other[0] / one[0]:>10.2f}{other[1] / one[1]:>5.2f}")


def _median(times: tuple[Seconds, ...]) -> Seconds:
    return statistics.median(one[0] for one in times), statistics.median(one[1] for one in times)


def _seconds(look: Look, path: str) -> Seconds:
    """CPU, and on the clock."""
    cpu, clock = _cpu(), time.perf_counter()
    look(path)
    return _cpu() - cpu, time.perf_counter() - clock


def _cpu() -> float:
    who = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    used = [resource.getrusage(one) for one in who]
    return sum(one.ru_utime + one.ru_stime for one in used)


if __name__ == "__main__":
    main()
