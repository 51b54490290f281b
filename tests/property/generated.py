"""Whole dependency files as people write them, in every format that sslfix edits."""

from __future__ import annotations

import codecs
from collections.abc import Sequence
from functools import partial
from typing import Callable, NamedTuple

from hypothesis import assume
from hypothesis import strategies as st

from sslfix import formats
from sslfix.formats._pep508 import normalize
from sslfix.formats.text import decode
from sslfix.model import Declaration, DependencyFile, Document, Format

# --------------------------------------------------------------------------- requirements

# Samples are drawn many times faster than texts from a grammar, which test_formats.py has.
_ANY_NAMES = st.sampled_from(
    [
        *("a", "B", "0", "foo", "Foo.Bar", "foo_bar-baz", "zope.interface", "x-1", "9to5", "py3c"),
        *("Jinja2", "ruamel.yaml.clib", "backports_abc", "A.b-C_d", "e" * 40, "python-dateutil"),
    ]
)
# Some that rules speak of.
NAMES = st.one_of(
    _ANY_NAMES, _ANY_NAMES, _ANY_NAMES, st.sampled_from(["urllib3", "requests", "pyOpenSSL"])
)
VERSIONS = st.sampled_from(
    [
        *("1", "1.0", "2.0.2", "v1.2", "1!2.0", "1.0rc1", "1.0-alpha.1", "1.0.post1", "1.0.dev0"),
        *("2024.7.4", "0.0.0.1", "1.0b2.post3.dev4", "1_rc_1", "10.20.30", "2.2.3", "1.26.4"),
    ]
)
BLANKS = st.sampled_from(["", " ", "  ", "\t"])
MARKERS = st.sampled_from(
    [
        "",
        "os_name == 'nt'",
        'python_version<"3.8"',
        "(extra=='a' or 'b' in sys_platform) and python_version not in '3.0, 3.1'",
    ]
)
COMMENTS = st.sampled_from(["", "", "  # why", " # a==1 ; \\ 'x' \u00fc", '  # [x] = {"a"},'])


@st.composite
def clauses(draw: st.DrawFn, versions: st.SearchStrategy[str]) -> str:
    operator = draw(st.sampled_from(["==", ">=", "<=", "<", ">", "!=", "===", "~="]))
    version = "1.4.5" if operator == "~=" else draw(versions)
    return operator + draw(BLANKS) + version


@st.composite
def specifiers(draw: st.DrawFn, versions: st.SearchStrategy[str]) -> str:
    found = draw(st.lists(clauses(versions), max_size=3))
    # packaging takes all up to the next blank for what "===" compares with.
    assume(not any(clause.startswith("===") for clause in found[:-1]))
    return ",".join(f"{clause}{draw(BLANKS)}" for clause in found).strip()


@st.composite
def requirements(
    draw: st.DrawFn,
    names: st.SearchStrategy[str] = NAMES,
    versions: st.SearchStrategy[str] = VERSIONS,
) -> str:
    """A PEP 508 requirement without a URL."""
    name, extras = draw(names), draw(st.lists(names, max_size=2))
    specifier, marker = draw(specifiers(versions)), draw(MARKERS)
    text = name + draw(BLANKS)
    text += f"[{', '.join(extras)}]{draw(BLANKS)}" if extras else ""
    text += f"({specifier})" if specifier and draw(st.booleans()) else specifier
    return text + (f"{draw(st.sampled_from([' ', '  ']))};{draw(BLANKS)}{marker}" if marker else "")


def name_of(requirement: str) -> str:
    """The name that a generated requirement begins with."""
    rest = requirement.lstrip("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")
    return normalize(requirement[: len(requirement) - len(rest)])


# --------------------------------------------------------------------------- files


class File(NamedTuple):
    """A generated file: its bytes, its format, and the names that it declares in their order.

    `limited` says that the format has a place in it for a limit.
    """

    data: bytes
    format: Format
    names: tuple[str, ...]
    path: str = "generated"
    limited: bool = True

    def read(self) -> DependencyFile:
        return self.format.read(decode(self.path, self.data, self.format.name))

    def again(self, document: Document, text: str) -> DependencyFile:
        """What the file says with another text, read from its bytes."""
        return self._replace(data=document.encode(text)).read()


