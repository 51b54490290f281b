"""Where a project says what it will run on: each kind of file, and what only looks like it."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sslfix import patterns
from sslfix.collect import hints, projects
from sslfix.errors import UsageError

Files = dict[str, str]
BULLSEYE = "FROM python:3.9-slim-bullseye"


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def write(files: Files) -> None:
    for path, text in files.items():
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text(text)


def said(files: Files) -> list[tuple[str, str]]:
    """The targets that are found, with what the report says of each."""
    write(files)
    found, _problems, _notes = hints.choose(["auto"], ["."])
    assert [one.id for one in found] == [f"i{at}" for at in range(1, len(found) + 1)]
    return [(one.executable, one.chosen_because) for one in found]


DOCKER = {
    "a stage": (
        {"Dockerfile": f"# syntax=docker/dockerfile:1\n{BULLSEYE}\nRUN pip install x\n"},
        [("python:3.9-bullseye", f"{BULLSEYE} in Dockerfile:2")],
    ),
    "lower case, a platform, a registry": (
        {"app.Dockerfile": "from --platform=$P docker.io/library/python:3.9-buster as x\n"},
        [("python:3.9-buster", "FROM docker.io/library/python:3.9-buster in app.Dockerfile:1")],
    ),
    "ARG": (
        {"Dockerfile": 'ARG V="3.9"\nARG TAG=${V}-slim-bullseye\nFROM python:${TAG} AS build\n'},
        [("python:3.9-bullseye", f"{BULLSEYE} in Dockerfile:3")],
    ),
    "the default beside the variable": (
        {"Dockerfile": "FROM python:${V:-3.9}-slim-bullseye\n"},
        [("python:3.9-bullseye", f"{BULLSEYE} in Dockerfile:1")],
    ),
    "an ARG of a stage says nothing of the next": (
        {"Dockerfile": f"{BULLSEYE}\nARG V=3.8\nFROM python:${{V}}-buster\n"},
        [("python:3.9-bullseye", f"{BULLSEYE} in Dockerfile:1")],
    ),
    "ARG from a compose file": (
        {
            "docker-compose.yml": "services:\n  a:\n    build:\n      args:\n        V: '3.8'\n",
            "Dockerfile": "ARG V=3.9\nFROM python:$V-bullseye\n",
        },
        [("python:3.8-bullseye", "FROM python:3.8-bullseye in Dockerfile:2")],
    ),
    "stages on stages, other images": (
        {"Dockerfile": f"FROM node:18 AS web\n{BULLSEYE} AS base\nFROM base\nFROM scratch\n"},
        [("python:3.9-bullseye", f"{BULLSEYE} in Dockerfile:2")],
    ),
    "the same twice": (
        {"Dockerfile": f"{BULLSEYE} AS a\nFROM python:3.9-bullseye\n"},
        [("python:3.9-bullseye", f"{BULLSEYE} in Dockerfile:1")],
    ),
    "a distribution's Python": (
        {"Dockerfile": "FROM ubuntu:22.04\nRUN apt-get install -y python3 curl\n"},
        [("ubuntu-22.04", "FROM ubuntu:22.04 in Dockerfile:1")],
    ),
    "a distribution's Python in a list": (
        {"Dockerfile": "FROM debian:bookworm-slim\nRUN apt install \\\n    python3-pip \\\n  x\n"},
        [("debian-12", "FROM debian:bookworm-slim in Dockerfile:1")],
    ),
    "Lambda's image": (
        {"Dockerfile": "FROM public.ecr.aws/lambda/python:3.9\n"},
        [("lambda-python3.9", "FROM public.ecr.aws/lambda/python:3.9 in Dockerfile:1")],
    ),
    "what is made from Lambda's image": (
        {
            "Dockerfile": "FROM amazon/aws-lambda-python:3.9\n"
            "FROM public.ecr.aws/sam/build-python3.8\n"
        },
        [
            ("lambda-python3.9", "FROM amazon/aws-lambda-python:3.9 in Dockerfile:1"),
            ("lambda-python3.8", "FROM public.ecr.aws/sam/build-python3.8 in Dockerfile:2"),
        ],
    ),
    "Red Hat's image of a Python": (
        {"Dockerfile": "FROM registry.access.redhat.com/ubi8/python-39\n"},
        [("rhel-8-python3.9", "FROM registry.access.redhat.com/ubi8/python-39 in Dockerfile:1")],
    ),
    "uv's image of a Python": (
        {"Dockerfile": "FROM ghcr.io/astral-sh/uv:python3.12-bookworm-slim\n"},
        [
            (
                "python:3.12-bookworm",
                "FROM ghcr.io/astral-sh/uv:python3.12-bookworm-slim in Dockerfile:1",
            )
        ],
    ),
    "another Python of the distribution": (
        {
            "Dockerfile": "FROM rockylinux:9\nRUN dnf install -y python3.11 python3.11-pip\n"
            "FROM almalinux:8\nRUN dnf -y install \\\n  python39-pip gcc \\\n  python39 \\\n"
            "FROM amazonlinux:2023\nRUN dnf install -y gcc \\\n && yum install python3.12\n"
        },
        [
            ("rhel-9-python3.11", "FROM rockylinux:9 with Python 3.11 in Dockerfile:1"),
            ("rhel-8-python3.9", "FROM almalinux:8 with Python 3.9 in Dockerfile:3"),
            (
                "amazon-linux-2023-python3.12",
                "FROM amazonlinux:2023 with Python 3.12 in Dockerfile:7",
            ),
        ],
    ),
    "the distribution's Python by its version": (
        {"Dockerfile": "FROM almalinux:9\nRUN dnf install python3.9\n"},
        [("rhel-9", "FROM almalinux:9 in Dockerfile:1")],
    ),
    "manylinux": (
        {
            "Dockerfile": "FROM quay.io/pypa/manylinux2014_x86_64\n"
            "RUN /opt/python/cp312-cp312/bin/pip install x\n"
        },
        [
            (
                "manylinux2014-python3.12",
                "FROM quay.io/pypa/manylinux2014_x86_64 with Python 3.12 in Dockerfile:1",
            )
        ],
    ),
    "an image in a compose file": (
        {"compose.yaml": "services:\n  a:\n    image: 'python:3.8-buster'  # old\n"},
        [("python:3.8-buster", "image python:3.8-buster in compose.yaml:3")],
    ),
}
FUNCTIONS = {
    "serverless": (
        {"serverless.yml": "provider:\n  name: aws\n  runtime: python3.9\n"},
        [("lambda-python3.9", "runtime python3.9 in serverless.yml:3")],
    ),
    "serverless, the default of a variable": (
        {"serverless.yml": "provider:\n  name: aws\n  runtime: ${env:RUNTIME, 'python3.8'}\n"},
        [("lambda-python3.8", "runtime python3.8 in serverless.yml:3")],
    ),
    "SAM": (
        {"template.yaml": "Transform: AWS::Serverless\nGlobals:\n  Runtime: python3.9\n"},
        [("lambda-python3.9", "runtime python3.9 in template.yaml:3")],
    ),
    "CloudFormation in JSON": (
        {"x.template.json": '{"Type": "AWS::Lambda::Function",\n "Runtime": "python3.9"}\n'},
        [("lambda-python3.9", "runtime python3.9 in x.template.json:2")],
    ),
    "Terraform": (
        {"infra/main.tf": 'resource "aws_lambda_function" "a" {\n  runtime = "python3.9"\n}\n'},
        [("lambda-python3.9", "runtime python3.9 in infra/main.tf:2")],
    ),
    "functions in one line": (
        {"template.json": '{"AWS::": {"Runtime":"nodejs18"},"b":{"Runtime":"python3.8"}}\n'},
        [("lambda-python3.8", "runtime python3.8 in template.json:1")],
    ),
    "Zappa": (
        {"zappa_settings.json": '{"dev": {"runtime": "python3.8"}}\n'},
        [("lambda-python3.8", "runtime python3.8 in zappa_settings.json:1")],
    ),
}
PLATFORMS = {
    "Heroku": (
        {"runtime.txt": "python-3.9.18\n"},
        [("heroku-24-python3.9", "python-3.9.18 in runtime.txt:1")],
    ),
    "Heroku, blanks around it": (
        {"runtime.txt": "  python-3.9.18  \n"},
        [("heroku-24-python3.9", "python-3.9.18 in runtime.txt:1")],
    ),
    "Heroku, the stack is named": (
        {"runtime.txt": "python-3.9\n", "app.json": '{"stack": "heroku-22"}'},
        [("heroku-22-python3.9", "python-3.9 in runtime.txt:1")],
    ),
    "Heroku, the file that replaced it": (
        {".python-version": "# ours\n3.12\n", "Procfile": "web: x\n"},
        [("heroku-24-python3.12", "Python 3.12 in .python-version:2")],
    ),
    "uv": (
        {".python-version": "3.9\n", "uv.lock": "version = 1\n"},
        [("uv-python3.9", "Python 3.9 in .python-version:1")],
    ),
    "GitLab": (
        {".gitlab-ci.yml": "image: python:3.7-alpine3.8\njob:\n  image:\n    name: ubuntu:20.04\n"},
        [
            ("python:3.7-alpine3.8", "image python:3.7-alpine3.8 in .gitlab-ci.yml:1"),
            ("ubuntu-20.04", "image ubuntu:20.04 in .gitlab-ci.yml:4"),
        ],
    ),
}
MATRIX = """\
jobs:
  test:
    runs-on: ${{ matrix.os }}
    strategy:
      matrix:
        os: [ubuntu-22.04, windows-latest]
        python-version:
          - "3.9"
          # - "3.10"
          - 3.11.4
        other: ["3.13"]
    steps:
      - uses: actions/setup-python@v5
        with:
          python-version: ${{ matrix.python-version }}
