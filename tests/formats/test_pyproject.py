from __future__ import annotations

import pytest

from sslfix.formats import pyproject
from sslfix.model import DependencyFile, Document, Kind


def read(text: str) -> DependencyFile:
    return pyproject.read(Document("pyproject.toml", text))


EVERYTHING = """
[dependency-groups]
test = ["a>=1", {include-group = "docs"}]
docs = ["b[c]==1 ; os_name == 'nt'"]
[project]
dependencies = [
    "d",  # why
    'e (>=1,<2)',
]
optional-dependencies.f = ["g @ https://x.example/g.zip"]
[tool.uv]
dev-dependencies = ["h"]
constraint-dependencies = ["i<2"]
override-dependencies = ["j==1"]
[tool.pdm.dev-dependencies]
k = ["l~=1.0"]
[tool.pdm.resolution.overrides]
v = "1.2"
w = ">=1, <2"
x = "https://x.example/x.whl"
y = "*"
[tool.hatch.envs.test]
dependencies = ["z>1"]
extra-dependencies = ["aa"]
[tool.hatch.envs.test.scripts]
dependencies = ["no"]
[tool.poetry.dependencies]
python = "^3.9"
m = "^1.2"
n = {version = "1.2", extras = ["o"], markers = "os_name == 'nt'", python = "<3.10"}
p = [{version = "<1", platform = "win32"}, {version = ">=1 || ^3"}]
q = {git = "https://x.example/q.git", branch = "main"}
r = {path = "../r", develop = true}
[tool.poetry.dependencies.s]
version = "~1.2"
optional = true
[tool.poetry.dev-dependencies]
t = "*"
[tool.poetry.group.docs.dependencies]
u = ">=1,<2"
"""


def test_every_table_is_read_in_the_order_of_the_text() -> None:
    file = read(EVERYTHING)
    assert file.problems == ()
    poetry = "poetry.dependencies"
    assert [(one.name, one.specifier, one.section, one.accepts) for one in file.declarations] == [
        ("a", ">=1", "group.test", (">=1",)),
        ("b", "==1", "group.docs", ("==1",)),
        ("d", "", "project.dependencies", ("",)),
        ("e", ">=1,<2", "project.dependencies", (">=1,<2",)),
        ("g", "", "optional.f", ()),
        ("h", "", "uv.dev-dependencies", ("",)),
        ("i", "<2", "uv.constraint-dependencies", ("<2",)),
        ("j", "==1", "uv.override-dependencies", ("==1",)),
        ("l", "~=1.0", "pdm.dev-dependencies.k", ("~=1.0",)),
        ("v", "1.2", "pdm.resolution.overrides", ("==1.2",)),
        ("w", ">=1,<2", "pdm.resolution.overrides", (">=1,<2",)),
        ("x", "", "pdm.resolution.overrides", ()),
        ("y", "", "pdm.resolution.overrides", ("",)),
        ("z", ">1", "hatch.envs.test.dependencies", (">1",)),
        ("aa", "", "hatch.envs.test.extra-dependencies", ("",)),
        ("m", "^1.2", poetry, (">=1.2,<2",)),
        ("n", "1.2", poetry, ("==1.2",)),
        ("p", "<1", poetry, ("<1",)),
        ("p", ">=1||^3", poetry, (">=1", ">=3,<4")),
        ("q", "", poetry, ()),
        ("r", "", poetry, ()),
        ("s", "~1.2", poetry, (">=1.2,<1.3",)),
        ("t", "", "poetry.dev-dependencies", ("",)),
        ("u", ">=1,<2", "poetry.group.docs.dependencies", (">=1,<2",)),
    ]


def test_markers_extras_urls_versions_and_kinds() -> None:
    found = {one.name: one for one in read(EVERYTHING).declarations}
    assert (found["b"].marker, found["b"].extras, found["b"].version) == (
        "os_name == 'nt'",
        ("c",),
        "1",
    )
    assert (found["n"].marker, found["n"].extras, found["n"].version) == (
        "(os_name == 'nt') and (python_version < \"3.10\")",
        ("o",),
        "1.2",
    )
    assert found["g"].url == "https://x.example/g.zip"
    assert (found["q"].url, found["r"].url) == ("https://x.example/q.git", "../r")
    limits = {name for name, one in found.items() if one.kind is Kind.CONSTRAINT}
    assert limits == {"i", "j", "v", "w", "x", "y"}


