"""Real releases fail on the side of each boundary that the pages say, and sslfix agrees."""

from __future__ import annotations

from pathlib import Path
from typing import Callable

import pytest

from . import boundaries
from .boundaries import Bench, Boundary

pytestmark = [pytest.mark.proof, pytest.mark.network]


@pytest.fixture(scope="session")
def bench(tmp_path_factory: pytest.TempPathFactory, shim_library: Path) -> Bench:
    return Bench(tmp_path_factory.mktemp("bench"), shim_library)


@pytest.mark.parametrize("boundary", boundaries.load(), ids=lambda one: one.name)
def test_boundary(boundary: Boundary, bench: Bench, python: Callable[[str], str]) -> None:
    interpreter = python(boundary.python)
    bad = bench.run(boundary, interpreter, boundary.fails)
    assert boundaries.failed(boundary, bad), f"exit code {bad.code}: {bad.output}"
    assert bad.found is boundary.finds
    assert bad.explained or not boundary.explains, bad.output
    good = bench.run(boundary, interpreter, boundary.works)
    assert good.code == 0, good.output
    assert not boundaries.shows(boundary.message, good.output)
    assert not good.found
