"""Laws of the formats: reading is total, edits touch their span only, and say what they should."""

from __future__ import annotations

import codecs
from typing import NamedTuple

import pytest
import tomli
from hypothesis import assume, example, given
from hypothesis import strategies as st
from packaging.markers import InvalidMarker, Marker
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from sslfix import formats
from sslfix.formats import _packages, _pep508
from sslfix.formats._passage import Passage
from sslfix.formats.text import decode
from sslfix.model import Declaration, DependencyFile, Document, Format
from tests.formats.test_toml import assert_agrees_with_tomli

NAMES = st.from_regex(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,6}[A-Za-z0-9])?", fullmatch=True)
VERSIONS = st.from_regex(
    r"v?([0-9]!)?[0-9]{1,2}(\.[0-9]{1,2}){0,3}([._-]?(a|rc|beta)[._-]?[0-9]?)?(\.post[0-9])?(\.dev[0-9])?",
    fullmatch=True,
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
NEW_SPECIFIERS = st.sampled_from(["<2", ">=2.0.3,<3", "==1.26.20", "!=2.*"])


@st.composite
def clauses(draw: st.DrawFn) -> str:
    operator = draw(st.sampled_from(["==", ">=", "<=", "<", ">", "!=", "===", "~="]))
    version = "1.4.5" if operator == "~=" else draw(VERSIONS)
    return operator + draw(BLANKS) + version


@st.composite
def specifiers(draw: st.DrawFn) -> str:
    found = draw(st.lists(clauses(), max_size=3))
    # packaging takes all up to the next blank for what "===" compares with.
    assume(not any(clause.startswith("===") for clause in found[:-1]))
    return ",".join(f"{clause}{draw(BLANKS)}" for clause in found).strip()


@st.composite
def requirements(draw: st.DrawFn) -> str:
    """A PEP 508 requirement without a URL."""
    name, extras = draw(NAMES), draw(st.lists(NAMES, max_size=2))
    specifier, marker = draw(specifiers()), draw(MARKERS)
    text = name + draw(BLANKS)
    text += f"[{', '.join(extras)}]{draw(BLANKS)}" if extras else ""
    text += f"({specifier})" if specifier and draw(st.booleans()) else specifier
    return text + (f"{draw(st.sampled_from([' ', '  ']))};{draw(BLANKS)}{marker}" if marker else "")


def parsed(text: str) -> Requirement | None:
    """What packaging makes of it; `a===`, which it takes with an empty version, is refused."""
    try:
        found = Requirement(text)
    except InvalidRequirement:
        return None
    return None if any(not one.version for one in found.specifier) else found


def agrees_with_packaging(text: str) -> None:
    expected = parsed(text)
    try:
        found = _pep508.declare(Passage.of(text, 0, len(text)), 0, len(text))
    except _pep508.RequirementError:
        assert expected is None, text
        return
    assert expected is not None, text
    assert (found.name, found.url) == (canonicalize_name(expected.name), expected.url or "")
    assert set(found.extras) == expected.extras
    assert {Requirement("a" + one).specifier for one in found.accepts} <= {expected.specifier}
    assert str(Marker(found.marker) if found.marker else "") == str(expected.marker or "")


@given(requirements())
def test_requirements_are_read_as_packaging_reads_them(text: str) -> None:
    assert parsed(text) is not None
    agrees_with_packaging(text)


@given(st.text("a1.-_[], =<>!~()*v+", max_size=12).map(lambda rest: ("a" + rest).strip()))
@example("a===1,2")
@example("a==1.*.*")
@example("a(==1")
@example("a()")
@example("a[]")
def test_what_packaging_refuses_is_refused(text: str) -> None:
    agrees_with_packaging(text)


WORDS = st.sampled_from(
    ["os_name", "extra", "==", "<", "in", "not in", "and", "or", "(", ")", "'x'", '"1"']
)


@given(st.lists(WORDS, max_size=9).map(" ".join))
@example("os_name == 'nt' and (os_name in 'a' or os_name<'b')")
def test_markers_are_told_from_others_as_packaging_does(text: str) -> None:
    try:
        Marker(text)
    except InvalidMarker:
        assert not _pep508.is_marker(text)
    else:
        assert _pep508.is_marker(text)


# --------------------------------------------------------------------------- edits


class File(NamedTuple):
    """A generated file: its bytes, its format, and how many declarations it makes."""

    data: bytes
    format: Format
    size: int

    def read(self) -> DependencyFile:
        return self.format.read(decode("generated", self.data, self.format.name))


def known(name: str) -> Format:
    format_ = formats.by_name(name)
    assert format_ is not None
    return format_


COMMENTS = st.sampled_from(["", "  # why", " # a==1 ; \\ 'x' \u00fc"])
NEWLINES = st.sampled_from(["\n", "\r\n"])


def continued(draw: st.DrawFn, requirement: str, newline: str) -> str:
    """The requirement over two lines: broken behind the name, where pip joins it again."""
    at = len(requirement) - len(
        requirement.lstrip("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")
    )
    if not draw(st.booleans()) or not 0 < at < len(requirement) or requirement[at] in "._-":
        return requirement
    return requirement[:at] + "\\" + newline + requirement[at:]


@st.composite
def requirements_files(draw: st.DrawFn) -> File:
    newline, lines, count = draw(NEWLINES), [], 0
    for requirement in draw(st.lists(requirements(), min_size=1, max_size=4)):
        between = draw(st.sampled_from(["", "# comment \\", "--pre", "-r other.txt", "  "]))
        lines.append(between)
        lines.append(continued(draw, requirement, newline) + draw(COMMENTS))
        count += 1
    text = newline.join(lines) + draw(st.sampled_from(["", newline]))
    bom, encoding = draw(
        st.sampled_from(
            [
                (b"", "utf-8"),
                (codecs.BOM_UTF8, "utf-8"),
                (codecs.BOM_UTF16_LE, "utf-16-le"),
                (codecs.BOM_UTF16_BE, "utf-16-be"),
            ]
        )
    )
    return File(bom + text.encode(encoding), known("requirements.txt"), count)


QUOTES = st.sampled_from(["'", '"', '"""', "'''"])
PIPFILE_VALUES = st.sampled_from(["*", "==1.2", ">= 1, <2", "1.2"])


@st.composite
def pipfiles(draw: st.DrawFn) -> File:
    newline = draw(NEWLINES)
    names = draw(st.lists(NAMES, min_size=1, max_size=4, unique_by=_pep508.normalize))
    lines = ["[[source]]", 'url = "https://index.example/simple"', "", "[packages]"]
    for name in names:
        quote, value = draw(QUOTES), draw(PIPFILE_VALUES)
        text = f"{quote}{value}{quote}"
        if draw(st.booleans()):
            text = "{ extras = ['a'], version = " + text + " }"
        lines.append(f"{draw(BLANKS)}'{name}'{draw(BLANKS)}= {text}{draw(COMMENTS)}")
        lines.append(draw(st.sampled_from(["", "# comment", "[dev-packages]"])))
        if lines[-1] == "[dev-packages]" and lines.count("[dev-packages]") > 1:
            lines.pop()
    data = (newline.join(lines) + draw(st.sampled_from(["", newline]))).encode()
    return File(draw(st.sampled_from([b"", codecs.BOM_UTF8])) + data, known("Pipfile"), len(names))


ARRAYS = st.sampled_from(
    [
        ("project", "dependencies"),
        ("dependency-groups", "test"),
        ("tool.uv", "constraint-dependencies"),
        ("tool.uv", "dev-dependencies"),
        ("tool.pdm.dev-dependencies", "test"),
        ("tool.hatch.envs.test", "extra-dependencies"),
    ]
)


@st.composite
def pyprojects(draw: st.DrawFn) -> File:
    newline, (table, array) = draw(NEWLINES), draw(ARRAYS)
    found = draw(st.lists(requirements(), min_size=table != "project", max_size=4))
    lines = [f"[{table}]", f"{array} = ["]
    for requirement in found:
        if draw(st.booleans()):
            quoted = '"' + requirement.replace("\t", "\\t").replace('"', '\\"') + '"'
        else:
            quoted = f"'''{requirement}'''"
        lines.append(draw(BLANKS) + quoted + draw(BLANKS) + "," + draw(COMMENTS))
    lines.append("]")
    data = (newline.join(lines) + draw(st.sampled_from(["", newline]))).encode()
    return File(data, known("pyproject.toml"), len(found))


def plain(requirement: str) -> bool:
    """Whether a list of plain lines can hold it: setuptools and tox take "#" for a comment."""
    return not set("#{\\").intersection(requirement)


@st.composite
def listed(draw: st.DrawFn, comments: st.SearchStrategy[str]) -> tuple[list[str], int]:
    """Indented requirements, one on a line, with comments and empty lines between them."""
    found = draw(st.lists(requirements().filter(plain), min_size=1, max_size=4))
    made = []
    for requirement in found:
        made.append(draw(st.sampled_from(["", "# a==1", "    # b", "  "])))
        made.append(draw(st.sampled_from(["  ", "\t", "      "])) + requirement + draw(comments))
    return made, len(found)


def joined(draw: st.DrawFn, *made: str) -> bytes:
    newline = draw(NEWLINES)
    return (newline.join(made) + draw(st.sampled_from(["", newline]))).encode()


@st.composite
def setup_cfgs(draw: st.DrawFn) -> File:
    run, many = draw(listed(COMMENTS))
    extra, more = draw(listed(COMMENTS))
    head = ["[metadata]", "name = x", "[options]", "zip_safe: yes", "install_requires ="]
    rest = ["[options.extras_require]", "a = ", *extra, "[x]"]
    return File(joined(draw, *head, *run, *rest), known("setup.cfg"), many + more)


@st.composite
def tox_inis(draw: st.DrawFn) -> File:
    made, many = draw(listed(st.sampled_from(["", "  # why"])))
    head = ["[tox]", "envlist = a", "[testenv]", "deps ="]
    rest = ["commands =", "  pytest a==1", "[testenv:lint]", "deps = ruff==1"]
    return File(joined(draw, *head, *made, *rest), known("tox.ini"), many + 1)


def quoted(draw: st.DrawFn, requirement: str) -> str:
    """A plain string literal of Python."""
    mark = draw(st.sampled_from(['"""', "'''", *(one for one in "'\"" if one not in requirement)]))
    end = " " if requirement.endswith(mark[0]) else ""
    return draw(st.sampled_from(["", "u"])) + mark + requirement + end + mark


@st.composite
def setup_pys(draw: st.DrawFn) -> File:
    found = draw(st.lists(requirements(), max_size=4))
    made = [f"    {quoted(draw, one)},{draw(COMMENTS)}" for one in found]
    head = ["# \u00fc", "from setuptools import setup", "REQUIRES = ["]
    rest = ["]", "setup(", "  name='\u00fc', install_requires=REQUIRES + [f'a=={B}'],", ")"]
    return File(joined(draw, *head, *made, *rest), known("setup.py"), len(found))


@st.composite
def noxfiles(draw: st.DrawFn) -> File:
    found = draw(st.lists(requirements(), max_size=4))
    made = [f"    session.install('-U', {quoted(draw, one)}){draw(COMMENTS)}" for one in found]
    head = ["import nox", "@nox.session", "def tests(session):", "    pass"]
    return File(joined(draw, *head, *made), known("noxfile.py"), len(found))


UNTABBED = requirements().filter(lambda one: "\t" not in one)


@st.composite
def scripts(draw: st.DrawFn) -> File:
    found = draw(st.lists(UNTABBED, max_size=4))
    made = [f'#    """{one}{" " * one.endswith(chr(34))}""",{draw(COMMENTS)}' for one in found]
    data = joined(draw, "# /// script", "# dependencies = [", *made, "# ]", "# ///", "import x")
    return File(data, known("script.py"), len(found))


CONDA = st.sampled_from(
    ["", "=2.0.2", "==2.0.2", "=2.0.2=py_0", " 2.0.2 py_0", ">=1,<2", " >= 1", "=1.*", ">=1|2"]
)


@st.composite
def environments(draw: st.DrawFn) -> File:
    names = draw(st.lists(NAMES.filter(lambda one: one != "pip"), max_size=3))
    pip = draw(st.lists(UNTABBED, min_size=1, max_size=3))
    indent = draw(st.sampled_from(["", "  "]))
    made = ["name: x", "dependencies:"]
    for name in names:
        mark = draw(st.sampled_from(["", "'", '"']))
        made.append(f"{indent}- {mark}c::{name}{draw(CONDA)}{mark}{draw(COMMENTS)}")
        made.append(draw(st.sampled_from(["", "# comment", "    # - a"])))
    made += [f"{indent}- urllib4", f"{indent}- pip:"]
    for requirement in pip:
        single = "'" + requirement.replace("'", "''") + "'"
        made.append(f"{indent}  - {draw(st.sampled_from([single, requirement]))}{draw(COMMENTS)}")
    data = joined(draw, *made, "variables:", "  A: b")
    return File(data, known("environment.yml"), len(names) + 1 + len(pip))


LIMITED = (requirements_files(), pipfiles(), pyprojects(), tox_inis(), scripts(), environments())
FILES = st.one_of(*LIMITED, setup_cfgs(), setup_pys(), noxfiles())


def said(one: Declaration) -> tuple[str, str, str, tuple[str, ...]]:
    return one.name, one.specifier, one.marker, one.extras


@given(FILES, NEW_SPECIFIERS)
def test_a_new_specifier_changes_its_span_only_and_is_read_back(
    generated: File, specifier: str
) -> None:
    file = generated.read()
    assert (len(file.declarations), file.problems) == (generated.size, ())
    assert generated.format.respecify is not None
    for number, one in enumerate(file.declarations):
        assert one.specifier_span is not None
        start, end = one.specifier_span
        text = file.document.text
        new = generated.format.respecify(file.document, one, specifier)
        data = file.document.encode(text[:start] + new + text[end:])
        again = generated.format.read(decode("generated", data, generated.format.name))
        assert data.startswith(file.document.encode(text[:start]))
        assert data.endswith(text[end:].encode(file.document.encoding))
        expected = [said(other) for other in file.declarations]
        expected[number] = said(one._replace(specifier=specifier))
        assert [said(other) for other in again.declarations] == expected


@given(st.one_of(*LIMITED))
def test_a_limit_is_added_and_nothing_else_changes(generated: File) -> None:
    file = generated.read()
    assume(all(one.name != "urllib3" for one in file.declarations))
    assert generated.format.constrain is not None
    section = file.declarations[0].section if file.declarations else ""
    edit = generated.format.constrain(file, "urllib3", ">=2.0.3,<3", "why", section)
    assert edit is not None
    text = file.document.text
    new = text[: edit.span.start] + edit.text + text[edit.span.end :]
    assert edit.text.count("\n") - edit.text.count("\r\n") in (0, edit.text.count("\n"))
    again = generated.format.read(file.document._replace(text=new))
    added = [one for one in again.declarations if one.name == "urllib3"]
    assert [said(one)[1] for one in added] == [">=2.0.3,<3"]
    others = [one for one in again.declarations if one.name != "urllib3"]
    assert [said(one) for one in others] == [said(one) for one in file.declarations]
    assert new.replace("\r\n", "").count("\n") in (0, new.count("\n"))


# --------------------------------------------------------------------------- hashes

GAPS_BETWEEN = st.sampled_from([" ", "  ", " \\\n    ", " \\\r\n  ", "\\\n "])
DIGESTS = st.integers(0, 2**256 - 1).map(lambda number: f"sha256:{number:064x}")


@st.composite
def hashed_lines(draw: st.DrawFn) -> str:
    line = f"{draw(NAMES)}=={draw(VERSIONS)}"
    marker = draw(MARKERS)
    line += f" ; {marker}" if marker else ""
    for digest in draw(st.lists(DIGESTS, min_size=1, max_size=3)):
        line += draw(GAPS_BETWEEN) + draw(st.sampled_from(["--hash=", "--hash "])) + digest
    return line + draw(COMMENTS)


@given(st.lists(hashed_lines(), min_size=1, max_size=3), st.lists(DIGESTS, min_size=1, max_size=3))
def test_new_hashes_change_one_pin_and_nothing_else(lines: list[str], hashes: list[str]) -> None:
    format_ = known("requirements.txt")
    file = format_.read(Document("generated", "\n".join(lines) + "\n"))
    assert len(file.declarations) == len(lines)
    assert format_.repin is not None
    for number, one in enumerate(file.declarations):
        edit = format_.repin(file.document, one, "1.26.20", hashes)
        assert edit is not None
        text, (start, end) = file.document.text, edit.span
        new = text[:start] + edit.text + text[end:]
        again = format_.read(file.document._replace(text=new))
        expected = [(*said(other), other.hashes) for other in file.declarations]
        specifier = one.specifier[: one.specifier.index("==") + 2] + "1.26.20"
        expected[number] = (*said(one._replace(specifier=specifier)), len(hashes))
        assert [(*said(other), other.hashes) for other in again.declarations] == expected
        assert all(digest in edit.text for digest in hashes)


# --------------------------------------------------------------------------- lock files

FIELDS = st.sampled_from(
    [
        'name = "A.b_c"',
        'version = "1.0"', 'marker = "os_name == \\"nt\\""', 'groups = ["a", "b"]',
        'source = { registry = "https://index.example" }', 'source = { editable = "." }',
        "extras = []", 'wheels = [\n    { url = "u", hash = "sha256:0", size = 1 },\n]',
        'sdist = { url = "u", hash = "sha256:1" }', 'files = [\n    {file = "a", hash = "b"},\n]',
        'resolution-markers = [\n    "a",\n    "b",\n]', "optional = false", "",
        'dependencies = [\n    { name = "a", source = { git = "g" }, extra = ["x"] },\n]',
    ]
)  # fmt: skip
HEADERS = st.sampled_from(
    [
        "[[package]]",
        "[package.source]",
        "[metadata]",
        "[metadata.files]",
        "[manifest]",
        "revision = 1",
    ]
)


def texts(fields: dict[str, object]) -> dict[str, object]:
    """The fields, of tables only what is text."""
    return {
        key: {name: one for name, one in value.items() if isinstance(one, str)}
        if isinstance(value, dict)
        else value
        for key, value in fields.items()
    }


@given(st.lists(st.one_of(FIELDS, HEADERS), max_size=12))
def test_locks_are_scanned_as_tomli_reads_them(lines: list[str]) -> None:
    text = "\n".join(lines)
    try:
        data = tomli.loads(text)
    except tomli.TOMLDecodeError:
        assume(False)
    packages = data.get("package", [])
    assume(isinstance(packages, list) and all(isinstance(one, dict) for one in packages))
    quick, slow = _packages.scan(text), _packages.parse(text, data)
    assume(quick is not None)
    assert quick is not None
    assert len(quick.packages) == len(slow.packages)
    for fast, sure in zip(quick.packages, slow.packages):
        wanted = {key: value for key, value in sure.fields.items() if key in fast.fields}
        assert (fast.name, texts(fast.fields)) == (sure.name, texts(wanted))


# --------------------------------------------------------------------------- anything


@pytest.mark.parametrize("format_", formats.all_formats(), ids=lambda one: one.name)
@given(text=st.text("ab=1\n\r\t \\#'\"[]{},.:;-@$<>~*!\u2028\x0c", max_size=60))
@example(text="[packages]\na={}")
@example(text="[[package]]\n[metadata]\n")
@example(text='{"default": {"": {}}}')
@example(text="dependencies:\n- a\n  - b\n- pip:\n   - c\n -d\n- 'e\n- [f\n")
@example(text="[options]\ninstall_requires =\n a\n  \\\n;\n[testenv]\ndeps=a\\\n b\\")
@example(text="setup(install_requires='''\ra\r\n\tb''')")
@example(text='RUN <<a pip install b \\\n#\n$(\na\nRUN ["pip","install","a"]\\')
@example(text="# /// script\n# dependencies=['a','''\n# b''']\n#\n# ///")
def test_reading_never_raises_and_spans_lie_in_the_text(format_: Format, text: str) -> None:
    file = format_.read(Document("generated", text))
    for one in file.declarations:
        assert 0 <= one.span.start <= one.span.end <= len(text)
    for problem in file.problems:
        assert problem.line is None or 1 <= problem.line <= len(text) + 1


# --------------------------------------------------------------------------- TOML

KEYS = st.one_of(
    st.sampled_from(["a", "b-c", "1", "'q.r'", '"s\\u0074 u"', "''"]),
    st.from_regex(r"[a-c]( ?\. ?[a-c]){1,2}", fullmatch=True),
)
SCALARS = st.sampled_from(
    [
        *("1", "-0.5e3", "true", "inf", "0x1F", "1979-05-27 07:32:00Z", "07:32:00"),
        *("''", '""', "'x#]'", '"y\\"},\\\\"', '"\\u00e9\\t"'),
        *("'''a\n''b'''", '"""\n"c""d\\\n   e\\""""'),
    ]
)
SPACES = st.sampled_from(["", " ", "\t"])
GAPS = st.sampled_from(["", " ", "\n", " # c ] } '\n", "\r\n\t"])


def _arrays(values: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    items = st.lists(st.tuples(GAPS, values, GAPS).map("".join), max_size=3).map(",".join)
    return st.tuples(items, st.booleans(), GAPS).map(
        lambda made: f"[{made[0]}{',' if made[0] and made[1] else ''}{made[2]}]"
    )


def _inline(values: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    pair = st.tuples(SPACES, KEYS, SPACES, values, SPACES).map(
        lambda made: f"{made[0]}{made[1]}{made[2]}={made[3]}{made[4]}"
    )
    return st.lists(pair, max_size=3).map(lambda made: "{" + ",".join(made) + "}")


VALUES = st.recursive(
    SCALARS, lambda inner: st.one_of(_arrays(inner), _inline(inner)), max_leaves=6
)
STATEMENTS = st.one_of(
    st.tuples(SPACES, KEYS, SPACES, SPACES, VALUES, SPACES).map(
        lambda made: f"{made[0]}{made[1]}{made[2]}={made[3]}{made[4]}{made[5]}"
    ),
    KEYS.map(lambda key: f"[{key}]"),
    KEYS.map(lambda key: f"[[ {key} ]] # c"),
    st.sampled_from(["", "# comment [x] = 'y'"]),
)


@given(st.lists(STATEMENTS, max_size=6), NEWLINES)
def test_places_agree_with_tomli(statements: list[str], newline: str) -> None:
    text = newline.join(statements)
    try:
        tomli.loads(text)
    except tomli.TOMLDecodeError:
        assume(False)
    assert_agrees_with_tomli(text)
