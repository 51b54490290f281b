"""pip asked: `pip install --dry-run --report`."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sslfix import match, specifiers
from sslfix.apply import children, installers
from sslfix.language import say as _
from sslfix.model import Interpreter

from . import answers, declared
from .answers import (
    SILENCE,
    Arrival,
    NoSolutionError,
    Prospect,
    Resolution,
    UnavailableError,
)
from .questions import Question

_OPTIONS = (
    "--dry-run",
    "--no-input",
    "--disable-pip-version-check",
    "--no-color",
    "--progress-bar=off",
    "--retries=0",
    f"--timeout={SILENCE}",
)
_SETTINGS = {
    "PIP_REQUIRE_HASHES": "0",
    "PIP_REQUIRE_VIRTUALENV": "0",
    "PYTHONDONTWRITEBYTECODE": "1",
}
_CONFLICT = re.compile(
    r"^The conflict is caused by:\n(.*?)(?:\n\s*\n|\Z)", re.MULTILINE | re.DOTALL
)
_NO_RELEASE = re.compile(
    r"^ERROR: Could not find a version that satisfies .*\(from versions: (?!none\)).*\n"
    r"(?:.*\n)*?ERROR: (No matching distribution found for .+)",
    re.MULTILINE,
)
# Without what stands before an @: it may be a password.
_MISSED = re.compile(r"Could not fetch URL (?:\w+://)?(?:[^/\s]*@)?(\S+): (?!404 )([^:(\n]+)")


def ask(pip: Sequence[str], question: Question) -> Resolution:
    """What a pip chooses; NoSolutionError or UnavailableError where it chooses nothing."""
    report = _report(pip, question, "--ignore-installed")
    versions = {name: str(one["metadata"]["version"]) for name, one in _chosen(report).items()}
    return Resolution(versions, f"pip {report['pip_version']}")


def foresee(pip: Sequence[str], interpreter: Interpreter, question: Question) -> Prospect:
    """What a pip would install beside what is there; raises as `ask` does."""
    is_its_own = interpreter.source == "asked"
    report = _report(pip, question, *(() if is_its_own else ("--ignore-installed",)))
    chosen = _chosen(report)
    arrivals = [
        Arrival(
            name,
            str(one["metadata"]["version"]),
            bool(one["requested"]),
            _requirers(name, chosen, interpreter),
        )
        for name, one in chosen.items()
    ]
    return Prospect(tuple(arrivals), f"pip {report['pip_version']}")


def _requirers(
    name: str, chosen: Mapping[str, Mapping[str, Any]], interpreter: Interpreter
) -> tuple[str, ...]:
    """Those of the chosen that require a distribution; for an extra only if nobody else does."""
    for extras in (False, True):
        found = [
            other
            for other, one in chosen.items()
            for text in one["metadata"].get("requires_dist") or ()
            if _requires(text, name, interpreter, extras=extras)
        ]
        if found:
            return tuple(dict.fromkeys(found))
    return ()


def _requires(text: str, name: str, interpreter: Interpreter, *, extras: bool) -> bool:
    requirement, _, marker = text.partition(";")
    wanted = declared.normal(specifiers.split(requirement.strip())[0])
    return wanted == name and match.marker_holds(marker.strip(), interpreter.markers, extras=extras)


def _report(pip: Sequence[str], question: Question, *options: str) -> Mapping[str, Any]:
    """What pip says: https://pip.pypa.io/en/stable/reference/installation-report/."""
    import json

    report, log = (os.path.join(question.scratch, f"sslfix-pip.{one}") for one in ("json", "log"))
    if question.overrides:
        raise UnavailableError(_("pip knows no overrides, and uv was not asked"))
    command = [*pip, "install", *_OPTIONS, *options, "--report", report, "--log", log]
    command += [part for name in question.requirements for part in ("-r", name)]
    command += [part for name in question.constraints for part in ("-c", name)]
    code, said = children.finish(command, question.folder, _SETTINGS, answers.PATIENCE)
    if code == 0:
        with open(report, encoding="utf-8") as stream:
            found: Mapping[str, Any] = json.load(stream)
        return found
    if "no such option" in said:
        text = _(
            "pip cannot say what it would install before its release 22.2; "
            "{command} gives it limits instead"
        )
        raise UnavailableError(text.format(command="`sslfix constraints`"))
    said = question.cleaned(said)
    missed = _missed_index(log)
    conflict = _CONFLICT.search(said) or _NO_RELEASE.search(said)
    if conflict and not missed:
        raise NoSolutionError(answers.undrawn(conflict[1]))
    raise answers.could_not_tell("pip", f"{said}\n{missed}")


def _chosen(report: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    return {declared.normal(one["metadata"]["name"]): one for one in report["install"]}


def pips(interpreter: Interpreter) -> Iterator[tuple[str, ...]]:
    """The pips that can be asked, best first: on a Python of the same minor version.

    pip judges markers by the Python that it runs on, whatever `--python-version` says:
    https://github.com/pypa/pip/issues/11664
    """
    minor = ".".join(interpreter.version.split(".")[:2])
    asked = interpreter.source == "asked"
    same = minor == f"{sys.version_info[0]}.{sys.version_info[1]}"
    if not asked and not (same and interpreter.markers.get("sys_platform") == sys.platform):
        return
    python = os.path.abspath(interpreter.executable) if asked else sys.executable
    embedded = installers.embedded_pip(minor)
    if embedded:
        yield (python, f"{embedded}/pip")
    if asked:
        yield (python, "-m", "pip")


def _missed_index(log: str) -> str:
    """What pip says of an index that failed, "" if none did: it does so in its log only."""
    with open(log, encoding="utf-8", errors="replace") as stream:
        found = [one for one in map(_MISSED.search, stream) if one]
    return f"ERROR: Could not fetch {found[0][1]}: {found[0][2]}" if found else ""
