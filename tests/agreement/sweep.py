"""Try real releases on real interpreters: python -m tests.agreement.sweep SUBJECT ... | --all.

Rows that are in the tables already are not tried again, unless with --again.
"""

from __future__ import annotations

import argparse
import itertools
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests import shim
from tests.agreement import releases, server, tables
from tests.agreement.releases import File
from tests.agreement.tables import Row, Subject
from tests.conftest import REAL_HOME, run

TIMEOUT = 60
SAVE_EVERY = 25


class Python(NamedTuple):
    """A CPython on this machine, and the SSL library that it is linked to."""

    executable: str
    version: str
    ssl: str


class Trial(NamedTuple):
    """Releases to be combined on a Python whose SSL library calls itself `ssl`.

    Those in `pinned` are under test, those in `beside` are what they need.
    """

    python: Python
    ssl: str
    pinned: Mapping[str, File]
    beside: Mapping[str, File]

    @property
    def key(self) -> tuple[str, str, str]:
        """That of its row."""
        return self.python.version, self.ssl, _pins(self.pinned)


def _pins(files: Mapping[str, File]) -> str:
    return " ".join(f"{name}=={file.version}" for name, file in files.items())


def interpreters(minors: tuple[str, ...]) -> Iterator[Python]:
    """Those of the wanted Pythons that are on this machine."""
    asked = "import ssl, platform; print(platform.python_version()); print(ssl.OPENSSL_VERSION)"
    for minor in minors:
        for folder in sorted((REAL_HOME / ".pyenv/versions").glob(f"{minor}.*")):
            executable = str(folder / "bin/python")
            version, ssl = run(executable, "-S", "-c", asked).stdout.splitlines()
            yield Python(executable, version, ssl)


# --------------------------------------------------------------------------- what to try


def trials(subject: Subject) -> Iterator[Trial]:
    """All trials of a subject that this machine and the index can provide."""
    for python in interpreters(subject.pythons):
        axes = [tuple(_expand(axis, python, subject)) for axis in subject.axes]
        for choice in itertools.product(*axes):
            texts = " ".join(choice).split()
            chosen = _choose(subject, python, texts)
            if chosen is not None:
                pinned = {
                    name: chosen.pop(name) for name in (Requirement(one).name for one in texts)
                }
                for ssl in subject.ssl:
                    yield Trial(python, ssl or python.ssl, pinned, chosen)


def _expand(axis: tuple[str, ...], python: Python, subject: Subject) -> Iterator[str]:
    for choice in axis:
        if choice.startswith("each "):
            wanted = Requirement(choice[len("each ") :])
            known = _candidates(subject, python, wanted.name)
            yield from (f"{wanted.name}=={one}" for one in wanted.specifier.filter(known))
        else:
            yield choice


def _candidates(subject: Subject, python: Python, name: str) -> dict[Version, File]:
    return releases.candidates(name, python.version, sdists=name in subject.sdists)


def _choose(subject: Subject, python: Python, texts: list[str]) -> dict[str, File] | None:
    """A file for each requirement and for what they need; None if there is none.

    Exact pins are taken first, so that the others can suit what those require.
    """
    wanted = sorted(map(Requirement, texts), key=lambda one: "==" not in str(one.specifier))
    chosen: dict[str, File] = {}
    needed: dict[str, SpecifierSet] = {}
    queue = [(one.name, one.specifier) for one in wanted]
    while queue:
        name, own = queue.pop(0)
        exact = "==" in str(own)
        limits = own if exact else own & needed.get(name, SpecifierSet())
        known = _candidates(subject, python, name)
        fits = [one for one in known if limits.contains(one, prereleases=exact)]
        if not fits:
            return None
        chosen[name] = known[fits[-1]]
        folder = releases.unpack(chosen[name], python.version, python.executable)
        for one in releases.requirements(folder, python.version):
            key = canonicalize_name(one.name)
            needed[key] = needed.get(key, SpecifierSet()) & one.specifier
            if key in subject.closure and key not in chosen and key not in [n for n, _ in queue]:
                queue.append((key, SpecifierSet()))
    return chosen