def said(one: Declaration) -> tuple[str, str, str, tuple[str, ...]]:
    return one.name, one.specifier, one.marker, one.extras


def known(name: str) -> Format:
    format_ = formats.by_name(name)
    assert format_ is not None
    return format_


TOML_ENDS = ("\n", "\r\n")
ENDS = ("\n", "\r\n", "\r")
BOMS = st.sampled_from([b"", b"", codecs.BOM_UTF8])


@st.composite
def texts(draw: st.DrawFn, lines: Sequence[str], ends: Sequence[str]) -> str:
    """The lines joined, mostly by one kind of line end; the last line may have none.

    A NUL in a line is a line end as well.
    """
    mixed = draw(st.sampled_from([*((one,) for one in ends), tuple(ends)]))
    every = "\0".join(lines).split("\0")
    pieces = [line + draw(st.sampled_from(mixed)) for line in every[:-1]]
    return "".join([*pieces, every[-1], draw(st.sampled_from(["", *mixed]))])


@st.composite
def files(
    draw: st.DrawFn, name: str, lines: Sequence[str], names: Sequence[str], ends: Sequence[str]
) -> File:
    """A file in UTF-8, perhaps with a byte order mark."""
    data = draw(BOMS) + draw(texts(lines, ends)).encode()
    return File(data, known(name), tuple(map(normalize, names)))


def noise(*lines: str) -> st.SearchStrategy[list[str]]:
    """A few lines that declare nothing."""
    return st.lists(st.sampled_from(lines), max_size=2)


# --------------------------------------------------------------------------- pip

PIP_NOISE = noise(
    "",
    "  ",
    "# comment \\",
    "\t# \u00fc a==1",
    "--pre",
    "-r other.txt",
    "-c\tlimits.txt",
    "--index-url=https://index.example/simple  # ours",
    "-e ./local",
    "git+https://git.example/x.git@main",
)
PIP_ENCODINGS = st.sampled_from(
    [
        (b"", "utf-8"),
        (b"", "utf-8"),
        (b"# -*- coding: latin-1 -*-\n", "latin-1"),
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
        (codecs.BOM_UTF32_LE, "utf-32-le"),
    ]
)


@st.composite
def continued(draw: st.DrawFn, requirement: str) -> str:
    """The requirement, perhaps over two lines (NUL is a line end): pip joins them again."""
    places = [at for at, one in enumerate(requirement) if one in "<>=!~; ,["]
    if not places or draw(st.booleans()):
        return requirement
    at = draw(st.sampled_from(places))
    if requirement[at - 1] in "<>=!~" or at == 0:  # within an operator
        return requirement
    return requirement[:at] + "\\\0" + requirement[at:]


HASH = "--hash=sha256:" + "0" * 64
HASHES = st.sampled_from(["", "", "", "", " " + HASH, f" \\\0    {HASH} \\\0    {HASH}"])


@st.composite
def requirements_files(draw: st.DrawFn) -> File:
    lines, names, hashed = [], [], False
    for requirement in draw(st.lists(requirements(), min_size=1, max_size=4)):
        lines += draw(PIP_NOISE)
        hashes = draw(HASHES)
        hashed = hashed or bool(hashes)
        lines.append(draw(BLANKS) + draw(continued(requirement)) + hashes + draw(COMMENTS))
        names.append(name_of(requirement))
    lines += draw(PIP_NOISE)
    ends = draw(st.sampled_from([ENDS, ENDS, ("\n", "\x0c", "\u2028")]))
    text = draw(texts(lines, ends))
    head, encoding = draw(PIP_ENCODINGS)
    assume(encoding != "latin-1" or "\u2028" not in text)
    path = draw(st.sampled_from(["requirements.txt", "constraints.txt"]))
    data = head + text.encode(encoding)
    return File(data, known("requirements.txt"), tuple(names), path, limited=not hashed)


