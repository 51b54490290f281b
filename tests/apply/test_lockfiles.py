"""Re-locking with a stand-in for the tool: what is written where, and what is not accepted."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from sslfix.apply import lockfiles
from sslfix.errors import ApplyError
from sslfix.formats import pdm_lock, poetry_lock, pyproject, requirements, setup_py, uv_lock
from sslfix.model import DependencyFile, Document, Format, Relock
from tests.test_match import OLD, interpreter

UV_LOCK = """\
version = 1
revision = 5

[[package]]
name = "idna"
version = "3.6"
source = { registry = "https://index.example/simple" }

[[package]]
name = "urllib3"
version = "2.2.3"
source = { registry = "https://index.example/simple" }
"""
GOOD = UV_LOCK.replace("2.2.3", "1.26.20")
TOOL = """\
#!{python}
import pathlib, sys
here = pathlib.Path(__file__).parent
with (here / "calls").open("a") as stream:
    print(*sys.argv[1:], sep=" ", file=stream)
if sys.argv[-1] == "--version":
    print("{name}", "{version}" if len(sys.argv) == 2 else "0.13.5")
elif "fail" in {says!r}:
    sys.exit({says!r})
elif "--locked" not in sys.argv and "--check" not in sys.argv:
    pathlib.Path({lock!r}).write_text({says!r})
    (here / "seen").write_text(pathlib.Path({manifest!r}).read_text())
