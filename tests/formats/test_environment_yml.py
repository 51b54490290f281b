from __future__ import annotations

import pytest

from sslfix.formats import _yaml, environment_yml
from sslfix.model import DependencyFile, Document, Problem


def read(text: str) -> DependencyFile:
    return environment_yml.read(Document("environment.yml", text))


def applied(text: str, section: str = "") -> str | None:
    file = read(text)
    edit = environment_yml.constrain(file, "urllib3", "<2", "why", section)
    return edit and text[: edit.span.start] + edit.text + text[edit.span.end :]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "name: x\nchannels:\n  - urllib3=2\n",
        "dependencies:\n",
        "dependencies: []\n",
        "dependencies: null # x\nx:\n- a\n",
        "# dependencies:\n#  - a\n",
        "x:\n  dependencies:\n    - a\n",
        "dependencies:\n  # - a\n\nprefix: /x\n",
        "dependencies:\n- pip:\n",
        "dependencies:\n- npm:\n  - a\n- name: b\n  version: c\n",
        "dependencies:\n- https://index.example/a-1-0.conda\n- /x/a-1-0.tar.bz2\n-\n",
    ],
)
def test_all_else_is_left_alone(text: str) -> None:
    file = read(text)
    assert (file.declarations, file.includes, file.problems) == ((), (), ())


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ("urllib3", ("urllib3", "", None, ("",))),
        ("Ruamel.Yaml # x", ("ruamel-yaml", "", None, ("",))),
        ("urllib3=2.0.2", ("urllib3", "=2.0.2", "2.0.2", ("==2.0.2.*",))),
        ("urllib3==2.0.2", ("urllib3", "==2.0.2", "2.0.2", ("==2.0.2",))),
        ("urllib3=2.0.2=py_0", ("urllib3", "=2.0.2=py_0", "2.0.2", ("==2.0.2",))),
        ("urllib3 2.0.2 py_0", ("urllib3", "2.0.2 py_0", "2.0.2", ("==2.0.2",))),
        ("urllib3 = 2.0", ("urllib3", "=2.0", None, ("==2.0.*",))),
        ("urllib3=2.*", ("urllib3", "=2.*", None, ("==2.*",))),
        ("urllib3 2*", ("urllib3", "2*", None, ("==2.*",))),
        ("urllib3 >= 1.26, <2", ("urllib3", ">=1.26,<2", None, (">=1.26,<2",))),
        ("urllib3>=1,<2|=3.1|*", ("urllib3", ">=1,<2|=3.1|*", None, (">=1,<2", "==3.1.*", ""))),
        ("urllib3!=2.0.*", ("urllib3", "!=2.0.*", None, ("!=2.0.*",))),
        ("urllib3~=2.0", ("urllib3", "~=2.0", None, ("~=2.0",))),
        ("urllib3=^2.*$", None),
        ("urllib3 (>=1|2)", ("urllib3", "(>=1|2)", None, ())),
        ("'urllib3=2.0.2'", ("urllib3", "=2.0.2", "2.0.2", ("==2.0.2.*",))),
        ('"urllib3"', ("urllib3", "", None, ("",))),
        ("conda-forge::urllib3=2", ("urllib3", "=2", None, ("==2.*",))),
        ("conda-forge/linux-64::urllib3", ("urllib3", "", None, ("",))),
        ("urllib3[version='>=2']", ("urllib3", ">=2", None, (">=2",))),
        ("urllib3[build=x]", ("urllib3", "", None, ("",))),
        ("_libgcc_mutex=0.1=main", ("_libgcc_mutex", "=0.1=main", "0.1", ("==0.1",))),
        ("openssl=1.1.1w", ("openssl", "=1.1.1w", None, ())),
        ("tzdata=2025b=h0", ("tzdata", "=2025b=h0", "2025b", ("==2025b",))),
        # the same name, another thing; another name, the same thing
        ("redis=5.0.3", ("redis", "=5.0.3", None, ())),
        ("urllib3 =2.0 py_0", ("urllib3", "=2.0 py_0", None, ("==2.0.*",))),
        ("urllib3=2.0=*", ("urllib3", "=2.0=*", "2.0", ("==2.0",))),
        ("urllib3 2.0", ("urllib3", "2.0", "2.0", ("==2.0",))),
        ("urllib3=2.0rc1", ("urllib3", "=2.0rc1", None, ("==2.0rc1",))),
        ("urllib3[version=2.0]", ("urllib3", "2.0", "2.0", ("==2.0",))),
        ("urllib3[version='=2.0']", ("urllib3", "=2.0", None, ("==2.0.*",))),
        ("redis-py==5.0.3", ("redis", "==5.0.3", "5.0.3", ("==5.0.3",))),
        ("docker-py", ("docker", "", None, ("",))),
        ("urllib3=>2", None),
        ("urllib3=<2", None),
        ("urllib3 2 x y", None),
        ("urllib3[version='>=2'", None),
    ],
)
def test_conda_specifications(item: str, expected: tuple[object, ...] | None) -> None:
    file = read(f"dependencies:\n  - {item}\n")
    found = [(one.name, one.specifier, one.version, one.accepts) for one in file.declarations]
    assert found == ([expected] if expected else [])
    assert [one.line for one in file.problems] == ([] if expected else [2])