"""
WORKFLOWS = {
    "a matrix, line by line": (
        {".github/workflows/ci.yml": MATRIX},
        [
            ("github-ubuntu-22.04-python3.9", "ubuntu-22.04 with Python 3.9 in {}:8"),
            ("github-ubuntu-22.04-python3.11", "ubuntu-22.04 with Python 3.11 in {}:10"),
        ],
    ),
    "in brackets": (
        {
            ".github/workflows/ci.yml": "runs-on: ubuntu-latest\n"
            "python: ['3.9', \"3.12\", '3.x', pypy3.10]\nuses: actions/setup-python@v5\n"
        },
        [
            ("github-ubuntu-24.04-python3.9", "ubuntu-latest with Python 3.9 in {}:2"),
            ("github-ubuntu-24.04-python3.12", "ubuntu-latest with Python 3.12 in {}:2"),
        ],
    ),
    "one version, and a container": (
        {
            ".github/workflows/ci.yml": "runs-on: ubuntu-22.04\ncontainer: python:3.8-buster\n"
            "- uses: actions/setup-python@v5\n  with: \n    python-version: '3.9'\n"
        },
        [
            ("python:3.8-buster", "image python:3.8-buster in {}:2"),
            ("github-ubuntu-22.04-python3.9", "ubuntu-22.04 with Python 3.9 in {}:5"),
        ],
    ),
}
EVERY = {**DOCKER, **FUNCTIONS, **PLATFORMS, **WORKFLOWS}


@pytest.mark.parametrize(("files", "expected"), EVERY.values(), ids=EVERY)
def test_a_file_names(files: Files, expected: list[tuple[str, str]]) -> None:
    path = ".github/workflows/ci.yml"
    assert said(files) == [(name, because.format(path)) for name, because in expected]


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"Dockerfile": "FROM ubuntu:22.04\nRUN curl https://python3.example\n"},
        {"Dockerfile": "FROM $BASE\nRUN pip install x\n"},
        {"Dockerfile": "FROM ubuntu:22.04\nRUN python3 setup.py install\n"},
        {"Dockerfile": "# FROM python:3.9-slim\n"},
        {"serverless.yml": "provider:\n  name: azure\n  runtime: python3.8\n"},
        {"serverless.yml": "provider:\n  name: aws\n  runtime: nodejs18.x  # was python3.8\n"},
        {"template.yaml": "Runtime: python3.9\n"},  # not of AWS
        {"template.yaml": "AWS::\nRuntime: !If [a, python3.9, python3.8]\n"},
        {"template.yaml": "AWS::\nCompatibleRuntimes: [python3.9]\nRuntimeName: python3.8\n"},
        {".python-version": "3.9\n"},
        {"runtime.txt": "3.9\n"},  # not Heroku's
        {".github/workflows/ci.yml": "runs-on: ubuntu-22.04\npython-version: '3.9'\n"},
        {".github/workflows/ci.yml": MATRIX.replace("ubuntu-22.04", "macos-latest")},
        {".gitlab-ci.yml": "image: $IMAGE\njob:\n  name: python\n"},
        {".venv/Dockerfile": f"{BULLSEYE}\n", "node_modules/a/Dockerfile": f"{BULLSEYE}\n"},
    ],
)
def test_what_names_no_target_is_not_guessed(files: Files) -> None:
    write(files)
    assert not any(hint.certain for hint in hints.read("."))
    with pytest.raises(UsageError, match=r"nothing in \. names .*; looked at Dockerfile, .*"):
        hints.choose(["auto"], ["."])


def test_what_deploys_comes_before_what_tests() -> None:
    files = {
        ".github/workflows/ci.yml": MATRIX,
        "template.yaml": "Type: AWS::Lambda\nRuntime: python3.9\n",
        "z/Dockerfile": f"{BULLSEYE}\n",
    }
    assert [name for name, _because in said(files)][:2] == [
        "python:3.9-bullseye",
        "lambda-python3.9",
    ]


def test_the_version_that_a_file_says_is_judged() -> None:
    write({"runtime.txt": "python-3.9.4\n"})
    (found,), problems, _notes = hints.choose(["auto"], ["."])
    assert (found.version, found.markers["python_full_version"]) == ("3.9.4", "3.9.4")
    assert problems == ()


@pytest.mark.parametrize(
    ("files", "what"),
    [
        ({"Dockerfile": "FROM python:3-slim\n"}, "FROM python:3-slim"),
        ({"Dockerfile": "FROM bitnami/python:3.9\n"}, "FROM bitnami/python:3.9"),
        (
            {"Dockerfile": "FROM gcr.io/distroless/python3-debian12@sha256:01\n"},
            "FROM gcr.io/distroless/python3-debian12",
        ),
        ({"Dockerfile": "FROM pypy:3.10\n"}, "FROM pypy:3.10"),
        ({"Dockerfile": "FROM python:${C}-slim\n"}, "FROM python:${C}-slim"),
        ({"Dockerfile": "FROM python:${A:-${B:-3.9}}\n"}, "FROM python:${A:-${B:-3.9}}"),
        ({"app.yaml": "runtime: python39\n"}, "runtime python39"),
        ({"runtime.txt": "python-3.4.3\n"}, "python-3.4.3"),
        ({"serverless.yml": "  runtime: python3.5\n"}, "runtime python3.5"),
        ({"runtime.txt": "python-3.9.99\n"}, "python-3.9.99"),  # newer than any that is known
        # Ubuntu's python3 is another one
        (
            {"Dockerfile": "FROM ubuntu:22.04\nRUN apt-get install -y python3.11\n"},
            "FROM ubuntu:22.04 with Python 3.11",
        ),
        # uv's build of that day had another OpenSSL
        ({".python-version": "3.12.2\n", "uv.lock": ""}, "Python 3.12.2"),
    ],
)
def test_a_python_that_is_not_known_is_a_problem_and_never_silence(files: Files, what: str) -> None:
    write({**files, "template.yaml": "Type: AWS::Lambda\nRuntime: python3.9\n"})
    (found,), (problem,), _notes = hints.choose(["auto"], ["."])
    assert found.executable == "lambda-python3.9"
    assert (problem.path, problem.line) == (next(iter(files)), 1)
    assert problem.message == f"{what} is no known target: not judged"
    Path("template.yaml").unlink()
    with pytest.raises(UsageError, match=re.escape(f"{what} is no known target")):
        hints.choose(["auto"], ["."])


CI = ".github/workflows/ci.yml"
CELLS = """\
jobs:
  test:
    strategy:
      matrix:
        os: [ubuntu-24.04, macos-13, windows-2019]
        python-version: ["3.7", "3.12", "3.13t", pypy3.10, 3.x]  # not 2.7
    steps:
      - uses: actions/setup-python@v5
