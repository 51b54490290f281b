"""uv asked: `uv pip compile`."""

from __future__ import annotations

import os
import re

from sslfix.apply import children
from sslfix.model import Interpreter

from . import answers, declared
from .answers import SILENCE, Arrival, NoSolutionError, Prospect, Resolution
from .questions import Question

_SETTINGS = {
    "NO_COLOR": "1",
    "PYTHONDONTWRITEBYTECODE": "1",
    "UV_HTTP_RETRIES": "0",
    "UV_HTTP_TIMEOUT": SILENCE,
    "UV_NO_PROGRESS": "1",
    "UV_NO_WRAP": "1",
    "UV_PYTHON_DOWNLOADS": "never",
}
_PLATFORMS = {"darwin": "macos", "linux": "linux", "win32": "windows"}
_CHOICE = re.compile(r"^([\w.-]+)(?:\[[^\]]*\])?==([^\s;]+)", re.MULTILINE)
_ANNOTATED = re.compile(r"^([\w.-]+)(?:\[[^\]]*\])?==([^\s;]+).*?# via (.+)$", re.MULTILINE)
# When it builds, it resolves "requirements from `build-system.requires`", which is not ours.
_REASON = re.compile(
    r"(?<!cause: )No solution found when resolving dependencies[^\n]*\n(.*?)(?:\n\s*\n|\Z)",
    re.DOTALL,
)
# The index could not say, or another than the first has more: nothing is known for sure.
_UNSURE = re.compile(
    r"was not found|there are no versions|network connectivity|were unavailable"
    r"|could not be queried|has (?:an )?(?:invalid|inconsistent)|subsequent index"
)


def ask(uv: str, interpreter: Interpreter, question: Question) -> Resolution:
    """What uv chooses; NoSolutionError or UnavailableError where it chooses nothing."""
    text = _compiled(uv, interpreter, question, "--no-annotate")
    versions = {declared.normal(name): version for name, version in _CHOICE.findall(text)}
    return Resolution(versions, _itself(uv, question))


def foresee(uv: str, interpreter: Interpreter, question: Question) -> Prospect:
    """What uv would install beside what is there, which it keeps if it can; raises as `ask` does.

    `uv pip install --dry-run` would not say who requires what.
    """
    there = {one.name: one.version for one in interpreter.distributions if _is_valid(one.version)}
    pins = "".join(f"{name}=={version}\n" for name, version in there.items())
    text = _compiled(uv, interpreter, question, "--annotation-style=line", known=pins)
    arrivals = []
    for name, version, via in _ANNOTATED.findall(text):
        causes = via.split(", ")
        requested = any(one.startswith("-r ") for one in causes)
        told = tuple(declared.normal(one) for one in causes if not one.startswith("-"))
        arrivals.append(Arrival(declared.normal(name), version, requested, told))
    new = tuple(one for one in arrivals if there.get(one.name) != one.version)
    return Prospect(new, _itself(uv, question))


def _is_valid(version: str) -> bool:
    """Whether uv reads it: what old tools installed may be of any version."""
    from packaging.version import InvalidVersion, Version

    try:
        Version(version)
    except InvalidVersion:
        return False
    return True


def _itself(uv: str, question: Question) -> str:
    version = re.search(r"\d[\w.]*", children.finish((uv, "--version"), question.folder)[1])
    return f"uv {version[0]}" if version else "uv"


def _compiled(
    uv: str, interpreter: Interpreter, question: Question, annotations: str, known: str = ""
) -> str:
    """What `uv pip compile` writes; of what is `known` it keeps all that it can."""
    output = os.path.join(question.scratch, "sslfix-resolved.txt")
    if known:
        with open(output, "w", encoding="utf-8") as stream:
            stream.write(known)
    command = [uv, "pip", "compile", "--quiet", "--no-header", annotations, "-o", output]
    command += _python(interpreter)
    command += [part for name in question.constraints for part in ("--constraint", name)]
    command += ["--prerelease", "allow"] if question.prereleases else []
    command += [part for name in question.overrides for part in ("--override", name)]
    code, said = children.finish(
        (*command, *question.requirements), question.folder, _SETTINGS, answers.PATIENCE
    )
    said = question.cleaned(said)
    if code:
        reason = _REASON.search(said)
        if reason and not _UNSURE.search(said) and not _is_guessed(said, interpreter):
            raise NoSolutionError(answers.undrawn(reason[1]))
        raise answers.could_not_tell("uv", said)
    with open(output, encoding="utf-8") as stream:
        return stream.read()


def _is_guessed(said: str, interpreter: Interpreter) -> bool:
    """Whether the answer rests on what is not known of an interpreter that was not asked."""
    if interpreter.source == "asked":
        return False
    full = interpreter.version.count(".") > 1  # "3.9" is taken for 3.9.0
    return "has no wheels" in said or ("requested Python version" in said and not full)


def _python(interpreter: Interpreter) -> list[str]:
    if interpreter.source == "asked":
        return ["--python", os.path.abspath(interpreter.executable)]
    options = ["--python-version", interpreter.version] if interpreter.version else []
    platform = _PLATFORMS.get(interpreter.markers.get("sys_platform", ""))
    return [*options, "--python-platform", platform] if platform else options
