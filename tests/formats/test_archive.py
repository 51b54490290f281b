"""A file's name tells the version in every format that takes a URL or a path."""

from __future__ import annotations

import pytest

from sslfix import formats
from sslfix.model import Declaration, Document

URL = "https://x.example/a/urllib3-2.2.3-py3-none-any.whl"


def read(name: str, text: str) -> tuple[Declaration, ...]:
    format_ = formats.by_name(name)
    assert format_ is not None
    file = format_.read(Document(name, text))
    assert file.problems == ()
    return file.declarations


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("requirements.txt", f"urllib3 @ {URL}"),
        ("pyproject.toml", f'[project]\ndependencies = ["urllib3@{URL}"]'),
        ("pyproject.toml", f'[tool.poetry.dependencies]\nUrllib3 = {{url = "{URL}"}}'),
        ("pyproject.toml", '[tool.poetry.dependencies]\nurllib3 = {path = "urllib3-2.2.3.tar.gz"}'),
        ("pyproject.toml", f'[tool.pdm.resolution.overrides]\nurllib3 = "{URL}"'),
        ("setup.cfg", f"[options]\ninstall_requires =\n    urllib3 @ {URL}\n"),
        ("Pipfile", f'[packages]\nUrllib3 = {{file = "{URL}"}}'),
        ("Pipfile.lock", f'{{"default": {{"urllib3": {{"file": "{URL}"}}}}}}'),
        ("pylock.toml", f'[[packages]]\nname = "urllib3"\narchive = {{url = "{URL}"}}'),
        ("environment.yml", f"dependencies:\n  - pip:\n    - {URL}\n"),
        ("tox.ini", f"[testenv]\ndeps = urllib3 @ {URL}\n"),
        ("Dockerfile", f"FROM x\nRUN pip install {URL}\n"),
    ],
)
def test_the_version_is_known_and_nothing_is_edited(name: str, text: str) -> None:
    (one,) = read(name, text)
    assert (one.name, one.version, one.specifier_span) == ("urllib3", "2.2.3", None)
    assert one.url
    assert one.accepts == ()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("pyproject.toml", '[project]\ndependencies = ["a @ https://x.example/b-1.0.tar.gz"]'),
        ("pyproject.toml", '[tool.poetry.dependencies]\na = {git = "https://x.example/a-1.0.git"}'),
        ("Pipfile", '[packages]\na = {path = "."}'),
    ],
)
def test_else_the_version_is_not_known(name: str, text: str) -> None:
    (one,) = read(name, text)
    assert one.version is None


def test_an_array_has_no_variables() -> None:
    format_ = formats.by_name("pyproject.toml")
    assert format_ is not None
    file = format_.read(Document("pyproject.toml", '[project]\ndependencies = ["a==${V}"]\n'))
    assert [one.message for one in file.problems] == ['"a==${V}" is not a requirement']
    assert file.declarations == ()