"""


def test_each_cell_of_a_matrix_is_judged_or_noted() -> None:
    """One note for each line, which fails nothing: most projects are tested on more systems."""
    write({CI: CELLS})
    (found,), problems, (note,) = hints.choose(["auto"], ["."])
    assert found.executable == "github-ubuntu-24.04-python3.12"
    assert problems == ()
    assert note.startswith(f"{CI}:6: ubuntu-24.04 with Python 3.7, macos-13 with Python 3.7, ")
    assert note.endswith("windows-2019 with Python 3.x are no known targets: not judged")
    cells = [f"{os} with Python {python}" for os in ("ubuntu-24.04", "macos-13", "windows-2019")
             for python in ("3.7", "3.12", "3.13t", "pypy3.10", "3.x")]  # fmt: skip
    cells.remove("ubuntu-24.04 with Python 3.12")
    assert sorted(note.partition(": ")[2].rpartition(" are no")[0].split(", ")) == sorted(cells)


@pytest.mark.parametrize(
    ("files", "note"),
    [
        (
            {CI: "runs-on: self-hosted\nuses: actions/setup-python@v5\npython-version: '3.9'\n"},
            f"{CI}:3: Python 3.9 is no known target: not judged",
        ),
        (
            {".gitlab-ci.yml": "image: python:3.99\n"},
            ".gitlab-ci.yml:1: image python:3.99 is no known target: not judged",
        ),
        (
            {"Dockerfile": "FROM node:18\nRUN apt-get install -y python3 make\n"},
            "Dockerfile:1: FROM node:18 is no known target: not judged",
        ),
        (
            {"Dockerfile": "FROM $BASE\nRUN pip install -U pip\nRUN pip install x\n"},
            "Dockerfile:1: FROM $BASE is no known target: not judged",
        ),
    ],
)
def test_what_does_not_surely_deploy_is_noted(files: Files, note: str) -> None:
    write(files)
    with pytest.raises(UsageError, match=re.escape(note)):
        hints.choose(["auto"], ["."])
    write({"serverless.yml": "runtime: python3.9\n"})
    assert hints.choose(["auto"], ["."])[1:] == ((), (note,))


# --------------------------------------------------------------------------- who judges what

SLIM = "FROM python:3.12-slim-bookworm\n"
NEW, OLD = "python:3.12-bookworm", "lambda-python3.9"
MONO = {
    "a/Dockerfile": SLIM,
    "a/requirements.txt": "a\n",
    "b/serverless.yml": "runtime: python3.9\n",
    "b/requirements.txt": "b\n",
}
EACH = {"a/requirements.txt": [NEW], "b/requirements.txt": [OLD]}
PROJECTS: dict[str, tuple[Files, dict[str, list[str]]]] = {
    "each folder its own": (MONO, EACH),
    "folders below": (
        {**MONO, "a/x/requirements.txt": "x\n", "a/x/y/Dockerfile": "FROM python:3.8-buster\n"},
        {**EACH, "a/x/requirements.txt": ["python:3.8-buster"]},
    ),
    "a hint beside no dependency files counts for the folder above": (
        {**MONO, "a/infra/x/main.tf": 'lambda\nruntime = "python3.8"\n'},
        {"a/requirements.txt": [NEW, "lambda-python3.8"], "b/requirements.txt": [OLD]},
    ),
    "the top judges what no other folder does": (
        {**MONO, CI: CELLS, "c/requirements.txt": "c\n"},
        {**EACH, "c/requirements.txt": ["github-ubuntu-24.04-python3.12"]},
    ),
    "the workflows of a folder": (
        {**MONO, "c/.github/workflows/x.yml": CELLS, "c/requirements.txt": "c\n"},
        {**EACH, "c/requirements.txt": ["github-ubuntu-24.04-python3.12"]},
    ),
    "what only others include is judged for those": (
        {
            **MONO,
            "a/requirements.txt": "-r ../c/requirements.txt\n",
            "b/requirements.txt": "-r ../requirements-all.txt\n",
            "requirements-all.txt": "-r c/requirements.txt\n",
            "c/requirements.txt": "c\n",
        },
        {**EACH, "requirements-all.txt": [OLD], "c/requirements.txt": [NEW, OLD]},
    ),
    "a Dockerfile is judged for its own image": (
        {"c/Dockerfile": "FROM python:3.8-buster\nRUN pip install c\n", **MONO},
        {"c/Dockerfile": ["python:3.8-buster"], **EACH},
    ),
    "two folders on the same target": (
        {**MONO, "c/Dockerfile": SLIM, "c/requirements.txt": "c\n"},
        {**EACH, "c/requirements.txt": [NEW]},
    ),
    "one place for all": (
        {"docker/Dockerfile": SLIM, "x/requirements.txt": "x\n", "requirements.txt": "y\n"},
        {"x/requirements.txt": [NEW], "requirements.txt": [NEW]},
    ),
}


@pytest.mark.parametrize(("files", "expected"), PROJECTS.values(), ids=PROJECTS)
def test_each_project_is_judged_by_its_own_hints(
    files: Files, expected: dict[str, list[str]]
) -> None:
    write(files)
    read = projects.read(["."], elsewhere=True).files
    found, problems, _notes = hints.choose(["auto"], ["."], (), read)
    paths = [one.document.path for one in read]
    judged = {
        path: [one.executable for one in found if one.judges is None or path in one.judges]
        for path in paths
        if path in expected
    }
    assert judged == expected
    assert problems == ()


def test_what_no_hint_covers_is_a_problem() -> None:
    write({**MONO, "c/requirements.txt": "c\n", "requirements-all.txt": "-r a/requirements.txt\n"})
    read = projects.read(["."]).files
    _found, (problem,), _notes = hints.choose(["auto"], ["."], (), read)
    assert (problem.path, problem.line) == ("c/requirements.txt", None)
    assert problem.message.startswith("nothing names a deployment target for it: not judged")
    found, problems, _notes = hints.choose(["auto", "debian-12"], ["."], (), read)
    assert (found[0].executable, found[0].judges, problems) == ("debian-12", None, ())


def test_a_part_of_a_project_is_not_judged_by_another_part() -> None:
    """Even where only that part is looked at, and says nothing itself."""
    write({**MONO, "Dockerfile": "FROM python:3.8-buster\n", "c/requirements.txt": "c\n"})
    read = projects.read(["c"]).files
    (found,), problems, _notes = hints.choose(["auto"], ["c", "."], (), read)
    assert (found.executable, found.id) == ("python:3.8-buster", "i1")
    assert problems == ()


def test_auto_stands_beside_names() -> None:
    write({"Dockerfile": f"{BULLSEYE}\n", "serverless.yml": "runtime: python3.9\n"})
    names = ["auto", "debian-12", "python:3.9-bullseye", "azure-functions-python3.9"]
    found, _problems, _notes = hints.choose(names, ["."])
    assert [(one.id, one.executable) for one in found] == [
        ("i1", "debian-12"),
        ("i2", "python:3.9-bullseye"),
        ("i3", "azure-functions-python3.9"),
        ("i4", "lambda-python3.9"),
    ]


def test_the_nearest_folder_that_says_something_counts() -> None:
    write({
        "Dockerfile": f"{BULLSEYE}\n",
        "a/Dockerfile": "FROM python:3.8-buster\n",
        "b/requirements.txt": "",
    })  # fmt: skip
    named = {
        folder: [one.executable for one in hints.choose(["auto"], [folder, "."])[0]]
        for folder in ("a", "b")
    }
    assert named["a"] == ["python:3.8-buster"]
    assert named["b"] == ["python:3.9-bullseye", "python:3.8-buster"]


def test_what_is_excluded_says_nothing() -> None:
    write({"Dockerfile": f"{BULLSEYE}\n", "tests/a/Dockerfile": "FROM python:3\n"})
    (found,), problems, _notes = hints.choose(["auto"], ["."], [patterns.absolute("tests/*", ".")])
    assert (found.executable, problems) == ("python:3.9-bullseye", ())


def test_names_alone_are_taken_as_they_are() -> None:
    """Two that are alike are both judged: whoever names them wants to see them."""
    write({"Dockerfile": f"{BULLSEYE}\n"})
    found, problems, _notes = hints.choose(["ubuntu:22.04", "jammy"], ["."])
    assert [one.id for one in found] == ["i1", "i2"]
    assert problems == ()


@pytest.mark.parametrize(
    "piece", ["runtime: ${", "runtime:", "${A:-", "$A", "install ", "- ", "a/"]
)
def test_a_long_line_takes_no_longer_than_it_is(piece: str) -> None:
    """No pattern backtracks: 200,000 characters took minutes where one did."""
    text = f"AWS:: lambda setup-python ubuntu-22.04\nFROM {piece * (200_000 // len(piece))}\n"
    begun = time.process_time()
    for _label, _patterns, reader in hints._READERS:
        list(reader("x/Dockerfile", text, {"x/compose.yml": "args:\n" + text}))
        list(reader("x/Dockerfile", text.replace("FROM", "FROM ubuntu:22.04\nRUN"), {}))
    assert time.process_time() - begun < 5


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.text(st.sampled_from("FROM ARG=python:3.9-${}\n \"'[]#,runtime:image\\AWS"), max_size=200)
)
def test_no_text_is_too_odd(text: str) -> None:
    for _label, _patterns, reader in hints._READERS:
        list(
            reader(
                "x/Dockerfile", text, {"x/compose.yml": text, "x/Procfile": "", "x/app.json": text}
            )
        )


def test_files_that_are_no_text_are_read_all_the_same() -> None:
    write({"serverless.yml": ""})
    Path("Dockerfile").write_bytes(b"\xff\xfeF\x00R\x00O\x00M\x00")
    Path("app.json").write_bytes(b"[" * 100_000)
    Path("runtime.txt").write_bytes("\ufeffpython-3.9.18\r\n".encode("utf-16-le"))
    (found,), _problems, _notes = hints.choose(["auto"], ["."])
    assert found.executable == "heroku-24-python3.9"
