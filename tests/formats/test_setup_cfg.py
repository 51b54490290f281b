from __future__ import annotations

import configparser

import pytest

from sslfix.formats import _ini, setup_cfg
from sslfix.model import DependencyFile, Document, Problem


def read(text: str) -> DependencyFile:
    return setup_cfg.read(Document("setup.cfg", text))


def said(text: str) -> list[tuple[str, ...]]:
    return [(one.section, one.name, one.specifier, one.marker) for one in read(text).declarations]


RUN = "options.install_requires"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# urllib3==2\n",
        "[metadata]\nname = x\ninstall_requires = urllib3==2\n",
        "[options]\npackages = find:\npython_requires = >=3.7\n",
        "[options]\ninstall_requires =\n",
        "[options]\ninstall_requires =\n\n    # urllib3==2\n    ; idna\n",
        "[options]\ndescription =\n    install_requires = urllib3\n",
        "[options.entry_points]\nconsole_scripts =\n    a = b:c\n",
        "[tool:pytest]\naddopts = -ra\n",
    ],
)
def test_all_else_is_left_alone(text: str) -> None:
    file = read(text)
    assert (file.declarations, file.includes, file.problems) == ((), (), ())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[options]\ninstall_requires = a==1", [(RUN, "a", "==1", "")]),
        ("[options]\ninstall_requires: a; b>=2 ;", [(RUN, "a", "", ""), (RUN, "b", ">=2", "")]),
        (
            "[options]\ninstall_requires =\n  A.b >= 1, <2 # why\n\tc; os_name == 'nt'\nzip_safe=1",
            [(RUN, "a-b", ">=1,<2", ""), (RUN, "c", "", "os_name == 'nt'")],
        ),
        (
            "[options]\ninstall-requires = \n  a\n# no\n\n  b",
            [(RUN, "a", "", ""), (RUN, "b", "", "")],
        ),
        (
            (
                "[options]\nsetup_requires = a\ntests_require = b\n"
                "[options.extras_require]\nx y =\n c\n"
            ),
            [
                ("options.setup_requires", "a", "", ""),
                ("options.tests_require", "b", "", ""),
                ("options.extras_require.x y", "c", "", ""),
            ],
        ),
    ],
)
def test_requirements(text: str, expected: list[tuple[str, ...]]) -> None:
    for newline in ("\n", "\r\n"):
        assert said(text.replace("\n", newline)) == expected


EXTRAS = """\
[options.extras_require]
docs = a==1
test =
    b
    %(docs)s  # put in
all = %(docs)s {} %(test)s
"""


@pytest.mark.parametrize("between", ["", "\n ", ";"])
def test_what_is_put_in_is_read_where_it_stands(between: str) -> None:
    file = read(EXTRAS.format(between))
    assert [(one.name, one.section.rpartition(".")[2]) for one in file.declarations] == [
        ("a", "docs"),
        ("b", "test"),
    ]
    assert file.problems == ()


@pytest.mark.parametrize(
    "text",
    [
        "[options]\nx = a\ninstall_requires =\n  b\n  %(x)s\n",
        "[DEFAULT]\nx = a\n[options]\ninstall_requires = b\n  %(x)s\n",
        "[x]\n[options.extras_require]\ny =\n  b # %(c)s\n  a==%(x)s\n",
    ],
)
def test_what_is_put_in_from_elsewhere_was_not_judged(text: str) -> None:
    file = read(text)
    assert [one.name for one in file.declarations] == ["b"]
    assert [(one.line, one.message) for one in file.problems] == [
        (5, "what %(x)s stands for is not read here, so it was not judged")
    ]


def test_files_that_are_named_are_included() -> None:
    file = read("[options]\ninstall_requires = file: a.txt, b/c.in\n")
    targets = [(one.target, file.document.text[slice(*one.span)]) for one in file.includes]
    assert targets == [("a.txt", "a.txt"), ("b/c.in", "b/c.in")]
    assert file.declarations == ()


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("[options]\ninstall_requires =\n  a\n  b bad\n", 4, "is not a requirement"),
        ("[options]\n\nnonsense\n", 3, "expected"),
        ("a = b\n", 1, "expected"),
        ("[options]\r\n= b\r\n", 2, "expected"),
        ("[options]\ninstall_requires = a; python_version < '3'\n", 2, "is not a requirement"),
    ],
)
def test_what_cannot_be_read_is_a_problem_with_its_line(text: str, line: int, message: str) -> None:
    (problem,) = read(text).problems
    assert problem.line == line
    assert message in problem.message


def test_a_new_specifier_takes_the_place_of_the_old_one() -> None:
    file = read("[options]\ninstall_requires =\n    urllib3 >= 2 ; os_name == 'nt'  # why\n")
    (one,) = file.declarations
    assert one.specifier_span is not None
    start, end = one.specifier_span
    new = setup_cfg.FORMAT.respecify
    assert new is not None
    text = file.document.text[:start] + new(file.document, one, "<2") + file.document.text[end:]
    assert text == "[options]\ninstall_requires =\n    urllib3 < 2 ; os_name == 'nt'  # why\n"


@pytest.mark.parametrize(
    "text",
    [
        "[a]\nb = c\n d\n\n e\nf:g = h\n  [x]\n [y]\ni =\n",
        "[a]\nb=1\n# c\n  2\n  ; d\n  3\nB = x # y\n[a b]\n k : v",
        "[a]\n  b = 1\n  c = 2\n   d = 3\n e = 4",
        "[a]\r\nb = c\r\n\r\n  d\r\n",
    ],
)
def test_settings_are_those_of_configparser(text: str) -> None:
    parser = configparser.RawConfigParser(default_section="")
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    parser.read_string(text)
    expected = {
        (section, key): [line for line in value.split("\n") if line]
        for section in parser.sections()
        for key, value in parser[section].items()
    }
    found = {}
    for entry in _ini.entries(Document("x", text)):
        assert not isinstance(entry, Problem)
        found[entry.section, entry.key] = [text[slice(*line)] for line in entry.lines]
    assert found == expected