def test_spans_cover_the_requirement_and_the_specifier() -> None:
    found = {one.name: one for one in read(EVERYTHING).declarations}
    texts = {
        name: (
            EVERYTHING[slice(*one.span)],
            None if one.specifier_span is None else EVERYTHING[slice(*one.specifier_span)],
        )
        for name, one in found.items()
    }
    assert texts["b"] == ("b[c]==1 ; os_name == 'nt'", "==1")
    assert texts["d"] == ("d", "")
    assert texts["e"] == ("e (>=1,<2)", ">=1,<2")
    assert texts["g"] == ("g @ https://x.example/g.zip", None)
    assert texts["m"] == ('m = "^1.2"', "^1.2")
    assert texts["p"] == ('{version = ">=1 || ^3"}', ">=1 || ^3")
    assert texts["q"][1] is None
    assert texts["s"] == ("s", "~1.2")


def test_escapes_in_a_requirement_keep_their_spans() -> None:
    text = '[project]\ndependencies = ["a == 1 ; os_name == \\"nt\\""]\n'
    (one,) = read(text).declarations
    assert one.marker == 'os_name == "nt"'
    assert text[slice(*one.span)] == 'a == 1 ; os_name == \\"nt\\"'
    assert one.specifier_span is not None
    assert text[slice(*one.specifier_span)] == "== 1"


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("[project]\n\ndependencies = 'a'\n", 3, "expected an array"),
        ("[project]\ndependencies = [\n1\n]\n", 3, "expected a requirement"),
        ("[project]\ndependencies = [\n'a',\n'b=1']\n", 4, 'write "=="'),
        ("[project.optional-dependencies]\na = {}\n", 2, "expected an array"),
        ("[dependency-groups]\na = [[]]\n", 2, "expected a requirement"),
        ("[tool.poetry]\ndependencies = []\n", 2, "expected a table"),
        ("[tool.poetry.dependencies]\na = 1\n", 2, "version constraint of a"),
        ("[tool.poetry.dependencies]\na = '^x'\n", 2, "version constraint of a"),
        ("[tool.poetry.dependencies]\na = [{version = '1'},\n2]\n", 3, "version constraint of a"),
        ("[tool.pdm.resolution.overrides]\na = 1\n", 2, "version constraint of a"),
        ("[tool.pdm.resolution.overrides]\na = '^1'\n", 2, "version constraint of a"),
        ("[tool.hatch.envs.a]\ndependencies = 'a'\n", 2, "expected an array"),
        ("[project\n", 1, "is not valid TOML"),
    ],
)
def test_what_cannot_be_read_is_a_problem_with_its_line(text: str, line: int, message: str) -> None:
    (problem,) = read(text).problems
    assert (problem.path, problem.line) == ("pyproject.toml", line)
    assert message in problem.message


@pytest.mark.parametrize(
    "text", ["", "[project]\nname='a'\n", "project = 1\n[tool]\npoetry = []\n"]
)
def test_a_file_that_declares_nothing(text: str) -> None:
    file = read(text)
    assert (file.declarations, file.problems) == ((), ())


def respecified(text: str, specifier: str) -> str:
    file = read(text)
    one = next(one for one in file.declarations if one.name == "urllib3")
    assert one.specifier_span is not None
    start, end = one.specifier_span
    return text[:start] + pyproject.respecify(file.document, one, specifier) + text[end:]


@pytest.mark.parametrize(
    ("table", "old", "new"),
    [
        ("project", 'dependencies=["urllib3"]', 'dependencies=["urllib3<2"]'),
        ("project", "dependencies=['urllib3[a] >= 1']", "dependencies=['urllib3[a] < 2']"),
        ("tool.poetry.dependencies", "urllib3 = '^2'", "urllib3 = '<2'"),
        ("tool.poetry.dependencies.urllib3", "version = '*'", "version = '<2'"),
        ("tool.pdm.resolution.overrides", "urllib3 = '2.2.3'", "urllib3 = '<2'"),
        ("tool.hatch.envs.a", "dependencies = ['urllib3==2']", "dependencies = ['urllib3<2']"),
        ("tool.uv", "override-dependencies = ['urllib3']", "override-dependencies = ['urllib3<2']"),
    ],
)
def test_respecify(table: str, old: str, new: str) -> None:
    assert respecified(f"[{table}]\n{old}\n", "<2") == f"[{table}]\n{new}\n"


