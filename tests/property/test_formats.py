"""Laws of the formats: reading is total, and agrees with packaging and tomli."""

from __future__ import annotations

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
from sslfix.model import Document, Format
from tests.formats.test_toml import assert_agrees_with_tomli

from .generated import COMMENTS, MARKERS, known, requirements, said

NAMES = st.from_regex(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,6}[A-Za-z0-9])?", fullmatch=True)
VERSIONS = st.from_regex(
    r"v?([0-9]!)?[0-9]{1,2}(\.[0-9]{1,2}){0,3}([._-]?(a|rc|beta)[._-]?[0-9]?)?(\.post[0-9])?(\.dev[0-9])?",
    fullmatch=True,
)


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


@given(requirements(NAMES, VERSIONS))
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


@given(st.lists(STATEMENTS, max_size=6), st.sampled_from(["\n", "\r\n"]))
def test_places_agree_with_tomli(statements: list[str], newline: str) -> None:
    text = newline.join(statements)
    try:
        tomli.loads(text)
    except tomli.TOMLDecodeError:
        assume(False)
    assert_agrees_with_tomli(text)
