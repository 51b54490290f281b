"""Derives `sslfix/source/holders.toml`: what importing popular distributions does to `ssl`.

    python -m tests.source.holders SCRATCH [--only NAME ...]

Each distribution is installed into a folder of its own, from wheels where there are some, in its
newest release and as it was at some dates before; its modules are imported one by one
(`ssl_effect.py`). Modules below the top are tried where the top one does nothing to ssl and their
text has to do with it. What does nothing or cannot be imported is tried again beside requests and
boto3, which many use only where they are installed. Results are kept in SCRATCH, so that it can be
stopped and started again; the table is written at the end.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import re
import subprocess
import textwrap
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from packaging.version import Version

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
# Tried for those in which an earlier release did something else.
BETWEEN = (Round("3.9", "2021-10-01"), Round("3.11", "2024-06-01"))
# What many distributions import if it is there.
OPTIONAL = ("requests", "boto3")
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
    for turn in () if arguments.table else (*ROUNDS, *BETWEEN):
        for name in names:
            if turn in ROUNDS or _differs(_kept(arguments.scratch, name)):
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
    folder = scratch / "folders" / f"{name}-{turn.python}"
    if not _install(folder, name, turn):
        kept.write_text("[]")
        return
    first = scratch / f"{name}-{ROUNDS[0].python}.json"
    known = {one["module"] for one in json.loads(first.read_text())} if first.exists() else set()
    tops = list(_tops(folder, name))
    found = _look(turn, (folder,), sorted({*tops, *known}))
    if turn is ROUNDS[0]:
        quiet = {one["module"] for one in found if one["effect"] in {"nothing", "imports"}}
        below = (module for top in tops if top in quiet for module in _below(folder, top))
        found += _look(turn, (folder,), list(below))
    for other in OPTIONAL:
        found = _again_beside(other, found, folder, turn)
    version = _metadata(folder, name).stem.split("-")[1]
    kept.write_text(json.dumps([{**one, "version": version} for one in found], indent=0))
    subprocess.run(["rm", "-rf", str(folder)], check=True)


def _install(folder: Path, name: str, turn: Round) -> bool:
    """Whether a distribution could be installed there: from its wheel, else from its source."""
    command = ["uv", "pip", "install", "-q", "--python", find_python(turn.python), name]
    command += ["--target", str(folder), "--link-mode", "hardlink", "--only-binary", ":all:"]
    command += ["--exclude-newer", turn.day] if turn.day else []
    tries = ([*command, *extra] for extra in ((), ("--no-binary", name)))
    return any(
        not subprocess.run(one, check=False, capture_output=True, timeout=900).returncode
        for one in tries
    )


def _again_beside(other: str, found: list[Found], folder: Path, turn: Round) -> list[Found]:
    """The same, with what happens where another distribution is installed as well."""
    beside = folder.parent.parent / "beside" / f"{other}-{turn.python}"
    if any(folder.glob(f"{other}-*.dist-info")) or not (
        beside.exists() or _install(beside, other, turn)
    ):
        return found
    again = [one["module"] for one in found if one["effect"] in {"nothing", "imports", "fails"}]
    effects = {one["module"]: one for one in _look(turn, (folder, beside), again)}
    return [_with(one, effects.get(one["module"]), other) for one in found]


def _with(plain: Found, beside: Found | None, other: str) -> Found:
    """What a module does: with the other one, if it needs that; else both, where they differ."""
    if beside is None or beside["effect"] in {"fails", "nothing", "imports", "patches"}:
        return plain
    return beside if plain["effect"] == "fails" else {**beside, "beside": other}


def _look(turn: Round, folders: Iterable[Path], modules: list[str]) -> list[Found]:
    if not modules:
        return []
    path = os.pathsep.join(map(str, folders))
    variables = {**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [find_python(turn.python), str(LOOK), *modules],
        env=variables,
        cwd=path.partition(os.pathsep)[0],
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
# What importing a module does to ssl, for each distribution; beside its name the releases tried.
# Made by `python -m tests.source.holders`, which installs and imports them; do not edit.
#
# patches   it patches ssl itself
# recurses  a module makes contexts of a class SSLContext that it holds: late patches end there
# holds     a module holds the class and makes none of it: gevent warns
# quiet     neither
# a name    what the import of that module does: it comes with it, nothing else matters
#
# `EFFECT = [MODULE, ...]` is for all releases, `MODULE = { RELEASE = EFFECT, ... }` for those
# tried. "EFFECT with NAME": only where that distribution is installed as well.
"""


