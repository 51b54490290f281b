from __future__ import annotations

import pytest

from sslfix.formats import pipfile
from sslfix.model import DependencyFile, Document, Kind


def read(text: str) -> DependencyFile:
    return pipfile.read(Document("Pipfile", text))


def only(entry: str) -> tuple[object, ...]:
    (one,) = read(f"[packages]\n{entry}\n").declarations
    return (one.name, one.specifier, one.version, one.accepts, one.marker, one.extras, one.url)


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ('requests = "*"', ("requests", "", None, ("",), "", (), "")),
        ("requests = '==2.0'", ("requests", "==2.0", "2.0", ("==2.0",), "", (), "")),
        ('requests = "2.0"', ("requests", "2.0", "2.0", ("==2.0",), "", (), "")),
        ('"Py_OpenSSL" = ">= 1, <2"', ("py-openssl", ">=1,<2", None, (">=1,<2",), "", (), "")),
        (
            'a = {version = "~=1.2", extras = ["b", "c"], markers = "os_name == \'nt\'"}',
            ("a", "~=1.2", None, ("~=1.2",), "os_name == 'nt'", ("b", "c"), ""),
        ),
        (
            "a = {version = '*', sys_platform = \"== 'win32'\"}",
            ("a", "", None, ("",), "sys_platform == 'win32'", (), ""),
        ),
        (
            "a = {markers = \"os_name == 'nt'\", python_version = \"< '3'\"}",
            ("a", "", None, ("",), "(os_name == 'nt') and (python_version < '3')", (), ""),
        ),
        ('a = {path = ".", editable = true}', ("a", "", None, (), "", (), ".")),
        ("a = {git = 'https://x/a', ref = 'v1'}", ("a", "", None, (), "", (), "https://x/a")),
        (
            "[packages.a]\nversion = '==1'\nextras=['b']",
            ("a", "==1", "1", ("==1",), "", ("b",), ""),
        ),
        ("a.version = '==1'", ("a", "==1", "1", ("==1",), "", (), "")),
    ],
)
def test_entries(entry: str, expected: tuple[object, ...]) -> None:
    assert only(entry) == expected


def test_every_table_that_is_not_pipenvs_own_is_a_category() -> None:
    file = read(
        "[[source]]\nname = 'x'\n[requires]\npython_version = '3'\n[scripts]\na = 'b'\n"
        "[pipenv]\nallow_prereleases = true\n[docs]\na = '*'\n[packages]\nb = '*'\n"
        "[dev-packages]\nc = '*'\n"
    )
    found = [(one.name, one.section, one.kind) for one in file.declarations]
    assert found == [
        ("a", "docs", Kind.REQUIREMENT),
        ("b", "packages", Kind.REQUIREMENT),
        ("c", "dev-packages", Kind.REQUIREMENT),
    ]
    assert file.problems == ()


@pytest.mark.parametrize(
    ("text", "whole", "specifier"),
    [
        ("[packages]\n a = '==1' # c\n", "a = '==1'", "==1"),
        ('[packages]\na = "*"', 'a = "*"', "*"),
        ("[packages]\na = {extras=['b'], version=\"\"}", "a = {extras=['b'], version=\"\"}", ""),
        ("[packages.a]\nversion = '''==1'''", "a", "==1"),
        ("[packages]\na = {path = '.', version = '*'}", "a = {path = '.', version = '*'}", None),
        ("[packages]\na = {extras = ['b']}", "a = {extras = ['b']}", None),
        ("packages = {a = '==1'}", "a = '==1'", "==1"),
    ],
)
def test_spans(text: str, whole: str, specifier: str | None) -> None:
    (one,) = read(text).declarations
    inner = one.specifier_span
    assert text[slice(*one.span)] == whole
    assert (None if inner is None else text[slice(*inner)]) == specifier


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("[packages]\na = 1\n", 2, "found a number"),
        ("[packages]\na = true\n", 2, "found a boolean"),
        ("[packages]\n\na = ['b']\n", 3, "found an array"),
        ("[packages]\na = {version = 1}\n", 2, "version of a as text"),
        ("[packages]\na = 'latest'\n", 2, '"latest" is not a version specifier'),
        ("[packages]\nb = 1\na.c.version = 1\n[packages.", 4, "is not valid TOML"),
    ],
)
def test_what_cannot_be_read_is_a_problem_with_its_line(text: str, line: int, message: str) -> None:
    (problem,) = read(text).problems
    assert (problem.path, problem.line) == ("Pipfile", line)
    assert message in problem.message


@pytest.mark.parametrize(
    ("old", "specifier", "new"),
    [
        ('"*"', ">=2.0.3,<3", '">=2.0.3,<3"'),
        ("'==2.0.2'", "<2", "'<2'"),
        ('{version = ">= 2", extras = []}', "<2", '{version = "< 2", extras = []}'),
        ('">=2"', "", '"*"'),
    ],
)
def test_respecify_writes_between_the_quotes(old: str, specifier: str, new: str) -> None:
    text = f"[packages]\r\na = '1'\r\nurllib3 = {old}  # c\r\n"
    file = read(text)
    one = file.declarations[1]
    assert one.specifier_span is not None
    start, end = one.specifier_span
    changed = text[:start] + pipfile.respecify(file.document, one, specifier) + text[end:]
    assert changed == f"[packages]\r\na = '1'\r\nurllib3 = {new}  # c\r\n"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("[packages]\na = '*'\n[docs]\n", "[packages]\na = '*'\nurllib3 = \"<2\"  # why\n[docs]\n"),
        ("[docs]\r\na = '*'", "[docs]\r\na = '*'\r\n\r\n[packages]\r\nurllib3 = \"<2\"  # why"),
        ("", '[packages]\nurllib3 = "<2"  # why\n'),
        ("packages = {a = '*'}\n", None),
        ("packages.a = '*'\n", None),
        ("[packages\n", None),
    ],
)
def test_constrain_adds_an_entry_to_packages(old: str, new: str | None) -> None:
    edit = pipfile.constrain(read(old), "urllib3", "<2", "why")
    assert (edit and old[: edit.span.start] + edit.text + old[edit.span.end :]) == new


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (
            "[packages]\na = '*'\n",
            "[packages]\na = '*'\n\n[dev-packages]\nurllib3 = \"<2\"  # why\n",
        ),
        ("[dev-packages]\n[packages]\n", '[dev-packages]\nurllib3 = "<2"  # why\n[packages]\n'),
    ],
)
def test_constrain_in_another_category(old: str, new: str) -> None:
    edit = pipfile.constrain(read(old), "urllib3", "<2", "why", "dev-packages")
    assert (edit and old[: edit.span.start] + edit.text + old[edit.span.end :]) == new
