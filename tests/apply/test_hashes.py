"""Hashed pins get other releases with pip, from an index that is a folder."""

from __future__ import annotations

import hashlib
import sys
import zipfile
from pathlib import Path

import pytest

from sslfix import formats
from sslfix.apply import hashes, installers
from sslfix.errors import ApplyError
from sslfix.model import DependencyFile, Document, Interpreter, Relock

PYTHON = Interpreter("i1", sys.executable, "3.9.18", "cpython", {}, None, source="profile")
OLD = "--hash=sha256:" + "0" * 64


def wheel(folder: Path, version: str, tag: str = "py3-none-any", requires: str = "") -> Path:
    path = folder / f"demo-{version}-{tag}.whl"
    info = f"demo-{version}.dist-info"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("demo.py", version + tag)
        lines = ["Metadata-Version: 2.1", "Name: demo", f"Version: {version}", requires, ""]
        archive.writestr(f"{info}/METADATA", "\n".join(filter(None, lines)) + "\n")
        archive.writestr(f"{info}/WHEEL", f"Wheel-Version: 1.0\nTag: {tag}\n")
        archive.writestr(f"{info}/RECORD", "")
    return path


def digest(path: Path, algorithm: str = "sha256") -> str:
    return f"{algorithm}:{hashlib.new(algorithm, path.read_bytes()).hexdigest()}"


@pytest.fixture(autouse=True)
def _without_uv(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installers, "find_uv", lambda *_where: None)
    monkeypatch.setenv("PIP_RETRIES", "0")
    for name in ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "PIP_NO_INDEX"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def index(tmp_path: Path) -> Path:
    """An index with a file for another platform, a yanked, an early and a too modern release."""
    folder = tmp_path / "index" / "demo"
    folder.mkdir(parents=True)
    anchors = []
    for version, tag, attributes in (
        ("1.0", "py3-none-any", ""),
        ("1.1", "cp39-cp39-win32", ""),
        ("1.1", "py3-none-any", ""),
        ("1.2", "py3-none-any", 'data-yanked="broken"'),
        ("1.3rc1", "py3-none-any", ""),
        ("1.4", "py3-none-any", 'data-requires-python="&gt;=3.10"'),
        ("2.0", "py3-none-any", ""),
    ):
        path = wheel(folder, version, tag)
        fragment = digest(path).replace(":", "=")
        anchors.append(f'<a href="{path.name}#{fragment}" {attributes}>{path.name}</a>')
    (folder / "index.html").write_text("<!DOCTYPE html>\n" + "\n".join(anchors))
    return folder.parent


def read(folder: Path, text: str) -> DependencyFile:
    format_ = formats.by_name("requirements.txt")
    assert format_ is not None
    path = folder / "requirements.txt"
    path.write_text(text)
    return format_.read(Document(str(path), text))


def repinned(file: DependencyFile, bound: str, python: Interpreter | None = None) -> str:
    action = Relock(file.document.path, "uv", {"demo": bound}, ("",), ())
    return hashes.repin(action, file, python).decode()


def test_the_newest_release_for_the_judged_python_with_the_hashes_of_all_its_files(
    index: Path,
) -> None:
    head = f"-i {index.as_uri()}\n"
    file = read(index, f"{head}demo==2.0 \\\n    {OLD}  # why\n")
    expected = sorted(digest(one) for one in (index / "demo").glob("demo-1.1-*"))
    lines = " \\\n    ".join(f"--hash={one}" for one in expected)
    assert repinned(file, "<2", PYTHON) == f"{head}demo==1.1 \\\n    {lines}  # why\n"
    modern = PYTHON._replace(version="3.12.1")
    assert "demo==1.4 " in repinned(file, "<2", modern)


@pytest.mark.parametrize("algorithm", ["sha384", "sha512"])
def test_a_digest_that_the_index_does_not_tell_is_made_from_the_file(
    index: Path, algorithm: str
) -> None:
    file = read(index, f"--index-url={index.as_uri()}\ndemo==2.0 --hash={algorithm}:00\n")
    expected = digest(index / "demo" / "demo-1.0-py3-none-any.whl", algorithm)
    assert f"demo==1.0 --hash={expected}\n" in repinned(file, "<1.1")


def test_a_file_that_is_not_what_its_index_says_gives_no_hash(index: Path) -> None:
    (index / "demo" / "demo-1.0-py3-none-any.whl").write_bytes(b"other")
    file = read(index, f"--index-url={index.as_uri()}\ndemo==2.0 --hash=sha512:00\n")
    with pytest.raises(ApplyError, match="is not what its index says"):
        repinned(file, "<1.1")


@pytest.mark.parametrize("bound", ["<1", "==1.2.*,<2"])
def test_there_may_be_no_release(index: Path, bound: str) -> None:
    file = read(index, f"-i {index.as_uri()}\ndemo==2.0 {OLD}\n")
    with pytest.raises(ApplyError, match="demo"):
        repinned(file, bound)


def test_the_files_own_places_are_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "wheels").mkdir()
    path = wheel(tmp_path / "wheels", "1.0")
    monkeypatch.setenv("WHEELS", "wheels")
    for option in ("-f wheels", "--find-links ${WHEELS}  # ours", "--find-links='./wheels'"):
        file = read(tmp_path, f"--no-index\n{option}\ndemo==2.0 {OLD}\n")
        assert f"demo==1.0 --hash={digest(path)}" in repinned(file, "<2")


def test_passwords_of_an_index_are_not_shown(tmp_path: Path) -> None:
    place = "http://user:secret@127.0.0.1:9/simple"
    file = read(tmp_path, f"-i {place}\ndemo==2.0 {OLD}\n")
    with pytest.raises(ApplyError) as caught:
        repinned(file, "<2")
    assert "secret" not in str(caught.value)


def test_a_file_that_would_contradict_itself_stays(index: Path) -> None:
    other = wheel(index / "demo", "3.0").rename(index / "other-1.0-py3-none-any.whl")
    with zipfile.ZipFile(other, "w") as archive:
        metadata = "Metadata-Version: 2.1\nName: other\nVersion: 1.0\nRequires-Dist: demo>=2\n"
        archive.writestr("other-1.0.dist-info/METADATA", metadata)
        archive.writestr("other-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        archive.writestr("other-1.0.dist-info/RECORD", "")
    places = f"-i {index.as_uri()}\n-f {index}\n"
    file = read(index, f"{places}demo==2.0 {OLD}\nother==1.0 {OLD}\n")
    version = ".".join(map(str, sys.version_info[:3]))
    with pytest.raises(ApplyError, match="other"):
        repinned(file, "<2", PYTHON._replace(version=version, source="asked"))
