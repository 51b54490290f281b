"""Which sources are read, in a checkout and outside of one."""

from __future__ import annotations

from pathlib import Path

import pytest

from sslfix.collect import projects
from tests.conftest import run

FILES = {
    "plain.py": "import json\n",
    "tls.py": "import ssl\n",
    "words.py": "'a locust is an insect'\n",
    "Procfile": "web: gunicorn app:app\n",
    "bin/run": "#!/usr/bin/env python3\nimport json\n",
    "bin/other": "#!/bin/sh\n",
    "LICENSE": "gevent\n",
    "latin.py": "# coding: latin-1\n# \xfc\nimport ssl\n",
    "node_modules/x.py": "import ssl\n",
    "ignored.py": "import ssl, gevent\n",
}
FEW = ["latin.py", "tls.py"]
ALL = ["Procfile", "bin/run", "latin.py", "patch.py", "plain.py", "tls.py", "words.py"]


@pytest.mark.parametrize("git", [False, True])
@pytest.mark.parametrize("pins", [False, True])
@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, FEW),
        ({"patch.py": "import gevent.monkey\n"}, ALL),
        ({"patch.py": "from gevent import monkey\n"}, ALL),
    ],
)
def test_all_are_read_only_where_something_patches(
    *,
    git: bool,
    pins: bool,
    more: dict[str, str],
    expected: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, text in {**FILES, **more}.items():
        path = Path(name)
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="latin-1")
    if git:
        run("git", "init", "-q")
        Path(".gitignore").write_text("ignored.py\n")
    else:
        Path("ignored.py").unlink()
    found = projects.read(["."], pins=pins).sources
    assert [one.path for one in found if "words" not in one.path or expected is ALL] == expected


def test_a_start_that_patches_makes_all_sources_wanted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("app.py").write_text("import requests\n")
    Path("Procfile").write_text("web: gunicorn -k gevent --preload app:app\n")
    run("git", "init", "-q")
    for pins in (True, False):
        found = projects.read(["."], pins=pins).sources
        assert [one.path for one in found] == ["Procfile", "app.py"]
