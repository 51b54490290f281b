"""Which sources are read, in a checkout and outside of one."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sslfix.collect import projects
from sslfix.source import moving_style
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


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="has no pipes")
@pytest.mark.parametrize("pins", [False, True])
def test_a_pipe_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, pins: bool
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("tls.py").write_text("import ssl\n")
    for name in ("pipe.py", "Procfile"):
        os.mkfifo(name)
    assert [one.path for one in projects.read(["."], pins=pins).sources] == ["tls.py"]


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


@pytest.mark.parametrize("git", [False, True])
@pytest.mark.parametrize("pins", [False, True])
@pytest.mark.parametrize("asked", [".", "pkg", "pkg/app.py"])
@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import requests, gevent.monkey\n", set(moving_style.NAMES)),
        ("import requests, ssl\n", set()),
    ],
)
def test_the_settings_of_linters_are_read_where_something_patches(
    *,
    git: bool,
    pins: bool,
    asked: str,
    source: str,
    expected: set[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    project = tmp_path / "project"
    (project / "pkg").mkdir(parents=True)
    monkeypatch.chdir(project)
    for folder in (tmp_path, project, project / "pkg"):
        for name in moving_style.NAMES:
            (folder / name).write_text("")
    Path("pkg/app.py").write_text(source)
    Path("docs").mkdir()
    Path("docs/ruff.toml").write_text("")
    if git:
        run("git", "init", "-q")
    found = {one.path for one in projects.read([asked], pins=pins).sources}
    above = {folder + name for name in expected for folder in ("", "pkg/")}
    assert found == {"pkg/app.py", *above}


def test_what_stands_above_the_working_directory_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    (tmp_path / "there/pkg").mkdir(parents=True)
    (tmp_path / "there/pkg/app.py").write_text("import gevent.monkey\n")
    for name in ("ruff.toml", "here/ruff.toml", "there/ruff.toml"):
        (tmp_path / name).write_text("")
    monkeypatch.chdir(tmp_path / "here")
    found = [one.path for one in projects.read(["../there/pkg"]).sources]
    assert found == ["../there/pkg/app.py", "../there/ruff.toml"]


@pytest.mark.parametrize("words", [(), (b"ssl",)])
@pytest.mark.parametrize("asked", [["."], ["app.py", "lib.py"]])
def test_only_sources_with_the_words_are_wanted(
    words: tuple[bytes, ...], asked: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("app.py").write_text("import ssl\n")
    Path("lib.py").write_text("import requests\n")
    run("git", "init", "-q")
    for pins in (True, False):
        found = projects.read(asked, pins=pins, words=words).sources
        assert [one.path for one in found] == ["app.py"] * len(words)


def test_settings_count_up_to_the_top_of_the_repository(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "top/a/b").mkdir(parents=True)
    (tmp_path / "top/a/b/app.py").write_text("import gevent.monkey\n")
    for name in ("ruff.toml", "top/ruff.toml", "top/a/setup.cfg"):
        (tmp_path / name).write_text("")
    run("git", "init", "-q", tmp_path / "top")
    monkeypatch.chdir(tmp_path / "top/a/b")
    found = [one.path for one in projects.read(["."]).sources]
    assert found == ["../../ruff.toml", "../setup.cfg", "app.py"]


BOM = b"\xef\xbb\xbf"


@pytest.mark.parametrize(
    ("data", "encoding", "bom"),
    [
        (b"import ssl\r\n", "utf-8", b""),
        (BOM + b"import ssl  # \xc3\xbc\r\n", "utf-8", BOM),
        (BOM + b"import ssl\n", "utf-8", BOM),
        (b"# coding: latin-1\n# \xfc\rimport ssl\n", "iso-8859-1", b""),
        (b"# coding: cp1252\r\nimport ssl  # \x80\n", "cp1252", b""),
    ],
)
def test_a_source_is_the_same_bytes_again(
    data: bytes, encoding: str, bom: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("app.py").write_bytes(data)
    (document,) = projects.read(["."]).sources
    assert (document.encoding, document.bom) == (encoding, bom)
    assert "\ufeff" not in document.text
    assert document.encode() == data
