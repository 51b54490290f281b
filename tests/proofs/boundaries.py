"""The boundaries of the pages, tried with the real releases.

`python -m tests.proofs.boundaries [SSLnnn ...]` prints the table: rule, releases, verdicts,
agreement.

`boundaries/*.toml` holds the data. Each `[[boundary]]` is one rule at one boundary:

    rule      = "SSL301"
    python    = ["3.9", "3.12"]       CPythons to try it on; those that are absent are left out
    ssl       = "LibreSSL 2.8.3"      what the SSL library is made to say, "" for the real one
    program   = "..." or "name.py"    Python text, or a file of programs/
    fails     = ["a==1.0"]            pins with which the program fails
    works     = ["a==1.1"]            pins with which it ends well
    with      = ["b==2.0"]            pins for both sides; nothing else is installed
    message   = "..."                 what the failing program prints, "{}" for what varies
    ends      = "error"               how it fails: "error" (the default), "warning" (the exit code
                                      is 0), "crash" (a signal) or "wrong" (only the message tells)
    finds     = true                  whether `sslfix` names the rule for the pins of `fails`
    explains  = true                  whether `explain` names it first for what was printed, or
                                      after a page that says that SSL is not at fault
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from sslfix import rules
from sslfix.explain import explain
from sslfix.explain.phrases import Phrase, find, fold
from tests import shim

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

HERE = Path(__file__).parent
TIMEOUT = 120


class Boundary(NamedTuple):
    """One `[[boundary]]` for one Python."""

    file: str
    rule: str
    python: str
    program: str
    fails: tuple[str, ...]
    works: tuple[str, ...]
    message: str
    ssl: str = ""
    ends: str = "error"
    finds: bool = True
    explains: bool = True

    @property
    def name(self) -> str:
        return f"{self.rule}-{self.python}-{'+'.join(self.fails) or self.ssl.split('  ')[0]}"


class Trial(NamedTuple):
    """What one side did, and what sslfix says of it."""

    code: int
    output: str
    found: bool
    explained: bool


def load() -> list[Boundary]:
    """All boundaries, in the order of the files."""
    return [
        boundary
        for path in sorted((HERE / "boundaries").glob("*.toml"))
        for table in tomllib.loads(path.read_text("utf-8"))["boundary"]
        for boundary in _read(path.name, table)
    ]


def _read(file: str, table: dict[str, object]) -> Iterator[Boundary]:
    values = dict(table)
    pythons, beside = values.pop("python"), values.pop("with", [])
    program = str(values.pop("program"))
    if program.endswith(".py"):
        program = (HERE / "programs" / program).read_text("utf-8")
    for side in ("fails", "works"):
        values[side] = (*values[side], *beside)  # type: ignore[misc]
    for python in [pythons] if isinstance(pythons, str) else pythons:  # type: ignore[attr-defined]
        yield Boundary(file=file, python=python, program=program, **values)  # type: ignore[arg-type]


class Bench:
    """Where boundaries are tried: folders with sets of pins, each filled once, and scratch."""

    def __init__(self, root: Path, library: Path | None) -> None:
        self.root = root
        self.library = library

    def install(self, python: str, pins: Sequence[str]) -> Path:
        """The folder with exactly these pins for that Python."""
        key = hashlib.sha256(repr((python, sorted(pins))).encode()).hexdigest()[:16]
        folder = self.root / key
        if pins and not folder.exists():
            made = Path(tempfile.mkdtemp(dir=self.root))
            _install(python, pins, made)
            try:
                made.rename(folder)
            except OSError:  # another worker was faster
                assert folder.exists()
        return folder

    def variables(self, boundary: Boundary, folder: Path) -> dict[str, str]:
        """The environment of the program: the pins, and the SSL library that is wanted."""
        places = os.pathsep.join([str(folder), str(HERE / "programs")])
        wanted = {**os.environ, "PYTHONPATH": places, "PYTHONDONTWRITEBYTECODE": "1"}
        if boundary.ssl:
            assert self.library is not None
            wanted.update(shim.variables(self.library, boundary.ssl))
        return wanted

    def run(self, boundary: Boundary, python: str, pins: Sequence[str]) -> Trial:
        """Run the program with these pins, and ask sslfix about them and about the output."""
        folder = self.install(python, pins)
        variables = self.variables(boundary, folder)
        code, output = _execute(python, boundary.program, variables)
        ids = [match.rule.id for match in explain(output, rules.load())]
        # "not SSL" may be said before the distribution at fault is
        explained = next((one for one in ids if not one.startswith("SSL9")), "") == boundary.rule
        return Trial(code, output, self.found(boundary, python, pins, variables), explained)

    def found(
        self, boundary: Boundary, python: str, pins: Sequence[str], variables: Mapping[str, str]
    ) -> bool:
        """Whether `sslfix` names the rule for the pins as a requirements file."""
        with tempfile.TemporaryDirectory(dir=self.root) as scratch:
            Path(scratch, "requirements.txt").write_text("".join(f"{pin}\n" for pin in pins))
            words = ["--python", python, "--format", "json", "--exit-zero", "requirements.txt"]
            own = {key: value for key, value in variables.items() if key != "PYTHONPATH"}
            done = subprocess.run(
                [sys.executable, "-m", "sslfix", *words],
                cwd=scratch,
                env=own,
                capture_output=True,
                text=True,
                check=False,
            )
        report = json.loads(done.stdout)
        return boundary.rule in {finding["rule"] for finding in report["findings"]}


def _install(python: str, pins: Sequence[str], folder: Path) -> None:
    recent = "import sys; sys.exit(sys.version_info < (3, 8))"  # than uv needs
    old = subprocess.run([python, "-c", recent], check=False).returncode
    pip = [python, "-m", "pip", "install", "-q", "--target", str(folder)]
    uv = ["uv", "pip", "install", "-q", "--python", python, "--target", str(folder)]
    command = [*(pip if old else uv), "--no-deps"]
    for only in (["--only-binary", ":all:"], []):
        done = subprocess.run([*command, *only, *pins], capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return
    raise AssertionError(f"{' '.join(pins)}: {done.stderr}")


def _execute(python: str, program: str, variables: Mapping[str, str]) -> tuple[int, str]:
    try:
        done = subprocess.run(
            [python, "-c", program],
            env=dict(variables),
            capture_output=True,
            text=True,
            errors="replace",
            timeout=TIMEOUT,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        return 124, str(error.stderr or "")
    return done.returncode, done.stdout + done.stderr


def shows(message: str, output: str) -> bool:
    """Whether the output has the message, as `explain` compares texts."""
    return find(Phrase.of(message), fold(output.encode())) is not None


def failed(boundary: Boundary, trial: Trial) -> bool:
    """Whether a side failed in the way that the boundary says."""
    ended = {
        "error": trial.code > 0,
        "crash": trial.code < 0 or trial.code == 124,
        "warning": trial.code == 0,
        "wrong": True,
    }[boundary.ends]
    return ended and shows(boundary.message, trial.output)


def main(wanted: Sequence[str]) -> int:
    """Print what happened on both sides of each boundary; 1 if sslfix is wrong about one."""
    from tests.conftest import find_python

    chosen = [one for one in load() if not wanted or one.rule in wanted]
    with tempfile.TemporaryDirectory() as scratch:
        bench = Bench(Path(scratch), shim.build(Path(scratch)))
        wrong = 0
        for boundary in chosen:
            python = find_python(boundary.python)
            for side, pins in (("fails", boundary.fails), ("works", boundary.works)):
                trial = bench.run(boundary, python, pins)
                bad = failed(boundary, trial)
                agrees = bad == (side == "fails") and trial.found is (bad and boundary.finds)
                wrong += not agrees
                print(_row(boundary, pins, trial, bad=bad, agrees=agrees), flush=True)
    print(f"{2 * len(chosen) - wrong} of {2 * len(chosen)} sides agree")
    return int(wrong > 0)


def _row(boundary: Boundary, pins: Sequence[str], trial: Trial, *, bad: bool, agrees: bool) -> str:
    own = " ".join(pin for pin in pins if pin not in {*boundary.fails} & {*boundary.works})
    library = boundary.ssl.split("  ")[0][:15]
    return (
        f"{boundary.rule}  {boundary.python:<5} {library:<16}{own[:50]:<51}"
        f"{'fails' if bad else 'works':<7}{'found' if trial.found else '-':<7}"
        f"{'explained' if trial.explained else '-':<11}{'agrees' if agrees else 'DISAGREES'}"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
