"""What a project's linters and sorters would do to an import that comes after a patch.

Read from the texts of their settings; what they do was tried with ruff 0.17, isort 9 and flake8 7.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, Union

# ruff's own choice: https://docs.astral.sh/ruff/settings/#lint_select
RUFF_SELECTS = ("E4", "E7", "E9", "F")
RUFF_FILES = (".ruff.toml", "ruff.toml", "pyproject.toml")
INI_FILES = (".flake8", ".isort.cfg", "setup.cfg", "tox.ini")
NAMES = (*RUFF_FILES, *INI_FILES, ".pre-commit-config.yaml")
"""The files to give to `style_of`, as far as a project has them."""
SETTINGS_ONLY = frozenset(NAMES) - {"pyproject.toml", "setup.cfg", "tox.ini"}
"""Those that say nothing of how a program is started."""

Toml = Union[str, bool, int, float, "list[Toml]", "dict[str, Toml]", None]
Table = Mapping[str, Toml]


class Style(NamedTuple):
    """What a moved patch has to bear.

    `e402`: imports after code are reported. `sorts`: imports that stand together are sorted.
    `floats`: isort's float_to_top, which sorts across other statements as well.
    """

    e402: bool = False
    sorts: bool = False
    floats: bool = False


def style_of(settings: Mapping[str, str], path: str) -> Style:
    """The style of the source `path`, by the settings in its folder and those above.

    `settings` are the texts of the files that are called as in `NAMES`, by their paths.
    """
    above = [texts for texts in _by_folder(settings, path) if texts]
    hooks = _hooks(above)
    # Tools that only pre-commit runs do what they do where nothing is said to them.
    ruff = [*_ruff(above, path)] or [Style(e402=not hooks.isdisjoint({"ruff", "ruff-check"}))]
    flake8 = [*_flake8(above, path)] or [Style(e402="flake8" in hooks)]
    isort = [*_isort(above), Style(sorts="isort" in hooks)]
    return Style(*(any(values) for values in zip(*ruff, *flake8, *isort)))


def _by_folder(settings: Mapping[str, str], path: str) -> Iterator[dict[str, str]]:
    """The settings of each folder from that of the path upwards, by the names of the files."""
    beyond = max((one.count("../") for one in settings), default=0)
    for start in folders_above(path, beyond):
        yield {name: settings[start + name] for name in NAMES if start + name in settings}


def folders_above(path: str, beyond: int) -> Iterator[str]:
    """The folders in which a source's settings may be, nearest first, each with its `/`.

    "" is the working directory, and as many as `beyond` it belong to the same repository; outside
    of it they end with the last `..`.
    """
    folder = path
    while folder:
        folder = folder.rpartition("/")[0]
        if folder.rpartition("/")[2] == "..":
            return
        yield f"{folder}/" if folder else ""
    yield from ("../" * count for count in range(1, beyond + 1))


# --------------------------------------------------------------------------- ruff


def _ruff(above: Iterable[Mapping[str, str]], path: str) -> Iterator[Style]:
    """What ruff does: it takes the nearest settings alone."""
    for texts in above:
        for name in RUFF_FILES:
            table = _table(texts.get(name, ""))
            if name == "pyproject.toml":
                table, is_set = _sub(_sub(table, "tool"), "ruff"), "ruff" in _sub(table, "tool")
            else:
                is_set = name in texts
            if is_set:
                yield _ruff_style(table, path)
                return


def _ruff_style(table: Table, path: str) -> Style:
    tables = (_sub(table, "lint"), table)  # the settings of old stood outside of "lint"

    def codes(*keys: str) -> list[str]:
        return [code for one in tables for key in keys for code in _strings(one.get(key))]

    chosen = any("select" in one for one in tables)
    selected = [*codes("select", "extend-select"), *(() if chosen else RUFF_SELECTS)]
    ignored = codes("ignore", "extend-ignore")
    for one in tables:
        for key in ("per-file-ignores", "extend-per-file-ignores"):
            for pattern, some in _sub(one, key).items():
                ignored += _strings(some) if _covers(pattern, path) else []
    return Style(_is_on("E402", selected, ignored), _is_on("I001", selected, ignored))


def _is_on(code: str, selected: Iterable[str], ignored: Iterable[str]) -> bool:
    """Whether a code is checked: the longer prefix counts, and of two alike the ignored one."""
    return _longest(code, selected) > _longest(code, ignored)


def _longest(code: str, prefixes: Iterable[str]) -> int:
    every = (("" if prefix == "ALL" else prefix) for prefix in prefixes)
    return max((len(prefix) for prefix in every if code.startswith(prefix)), default=-1)


def _covers(pattern: str, path: str) -> bool:
    from fnmatch import fnmatch

    name = path.rpartition("/")[2]
    return any(fnmatch(one, pattern) for one in (path, name)) or fnmatch(path, f"*/{pattern}")


# --------------------------------------------------------------------------- isort and flake8


def _isort(above: Iterable[Mapping[str, str]]) -> Iterator[Style]:
    for texts in above:
        tools = _sub(_table(texts.get("pyproject.toml", "")), "tool")
        if "isort" in tools:
            floats = _sub(tools, "isort").get("float_to_top") is True
            yield Style(sorts=True, floats=floats)
        for name in (".isort.cfg", "setup.cfg", "tox.ini"):
            for section in ("settings", "isort", "tool:isort"):
                options = _section(texts.get(name, ""), section)
                if options is not None and (section != "settings" or name == ".isort.cfg"):
                    word = options.get("float_to_top", "").lower()
                    yield Style(sorts=True, floats=word in {"1", "on", "true", "yes"})


def _flake8(above: Iterable[Mapping[str, str]], path: str) -> Iterator[Style]:
    for texts in above:
        for name in (".flake8", "setup.cfg", "tox.ini"):
            for section in ("flake8", "pycodestyle"):
                options = _section(texts.get(name, ""), section)
                if options is not None:
                    yield Style(e402=_flake8_reports(options, path))


def _flake8_reports(options: Mapping[str, str], path: str) -> bool:
    selected = _words(options.get("select", "")) or ["E"]
    ignored = _words(
        " ".join(options.get(f"{key}ignore", "") for key in ("", "extend-", "extend_"))
    )
    for line in options.get("per-file-ignores", "").splitlines():
        patterns, _colon, codes = line.partition(":")
        if any(_covers(pattern, path) for pattern in _words(patterns)):
            ignored += _words(codes)
    return _is_on("E402", selected, ignored)


def _hooks(above: Iterable[Mapping[str, str]]) -> set[str]:
    """The ids of the hooks that pre-commit runs."""
    texts = "\n".join(one.get(NAMES[-1], "") for one in above)
    return set(re.findall(r"(?m)^[\s-]*id:\s*['\"]?([\w-]+)", texts))


# --------------------------------------------------------------------------- their syntax


def _table(text: str) -> Table:
    if not text.strip():
        return {}
    import tomli

    try:
        found: Table = tomli.loads(text)
    except tomli.TOMLDecodeError:
        return {}
    return found


def _sub(table: Table, key: str) -> Table:
    value = table.get(key)
    return value if isinstance(value, dict) else {}


def _strings(value: Toml) -> Sequence[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


def _section(text: str, name: str) -> Mapping[str, str] | None:
    if f"[{name}]" not in text:
        return None
    import configparser

    parser = configparser.RawConfigParser(strict=False, allow_no_value=True)
    try:
        parser.read_string(text)
    except configparser.Error:
        return None
    return {key: value or "" for key, value in parser[name].items()} if name in parser else None


def _words(text: str) -> list[str]:
    lines = (line.partition("#")[0] for line in text.splitlines())
    return [word for line in lines for word in re.split(r"[\s,]+", line) if word]