"""
Install = Callable[..., Path]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Put a tool on PATH that writes the given text as the lock file."""

    def put(name: str, says: str, *, version: str = "0.13.9", lock: str = "uv.lock",
            manifest: str = "pyproject.toml") -> Path:  # fmt: skip
        tools = tmp_path / "tools"
        tools.mkdir()
        text = TOOL.format(python=sys.executable, name=name, version=version, says=says,
                           lock=lock, manifest=manifest)  # fmt: skip
        (tools / name).write_text(text)
        (tools / name).chmod(0o755)
        monkeypatch.setenv("PATH", str(tools))
        return tools

    return put


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory: a project with a lock file of uv."""
    place = tmp_path / "project"
    place.mkdir()
    monkeypatch.chdir(place)
    return place


def read(folder: Path, name: str, text: str, format_: Format) -> DependencyFile:
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text(text)
    return format_.read(Document(name, text))


ACTION = Relock("uv.lock", "uv", {"urllib3": "<2"}, ("",), (("uv", "add", "urllib3<2"),))


def relock(
    folder: Path, *, offline: bool = False, text: str = UV_LOCK, manifest: str = "new = 1\n"
) -> lockfiles.Relocked:
    files = {
        "uv.lock": read(folder, "uv.lock", text, uv_lock.FORMAT),
        "pyproject.toml": read(folder, "pyproject.toml", "old = 1\n", pyproject.FORMAT),
    }
    edited = {"pyproject.toml": manifest.encode()}
    return lockfiles.relock(ACTION, files, edited, interpreter(OLD), offline=offline)


def test_the_tool_runs_in_a_copy_with_the_edited_manifest(folder: Path, install: Install) -> None:
    tools = install("uv", GOOD)
    done = relock(folder)
    assert (done.data.decode(), done.moved) == (GOOD, ())
    assert (tools / "seen").read_text() == "new = 1\n"
    assert (tools / "calls").read_text().splitlines() == ["--version", "lock", "lock --locked"]
    assert (folder / "pyproject.toml").read_text() == "old = 1\n"
    assert (folder / "uv.lock").read_text() == UV_LOCK
    assert sorted(path.name for path in folder.iterdir()) == ["pyproject.toml", "uv.lock"]


def test_what_else_moved_is_told(folder: Path, install: Install) -> None:
    install("uv", GOOD.replace("3.6", "3.7"))
    assert relock(folder).moved == ("idna 3.6 -> 3.7",)


FORK = """
[[package]]
name = "urllib3"
version = "2.8.0"
source = { registry = "https://index.example/simple" }
resolution-markers = ["python_full_version >= '3.10'"]
"""


@pytest.mark.parametrize(
    ("says", "reason"),
    [
        (UV_LOCK, "locked urllib3 2.2.3 in the file, which <2 excludes"),
        (GOOD + FORK, "locked urllib3 2.8.0 in the file, which <2 excludes"),
        (
            GOOD.replace("revision = 5", "revision = 6"),
            "where it said version = 1 and revision = 5",
        ),
        ("", "made a file that says nothing where it said version = 1 and revision = 5;"),
        ("[[package]\n", "made a lock file that cannot be read"),
        ("it will fail, because", "it will fail, because"),
    ],
)
def test_what_is_not_right_is_refused_with_the_command(
    says: str, reason: str, folder: Path, install: Install
) -> None:
    install("uv", says)
    with pytest.raises(ApplyError) as caught:
        relock(folder)
    assert reason in caught.value.message
    assert caught.value.command == "uv add 'urllib3<2'"


@pytest.mark.parametrize(
    ("does", "reason"),
    [
        ("rm -f uv.lock", "uv made no uv.lock; nothing was changed"),
        (r"printf '\377' > uv.lock", "uv made a lock file that cannot be read"),
    ],
)
def test_a_tool_that_leaves_no_lock_file_has_failed(
    does: str, reason: str, folder: Path, install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    tools = install("uv", GOOD)
    (tools / "uv").write_text(
        f"#!/bin/sh\ncase $1 in --version) echo uv 0.13.9; exit;; esac\n{does}\n"
    )
    monkeypatch.setenv("PATH", f"{tools}:/usr/bin:/bin")
    with pytest.raises(ApplyError) as caught:
        relock(folder)
    assert (caught.value.message, caught.value.command) == (reason, "uv add 'urllib3<2'")
    assert (folder / "uv.lock").read_text() == UV_LOCK


def test_the_version_that_made_the_file_is_fetched(folder: Path, install: Install) -> None:
    tools = install("uv", GOOD, version="0.12.0")
    assert relock(folder).data.decode() == GOOD
    assert "tool run --from uv>=0.13 uv lock" in (tools / "calls").read_text().splitlines()


@pytest.mark.parametrize("required", ["==0.14.*", "0.14"])
def test_uv_of_the_version_that_the_project_requires(
    required: str, folder: Path, install: Install
) -> None:
    tools = install("uv", GOOD)
    settings = f'[tool.uv]\nrequired-version = "{required}"\n'
    assert relock(folder, manifest=settings).data.decode() == GOOD
    wanted = "uv>=0.13,==" + required.lstrip("=")
    assert f"tool run --from {wanted} uv lock" in (tools / "calls").read_text().splitlines()


def test_what_is_locked_for_other_interpreters_may_stay(folder: Path, install: Install) -> None:
    install("uv", GOOD + FORK)
    assert relock(folder, text=UV_LOCK + FORK).moved == ()


PDM_LOCK = (
    '[metadata]\nlock_version = "4.5.0"\n\n[[package]]\nname = "urllib3"\nversion = "2.2.3"\n'
)


def test_a_version_that_cannot_be_had_is_named(folder: Path, install: Install) -> None:
    tools = install("pdm", PDM_LOCK, version="2.29.3", lock="pdm.lock")
    files = {
        "pdm.lock": read(folder, "pdm.lock", PDM_LOCK, pdm_lock.FORMAT),
        "pyproject.toml": read(folder, "pyproject.toml", "", pyproject.FORMAT),
    }
    action = ACTION._replace(path="pdm.lock", tool="pdm")
    with pytest.raises(
        ApplyError, match=r"made by pdm\[locked\]>=2\.17,<2\.28\.1; pdm 2\.29\.3"
    ) as caught:
        lockfiles.relock(action, files, {}, interpreter(OLD))
    fetched = "pipx run --spec 'pdm[locked]>=2.17,<2.28.1' uv add 'urllib3<2'"
    assert caught.value.command == fetched
    assert (tools / "calls").read_text() == "--version\n"


POETRY_LOCK = """\
# This file is automatically @generated by Poetry {} and should not be changed by hand.

[[package]]
name = "urllib3"
version = "2.2.3"

[metadata]
lock-version = "2.1"
"""
# A uv that runs the tool that it is told, of the version that it is told, if it can be had.
RUNNER = """\
#!{python}
import sys
if "2.9.9" in sys.argv[4]:
    sys.exit("cannot be had")