# --------------------------------------------------------------------------- TOML


def basic(text: str) -> str:
    """A basic string of TOML in double quotes."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\t", "\\t")
    return f'"{escaped}"'


@st.composite
def strings(draw: st.DrawFn, text: str) -> str:
    """One of TOML's spellings of a string."""
    spellings = [basic(text), f"'''{text}'''"]
    spellings += [f"'{text}'"] if "'" not in text else []
    spellings += [basic(text).replace(text[0], f"\\u{ord(text[0]):04X}", 1)] if text else []
    spellings += [f'"""{text} """'] if '"' not in text and text else []
    return draw(st.sampled_from(spellings))


TOML_NOISE = noise(
    "", "# a==1", "[other]", "[tool.other]\0dependencies = [\"a==1\", 'b']", "\t# \u00fc"
)
UNIQUE_NAMES = st.lists(NAMES, min_size=1, max_size=4, unique_by=normalize)


def unique_headers(lines: Sequence[str]) -> list[str]:
    """The lines without those that would define a table twice."""
    seen: set[str] = set()
    found = []
    for line in lines:
        header = line.partition("\0")[0]
        if not (header.startswith("[") and header in seen):
            found.append(line)
        seen.add(header)
    return found


PIPFILE_VALUES = st.sampled_from(["*", "==1.2", ">= 1, <2", "1.2", "~=1.4.5", "== 1.2", "===1.0"])


@st.composite
def pipfiles(draw: st.DrawFn) -> File:
    names = draw(UNIQUE_NAMES)
    lines = ["[[source]]", 'url = "https://index.example/simple"', "", "[packages]"]
    later, declared, last = [], [], []
    for number, name in enumerate(names):
        text = draw(strings(draw(PIPFILE_VALUES)))
        key = draw(st.sampled_from([f"'{name}'", f'"{name}"']))
        shape = draw(st.sampled_from(["plain", "plain", "inline", "dotted", "table"]))
        if shape == "inline":
            text = f"{{ extras = ['a'], version = {text}, markers = \"os_name == 'nt'\" }}"
        elif shape == "dotted":
            key += " . version"
        elif shape == "table":
            later += [f"[packages.{key}]", f"version = {text}{draw(COMMENTS)}", "index = 'x'"]
            last.append(name)
            continue
        declared.append(name)
        lines.append(f"{draw(BLANKS)}{key}{draw(BLANKS)}= {draw(BLANKS)}{text}{draw(COMMENTS)}")
        lines += [one for one in draw(TOML_NOISE) if not one.startswith("[")]
        if number == 1 and draw(st.booleans()):
            lines.append("[dev-packages]")
    return draw(files("Pipfile", [*lines, *later], declared + last, TOML_ENDS))


# File name -> the arrays of requirements in it, by their tables.
ARRAYS = {
    "pyproject.toml": [
        ("project", "dependencies"),
        ("project.optional-dependencies", "extra"),
        ("dependency-groups", "test"),
        ("tool.uv", "constraint-dependencies"),
        ("tool.uv", "override-dependencies"),
        ("tool.uv", "dev-dependencies"),
        ("tool.pdm.dev-dependencies", "test"),
        ("tool.hatch.envs.test", "dependencies"),
        ("tool.hatch.envs.test", "extra-dependencies"),
        ("tool.tox.env_run_base", "deps"),
        ("tool.tox.env.lint", "deps"),
    ],
    "hatch.toml": [("envs.test", "dependencies"), ("envs.test", "extra-dependencies")],
    "tox.toml": [("env_run_base", "deps"), ("env.lint", "deps"), ("env_base.a", "deps")],
    "uv.toml": [("", "constraint-dependencies"), ("", "override-dependencies")],
}


