from __future__ import annotations

import pytest

from sslfix.formats import setup_py
from sslfix.model import DependencyFile, Document


def read(text: str) -> DependencyFile:
    return setup_py.read(Document("setup.py", text))


def said(text: str) -> list[tuple[str, ...]]:
    return [(one.section, one.name + one.specifier, one.marker) for one in read(text).declarations]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "print 'Python 2'",
        "from setuptools import setup\nsetup(name='urllib3==2')\n",
        "# install_requires=['a']\nsetup()\n",
        "setup(install_requires=read('requirements.txt'))",
        "setup(install_requires=open('r.txt').read().splitlines())",
        "setup(install_requires=[f'a=={VERSION}', 'b==' + VERSION, 'c==%s' % VERSION])",
        "A = 'a>='\nB = '1'\nsetup(install_requires=A + B)",
        "setup(install_requires=['a'] if OLD else ['b'])",
        "setup(install_requires=UNKNOWN, extras_require=sum(a, []))",
        "a = a + a\nsetup(install_requires=a)",
        "if OLD:\n    a = ['b']\nsetup(install_requires=a)",
        "other(install_requires=['a'])",
        "setup(install_requires=[1, None, b'a'], extras_require={1: ['a']})",
        "setup(install_requires=['', ' # a', '-e .'][:0])",
    ],
)
def test_what_is_computed_is_left_out_without_a_word(text: str) -> None:
    file = read(text)
    assert (file.declarations, file.problems) == ((), ())


RUN = "install_requires"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("setup(install_requires=['a==1', \"b >= 2\"])", [(RUN, "a==1", ""), (RUN, "b>=2", "")]),
        ("setuptools.setup(install_requires=('a',))", [(RUN, "a", "")]),
        ("setup(install_requires='a')", [(RUN, "a", "")]),
        ("setup(install_requires='''\na # why\n# no\n b''')", [(RUN, "a", ""), (RUN, "b", "")]),
        ("def main():\n  setup(install_requires=['a'])", [(RUN, "a", "")]),
        ("A = ['a']\nA += ['b']\nsetup(install_requires=A)", [(RUN, "a", ""), (RUN, "b", "")]),
        (
            "A: list[str] = ['a']\nA.append('b')\nA.extend(['c'])\nsetup(install_requires=A)",
            [(RUN, "a", ""), (RUN, "b", ""), (RUN, "c", "")],
        ),
        ("A = ['b']\nA = ['a']\nsetup(install_requires=A)", [(RUN, "a", "")]),
        ("A = ['a']\nA = A + ['b']\nsetup(install_requires=A)", [(RUN, "a", ""), (RUN, "b", "")]),
        ("A = 'a'\nsetup(install_requires=[A, *B, 'b'])", [(RUN, "a", ""), (RUN, "b", "")]),
        (
            "B = ['b']\nsetup(install_requires=sorted(B) + ['a' 'c'])",
            [(RUN, "b", ""), (RUN, "ac", "")],
        ),
        ("k = {'install_requires': ['a']}\nsetup(**k)", [(RUN, "a", "")]),
        (
            "k = dict(install_requires=['a'])\nk['setup_requires'] = ['b']\nsetup(**k)",
            [(RUN, "a", ""), ("setup_requires", "b", "")],
        ),
        (
            (
                "setup(extras_require={'t': ['a'], \"u:os_name=='nt'\": ['b'],\n"
                "':os_name==\"x\"': 'c'})"
            ),
            [
                ("extras_require.t", "a", ""),
                ("extras_require.u", "b", "os_name=='nt'"),
                ("extras_require", "c", 'os_name=="x"'),
            ],
        ),
        (
            (
                "E = {'t': ['a']}\nE['d'] = E['t'] + ['b']\n"
                "setup(tests_require=E['t'], extras_require=E)"
            ),
            [("tests_require", "a", ""), ("extras_require.d", "b", "")],
        ),
        (
            "setup(extras_require={':python_version<\"3\"': ['a; os_name==\"nt\"']})",
            [("extras_require", "a", '(python_version<"3") and (os_name=="nt")')],
        ),
    ],
)
def test_literals_are_read_once_through_names(text: str, expected: list[tuple[str, ...]]) -> None:
    assert said(text) == expected
    assert read(text).problems == ()


@pytest.mark.parametrize(
    ("text", "whole", "specifier"),
    [
        ("setup(install_requires=['a == 1 '])", "a == 1", "== 1"),
        ("# \u00fc\r\nsetup(name='\u00fc', install_requires=[u'a>=1'])", "a>=1", ">=1"),
        ("setup(install_requires=[r'''a>=1'''])", "a>=1", ">=1"),
        ("setup(install_requires=['a>=' '1'])", "'a>=' '1'", None),
        ("setup(install_requires=['a\\x3e=1'])", "'a\\x3e=1'", None),
        ("setup(install_requires=['a @ https://x/a'])", "a @ https://x/a", None),
    ],
)
def test_spans_of_plain_literals_can_be_edited(
    text: str, whole: str, specifier: str | None
) -> None:
    (one,) = read(text).declarations
    inner = one.specifier_span
    assert text[slice(*one.span)] == whole
    assert (None if inner is None else text[slice(*inner)]) == specifier


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("setup(\n  install_requires=[\n    'a b'])", 3, "is not a requirement"),
        ("x = 1\nprint 'install_requires'\n", 2, "is not valid Python"),
        ("setup(install_requires=[{{ a }}", 1, "is not valid Python"),
        (f"install_requires = {'(' * 5000}", None, "is not valid Python"),
    ],
)
def test_what_cannot_be_read_is_a_problem(text: str, line: int | None, message: str) -> None:
    (problem,) = read(text).problems
    assert line in (None, problem.line)
    assert message in problem.message


def test_nothing_is_run_and_no_warning_comes_out(recwarn: pytest.WarningsRecorder) -> None:
    read("raise SystemExit\nx = '\\d'\nsetup(install_requires=['a'])")
    assert not recwarn.list


def test_names_that_stand_for_each_other_many_times_are_followed_once() -> None:
    lines = ["a0 = ['a']", *(f"a{n} = a{n - 1} + a{n - 1}" for n in range(1, 60))]
    assert said("\n".join([*lines, "setup(install_requires=a59)"])) == [(RUN, "a", "")]
