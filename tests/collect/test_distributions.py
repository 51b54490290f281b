"""Installed distributions, against what pip says of real environments."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Callable

import pytest

from sslfix.collect import distributions
from sslfix.model import Distribution
from tests.conftest import run

Python = Callable[[str], str]

METADATA = "Metadata-Version: 2.1\nName: {}\nVersion: {}\n\nName: not this\n"
SETUP = "from setuptools import setup\nsetup(name='{}', version='0.1', py_modules=[])\n"


def dist_info(site: Path, name: str, version: str, **files: str) -> Path:
    folder = site / f"{name.replace('-', '_')}-{version}.dist-info"
    folder.mkdir(parents=True)
    for file, text in {"METADATA": METADATA.format(name, version), **files}.items():
        (folder / file.replace("__", ".")).write_text(text, encoding="utf-8")
    return folder


def read(*folders: Path) -> dict[str, Distribution]:
    return {one.name: one for one in distributions.read(str(folder) for folder in folders)}


def test_names_are_normalised_and_the_first_folder_wins(tmp_path: Path) -> None:
    one = dist_info(tmp_path / "a", "Ruamel.Yaml_Clib", "0.2.8")
    dist_info(tmp_path / "b", "ruamel-yaml-clib", "0.1")
    found = read(tmp_path / "a", tmp_path / "b", tmp_path / "missing")
    assert list(found.values()) == [Distribution("ruamel-yaml-clib", "0.2.8", str(one))]


def test_what_is_no_distribution_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "empty-1.0.dist-info").mkdir()
    (tmp_path / "file-1.0.dist-info").touch()
    (tmp_path / "nameless.egg-info").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "gone.egg-link").write_text("/no/such/folder\n.")
    assert read(tmp_path) == {}


def test_requested_only_where_the_installer_says_so(tmp_path: Path) -> None:
    dist_info(tmp_path, "asked", "1", INSTALLER="pip\n", REQUESTED="")
    dist_info(tmp_path, "brought", "1", INSTALLER="pip\n")
    dist_info(tmp_path, "other", "1", INSTALLER="poetry 1.1\n")
    dist_info(tmp_path, "unknown", "1")
    assert [one.name for one in read(tmp_path).values() if not one.requested] == ["brought"]


def test_editable_installs_name_their_folder(tmp_path: Path) -> None:
    site, project = tmp_path / "site", tmp_path / "my project"
    project.mkdir()
    url = json.dumps({"url": project.as_uri(), "dir_info": {"editable": True}})
    dist_info(site, "by-url", "1", direct_url__json=url)
    dist_info(site, "by-setuptools", "1")
    (site / "__editable__.by_setuptools-1.pth").write_text(f"{project}\n")
    dist_info(site, "by-poetry", "1")
    (site / "by_poetry.pth").write_text(f"{project}\n")
    (site / "linked.egg-link").write_text(f"{project}\n.")
    (project / "linked.egg-info").mkdir()
    (project / "linked.egg-info/PKG-INFO").write_text(METADATA.format("linked", "1"))
    assert {one.editable for one in read(site).values()} == {str(project)}
    not_editable = json.dumps({"url": "https://files.example/x.zip", "archive_info": {}})
    dist_info(site, "archive", "1", direct_url__json=not_editable)
    found = read(site)["archive"]
    assert (found.editable, found.direct_url) == ("", not_editable)


def test_a_long_head_is_read_to_its_end(tmp_path: Path) -> None:
    head = "Metadata-Version: 2.1\n" + "Classifier: Topic\n" * 1000 + "Name: late\nVersion: 2\n"
    dist_info(tmp_path, "late", "2", METADATA=head)
    assert read(tmp_path)["late"].version == "2"


def setuptools_project(folder: Path, name: str) -> Path:
    folder.mkdir()
    (folder / "setup.py").write_text(SETUP.format(name))
    return folder


@pytest.mark.network
@pytest.mark.parametrize("version", ["3.6", "3.9", "3.12"])
def test_the_list_is_that_of_pip(python: Python, tmp_path: Path, version: str) -> None:
    """Wheels, a direct URL, and an editable install, by the pip that this Python brings."""
    environment = tmp_path / "env"
    run(python(version), "-m", "venv", environment)
    run(environment / "bin/pip", "install", "-q", "wheel", "setuptools")
    editable = setuptools_project(tmp_path / "editable", "an_editable.one")
    direct = setuptools_project(tmp_path / "direct", "direct")
    wheels = "urllib3<2" if version == "3.6" else "requests<2.30"
    done = run(environment / "bin/pip", "install", "-q", "-e", editable, direct.as_uri(), wheels)
    assert done.returncode == 0, done.stderr
    said = json.loads(run(environment / "bin/pip", "list", "--format", "json").stdout)
    found = read(environment / f"lib/python{version}/site-packages")
    assert {name: one.version for name, one in found.items()} == {
        distributions.normalize(one["name"]): one["version"] for one in said
    }
    assert found["an-editable-one"].editable == str(editable)
    assert all(not one.editable for name, one in found.items() if name != "an-editable-one")
    if version != "3.6":  # its pip writes neither
        assert direct.as_uri() in found["direct"].direct_url
        assert [found[name].requested for name in ("requests", "urllib3")] == [True, False]