# --------------------------------------------------------------------------- trying it


def attempt(trial: Trial, subject: Subject, shims: Path | None, variables: dict[str, str]) -> Row:
    """What happens when the subject's probe runs with the trial's releases."""
    python = trial.python
    folders = [
        str(releases.unpack(file, python.version, python.executable))
        for file in (*trial.pinned.values(), *trial.beside.values())
    ]
    env = {"PATH": os.defpath, "LANG": "C.UTF-8", "PYTHONPATH": os.pathsep.join(folders)}
    if trial.ssl != python.ssl:
        assert shims is not None, "needs a C compiler"
        env.update(shim.variables(shims, trial.ssl))
    with tempfile.TemporaryDirectory() as folder:
        outcome = _run([python.executable, "-S", "-u", "-c", subject.probe], folder, {
            **env, **variables, "HOME": folder,
        })  # fmt: skip
    return Row(*trial.key, _pins(trial.beside), *outcome)


def _run(command: list[str], folder: str, env: dict[str, str]) -> tuple[str, str, str]:
    """Outcome, step and error of a probe: it prints `step NAME` where each step begins."""
    with subprocess.Popen(
        command, cwd=folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        start_new_session=True,
    ) as child:  # fmt: skip
        try:
            out, err = (
                part.decode("utf-8", "replace") for part in child.communicate(None, TIMEOUT)
            )
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, 9)
            out, err = child.communicate()[0].decode("utf-8", "replace"), "timeout"
    if child.returncode == 0:
        return "ok", "", ""
    steps = re.findall(r"^step (.+)$", out, re.MULTILINE)
    said = f"signal {-child.returncode}" if child.returncode < 0 and err != "timeout" else err
    return "fails", steps[-1] if steps else "start", shorten(said)


def shorten(stderr: str) -> str:
    """The last line of an error without what differs from run to run: folders, addresses."""
    lines = [line for line in stderr.splitlines() if line.strip()]
    line = re.sub(r"\s+", " ", lines[-1]).strip() if lines else ""
    line = re.sub(r"(?<![\w/:])/(?:[^/\s'\"]+/)+", "", line)
    line = re.sub(r"0x[0-9a-f]{6,}", "0x", line)
    return re.sub(r"\b(localhost|127\.0\.0\.1)(:|', port=)\d+", r"\1\2N", line)[:160]


# --------------------------------------------------------------------------- the command


def sweep(subject: Subject, shims: Path | None, *, again: bool) -> None:
    """Complete a subject's table."""
    rows = {} if again else {row.key: row for row in tables.read(subject.name)}
    wanted = set()
    for number, trial in enumerate(trials(subject)):
        wanted.add(trial.key)
        if trial.key not in rows:
            rows[trial.key] = attempt(trial, subject, shims, server.variables())
        if number % SAVE_EVERY == 0:
            tables.write(subject.name, rows.values())
    rows = {key: row for key, row in rows.items() if key in wanted}
    tables.write(subject.name, rows.values())
    fails = sum(row.outcome == "fails" for row in rows.values())
    print(f"{subject.name}: {len(rows)} rows, {fails} fail", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.agreement.sweep", description=__doc__)
    parser.add_argument("subjects", nargs="*", metavar="SUBJECT")
    parser.add_argument("--all", action="store_true", help="every subject of subjects.toml")
    parser.add_argument("--again", action="store_true", help="try known rows again too")
    options = parser.parse_args()
    known = tables.subjects()
    with tempfile.TemporaryDirectory() as folder:
        shims = shim.build(Path(folder))
        for name in known if options.all else options.subjects:
            sweep(known[name], shims, again=options.again)


if __name__ == "__main__":
    sys.exit(main())