PIP = """\
dependencies:
- python=3.9
- pip:
  - --index-url https://index.example/simple
  - -r more.txt
  - -e git+https://x/y#egg=y
  # why
  - requests[socks] == 2.31.0  # why
  - 'mock; os_name == ''nt'''
  - idna==3
    --hash=sha256:0

  - bad bad
- six
"""


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_the_list_of_pip_is_read_as_pip_does(newline: str) -> None:
    file = read(PIP.replace("\n", newline))
    found = [
        (one.section, one.name, one.specifier, one.marker, one.hashes, one.url)
        for one in file.declarations
    ]
    assert found == [
        ("conda", "python", "=3.9", "", 0, ""),
        ("pip", "y", "", "", 0, "git+https://x/y#egg=y"),
        ("pip", "requests", "==2.31.0", "", 0, ""),
        ("pip", "mock", "", "os_name == 'nt'", 0, ""),
        ("pip", "idna", "==3", "", 1, ""),
        ("conda", "six", "", "", 0, ""),
    ]
    assert [one.target for one in file.includes] == ["more.txt"]
    assert [(one.line, "bad bad" in one.message) for one in file.problems] == [(13, True)]


@pytest.mark.parametrize(
    "text",
    [
        "dependencies:\n- a\n- pip:\n  - b\n",
        "dependencies:\n  - a\n  - pip:\n    - b\nname: x\n",
        "dependencies:\n- a\n- pip: [b]\n",
        '"dependencies":\n-   "a"\n-   "pip":\n        -   "b"\n',
    ],
)
def test_lists_are_found_however_they_are_indented(text: str) -> None:
    found = [(one.section, one.name) for one in read(text).declarations]
    assert found == [("conda", "a"), ("pip", "b")]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("dependencies: [a=1, 'b>=1,<2', # x\n c]\nx: [d]\n", ["a", "b", "c"]),
        ("dependencies: [a\n]", ["a"]),
        ("dependencies: [a, {pip: [b, 'c']}, d]\n", ["a", "b", "c", "d"]),
        ("dependencies:\n- a\n- {pip: [b]}\n- d\n", ["a", "b", "d"]),
        ("dependencies:\n- { 'pip' : [\n   b, # x\n   c ] }\n- d\n", ["b", "c", "d"]),
    ],
)
def test_lists_in_brackets(text: str, names: list[str]) -> None:
    assert [one.name for one in read(text).declarations] == names


def test_what_pip_installs_in_braces_is_pips() -> None:
    for text in ("dependencies: [a, {pip: [b==1]}]", "dependencies:\n- a\n- {pip: [b==1]}\n"):
        file = read(text)
        assert [(one.section, one.name) for one in file.declarations] == [
            ("conda", "a"),
            ("pip", "b"),
        ]
        assert file.problems == ()


def test_a_list_with_an_anchor_is_a_list() -> None:
    file = read("dependencies: &all\n- a\n- pip: &pip\n  - b\n")
    assert [one.name for one in file.declarations] == ["a", "b"]
    assert file.problems == ()