def table(scratch: Path, names: list[str]) -> Iterator[str]:
    """The lines of the data file."""
    yield HEAD
    every = {name: _kept(scratch, name) for name in names}
    all_found = (one for each in every.values() for one in each)
    modules = {one["module"] for one in all_found if one["effect"] in {"recurses", "holds"}}
    for name, found in every.items():
        results: Results = {}
        own = {one["module"].partition(".")[0] for one in found}
        for one in found:
            told = _effect(one, modules - own)
            results.setdefault(one["module"], {}).setdefault(one["version"], told)
        telling = {module: told for module, told in results.items() if _tells(module, results)}
        if telling:
            yield from _entry(name, sorted({one["version"] for one in found}, key=Version), telling)


def _kept(scratch: Path, name: str) -> list[Found]:
    paths = (scratch / f"{name}-{turn.python}.json" for turn in (*ROUNDS, *BETWEEN))
    found = [one for path in paths if path.exists() for one in json.loads(path.read_text())]
    return [one for one in found if one["effect"] != "fails"]


def _differs(found: list[Found]) -> bool:
    """Whether a module did not do the same in all releases."""
    effects: dict[str, set[str]] = {}
    for one in found:
        effects.setdefault(one["module"], set()).add(_effect(one, ()))
    return any(len(one) > 1 for one in effects.values())


def _entry(name: str, versions: list[str], telling: Results) -> Iterator[str]:
    """The lines of one distribution."""
    yield f'\n["{re.sub(r"[-_.]+", "-", name).lower()}"]  # {", ".join(versions)}\n'
    always: dict[str, list[str]] = {}
    for module, told in sorted(telling.items()):
        if len({*told.values()}) == 1:
            always.setdefault(next(iter(told.values())), []).append(module)
    for effect, modules in always.items():
        listed = ", ".join(f'"{one}"' for one in modules)
        yield textwrap.fill(f'"{effect}" = [{listed}]', 100, subsequent_indent="    ") + "\n"
    for module, told in sorted(telling.items()):
        if len({*told.values()}) > 1:
            entries = ", ".join(f'"{release}" = "{effect}"' for release, effect in _turns(told))
            yield f'"{module}" = {{ {entries} }}\n'


def _turns(told: dict[str, str]) -> Iterator[tuple[str, str]]:
    """The first and the last of each row of releases that did the same."""
    order = sorted(told.items(), key=lambda one: Version(one[0]))
    for _same, row in itertools.groupby(order, key=lambda one: one[1]):
        first, *rest = row
        yield from (first, *rest[-1:])


def _effect(found: Found, others: Collection[str]) -> str:
    """One of the table's words; what gevent and eventlet hold of ssl themselves is theirs."""
    if found["effect"] == "patches":
        return "patches"
    makes, holds = (
        {one for one in found.get(key, ()) if one.partition(".")[0] not in OWN}
        for key in ("makes", "holds")
    )
    makes = {one for one in makes if not any(word in one for word in HARMLESS)}
    tops = {one.partition(".")[0] for one in _real(makes or holds)}
    word = "recurses" if makes else "holds" if holds else "quiet"
    if len(tops) == 1 and tops <= {*others}:
        word = tops.pop()
    return f"{word} with {found['beside']}" if found.get("beside") else word


def _real(modules: set[str]) -> set[str]:
    """The modules without the other names that requests gives to those of urllib3."""
    is_other = "urllib3.util.ssl_" in modules or "urllib3.util" in modules
    return {one for one in modules if not (is_other and one.startswith("requests.packages."))}


def _tells(module: str, results: Results) -> bool:
    """Whether people may import it, and it says more than the packages imported with it."""
    found = results[module]
    if set(found.values()) == {"quiet"} or "._" in module or ".plugins." in module:
        return False
    above = [results.get(one.replace("/", "."), {}) for one in _parents(module.replace(".", "/"))]
    return all(any(one.get(v) != what for v, what in found.items()) for one in above)


if __name__ == "__main__":
    main()
