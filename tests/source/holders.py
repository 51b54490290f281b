"""Derives `sslfix/source/holders.toml`: what importing popular distributions does to `ssl`.

    python -m tests.source.holders SCRATCH [--only NAME ...]

Each distribution is installed, wheels only, into a folder of its own, in its newest release and as
it was at some dates before; its modules are imported one by one (`ssl_effect.py`). Modules below
the top are tried where the top one does nothing to ssl and their text has to do with it. Results
are kept in SCRATCH, so that it can be stopped and started again; the table is written at the end.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from tests.conftest import find_python

HERE = Path(__file__).parent
TABLE = HERE.parents[1] / "sslfix/source/holders.toml"
LOOK = HERE.parent / "proofs/programs/ssl_effect.py"
WORDS = re.compile(rb"\b(?:SSLContext|urllib3|requests|botocore|boto3|pymongo|_http)\b")
# How many modules below the top are tried, and how deep they may stand.
MOST, DEEPEST = 40, 3


class Round(NamedTuple):
    """A Python, and the day whose releases it gets ("" for today's)."""

    python: str
    day: str


ROUNDS = (
    Round("3.12", ""),
    Round("3.8", "2020-12-01"),
    Round("3.10", "2023-02-01"),
    Round("3.6", "2018-06-01"),
)
OWN = ("gevent", "eventlet")
# They make contexts of a class that they hold, and go on after a late patch (gevent 26.9, 3.12).
HARMLESS = ("truststore", "httpcore2")
Found = dict[str, Any]
"""What `ssl_effect.py` says of a module, and the version of its distribution."""
Results = dict[str, dict[str, str]]
"""Module to version to effect."""


def main() -> None:
    """Try what was not tried yet, then write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scratch", type=Path)
    parser.add_argument("--only", nargs="*")
    parser.add_argument("--table", action="store_true", help="write the table, try nothing")
    arguments = parser.parse_args()
    os.nice(10)
    names = arguments.only or listed()
    arguments.scratch.mkdir(parents=True, exist_ok=True)
    for turn in () if arguments.table else ROUNDS:
        for name in names:
            try_out(arguments.scratch, name, turn)
    TABLE.write_text("".join(table(arguments.scratch, listed())))


def listed() -> list[str]:
    """The distributions to try."""
    lines = (HERE / "distributions.txt").read_text().splitlines()
    return sorted({word for line in lines if line[:1] != "#" for word in line.split()})


def try_out(scratch: Path, name: str, turn: Round) -> None:
    """Keep in SCRATCH what the modules of a distribution do, once."""
    kept = scratch / f"{name}-{turn.python}.json"
    if kept.exists():
        return
    python, folder = find_python(turn.python), scratch / "folders" / f"{name}-{turn.python}"
    command = ["uv", "pip", "install", "-q", "--python", python, "--target", str(folder)]
    command += ["--only-binary", ":all:", "--link-mode", "hardlink", name]
    command += ["--exclude-newer", turn.day] if turn.day else []
    if subprocess.run(command, check=False, capture_output=True, timeout=900).returncode:
        kept.write_text("[]")
        return
    first = scratch / f"{name}-{ROUNDS[0].python}.json"
    known = {one["module"] for one in json.loads(first.read_text())} if first.exists() else set()
    tops = list(_tops(folder, name))
    found = _look(python, folder, sorted({*tops, *known}))
    if turn is ROUNDS[0]:
        quiet = {one["module"] for one in found if one["effect"] in {"nothing", "imports"}}
        below = (module for top in tops if top in quiet for module in _below(folder, top))
        found += _look(python, folder, list(below))
    version = _metadata(folder, name).stem.split("-")[1]
    kept.write_text(json.dumps([{**one, "version": version} for one in found], indent=0))
    subprocess.run(["rm", "-rf", str(folder)], check=True)


def _look(python: str, folder: Path, modules: list[str]) -> list[Found]:
    if not modules:
        return []
    variables = {**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [python, str(LOOK), *modules],
        env=variables,
        cwd=folder,
        check=False,
        capture_output=True,
        text=True,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def _metadata(folder: Path, name: str) -> Path:
    normal = re.sub(r"[-_.]+", "_", name).lower()
    return next(
        path
        for path in folder.glob("*.dist-info")
        if re.sub(r"[-_.]+", "_", path.name.split("-")[0]).lower() == normal
    )


def _tops(folder: Path, name: str) -> Iterator[str]:
    """The first modules of a distribution that hold code, below its namespaces."""
    record = (_metadata(folder, name) / "RECORD").read_text().splitlines()
    files = {line.split(",")[0] for line in record}
    packages = {path.rpartition("/")[0] for path in files if path.endswith("/__init__.py")}
    tops = {each for each in packages if not {*_parents(each)} & packages}
    tops |= {path[:-3] for path in files if path.endswith(".py") and "/" not in path}
    for top in sorted(tops):
        parts = top.split("/")
        if all(part.isidentifier() for part in parts) and "test" not in parts[0]:
            yield ".".join(parts)


def _parents(path: str) -> Iterator[str]:
    while "/" in path:
        path = path.rpartition("/")[0]
        yield path


def _below(folder: Path, top: str) -> list[str]:
    """The modules below a quiet one that may have to do with ssl."""
    root = folder / top.replace(".", "/")
    found = []
    for path in sorted(root.rglob("*.py"), key=lambda one: (len(one.parts), str(one))):
        parts = path.relative_to(folder).with_suffix("").parts
        parts = parts[:-1] if parts[-1] == "__init__" else parts
        usual = all(part.isidentifier() and "test" not in part for part in parts)
        if usual and len(parts) <= DEEPEST + top.count(".") and WORDS.search(path.read_bytes()):
            found.append(".".join(parts))
    return [one for one in found if one != top][:MOST]


# --------------------------------------------------------------------------- the table

HEAD = """\
# What importing a module does to ssl: module, and its effect in each release that was tried.
# Made by `python -m tests.source.holders`, which installs and imports them; do not edit.
#
# patches   it patches ssl itself
# recurses  a module makes contexts of a class SSLContext that it holds: late patches end there
# holds     a module holds the class and makes none of it: gevent warns
# quiet     neither
"""


def table(scratch: Path, names: list[str]) -> Iterator[str]:
    """The lines of the data file."""
    yield HEAD
    for name in names:
        results: Results = {}
        for turn in ROUNDS:
            kept = scratch / f"{name}-{turn.python}.json"
            for one in json.loads(kept.read_text()) if kept.exists() else []:
                if one["effect"] != "fails":
                    results.setdefault(one["module"], {})[one["version"]] = _effect(one)
        told = {module: found for module, found in results.items() if _tells(module, results)}
        if told:
            yield f'\n["{re.sub(r"[-_.]+", "-", name).lower()}"]\n'
        for module, found in sorted(told.items()):
            entries = ", ".join(f'"{version}" = "{what}"' for version, what in found.items())
            yield f'"{module}" = {{ {entries} }}\n'


def _effect(found: Found) -> str:
    """One of the table's words; what gevent and eventlet hold of ssl themselves is theirs."""
    if found["effect"] == "patches":
        return "patches"
    makes, holds = (
        [one for one in found.get(key, ()) if one.partition(".")[0] not in OWN]
        for key in ("makes", "holds")
    )
    makes = [one for one in makes if not any(word in one for word in HARMLESS)]
    return "recurses" if makes else "holds" if holds else "quiet"


def _tells(module: str, results: Results) -> bool:
    """Whether a module says more than the packages that are imported with it."""
    found = results[module]
    if set(found.values()) == {"quiet"}:
        return False
    above = [results.get(one.replace("/", "."), {}) for one in _parents(module.replace(".", "/"))]
    return all(any(one.get(v) != what for v, what in found.items()) for one in above)


if __name__ == "__main__":
    main()
