from __future__ import annotations

import pytest

from sslfix.formats import dockerfile
from sslfix.model import DependencyFile, Document


def read(text: str) -> DependencyFile:
    return dockerfile.read(Document("Dockerfile", text))


def said(text: str) -> list[str]:
    return [one.name + one.specifier for one in read(text).declarations]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "FROM python:3.9\nCOPY requirements.txt .\nRUN pip install -r requirements.txt\n",
        "# RUN pip install a\n",
        "RUN pip install .\nRUN pip install -e '.[test]' ./b /c/*.whl\n",
        "RUN pip install --requirement=/a.txt -cb.txt --upgrade\n",
        "RUN pip freeze && pip config set install.a b && pip list install\n",
        "RUN apt-get install -y python3-pip pip\n",
        "RUN echo pip install a\n",
        "RUN # pip install a\n",
        "RUN pip install $DEPS $(cat deps) `cat deps` ${A:+a} {a,b}\n",
        "CMD pip install a\nENTRYPOINT ['pip', 'install', 'a']\n",
        "COPY <<EOF /x\nRUN pip install a\nEOF\n",
        "RUN cat <<EOF > x\npip install a\nEOF\n",
        "RUN conda install a\n",
        "RUN <<EOF python3\npip install a\nEOF\n",
        "RUN python3 <<EOF\npip install a\nEOF\n",
        "RUN <<EOF\n#!/usr/bin/env python3\npip install a\nEOF\n",
        'RUN ["pip", "list"]\n',
    ],
)
def test_all_else_is_left_alone(text: str) -> None:
    file = read(text)
    assert (file.declarations, file.includes, file.problems) == ((), (), ())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("RUN pip install a==1 'b>=2' \"c<3\" d[e]~=4.0", ["a==1", "b>=2", "c<3", "d~=4.0"]),
        ("run /usr/bin/pip3.9 --no-cache-dir install --user a", ["a"]),
        ("RUN python -m pip wheel -w /w a", ["a"]),
        ("RUN uv pip install --system --index-url x a", ["a"]),
        ("RUN cd /x && A=b pip install a || pip install b; (pip install c)", ["a", "b", "c"]),
        ("RUN pip install \\\n  a \\\n  # b\n\n  c==1 \\\n  && d", ["a", "c==1"]),
        ("RUN pip install \\\r\n  a==1\r\n", ["a==1"]),
        ("# escape=`\nRUN pip install `\n  a", ["a"]),
        ("# syntax=x\n# escape = `\nRUN pip install `\n  a", ["a"]),
        ("RUN pip install a && \\", ["a"]),
        ("RUN --mount=type=cache,target=/x --network=none pip install a", ["a"]),
        ("ONBUILD RUN pip install a", ["a"]),
        ('RUN ["python", "-m", "pip", "install", "a==1"]', ["a==1"]),
        (
            "RUN <<EOF\npip install a \\\n  b\n# pip install c\nEOF\nRUN pip install d",
            ["a", "b", "d"],
        ),
        ("RUN <<-'E' bash -e\n\tpip install a\n\tE\nRUN pip install b", ["a", "b"]),
        ("RUN pip install a==$A b==${B} c==${C:-1} d>$D", ["a==$A", "b==${B}", "c==${C:-1}", "d"]),
        ("RUN <<EOF\n#!/bin/bash -e\npip install a\nEOF\n", ["a"]),
        # a shell sees a redirection here, and pip no version
        ("RUN pip install a>=1 b 2>&1 >/dev/null", ["a", "b"]),
        ("RUN pip install a>1 && pip install b", ["a", "b"]),
    ],
)
def test_what_is_installed(text: str, expected: list[str]) -> None:
    assert said(text) == expected
    assert read(text).problems == ()


def test_nothing_can_be_edited_and_the_places_are_exact() -> None:
    text = "FROM x\nRUN pip install \\\n   'Urllib3 >= 2' \\\n# c\n  b==${B}\n"
    file = read(text)
    found = [
        (text[slice(*one.span)], file.document.position(one.span.start))
        for one in file.declarations
    ]
    assert found == [("Urllib3 >= 2", (3, 5)), ("b==${B}", (5, 3))]
    assert {one.section for one in file.declarations} == {"RUN"}
    assert all(one.specifier_span is None for one in file.declarations)
    assert (dockerfile.FORMAT.respecify, dockerfile.FORMAT.constrain) == (None, None)
    assert file.declarations[1].accepts == ()


def test_what_pip_would_refuse_is_a_problem_with_its_line() -> None:
    file = read("FROM x\nRUN pip install a \\\n    b=1\n")
    assert [(one.line, '"b=1"' in one.message) for one in file.problems] == [(3, True)]
