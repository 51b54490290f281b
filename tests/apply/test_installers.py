from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from sslfix.apply import children, installers
from sslfix.apply.installers import Target
from sslfix.errors import ApplyError
from sslfix.model import Distribution


def _direct(**data: object) -> str:
    return json.dumps(data)


@pytest.mark.parametrize(
    ("distribution", "expected"),
    [
        (Distribution("a", "1.0+cpu", "p"), ("a==1.0+cpu",)),
        (Distribution("a", "1", "p", editable="/work/a b"), ("-e", "/work/a b")),
        (
            Distribution("a", "1", "p", direct_url=_direct(url="file:///x/a", dir_info={})),
            ("a @ file:///x/a",),
        ),
        (
            Distribution(
                "a",
                "1",
                "p",
                direct_url=_direct(
                    url="https://index.example/a.zip",
                    archive_info={"hash": "sha256=ab", "hashes": {"sha256": "ab"}},
                    subdirectory="python",
                ),
            ),
            ("a @ https://index.example/a.zip#sha256=ab&subdirectory=python",),
        ),
        (
            Distribution(
                "a",
                "1",
                "p",
                direct_url=_direct(
                    url="https://index.example/a.zip", archive_info={"hash": "sha256=ab"}
                ),
            ),
            ("a @ https://index.example/a.zip#sha256=ab",),
        ),
        (
            Distribution(
                "a",
                "1",
                "p",
                direct_url=_direct(
                    url="ssh://git@index.example/a",
                    vcs_info={"vcs": "git", "requested_revision": "main", "commit_id": "c0ffee"},
                ),
            ),
            ("a @ git+ssh://git@index.example/a@c0ffee",),
        ),
    ],
)
def test_a_distribution_is_asked_for_as_it_was_installed(
    distribution: Distribution, expected: tuple[str, ...]
) -> None:
    assert installers.arguments(distribution) == expected


@pytest.fixture
def uv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A uv on PATH, and no settings of pip or uv."""
    for name in [name for name in os.environ if name.startswith(("PIP_", "UV_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("XDG_CONFIG_DIRS", str(tmp_path))
    (tmp_path / "bin").mkdir()
    path = tmp_path / "bin/uv"
    path.write_text("#!/bin/sh\nexit 3\n")
    path.chmod(0o755)
    monkeypatch.setenv("PATH", f"{path.parent}:/usr/bin:/bin")
    return path


def _names(made_by: str = "venv", path: str = "/e", python: str = "3.9") -> list[str]:
    target = Target(path, f"{path}/bin/python", python, made_by)
    return [one.name for one in installers.installers(target)]


PIPS = ["virtualenv's pip", "its own pip"]


def test_uv_comes_first_and_the_pip_of_the_environment_last(uv: Path) -> None:
    assert _names() == ["uv", *PIPS]
    assert _names(python="3.6") == ["uv", "its own pip"]
    assert _names(made_by="uv") == ["uv"]
    uv.unlink()
    assert _names(made_by="uv") == PIPS


@pytest.mark.parametrize("place", ["variable", "file", "environment"])
def test_uv_is_not_used_where_only_pip_knows_the_index(
    uv: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    url = "https://index.example/simple"
    settings = tmp_path / "pip.conf"
    settings.write_text(f"[global]\nextra-index-url = {url}\n")
    if place == "variable":
        monkeypatch.setenv("PIP_INDEX_URL", url)
    else:
        monkeypatch.setenv("PIP_CONFIG_FILE", str(settings if place == "file" else uv))
    path = str(tmp_path if place == "environment" else tmp_path / "other")
    assert _names(path=path) == PIPS
    assert _names(path=path, made_by="uv") == ["uv"]
    monkeypatch.setenv("UV_INDEX_URL", url)
    assert _names(path=path) == ["uv", *PIPS]


def test_a_child_is_not_sent_to_another_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("VIRTUAL_ENV", "PIP_REQUIRE_VIRTUALENV", "PYTHONPATH", "PYTHONHOME", "PIP_USER"):
        monkeypatch.setenv(name, "x")
    monkeypatch.setenv("PIP_INDEX_URL", "https://index.example/simple")
    found = children.variables({"VIRTUAL_ENV": "/mine"})
    assert found["VIRTUAL_ENV"] == "/mine"
    assert "PIP_INDEX_URL" in found
    assert not {"PIP_REQUIRE_VIRTUALENV", "PYTHONPATH", "PYTHONHOME", "PIP_USER"} & set(found)


def test_a_failing_command_shows_its_last_lines() -> None:
    with pytest.raises(ApplyError, match=r"(?s)`sh -c .*` failed with exit code 7:\nlast$"):
        children.run(["sh", "-c", "echo last; exit 7"], "/")
    with pytest.raises(ApplyError, match="No such file"):
        children.run(["/nowhere/uv"], "/")


def test_the_error_shown_is_that_of_an_installer_that_could_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fake(name: str, text: str) -> installers.Installer:
        command = ("sh", "-c", f"echo '{text}'; exit 1")
        return installers.Installer(name, command, command, "", ())

    found = (fake("a", "Traceback of urllib3"), fake("b", "no such version"), fake("c", "last"))
    monkeypatch.setattr(installers, "installers", lambda _: found)
    with pytest.raises(ApplyError, match="no such version"):
        installers.install(Target("/e", "/e/bin/python", "3.9"), ["x"], str(tmp_path))


def test_a_dead_index_is_tried_once_more_unless_a_person_chose(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = tmp_path / "said"
    command = ("sh", "-c", f"echo $PIP_RETRIES $UV_HTTP_RETRIES > {said}")
    found = (installers.Installer("a", command, command, "", ()),)
    monkeypatch.setattr(installers, "installers", lambda _: found)
    monkeypatch.delenv("UV_HTTP_RETRIES", raising=False)
    monkeypatch.setenv("PIP_RETRIES", "7")
    installers.install(Target("/e", "/e/bin/python", "3.9"), ["x"], str(tmp_path))
    assert said.read_text() == "7 1\n"


def test_a_preloaded_library_that_breaks_the_installer_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LD_PRELOAD", "/dev/null")
    said = tmp_path / "said"
    script = f'test -z "$LD_PRELOAD" && echo done > {said}'
    children.run(["sh", "-c", script], "/")
    assert said.read_text() == "done\n"