@st.composite
def arrays(draw: st.DrawFn, key: str, found: Sequence[str]) -> list[str]:
    """`key = [...]` over many lines, or some of the elements on one."""
    lines = [f"{draw(BLANKS)}{key}{draw(BLANKS)}= ["]
    for number, requirement in enumerate(found):
        element = draw(BLANKS) + draw(strings(requirement)) + draw(BLANKS)
        element += "," if number + 1 < len(found) or draw(st.booleans()) else ""
        if draw(st.booleans()):
            lines[-1] += element
        else:
            lines[-1] += draw(COMMENTS)
            lines += [*(one for one in draw(TOML_NOISE) if "[" not in one), element]
    if draw(st.booleans()):
        return [*lines, "]" + draw(COMMENTS)]
    return [*lines[:-1], lines[-1] + "]" + draw(COMMENTS)]


@st.composite
def toml_lists(draw: st.DrawFn, name: str) -> File:
    table, key = draw(st.sampled_from(ARRAYS[name]))
    wanted = requirements()
    if key == "deps":  # tox reads it as a line for pip, and puts in what stands in brackets
        wanted = wanted.filter(lambda one: "{" not in one)
    found = draw(st.lists(wanted, min_size=table != "project", max_size=4))
    if draw(st.booleans()) and table and "." not in table:
        head, key = [], f"{table} . {key}"
    else:
        head = [f"[{table}]" + draw(COMMENTS)] if table else []
    other = ["", "[other]", "x = 'a==1'"] if draw(st.booleans()) else []
    lines = [*head, *draw(arrays(key, found)), *other]
    return draw(files(name, lines, [name_of(one) for one in found], TOML_ENDS))


POETRY_VALUES = st.sampled_from(
    ["*", "^1.2", "~1.2", "1.2", "==1.2", ">=1,<2", ">= 1, < 2", "^1 || ^3", "1.*", "!=1.5"]
)
POETRY_TABLES = st.sampled_from(
    [
        "tool.poetry.dependencies",
        "tool.poetry.dev-dependencies",
        "tool.poetry.group.test.dependencies",
    ]
)


@st.composite
def poetry_projects(draw: st.DrawFn) -> File:
    table = draw(POETRY_TABLES)
    names = [one for one in draw(UNIQUE_NAMES) if one != "python"]
    assume(names)
    lines = [f"[{table}]{draw(COMMENTS)}", 'python = "^3.9"']
    later, declared, last = [], [], []
    for name in names:
        value = draw(strings(draw(POETRY_VALUES)))
        key = draw(st.sampled_from([f"'{name}'", f'"{name}"']))
        shape = draw(st.sampled_from(["plain", "plain", "inline", "several", "table"]))
        if shape == "table":
            later += [f"[{table}.{key}]", f"version = {value}{draw(COMMENTS)}", "optional = true"]
            last.append(name)
            continue
        if shape == "inline":
            value = f"{{ version = {value}, extras = ['a'], markers = \"os_name == 'nt'\" }}"
        if shape == "several":
            other = draw(strings(draw(POETRY_VALUES)))
            value = (
                f"[{{version = {value}, python = '<3.8'}},\0 # why\0 {{ version={other},"
                " python = '>=3.8'}]"
            )
        declared += [name] * (2 if shape == "several" else 1)
        lines.append(f"{draw(BLANKS)}{key}{draw(BLANKS)}= {value}{draw(COMMENTS)}")
        lines += [one for one in draw(TOML_NOISE) if not one.startswith("[")]
    head = ["[tool.poetry]", 'name = "a==1"'] if draw(st.booleans()) else []
    if "dev" in table:
        head += ["[tool.poetry.dependencies]", "python = '^3.9'"]
    return draw(files("pyproject.toml", [*head, *lines, *later], declared + last, TOML_ENDS))


@st.composite
def pdm_overrides(draw: st.DrawFn) -> File:
    names = draw(UNIQUE_NAMES)
    lines = ["[project]", "dependencies = []", "", "[tool.pdm.resolution.overrides]"]
    for name in names:
        value = draw(strings(draw(PIPFILE_VALUES)))
        lines.append(f"{draw(BLANKS)}'{name}' = {value}{draw(COMMENTS)}")
        lines += [one for one in draw(TOML_NOISE) if not one.startswith("[")]
    return draw(files("pyproject.toml", lines, names, TOML_ENDS))


