from __future__ import annotations

import sys

import pytest

from sslfix import formats
from tests.conftest import run


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("requirements.txt", "requirements.txt"),
        ("a/b/dev-requirements.txt", "requirements.txt"),
        ("requirements-dev.in", "requirements.txt"),
        ("tested/requirements_38.reqs", "requirements.txt"),
        ("requirements/base.txt", "requirements.txt"),
        ("a/requirements/base.in", "requirements.txt"),
        ("requirements\\base.in", "requirements.txt"),
        ("constraints.txt", "requirements.txt"),
        ("upper-constraints.txt", "requirements.txt"),
        ("REQUIREMENTS", "requirements.txt"),
        ("Pipfile", "Pipfile"),
        ("a/Pipfile.lock", "Pipfile.lock"),
        ("pyproject.toml", "pyproject.toml"),
        ("poetry.lock", "poetry.lock"),
        ("a/uv.lock", "uv.lock"),
        ("pdm.lock", "pdm.lock"),
        ("setup.cfg", "setup.cfg"),
        ("a/setup.py", "setup.py"),
        ("environment.yml", "environment.yml"),
        ("ci/environment-dev.yaml", "environment.yml"),
        ("conda.yaml", "environment.yml"),
        ("tox.ini", "tox.ini"),
        ("a/tox.toml", "tox.toml"),
        ("hatch.toml", "hatch.toml"),
        ("uv.toml", "uv.toml"),
        ("noxfile.py", "noxfile.py"),
        ("Dockerfile", "Dockerfile"),
        ("docker/Dockerfile.dev", "Dockerfile"),
        ("web.dockerfile", "Dockerfile"),
        ("Containerfile", "Dockerfile"),
        ("tool.py", None),
        ("compose.yml", None),
        ("requirements/base.md", None),
        ("requirements.py", None),
        ("requirements", None),
        ("base.txt", None),
        ("a/requirements/deep/base.txt", None),
        ("README.md", None),
        ("pipfile.lock.bak", None),
    ],
)
def test_the_file_name_says_the_format(path: str, name: str | None) -> None:
    found = formats.for_path(path)
    assert (found.name if found else None) == name


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("requirements.txt", "requirements.txt"),
        ("constraints.txt", "requirements.txt"),
        ("requirements.in", "requirements.txt"),
        ("pipfile", "Pipfile"),
        ("Pipfile.lock", "Pipfile.lock"),
        ("pyproject.toml", "pyproject.toml"),
        ("poetry.lock", "poetry.lock"),
        ("setup.py", "setup.py"),
        ("Environment.yaml", None),
        ("environment.yaml", "environment.yml"),
        ("script.py", "script.py"),
        ("containerfile", None),
        ("Containerfile", "Dockerfile"),
        ("cargo.lock", None),
    ],
)
def test_a_format_is_found_by_its_name(word: str, name: str | None) -> None:
    found = formats.by_name(word)
    assert (found.name if found else None) == name


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"", None),
        (b"'# /// script'\n", None),
        (b"x = '# /// script'\n  # /// script\n", None),
        (b"# /// script\n", "script.py"),
        (b"#!/usr/bin/env -S uv run\r\n# /// script\r\n", "script.py"),
    ],
)
def test_the_content_of_a_python_file_says_its_format(data: bytes, name: str | None) -> None:
    found = formats.for_source(data)
    assert (found.name if found else None) == name


def test_importing_all_formats_imports_no_parser() -> None:
    code = (
        "import sys; from sslfix import formats; formats.all_formats(); "
        "print(sorted({'ast', 'dataclasses', 'json', 'packaging', 'shlex', 'ssl', 'tomli'}"
        " & set(sys.modules)))"
    )
    result = run(sys.executable, "-I", "-c", code)
    assert (result.stdout.strip(), result.stderr) == ("[]", "")
