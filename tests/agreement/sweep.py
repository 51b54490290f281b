"""Try real releases on real interpreters: python -m tests.agreement.sweep SUBJECT ... | --all.

Rows that are in the tables already are not tried again, unless with --again.
"""

from __future__ import annotations

import argparse
import itertools
import os
import re
import subprocess
import tempfile
from collections import defaultdict
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
# Python 2 finds a namespace package that is spread over folders by their .pth files only.
PROLOGUE = """
import os, sys
if sys.version_info < (3,):
    import site
    for place in os.environ["PYTHONPATH"].split(os.pathsep):
        site.addsitedir(place)
"""


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
        axes = [tuple(_expand(axis, python)) for axis in subject.axes]
        for choice in itertools.product(*axes):
            wanted = [Requirement(text) for text in " ".join(choice).split()]
            beside = _choose(subject, python, wanted)
            if beside is not None:
                pinned = {one.name: beside.pop(one.name) for one in wanted}
                for ssl in subject.ssl:
                    yield Trial(python, ssl or python.ssl, pinned, beside)


def _expand(axis: tuple[str, ...], python: Python) -> Iterator[str]:
    for choice in axis:
        if choice.startswith("each "):
            _, each, *others = choice.split()
            wanted = Requirement(each)
            known = releases.candidates(wanted.name, python.version)
            for one in wanted.specifier.filter(known):
                yield " ".join((f"{wanted.name}=={one}", *others))
        else:
            yield choice


def _choose(subject: Subject, python: Python, wanted: list[Requirement]) -> dict[str, File] | None:
    """A wheel for each requirement and for what they need; None if there is none.

    Exact pins are taken first, so that the newest of the others can suit what those require.
    """
    queue = [(one.name, one.specifier) for one in sorted(wanted, key=lambda one: not _exact(one))]
    chosen: dict[str, File] = {}
    needed: defaultdict[str, SpecifierSet] = defaultdict(SpecifierSet)
    for name, own in queue:
        limits = own if "==" in str(own) else own & needed[name]
        known = releases.candidates(name, python.version)
        fits = list(limits.filter(known))
        if not fits:
            return None
        chosen[name] = known[fits[-1]]
        for one in releases.requirements(releases.unpack(chosen[name]), python.version):
            key = canonicalize_name(one.name)
            needed[key] &= one.specifier
            if key in subject.closure and key not in [name for name, _ in queue]:
                queue.append((key, subject.closure[key]))
    forbidden = any(not needed[name].contains(one.version) for name, one in chosen.items())
    return None if forbidden and subject.resolvable else chosen


def _exact(wanted: Requirement) -> bool:
    return "==" in str(wanted.specifier)


def trial_again(row: Row) -> Trial | None:
    """The trial that the row records, on a Python of the same minor version if one is here.

    It has the SSL library that the shim can pretend, and else the Python's own.
    """
    for python in interpreters((row.python.rsplit(".", 1)[0],)):
        ssl = row.ssl if row.ssl in shim.NUMBERS else python.ssl
        return Trial(python, ssl, *(_files(python, one) for one in (row.pins, row.beside)))
    return None


def _files(python: Python, pins: str) -> dict[str, File]:
    named = (pin.split("==") for pin in pins.split())
    return {name: releases.candidates(name, python.version)[Version(one)] for name, one in named}


# --------------------------------------------------------------------------- trying it


def attempt(trial: Trial, subject: Subject, shims: Path | None, variables: dict[str, str]) -> Row:
    """What happens when the subject's probe runs with the trial's releases."""
    python = trial.python
    files = (*trial.pinned.values(), *trial.beside.values())
    folders = [str(releases.unpack(file)) for file in files]
    env = {"PATH": os.defpath, "LANG": "C.UTF-8", "PYTHONPATH": os.pathsep.join(folders)}
    if trial.ssl != python.ssl:
        assert shims is not None, "needs a C compiler"
        env.update(shim.variables(shims, trial.ssl))
    with tempfile.TemporaryDirectory() as folder:
        outcome = _run([python.executable, "-S", "-u", "-c", PROLOGUE + subject.probe], folder, {
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
    main()
