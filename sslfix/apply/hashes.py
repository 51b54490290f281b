"""Hashed pins that people wrote get another release with its hashes: uv or pip asks the index.

uv says the hashes of all files of a release, as long as they are SHA-256. pip has no command for
that; `release_script.py` is one, for the pip that virtualenv carries.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from sslfix import formats, specifiers
from sslfix.apply import children, installers, resolvers
from sslfix.errors import ApplyError
from sslfix.language import say as _
from sslfix.match import marker_holds
from sslfix.model import Declaration, DependencyFile, Edit, Interpreter, Relock

_SCRIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "release_script.py")
_ALGORITHM = re.compile(r"--hash(?:=|\s+)[\"']?(\w+):")
_VARIABLE = re.compile(r"\$\{([A-Z0-9_]+)\}")
# The options of a requirements file that say where releases are, and pip's variables for them.
_PLACES = {
    "-i": "PIP_INDEX_URL",
    "--index-url": "PIP_INDEX_URL",
    "--extra-index-url": "PIP_EXTRA_INDEX_URL",
    "-f": "PIP_FIND_LINKS",
    "--find-links": "PIP_FIND_LINKS",
    "--no-index": "PIP_NO_INDEX",
    "--trusted-host": "PIP_TRUSTED_HOST",
}
_PLACE = re.compile(
    r"^[ \t]*(-i|-f|--(?:extra-)?index-url|--find-links|--no-index|--trusted-host)\b"
    r"(?:(?:=|[ \t]+)[\"']?([^\s\"'#]\S*?)[\"']?)?[ \t]*(?=$|[ \t]#)",
    re.MULTILINE,
)


class Release(NamedTuple):
    """A version and the hashes of all its files, `sha256:...`."""

    version: str
    hashes: Sequence[str]


def repin(action: Relock, file: DependencyFile, interpreter: Interpreter | None) -> bytes:
    """The file with releases that keep the bounds of `action`, and the hashes of all their files.

    Raises ApplyError where the index cannot be asked, or where the file would contradict itself.
    """
    edits = list(_edits(action, file, interpreter))
    text = file.document.text
    for edit in sorted(edits, key=lambda one: one.span, reverse=True):
        text = text[: edit.span.start] + edit.text + text[edit.span.end :]
    if interpreter is not None:
        _agrees(file, text, interpreter)
    return file.document.encode(text)


def _edits(action: Relock, file: DependencyFile, interpreter: Interpreter | None) -> Iterator[Edit]:
    format_ = formats.by_name(file.format)
    assert format_ is not None
    assert format_.repin is not None, "the plan asks for what the format can do"
    markers: Mapping[str, str] = interpreter.markers if interpreter else {}
    for name, bound in action.constraint.items():
        for one in file.declarations:
            if one.name != name or not one.version or specifiers.holds(one.version, bound):
                continue
            if markers and not marker_holds(one.marker, markers, extras=False):
                continue
            found = release(name + bound, _algorithm(file, one), file, interpreter)
            edit = format_.repin(file.document, one, found.version, found.hashes)
            if edit is None:
                text = _("the hashes of {name} in {path} cannot be replaced in the style they have")
                raise ApplyError(text.format(name=name, path=action.path))
            yield edit


def _algorithm(file: DependencyFile, declaration: Declaration) -> str:
    found = _ALGORITHM.search(file.document.text, declaration.span.end)
    return found[1] if found else "sha256"


def _agrees(file: DependencyFile, text: str, interpreter: Interpreter) -> None:
    """ApplyError if what is required no longer fits together, and did before."""
    format_ = formats.by_name(file.format)
    assert format_ is not None
    new = format_.read(file.document._replace(text=text))
    try:
        resolvers.resolve(new, "", {}, interpreter)
    except resolvers.UnavailableError:
        return
    except resolvers.NoSolutionError:
        try:
            resolvers.resolve(file, "", {}, interpreter)
        except (resolvers.NoSolutionError, resolvers.UnavailableError):
            return
        raise


# --------------------------------------------------------------------------- asking


def release(
    requirement: str, algorithm: str, file: DependencyFile, interpreter: Interpreter | None
) -> Release:
    """The newest release for an interpreter that a requirement of the file admits.

    It is neither yanked nor a pre-release. Raises ApplyError where there is none.
    """
    environment = interpreter.environment if interpreter else None
    prefix, made_by = (environment.path, environment.made_by) if environment else ("", "")
    uv = installers.find_uv(prefix, made_by) if algorithm == "sha256" else None
    version = re.match(r"\d+(?:\.\d+){0,2}", interpreter.version if interpreter else "")
    python = version[0] if version else ""
    with tempfile.TemporaryDirectory(prefix="sslfix-") as scratch:
        if uv is not None:
            return _ask_uv(uv, requirement, file, python, scratch)
        return _ask_pip(requirement, algorithm, file, python, scratch)


def _ask_uv(uv: str, requirement: str, file: DependencyFile, python: str, scratch: str) -> Release:
    command = [uv, "pip", "compile", "--quiet", "--no-header", "--no-annotate", "--no-deps"]
    command += ["--generate-hashes", "requirements.in"]
    command += ["--python-version", python] if python else []
    lines = [" ".join(filter(None, place)) for place in _places(file) if "host" not in place[0]]
    with open(os.path.join(scratch, "requirements.in"), "w", encoding="utf-8") as stream:
        stream.write("\n".join([*lines, requirement, ""]))
    output = children.run(command, scratch)
    version = re.search(r"==([^\s;\\]+)", output)
    if version is None or _is_prerelease(version[1]):
        text = _("uv finds no release for {requirement}")
        raise ApplyError(text.format(requirement=requirement))
    return Release(version[1], re.findall(r"--hash=(\S+)", output))


def _is_prerelease(version: str) -> bool:
    from packaging.version import Version

    return Version(version).is_prerelease


def _ask_pip(
    requirement: str, algorithm: str, file: DependencyFile, python: str, scratch: str
) -> Release:
    import json
    import sys

    wheel = installers.embedded_pip(f"{sys.version_info[0]}.{sys.version_info[1]}")
    if wheel is None:
        text = _("neither uv nor a pip is here, which get the hashes for {path}")
        raise ApplyError(text.format(path=file.document.path))
    command = [sys.executable, _SCRIPT, requirement, algorithm]
    command += ["--quiet", "--no-input", "--disable-pip-version-check"]
    command += ["--python-version", python] if python else []
    output = children.run(command, scratch, {**_variables(file), "PYTHONPATH": wheel})
    data = json.loads(next(line for line in output.splitlines() if line.startswith("{")))
    return Release(data["version"], data["hashes"])


def _places(file: DependencyFile) -> Iterator[tuple[str, str]]:
    """The file's own options for where releases are, each with its value; paths made absolute."""
    folder = os.path.dirname(os.path.abspath(file.document.path))
    for option, written in _PLACE.findall(file.document.text):
        value = _VARIABLE.sub(lambda one: os.environ.get(one[1], one[0]), written)
        beside = os.path.join(folder, value)
        links = _PLACES[option] == "PIP_FIND_LINKS"
        yield option, beside if links and os.path.exists(beside) else value


def _variables(file: DependencyFile) -> Mapping[str, str]:
    """The same as variables of pip: a command line would show the passwords in URLs."""
    found: dict[str, str] = {}
    for option, value in _places(file):
        name = _PLACES[option]
        several = name not in {"PIP_INDEX_URL", "PIP_NO_INDEX"}
        found[name] = f"{found[name]} {value}" if several and name in found else value or "1"
    return found