# --------------------------------------------------------------------------- INI


def plain(requirement: str) -> bool:
    """Whether a list of plain lines can hold it: setuptools and tox take "#" for a comment."""
    return not set("#{\\").intersection(requirement)


INI_NOISE = noise("", "# a==1", "    # b", "  ", "; x")


@st.composite
def listed(draw: st.DrawFn, comments: st.SearchStrategy[str]) -> tuple[list[str], list[str]]:
    """Indented requirements, one on a line, with comments and empty lines between them."""
    found = draw(st.lists(requirements().filter(plain), min_size=1, max_size=4))
    made = []
    for requirement in found:
        made += draw(INI_NOISE)
        made.append(draw(st.sampled_from(["  ", "\t", "      "])) + requirement + draw(comments))
    return made, [name_of(one) for one in found]


@st.composite
def setup_cfgs(draw: st.DrawFn) -> File:
    run, names = draw(listed(COMMENTS))
    extra, more = draw(listed(COMMENTS))
    head = ["[metadata]", "name = x", "version: 1", "[options]", "zip_safe: yes"]
    head.append(
        draw(st.sampled_from(["install_requires =", "install-requires=", "setup_requires:"]))
    )
    rest = ["[options.extras_require]", "a = ", *extra, *draw(INI_NOISE), "[x]", "a==1 = 2"]
    inline = draw(st.sampled_from([[], ["b = c==1; d >= 2 ; e"]]))
    names = [*names, *more, *(["c", "d", "e"] if inline else [])]
    return draw(files("setup.cfg", [*head, *run, *rest[:-2], *inline, *rest[-2:]], names, ENDS))


@st.composite
def tox_inis(draw: st.DrawFn) -> File:
    made, names = draw(listed(st.sampled_from(["", "  # why"])))
    factors = draw(st.sampled_from([[], ["    py39: a==1", "    !lint,py{310,311}: b>=1\t"]]))
    head = ["[tox]", "envlist = a", "[testenv]", "deps ="]
    rest = ["    -r{toxinidir}/a.txt", "commands =", "  pytest a==1", "[testenv:lint]"]
    last = draw(st.sampled_from(["deps = ruff==1", "deps:\0\truff == 1 \\\0\t  ; os_name=='nt'"]))
    names = [*names, *(["a", "b"] if factors else []), "ruff"]
    return draw(files("tox.ini", [*head, *made, *factors, *rest, last], names, ENDS))


# --------------------------------------------------------------------------- Python


@st.composite
def literals(draw: st.DrawFn, requirement: str) -> str:
    """A plain string literal of Python."""
    mark = draw(st.sampled_from(['"""', "'''", *(one for one in "'\"" if one not in requirement)]))
    end = " " if requirement.endswith(mark[0]) else ""
    return draw(st.sampled_from(["", "", "u", "r"])) + mark + requirement + end + mark


@st.composite
def listings(draw: st.DrawFn, head: str, found: Sequence[str], tail: str) -> list[str]:
    """The literals one after the other, each on a line of its own or not."""
    lines = [head]
    for requirement in found:
        element = draw(BLANKS) + draw(literals(requirement)) + draw(BLANKS) + ","
        if draw(st.booleans()):
            lines[-1] += element
        else:
            lines += [*draw(noise("", "# 'a==1',", "   ")), "    " + element + draw(COMMENTS)]
            lines.append("")
    lines[-1] += tail
    return lines


PYTHON_HEADS = st.sampled_from([["# \u00fc"], ["#!/usr/bin/env python3", "'''a==1'''"], []])


