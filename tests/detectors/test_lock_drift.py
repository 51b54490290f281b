"""Installed releases against the lock file beside the environment."""

from __future__ import annotations

import pytest

from sslfix.detectors.lock_drift import DETECTOR
from sslfix.model import (
    Declaration,
    DependencyFile,
    Distribution,
    Document,
    Environment,
    Facts,
    Hit,
    Interpreter,
    Kind,
    Span,
)


def locked(name: str, version: str, marker: str = "", url: str = "") -> Declaration:
    return Declaration(
        name, f"=={version}", Span(0, 1), version=version, marker=marker, url=url, kind=Kind.LOCK
    )


def installed(name: str, version: str, editable: str = "", direct_url: str = "") -> Distribution:
    return Distribution(name, version, f".venv/lib/{name}", editable, direct_url)


def found(
    lock: list[Declaration], *distributions: Distribution, path: str = "uv.lock"
) -> tuple[Hit, ...]:
    file = DependencyFile(Document(path, ""), "uv.lock", tuple(lock))
    interpreter = Interpreter(
        id="i1",
        executable=".venv/bin/python",
        version="3.11.7",
        implementation="cpython",
        markers={"python_version": "3.11", "sys_platform": "linux"},
        ssl=None,
        environment=Environment(".venv"),
        distributions=distributions,
    )
    return DETECTOR.detect(Facts(files=(file,)), interpreter)


@pytest.mark.parametrize(
    ("lock", "distribution"),
    [
        ([locked("a", "1.0")], installed("a", "1.0")),
        ([locked("a", "1.0")], installed("a", "1.0.0")),
        ([locked("a", "1.0")], installed("a", "1.0+cu118")),
        ([locked("a", "1.0"), locked("a", "2.0")], installed("a", "2.0")),
        ([locked("b", "1.0")], installed("a", "2.0")),
        ([locked("a", "1.0", marker="python_version < '3.8'")], installed("a", "2.0")),
        ([locked("a", "1.0", marker="extra == 'x'")], installed("a", "2.0")),
        ([locked("a", "1.0", marker="no marker")], installed("a", "2.0")),
        ([locked("a", "1.0", url="https://x.example/a.zip")], installed("a", "2.0")),
        ([locked("a", "1.0")], installed("a", "2.0", editable="/src/a")),
        ([locked("a", "1.0")], installed("a", "2.0", direct_url="{}")),
        ([locked("a", "1.0")], installed("a", "2.0-legacy-x")),
        ([locked("a", "1.0")._replace(kind=Kind.REQUIREMENT)], installed("a", "2.0")),
    ],
)
def test_what_is_no_difference(lock: list[Declaration], distribution: Distribution) -> None:
    assert found(lock, distribution) == ()


def test_a_lock_file_elsewhere_is_not_the_environments() -> None:
    assert found([locked("a", "1.0")], installed("a", "2.0"), path="sub/uv.lock") == ()


def test_it_is_said_once_with_the_first_few() -> None:
    names = ["a", "b", "c", "d", "e"]
    lock = [locked(name, "1.0", marker="sys_platform == 'linux'") for name in names]
    (hit,) = found(lock, *(installed(name, "2.0") for name in names))
    assert (hit.rule, hit.locations[0].path) == ("SSL535", "uv.lock")
    assert hit.message == ".venv does not hold what uv.lock says"
    assert hit.detail == (
        "a 2.0 (locked: 1.0) and b 2.0 (locked: 1.0) and c 2.0 (locked: 1.0) and 2 more"
    )