print("Poetry", sys.argv[4].partition("==")[2])
"""


@pytest.mark.parametrize(
    ("made_by", "installed", "called"),
    [
        ("2.5.0", "2.5.1", "the one that is installed"),
        ("2.0.1", "2.5.1", "the one that made the file"),
        ("2.9.9", "2.5.1", "the one that is installed"),
        ("2.9.9", "1.8.5", "no poetry"),
        ("2.0.1", "", "the one that made the file"),
    ],
)
def test_the_same_release_is_preferred_to_one_that_keeps_the_layout(
    made_by: str, installed: str, called: str, folder: Path, install: Install
) -> None:
    text = POETRY_LOCK.format(made_by)
    tools = install("poetry", "fail: not this one", version=installed, lock="poetry.lock")
    if not installed:
        (tools / "poetry").unlink()
    (tools / "uv").write_text(RUNNER.format(python=sys.executable))
    (tools / "uv").chmod(0o755)
    files = {
        "poetry.lock": read(folder, "poetry.lock", text, poetry_lock.FORMAT),
        "pyproject.toml": read(folder, "pyproject.toml", "", pyproject.FORMAT),
    }
    commands = (("poetry", "add", "urllib3@<2"),)
    action = Relock("poetry.lock", "poetry", {"urllib3": "<2"}, ("",), commands)
    with pytest.raises(ApplyError) as caught:
        lockfiles.relock(action, files, {}, interpreter(OLD))
    if called == "the one that is installed":
        assert "not this one" in caught.value.message
    elif called == "no poetry":
        assert "cannot be had" in caught.value.message
        command = f"uv tool run --from poetry=={made_by} poetry add 'urllib3@<2'"
        assert caught.value.command == command
    else:  # the runner's poetry locks nothing
        assert "locked urllib3 2.2.3" in caught.value.message


# A uv that builds the project in its working directory before it does what the other one does.
BUILDER = """\
#!{python}
import os, pathlib, sys
here = pathlib.Path(__file__).parent
if sys.argv[-1] == "lock":
    pathlib.Path("src/p.egg-info").mkdir()
    (here / "found").write_text(" ".join(sorted(str(path) for path in pathlib.Path().rglob("*"))))
os.execv(here / "locker", [here / "locker", *sys.argv[1:]])
"""


def test_what_a_build_takes_is_there_and_what_it_makes_stays_in_the_copy(
    folder: Path, install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    sources = ("docs/readme.md", "src/p/version.py", ".python-version", ".git/HEAD")
    left_out = (".venv/x", "env/pyvenv.cfg", "src/old.egg-info/x", ".pdm-python")
    for name in (*sources, *left_out):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    (folder / "src/linked").symlink_to(folder / "docs")
    (folder / "src/.venv").symlink_to(folder / "env")
    (folder / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder / "temporary"))
    tools = install("uv", GOOD)
    (tools / "uv").rename(tools / "locker")
    (tools / "uv").write_text(BUILDER.format(python=sys.executable))
    (tools / "uv").chmod(0o755)
    relock(folder)
    assert (tools / "found").read_text().split() == [
        *(
            ".git",
            ".python-version",
            "docs",
            "docs/readme.md",
            "pyproject.toml",
            "src",
            "src/linked",
        ),
        *("src/p", "src/p.egg-info", "src/p/version.py", "uv.lock"),
    ]
    assert not (folder / "src/p.egg-info").exists()


def test_projects_that_a_manifest_leads_to_are_there_as_well(
    folder: Path, install: Install
) -> None:
    tools = install("uv", GOOD, manifest="../lib/src/list")
    files = {
        "app/uv.lock": read(folder, "app/uv.lock", UV_LOCK, uv_lock.FORMAT),
        "app/pyproject.toml": read(folder, "app/pyproject.toml", "", pyproject.FORMAT),
        "lib/setup.py": read(folder, "lib/setup.py", "", setup_py.FORMAT),
    }
    (folder / "lib/src").mkdir()
    (folder / "lib/src/list").write_text("idna\n")
    leading = {"app/pyproject.toml": b"a = '../lib'\n"}
    action = ACTION._replace(path="app/uv.lock")
    lockfiles.relock(action, files, leading, interpreter(OLD))
    assert (tools / "seen").read_text() == "idna\n"


HEADER = "# This file was autogenerated by uv via the following command:\n#    uv pip compile {}\n"


def test_compiled_files_are_made_where_their_command_was_run(
    folder: Path, install: Install
) -> None:
    text = HEADER.format("r/dev.in -o r/dev.txt") + "urllib3==2.2.3\n"
    says = text.replace("2.2.3", "1.26.20")
    tools = install("uv", says, lock="r/dev.txt", manifest="r/dev.in")
    files = {
        "r/dev.txt": read(folder, "r/dev.txt", text, requirements.FORMAT),
        "r/dev.in": read(folder, "r/dev.in", "old\n", requirements.FORMAT),
    }
    action = ACTION._replace(path="r/dev.txt")
    done = lockfiles.relock(action, files, {"r/dev.in": b"new\n"}, interpreter(OLD))
    assert done.data.decode() == says
    assert (tools / "seen").read_text() == "new\n"
    called = (tools / "calls").read_text().splitlines()
    assert called == ["--version", "pip compile r/dev.in -o r/dev.txt -P urllib3<2"]


def test_offline_and_without_the_tool_the_command_is_left(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ApplyError, match="needs the network") as caught:
        relock(folder, offline=True)
    assert caught.value.command == "uv add 'urllib3<2'"
    monkeypatch.setenv("PATH", str(folder))
    with pytest.raises(ApplyError, match="uv is not installed"):
        relock(folder)
