"""Where a project says what it will run on: each kind of file, and what only looks like it."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sslfix.collect import hints
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
    found, _problems = hints.choose(["auto"], ["."])
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
            ("github-ubuntu-22.04-python3.9", "ubuntu-22.04 and Python 3.9 in {}:8"),
            ("github-ubuntu-22.04-python3.11", "ubuntu-22.04 and Python 3.11 in {}:10"),
        ],
    ),
    "in brackets": (
        {
            ".github/workflows/ci.yml": "runs-on: ubuntu-latest\n"
            "python: ['3.9', \"3.12\", '3.x', pypy3.10]\nuses: actions/setup-python@v5\n"
        },
        [
            ("github-ubuntu-24.04-python3.9", "ubuntu-latest and Python 3.9 in {}:2"),
            ("github-ubuntu-24.04-python3.12", "ubuntu-latest and Python 3.12 in {}:2"),
        ],
    ),
    "one version, and a container": (
        {
            ".github/workflows/ci.yml": "runs-on: ubuntu-22.04\ncontainer: python:3.8-buster\n"
            "- uses: actions/setup-python@v5\n  with: \n    python-version: '3.9'\n"
        },
        [
            ("python:3.8-buster", "image python:3.8-buster in {}:2"),
            ("github-ubuntu-22.04-python3.9", "ubuntu-22.04 and Python 3.9 in {}:5"),
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
        {"Dockerfile": "FROM ubuntu:22.04\nRUN apt-get install -y python3.11\n"},
        {"Dockerfile": "FROM ubuntu:22.04\nRUN curl https://python3.example\n"},
        {"Dockerfile": "FROM $BASE\nRUN pip install x\n"},
        {"Dockerfile": "FROM python:${A:-${B:-3.9}}\nFROM python:${C}-slim\n"},
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
    (found,), problems = hints.choose(["auto"], ["."])
    assert (found.version, found.markers["python_full_version"]) == ("3.9.4", "3.9.4")
    assert problems == ()


@pytest.mark.parametrize(
    ("files", "what"),
    [
        ({"Dockerfile": "FROM python:3-slim\n"}, "FROM python:3-slim"),
        ({"Dockerfile": "FROM bitnami/python:3.9\n"}, "FROM bitnami/python:3.9"),
        ({"app.yaml": "runtime: python39\n"}, "runtime python39"),
        ({"runtime.txt": "python-3.4.3\n"}, "python-3.4.3"),
        ({"serverless.yml": "  runtime: python3.5\n"}, "runtime python3.5"),
        # uv's build of that day had another OpenSSL
        ({".python-version": "3.12.2\n", "uv.lock": ""}, "Python 3.12.2"),
    ],
)
def test_a_python_that_is_not_known_is_a_problem_and_never_silence(files: Files, what: str) -> None:
    write({**files, "template.yaml": "Type: AWS::Lambda\nRuntime: python3.9\n"})
    (found,), (problem,) = hints.choose(["auto"], ["."])
    assert found.executable == "lambda-python3.9"
    assert (problem.path, problem.line) == (next(iter(files)), 1)
    assert problem.message == f"{what} is no known target: not judged"
    Path("template.yaml").unlink()
    with pytest.raises(UsageError, match=f"{what} is no known target"):
        hints.choose(["auto"], ["."])


def test_auto_stands_beside_names() -> None:
    write({"Dockerfile": f"{BULLSEYE}\n", "serverless.yml": "runtime: python3.9\n"})
    names = ["auto", "debian-12", "python:3.9-bullseye", "azure-functions-python3.9"]
    found, _problems = hints.choose(names, ["."])
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
    (found,), problems = hints.choose(["auto"], ["."], ["tests/*"])
    assert (found.executable, problems) == ("python:3.9-bullseye", ())


def test_names_alone_are_taken_as_they_are() -> None:
    """Two that are alike are both judged: whoever names them wants to see them."""
    write({"Dockerfile": f"{BULLSEYE}\n"})
    found, problems = hints.choose(["ubuntu:22.04", "jammy"], ["."])
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
    (found,), _problems = hints.choose(["auto"], ["."])
    assert found.executable == "heroku-24-python3.9"