def test_any_version_is_a_star_for_poetry_and_nothing_for_a_project() -> None:
    assert respecified("[tool.poetry.dependencies]\nurllib3 = '<2'", "").endswith("'*'")
    assert respecified("[project]\ndependencies = ['urllib3<2']", "").endswith("['urllib3']")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (
            '[project]\ndependencies = [\n  "a",\n]\n[tool.poetry]\n',
            '[project]\ndependencies = [\n  "a",\n  "urllib3<2",  # why\n]\n[tool.poetry]\n',
        ),
        (
            "[tool.poetry.dependencies]\r\nb = '*' # c\r\n\r\n[a]\r\n",
            "[tool.poetry.dependencies]\r\nb = '*' # c\r\nurllib3 = \"<2\"  # why\r\n\r\n[a]\r\n",
        ),
        ("[project]\nname = 'a'\n", None),
        ("[project\n", None),
    ],
)
def test_constrain(old: str, new: str | None) -> None:
    edit = pyproject.constrain(read(old), "urllib3", "<2", "why")
    text = edit and old[: edit.span.start] + edit.text + old[edit.span.end :]
    assert text == new
    if text is not None:
        assert [one.specifier for one in read(text).declarations if one.name == "urllib3"] == ["<2"]


@pytest.mark.parametrize(
    ("section", "table"),
    [
        ("", "dependencies"),
        ("main", "dependencies"),
        ("dev", "group.dev.dependencies"),
        ("main,dev", "dependencies"),
        ("no-such-group", "dependencies"),
    ],
)
def test_constrain_in_the_group_that_has_it(section: str, table: str) -> None:
    old = "[tool.poetry.dependencies]\n[tool.poetry.group.dev.dependencies]\n"
    edit = pyproject.constrain(read(old), "urllib3", "<2", "why", section)
    assert edit is not None
    (one,) = read(old[: edit.span.start] + edit.text + old[edit.span.end :]).declarations
    assert one.section == f"poetry.{table}"


GROUPS = """\
[project]
dependencies = [
]
optional-dependencies.web = [
]
[dependency-groups]
dev = [
]
[tool.pdm.dev-dependencies]
test = [
]
[tool.hatch.envs.docs]
dependencies = [
]
"""


@pytest.mark.parametrize(
    ("section", "expected"),
    [
        ("", "project.dependencies"),
        ("project.dependencies", "project.dependencies"),
        ("optional.web", "optional.web"),
        ("web", "optional.web"),
        ("group.dev", "group.dev"),
        ("dev", "group.dev"),
        ("test", "pdm.dev-dependencies.test"),
        ("hatch.envs.docs.dependencies", "hatch.envs.docs.dependencies"),
        ("default,dev", "project.dependencies"),
        ("main,dev", "project.dependencies"),
        ("no-such-group", "project.dependencies"),
    ],
)
def test_constrain_in_the_array_of_the_section(section: str, expected: str) -> None:
    edit = pyproject.constrain(read(GROUPS), "urllib3", "<2", "why", section)
    assert edit is not None
    (one,) = read(GROUPS[: edit.span.start] + edit.text + GROUPS[edit.span.end :]).declarations
    assert (one.name, one.section) == ("urllib3", expected)


LIMIT = 'constraint-dependencies = [\n    "urllib3<2",  # why\n]\n'


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("", "[tool.uv]\n" + LIMIT),
        ("a = 1", "a = 1\n\n[tool.uv]\n" + LIMIT[:-1]),
        ("a = 1\n\n", "a = 1\n\n[tool.uv]\n" + LIMIT),
        ("[tool.uv]\na = 1 # b\n\n[c]\n", "[tool.uv]\na = 1 # b\n" + LIMIT + "\n[c]\n"),
        (
            "[tool.uv]\n[tool.uv.sources]\na = {}\n",
            "[tool.uv]\n" + LIMIT + "[tool.uv.sources]\na = {}\n",
        ),
        ("[tool.uv.sources]\na = {}\n", "[tool.uv.sources]\na = {}\n\n[tool.uv]\n" + LIMIT),
        ("[[tool.uv.index]]\na = 1\n", "[[tool.uv.index]]\na = 1\n\n[tool.uv]\n" + LIMIT),
        (
            "[tool.uv]\nconstraint-dependencies = []\n",
            "[tool.uv]\n" + LIMIT,
        ),
        ("[tool]\nuv.a = 1\n", None),
        ("tool.uv = {a = 1}\n", None),
        ("[project\n", None),
    ],
)
def test_constrain_uv(old: str, new: str | None) -> None:
    edit = pyproject.constrain_uv(read(old), "urllib3", "<2", "why")
    text = edit and old[: edit.span.start] + edit.text + old[edit.span.end :]
    assert text == new
    if text is not None:
        (one,) = read(text).declarations
        assert (one.section, one.kind) == ("uv.constraint-dependencies", Kind.CONSTRAINT)


def test_what_pdm_installs_from_where_it_is() -> None:
    file = read("[tool.pdm.dev-dependencies]\nx = ['-e file:///x#egg=sub', '-e ./x', 'a']\n")
    assert [(one.name, one.url) for one in file.declarations] == [
        ("sub", "file:///x#egg=sub"),
        ("a", ""),
    ]
    assert file.problems == ()