@st.composite
def setup_pys(draw: st.DrawFn) -> File:
    found = draw(st.lists(requirements(), max_size=4))
    extra = draw(st.lists(requirements(), max_size=2))
    head = [*draw(PYTHON_HEADS), "from setuptools import setup"]
    rest = ["setup(", "  name='\u00fc', install_requires=REQUIRES + [f'a=={B}'],"]
    own = draw(listings("  extras_require={'x': [", extra, "]},"))
    lines = [*head, *draw(listings("REQUIRES = [", found, "]")), *rest, *own, ")"]
    return draw(files("setup.py", lines, [name_of(one) for one in found + extra], ENDS))


@st.composite
def noxfiles(draw: st.DrawFn) -> File:
    names: list[str] = []
    lines = [*draw(PYTHON_HEADS), "import nox", "@nox.session", "def tests(session):", "    pass"]
    for found in draw(st.lists(st.lists(requirements(), min_size=1, max_size=3), max_size=2)):
        lines += draw(listings("    session.install('-U', ", found, ")"))
        names += [name_of(one) for one in found]
    return draw(files("noxfile.py", lines, names, ENDS))


UNTABBED = requirements().filter(lambda one: "\t" not in one)


@st.composite
def scripts(draw: st.DrawFn) -> File:
    found = draw(st.lists(UNTABBED, max_size=4))
    inner = draw(arrays("dependencies", found))
    block = [f"# {line}" if line.strip() else "#" for line in inner]
    head = draw(st.sampled_from([[], ["#!/usr/bin/env python3", ""]]))
    lines = [*head, "# /// script", "# requires-python = '>=3.9'", *block, "# ///", "x = 'a==1'"]
    return draw(files("script.py", lines, [name_of(one) for one in found], TOML_ENDS))


# --------------------------------------------------------------------------- YAML

CONDA = st.sampled_from(
    ["", "=2.0.2", "==2.0.2", "=2.0.2=py_0", " 2.0.2 py_0", ">=1,<2", " >= 1", "=1.*", ">=1|2"]
)
YAML_NOISE = noise("", "# comment", "    # - a", "   ")


@st.composite
def environments(draw: st.DrawFn) -> File:
    names = draw(st.lists(NAMES.filter(lambda one: one != "pip"), max_size=3))
    pip = draw(st.lists(UNTABBED, min_size=1, max_size=3))
    indent = draw(st.sampled_from(["", "  "]))
    made = ["name: \u00fc", *draw(noise("channels: [defaults]", "# a==1")), "dependencies:"]
    for name in names:
        mark = draw(st.sampled_from(["", "'", '"']))
        made.append(f"{indent}- {mark}c::{name}{draw(CONDA)}{mark}{draw(COMMENTS)}")
        made += draw(YAML_NOISE)
    made += [f"{indent}- urllib4", f"{indent}- pip:"]
    for requirement in pip:
        single = "'" + requirement.replace("'", "''") + "'"
        made.append(f"{indent}  - {draw(st.sampled_from([single, requirement]))}{draw(COMMENTS)}")
        made += draw(YAML_NOISE)
    made += ["variables:", "  A: b==1"]
    found = [*names, "urllib4", *(name_of(one) for one in pip)]
    return draw(files("environment.yml", made, found, ENDS))


# --------------------------------------------------------------------------- all of them

EVERY: dict[str, Callable[[], st.SearchStrategy[File]]] = {
    "requirements.txt": requirements_files,
    "Pipfile": pipfiles,
    **{name: partial(toml_lists, name) for name in ARRAYS},
    "poetry": poetry_projects,
    "pdm": pdm_overrides,
    "setup.cfg": setup_cfgs,
    "tox.ini": tox_inis,
    "setup.py": setup_pys,
    "noxfile.py": noxfiles,
    "script.py": scripts,
    "environment.yml": environments,
}

FILES = st.one_of(*(make() for make in EVERY.values()))
# The formats that have a place for a limit.
LIMITABLE = tuple(
    one for one in EVERY if one not in {"setup.cfg", "setup.py", "noxfile.py", "uv.toml"}
)
LIMITED = tuple(EVERY[name]().filter(lambda one: one.limited) for name in LIMITABLE)
