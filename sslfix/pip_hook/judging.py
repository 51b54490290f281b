"""How the hook does: at each level, and for what pip and uv will install."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from sslfix.language import say as _

from . import (
    ENVIRONMENT,
    File,
    Place,
    Wanted,
    blocks,
    has_builds,
    lines,
    part,
    pip_conf,
    settings,
    uv_toml,
    versions,
)

VARIABLE, FILE_VARIABLE, UV_VARIABLE = "PIP_CONSTRAINT", "PIP_CONFIG_FILE", "UV_CONSTRAINT"
COMMANDS = ("install", "download", "wheel")
_HEADER = re.compile(r"^# (fingerprint|interpreter|SSL library): (.*)$", re.MULTILINE)


class State(NamedTuple):
    """How the hook does at a level.

    `state` is "absent", "current", "outdated", "broken" (no pip install works) or "foreign" (made
    for another Python, to which alone it applies); `reasons` say why.
    """

    level: str
    state: str
    settings: str
    constraints: str
    reasons: tuple[str, ...] = ()


class Effect(NamedTuple):
    """The constraints that a command of pip takes, and the file or variable that says so."""

    command: str
    said_by: str
    paths: tuple[str, ...]


class Verdict(NamedTuple):
    """The whole answer: "active", "partly", "broken", "absent" or "unneeded", and why.

    `uv` is what makes `uv pip` keep to the constraints, "" for nothing.
    """

    state: str
    reasons: tuple[str, ...]
    levels: tuple[State, ...]
    effects: tuple[Effect, ...]
    uv: str


# --------------------------------------------------------------------------- a level


def judge(place: Place) -> State:
    """How the hook does at that level."""
    state, reasons = _judged(place)
    return State(place.level, state, place.settings.path, place.constraints.path, tuple(reasons))


def _judged(place: Place) -> tuple[str, list[str]]:
    named = ours_in(place.settings)
    if place.lost:
        text = _("{path} does not exist, so that no pip install works; {command} mends that")
        command = f"`{command_for('install', place.level)}`"
        return "broken", [text.format(path=path, command=command) for path in place.lost]
    if not named and not place.constraints.exists:
        return "absent", []
    text = place.constraints.document.text
    own = part(text, place.wanted.version)
    if versions(text) and not own:
        told = _("made for Python {version}, which alone keeps to it")
        return "foreign", [told.format(version=", ".join(versions(text)))]
    reasons = [*_of_settings(place, named), *_of_contents(own, place.wanted)]
    return "outdated" if reasons else "current", reasons


def ours_in(file: File) -> list[str]:
    """The constraints files of this hook that a settings file names."""
    found = pip_conf.values(file.document)
    every = (path for named in found.values() for path in named if pip_conf.is_ours(path))
    return list(dict.fromkeys(every))


def _of_settings(place: Place, named: Sequence[str]) -> Iterator[str]:
    """Why the settings would be written otherwise today."""
    if not named:
        yield _("{path} does not name it any more").format(path=place.settings.path)
    elif pip_conf.spelled(place.constraints.path) not in named:
        text = _("it was made at {path}; the environment has moved")
        yield text.format(path=named[0])
    elif place.uv and blocks.has_any(place.uv.document.text) and not _is_in_uv(place, place.uv):
        yield _("{path} says something else").format(path=place.uv.path)
    elif settings(place, builds=has_builds(place)) != place.settings.document.text:
        text = _("pip's other settings have changed since, and {path} replaces them")
        yield text.format(path=place.settings.path)


def _of_contents(own: str, wanted: Wanted) -> Iterator[str]:
    """Why the part of the constraints file for this Python would say something else today."""
    old, new = (dict(_HEADER.findall(text)) for text in (own, wanted.text))
    if not wanted.requirements:
        yield _("nothing is to be kept out any more")
    elif old.get("SSL library") != new.get("SSL library"):
        text = _("made for {old}; this Python runs with {new}")
        yield text.format(old=old.get("SSL library", "?"), new=new.get("SSL library"))
    elif lines(own) != wanted.requirements:
        same = old.get("fingerprint") == new.get("fingerprint")
        yield _("edited by hand") if same else _("Python or the rules of sslfix have changed since")
    elif old.get("fingerprint") != new.get("fingerprint"):
        yield _("made for another Python")


def command_for(action: str, level: str) -> str:
    """The command that a person would type for that level."""
    return f"sslfix pip-hook {action}" + ("" if level == ENVIRONMENT else f" --{level}")


# --------------------------------------------------------------------------- all of it


def effects(files: Sequence[File], environ: Mapping[str, str]) -> tuple[Effect, ...]:
    """The constraints that each command of pip takes; `files` are those that it reads, in order."""
    if environ.get(VARIABLE):
        paths = tuple(environ[VARIABLE].split())
        return tuple(Effect(command, VARIABLE, paths) for command in COMMANDS)
    said: dict[tuple[str, str], tuple[str, tuple[str, ...]]] = {}
    for one in files:
        for key, named in pip_conf.values(one.document).items():
            said[key] = (one.path, named)
    found = []
    for command in COMMANDS:
        sections = [(command, pip_conf.CONSTRAINT), (pip_conf.GLOBAL, pip_conf.CONSTRAINT)]
        winner = next((said[key] for key in sections if key in said and said[key][1]), ("", ()))
        found.append(Effect(command, *winner))
    return tuple(found)


def verdict(
    states: Sequence[State],
    found: Sequence[Effect],
    wanted: Wanted,
    uv: str,
    *,
    uv_counts: bool,
    lost: Sequence[str],
) -> Verdict:
    """What it comes to.

    `uv_counts` says that it is uv that installs here, `lost` are constraints that pip misses.
    """
    present = [one for one in states if one.state not in {"absent", "foreign"}]
    said = [reason for one in present for reason in one.reasons]
    missed = [path for path in lost if not any(path in reason for reason in said)]
    reasons = [_("{path} does not exist").format(path=path) for path in missed]
    if not present:
        state = "absent" if wanted.requirements else "unneeded"
        return Verdict("broken" if lost else state, tuple(reasons), tuple(states), tuple(found), uv)
    current = {pip_conf.spelled(one.constraints) for one in states if one.state == "current"}
    ours = {pip_conf.spelled(one.constraints) for one in present}
    told = {one.settings for one in present if one.state != "current"}  # what is wrong in these
    told |= set() if current else {""}
    reasons += _overridden([one for one in found if one.said_by not in told], ours)
    covered = all(current.intersection(one.paths) for one in found)
    if uv_counts and not uv:
        reasons.append(_("uv pip does not keep to it"))
    if lost:
        state = "broken"
    elif reasons or not covered or any(one.state != "current" for one in present):
        state = "partly"
    else:
        state = "active"
    return Verdict(state, tuple(reasons), tuple(states), tuple(found), uv)


def _overridden(found: Sequence[Effect], ours: set[str]) -> Iterator[str]:
    """Which commands of pip take something else, and who says so."""
    losing = [one for one in found if not ours.intersection(one.paths)]
    for said_by in dict.fromkeys(one.said_by for one in losing):
        commands = ", ".join(f"pip {one.command}" for one in losing if one.said_by == said_by)
        if said_by == VARIABLE:
            text = _("{variable} replaces it for {commands}; add {path} to that variable")
            yield text.format(variable=VARIABLE, commands=commands, path=min(ours))
        elif said_by:
            text = _("{path} replaces it for {commands}")
            yield text.format(path=said_by, commands=commands)
        else:
            text = _("pip does not read it for {commands}: see {variable}")
            yield text.format(commands=commands, variable=FILE_VARIABLE)


def uv_cover(places: Sequence[Place], environ: Mapping[str, str]) -> str:
    """What makes `uv pip` keep to the constraints: UV_CONSTRAINT or a uv.toml, "" for nothing."""
    named = environ.get(UV_VARIABLE, "").split()
    for place in places:
        path = place.constraints.path
        if place.constraints.exists and {path, pip_conf.spelled(path), f"file://{path}"} & {*named}:
            return UV_VARIABLE
    if environ.get("UV_NO_CONFIG") or environ.get("UV_CONFIG_FILE"):
        return ""
    return next((one.uv.path for one in places if one.uv and _is_in_uv(one, one.uv)), "")


def _is_in_uv(place: Place, file: File) -> bool:
    wanted = place.wanted.requirements
    return bool(wanted) and file.exists and {*wanted} <= {*uv_toml.limits(file.document)}