def test_what_stands_in_brackets_without_quotes_is_not_edited() -> None:
    file = read("dependencies:\n- pip: [a==1, 'b==1']\n")
    assert [one.specifier_span is None for one in file.declarations] == [True, False]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("dependencies: x\n", 1),
        ("dependencies:\n- &a b\n", 2),
        ("dependencies:\n- a\n- {{ b }}\n", 3),
        ("dependencies:\n- |\n  a\n", 2),
        ("dependencies:\n- 'a\n", 2),
        ('dependencies:\n- "a\\q"\n', 2),
        ("dependencies:\n  a: b\n", 2),
        ("dependencies: [a, {pip: b}]\n", 1),
        ("dependencies: [a, {pip: [b], c: d}]\n", 1),
        ("dependencies: [a, {pip: [b\n", 2),
        ("dependencies: [a", 1),
    ],
)
def test_what_is_no_plain_list_is_a_problem(text: str, line: int) -> None:
    assert [one.line for one in read(text).problems] == [line]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("- >-\n  a\n  b\n", 'a text of several lines here (">-")'),
        ("- |\n  a\n", 'a text of several lines here ("|")'),
        ("- &x a\n", 'an anchor here ("&x a")'),
        ("- *x\n", 'an alias here ("*x")'),
        ("- pip: *x\n", 'an alias here ("*x")'),
        ("- pip: >-\n    a\n", 'a text of several lines here (">-")'),
        ("- !x a\n", "a tag"),
        ("- {a: b}\n", "a mapping in braces"),
        ("- {{ a }}\n", "a template"),
        ("x: y\n", "what is no list of texts"),
    ],
)
def test_a_problem_says_what_cannot_be_read(text: str, what: str) -> None:
    (problem,) = read(f"dependencies:\n{text}".replace("\nx: y", "\n  x: y")).problems
    assert problem.message.startswith(f"sslfix cannot read {what}")
    assert problem.message.endswith("so this place was not judged")


@pytest.mark.parametrize(
    ("old", "specifier", "new"),
    [
        ("urllib3=2.0.2=py_0", ">=1.26,<2", "urllib3>=1.26,<2"),
        ("c::urllib3 = 2", "<2", "c::urllib3 < 2"),
        ("'urllib3'", "===1", "'urllib3==1'"),
        ("urllib3[version='>=2']", "<2", "urllib3[version='<2']"),
        ("urllib3[version=2]", ">=1,<2", "urllib3[version='>=1,<2']"),
        ("'urllib3[version=2]'", "==1.26", "'urllib3[version=1.26]'"),
        ("'urllib3[version=2]'", "<2", "'urllib3[version=\"<2\"]'"),
        ("urllib3=2.0.2=py_0", "==1.26.20", "urllib3=1.26.20"),
        ("urllib3 2.0.2 py_0", "===1.26.20", "urllib3 1.26.20"),
        ("urllib3==2.0.2", "==1.26.20", "urllib3==1.26.20"),
        ("urllib3>=2", "==1.26.20", "urllib3==1.26.20"),
        ("urllib3=2", "==1.26.*", "urllib3==1.26.*"),
    ],
)
def test_respecify(old: str, specifier: str, new: str) -> None:
    file = read(f"dependencies:\n- {old} # x")
    (one,) = file.declarations
    assert one.specifier_span is not None
    start, end = one.specifier_span
    text = environment_yml.respecify(file.document, one, specifier)
    after = file.document.text[:start] + text + file.document.text[end:]
    assert after == f"dependencies:\n- {new} # x"


@pytest.mark.parametrize(
    ("before", "section", "after"),
    [
        ("", "", None),
        ("dependencies: [a]", "", None),
        ("dependencies:\n- pip:\n  - a", "conda", None),
        ("dependencies:\n- pip: [a]\n", "pip", None),
        ("dependencies:\n- {pip: [a]}\n", "pip", None),
        ("dependencies:\n  - a # x\nn: x\n", "", "dependencies:\n  - a # x\n  - {}\nn: x\n"),
        ("dependencies:\r\n- 'a'", "conda", "dependencies:\r\n- 'a'\r\n- {}"),
        (
            "dependencies:\n- pip:\n  - a\n- b\n",
            "pip",
            "dependencies:\n- pip:\n  - a\n  - {}\n- b\n",
        ),
    ],
)
def test_constrain(before: str, section: str, after: str | None) -> None:
    assert applied(before, section) == (after and after.format("urllib3<2  # why"))


def test_yaml_reads_the_same_texts() -> None:
    yaml = pytest.importorskip("yaml")
    texts = [
        PIP.replace("  - bad bad\n", ""),
        'dependencies:\n - "a"\n - a\n   b # c\n - pip: [x]\n',
    ]
    for text in texts:
        data = yaml.safe_load(text)["dependencies"]
        flat = [one for one in data if isinstance(one, str)]
        flat += [one for lists in data if isinstance(lists, dict) for one in lists["pip"]]
        found = list(_yaml.items(Document("x", text), "dependencies"))
        texts_found = [one.passage.text for one in found if not isinstance(one, Problem)]
        assert sorted(texts_found) == sorted(flat)
