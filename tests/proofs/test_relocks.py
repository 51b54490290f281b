"""Each locker makes its file anew, with the real tools, and the import works afterwards."""

from __future__ import annotations

import os
import re
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from sslfix.apply import lockfiles
from sslfix.apply.environments import LockInstall, recreate
from sslfix.model import Relock
from tests.apply.worlds import ask, installed, read
from tests.conftest import run

from .lockers import LOCKERS, TOOLS, Project

Find = Callable[[str], str]

pytestmark = [
    pytest.mark.proof,
    pytest.mark.network,
    pytest.mark.skipif(sys.version_info < (3, 10), reason="botocore admits no urllib3 2 here"),
]


@pytest.mark.parametrize("name", LOCKERS)
def test_only_urllib3_moves_and_the_import_works(
    name: str, make: Callable[[str], Project], record_property: Callable[[str, object], None]
) -> None:
    project = make(name)
    before, held = project.files(), project.locked()
    began = time.monotonic()
    fixed = project.sslfix("--apply")
    seconds = time.monotonic() - began
    assert fixed.returncode == 0, fixed.stdout + fixed.stderr
    after, holds = project.files(), project.locked()
    others = [one for one in held.keys() | holds.keys() if held.get(one) != holds.get(one)]
    assert others == ["urllib3"]
    (version,) = holds["urllib3"]
    assert str(version).startswith("1.26.")
    manifest, lock = project.locker.manifest, project.locker.lock
    assert "sslfix: SSL101" in after[manifest]
    changed = {one: _changes(before[one], after[one]) for one in (manifest, lock)}
    assert not changed[manifest][1], "the person's lines are as they were"
    project.install()
    works = project.imports()
    assert (works.returncode, works.stdout.strip()) == (0, version), works.stderr
    again = project.sslfix("--apply")
    assert (again.returncode, project.files()) == (0, after)
    lines = (f"{one} +{a}/-{b}" for one, (a, b) in changed.items())
    row = (name, project.commands(), *lines, "none", f"{seconds:.1f} s", version)
    record_property("row", row)
    print(*row, sep=" | ")


@pytest.mark.parametrize("name", LOCKERS)
def test_offline_nothing_is_written_and_the_command_is_left(
    name: str, make: Callable[[str], Project]
) -> None:
    project = make(name)
    before = project.files()
    done = project.sslfix("--apply", "--offline")
    assert done.returncode == 1
    left = re.search(r"left to run: (.+)", done.stdout)
    assert left is not None, done.stdout
    assert left[1].startswith(TOOLS.get(name, project.locker.command[0]))
    assert re.search("urllib3@?(>=1.26.20,<2|<2,>=1.26.20)", left[1]), left[1]
    assert project.files() == before


@pytest.mark.parametrize(
    "name", ["uv", "poetry 1.8", "poetry", "pipenv, develop too", "pdm", "pip-compile"]
)
def test_the_command_that_is_left_does_the_job(name: str, make: Callable[[str], Project]) -> None:
    project = make(name)
    left = re.search(r"left to run: (.+)", project.sslfix("--apply", "--offline").stdout)
    assert left is not None
    done = run("sh", "-c", left[1], cwd=project.folder)
    assert done.returncode == 0, done.stdout + done.stderr
    (version,) = project.locked()["urllib3"]
    assert str(version).startswith("1.26.")


MISSING = {
    "pdm": (
        "pdm is not installed, and pdm.lock is its file",
        "pdm add --no-sync --update-reuse 'urllib3>=1.26.20,<2'",
    ),
    "pipenv": (
        "pipenv is not installed, and Pipfile.lock is its file",
        "pipenv upgrade 'urllib3<2,>=1.26.20'",
    ),
    "poetry 1.8": (
        "poetry.lock was made by poetry==1.8.5; poetry 2",
        "pipx run --spec poetry==1.8.5 poetry add --lock 'urllib3@>=1.26.20,<2'",
    ),
}


@pytest.mark.parametrize("name", MISSING)
def test_without_the_tool_nothing_is_written(
    name: str, make: Callable[[str], Project], tool: Find
) -> None:
    project = make(name)
    before = project.files()
    only(project, tool, *["poetry"] * name.startswith("poetry"))
    done = project.sslfix("--apply")
    assert (done.returncode, project.files()) == (1, before)
    reason, command = MISSING[name]
    assert reason in done.stdout
    assert f"left to run: {command}" in done.stdout


def only(project: Project, tool: Find, *names: str) -> Path:
    """Leave nothing on PATH but a folder with these tools; returns it."""
    tools = project.folder.parent / f"{project.folder.name}-tools"
    tools.mkdir()
    for name in names:
        (tools / name).symlink_to(tool(name))
    project.broken["PATH"] = str(tools)
    return tools


def test_a_tool_that_is_not_installed_is_fetched(
    make: Callable[[str], Project], tool: Find
) -> None:
    project = make("poetry")
    only(project, tool, "uv", "python3", "dirname", "realpath")  # uv's scripts call them
    fixed = project.sslfix("--apply")
    assert fixed.returncode == 0, fixed.stdout + fixed.stderr
    assert project.locked()["urllib3"] == {"1.26.20"}


def test_if_one_of_two_lock_files_cannot_be_made_nothing_is_written(
    make: Callable[[str], Project], tool: Find
) -> None:
    project = make("pdm")
    compiled = project.folder / "requirements.txt"
    compiled.write_text("urllib3==2.2.3\n")
    assert run("pip-compile", "pyproject.toml", cwd=project.folder).returncode == 0
    before = {**project.files(), "requirements.txt": compiled.read_text()}
    assert "urllib3==2.2.3" in before["requirements.txt"]
    tools = only(project, tool, "pip-compile")
    (tools / "pdm").write_text("#!/bin/sh\nexit 1\n")
    (tools / "pdm").chmod(0o755)
    done = project.sslfix("--apply")
    assert done.returncode == 1, done.stdout
    assert "left to run: pdm add" in done.stdout
    assert {**project.files(), "requirements.txt": compiled.read_text()} == before


# --------------------------------------------------------------------------- conflicts


@pytest.mark.parametrize(
    "name", ["uv", "poetry 1.8", "poetry", "pipenv", "pdm", "pip-compile", "uv pip compile"]
)
def test_a_project_that_asks_for_2_itself_is_contradicted_only_by_unsafe(
    name: str, make: Callable[[str], Project]
) -> None:
    project = make(name)
    project.lock(">=2.1")
    before = project.files()
    done = project.sslfix("--apply")
    assert (done.returncode, project.files()) == (1, before)
    assert "it may not be what the author wants; --unsafe applies it" in done.stdout
    forced = project.sslfix("--apply", "--unsafe")
    assert forced.returncode == 0, forced.stdout + forced.stderr
    said = project.files()[project.locker.manifest]
    assert re.search('urllib3( = ")?(>=1.26.20,<2|<2,>=1.26.20)', said), said
    (version,) = project.locked()["urllib3"]
    assert str(version).startswith("1.26.")


@pytest.mark.parametrize("name", ["uv", "poetry", "pipenv", "pdm", "pip-compile"])
def test_what_the_tool_says_of_a_conflict_is_passed_on(
    name: str, make: Callable[[str], Project]
) -> None:
    project = make(name)
    text = re.sub('botocore( = ")?(==)?1.35.40', r"types-requests\1>=2.32", project.locker.text)
    project.lock("", text)
    before = project.files()
    done = project.sslfix("--apply")
    assert (done.returncode, project.files()) == (1, before)
    assert re.search(r"types-requests", done.stdout.partition("not applied")[2])


def test_what_else_moves_is_shown(make: Callable[[str], Project]) -> None:
    project = make("uv")
    project.lock("", project.locker.text.replace("botocore==1.35.40", "types-requests"))
    done = project.sslfix("--apply")
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"uv\.lock: types-requests \S+ -> 2\.31\.0\.6", done.stdout), done.stdout


def test_what_uv_has_locked_for_other_pythons_stays(make: Callable[[str], Project]) -> None:
    project = make("uv")
    minor = f"{sys.version_info[0]}.{sys.version_info[1] + 1}"
    text = project.locker.text.replace('    "botocore==1.35.40",\n', "")
    forks = (
        f"\"urllib3==2.2.3 ; python_full_version < '{minor}'\", "
        f"\"urllib3==2.6.3 ; python_full_version >= '{minor}'\""
    )
    project.lock("", f"{text}\n[tool.uv]\nconstraint-dependencies = [{forks}]\n")
    project.lock("", text)
    assert project.locked()["urllib3"] == {"2.2.3", "2.6.3"}
    fixed = project.sslfix("--apply")
    assert fixed.returncode == 0, fixed.stdout + fixed.stderr
    assert project.locked()["urllib3"] == {"1.26.20", "2.6.3"}
    limit = f"urllib3>=1.26.20,<2 ; python_full_version < '{minor}'"
    assert limit in project.files()["pyproject.toml"]


def test_the_uv_that_made_the_file_makes_it_anew(make: Callable[[str], Project]) -> None:
    older = ("uv", "tool", "run", "--from", "uv==0.8.0", "uv", "lock")
    project = make("uv")
    (project.folder / "uv.lock").unlink()
    project = project._replace(locker=project.locker._replace(command=older))
    project.lock("==2.2.3")
    project.lock("")
    before = project.files()["uv.lock"]
    assert "\nrevision = 2\n" in before
    fixed = project.sslfix("--apply")
    assert fixed.returncode == 0, fixed.stdout + fixed.stderr
    assert _changes(before, project.files()["uv.lock"]) == (6, 3)


def test_what_was_exported_from_the_lock_file_is_exported_again(
    make: Callable[[str], Project],
) -> None:
    project = make("uv")
    exported = {"requirements.txt": ("-o",), "pylock.toml": ("--format=pylock.toml", "-o")}
    for name, options in exported.items():
        assert run("uv", "export", *options, name, cwd=project.folder).returncode == 0
    before = (project.folder / "requirements.txt").read_text()
    fixed = project.sslfix("--apply")
    assert fixed.returncode == 0, fixed.stdout + fixed.stderr
    assert project.files()["pyproject.toml"].count("urllib3>=") == 1
    assert _changes(before, (project.folder / "requirements.txt").read_text()) == (3, 3)
    for name, options in exported.items():
        made = (project.folder / name).read_text()
        assert run("uv", "export", *options, name, cwd=project.folder).returncode == 0
        assert _steady((project.folder / name).read_text()) == _steady(made)


def test_an_entry_of_a_pipfile_with_extras_in_a_category_of_its_own(
    make: Callable[[str], Project],
) -> None:
    project = make("pipenv")
    entry = '\n[docs]\nrequests = "*"\nurllib3 = {{extras = ["socks"], version = "==2.2.3"}}\n'
    (project.folder / "Pipfile.lock").unlink()
    text = re.sub(r"(?m)^requests.*\n^botocore.*", 'idna = "*"', project.locker.text)
    project.lock("", text + entry)
    fixed = project.sslfix("--apply")
    assert fixed.returncode == 0, fixed.stdout + fixed.stderr
    said = project.files()["Pipfile"]
    assert '{extras = ["socks"], version = "<2,>=1.26.20"}' in said
    assert project.locked()["urllib3"] == {"1.26.20"}


def test_hashes_that_a_person_wrote(make: Callable[[str], Project]) -> None:
    project = make("uv pip compile, hashes")
    lock = project.folder / "requirements.txt"
    text = re.sub(r"(?m)^(?:#|    #).*\n", "", lock.read_text())
    lock.write_text(text.replace("urllib3==2.2.3", 'urllib3==2.2.3 ; os_name != "x"'))
    (project.folder / "requirements.in").unlink()
    offline = project.sslfix("--apply", "--offline")
    assert offline.returncode == 1
    assert "| uv pip compile --no-deps --generate-hashes" in offline.stdout
    before = lock.read_text()
    fixed = project.sslfix("--apply")
    assert fixed.returncode == 0, fixed.stdout + fixed.stderr
    assert _changes(before, lock.read_text()) == (3, 3)
    assert 'urllib3==1.26.20 ; os_name != "x" \\\n    --hash=sha256:' in lock.read_text()
    project.install()
    assert project.imports().stdout.strip() == "1.26.20"


# --------------------------------------------------------------------------- lifting a limit


@pytest.mark.parametrize("name", LOCKERS)
def test_when_a_limit_is_lifted_nothing_moves(name: str, make: Callable[[str], Project]) -> None:
    project = make(name)
    project.lock(">=1.26.20,<2")
    held = project.locked()
    assert held["urllib3"] == {"1.26.20"}
    manifest, path = project.locker.manifest, project.locker.lock
    files = {one: project.read(one) for one in (manifest, path)}
    commands = project.lock_of().typed({}, ())
    bare = re.sub(r"(?m)^.*urllib3.*\n", "", project.files()[manifest])
    done = lockfiles.relock(
        Relock(path, project.lock_of().tool, {}, ("",), commands),
        files,
        {manifest: bare.encode()},
        ask(sys.executable),
    )
    assert done.moved == ()
    (project.folder / manifest).write_text(bare)
    if name != "poetry 1.8":  # which is not the poetry that is called here
        for command in commands:
            typed = run(*command, cwd=project.folder)
            assert typed.returncode == 0, typed.stdout + typed.stderr
        assert _steady(project.files()[path]) == _steady(done.data.decode())
    (project.folder / path).write_bytes(done.data)
    assert project.locked() == held


def _steady(text: str) -> str:
    """A lock file without what an index says in some of its answers only."""
    return re.sub(r", (?:size = \d+|upload-time = [^, }]+)(?=[, }])", "", text)


def _changes(before: str, after: str) -> tuple[int, int]:
    """Lines added and removed."""
    old, new = Counter(_steady(before).splitlines()), Counter(_steady(after).splitlines())
    return (new - old).total(), (old - new).total()


@pytest.mark.parametrize("name", ["uv", "pdm"])
def test_an_environment_is_made_anew_from_the_lock_file(
    name: str, make: Callable[[str], Project]
) -> None:
    project = make(name)
    project.install()
    place, base = project.folder / ".venv", os.path.realpath(sys.executable)
    # What is in the environment, and not in the lock file, comes back as it was.
    pip = (sys.executable, "-m", "pip", "--python", place / "bin/python", "install")
    assert run(*pip, "certifi==2024.2.2", "iniconfig==2.0.0").returncode == 0
    said: list[str] = []
    lock = LockInstall(str(project.folder / project.locker.lock), project.locker.lock)
    recreate(read(place, base), base, ask, lock=lock, report=said.append)
    assert f"installed from {lock.path}, with {name}" in said
    found, locked = installed(read(place, base)), project.locked()
    assert found["iniconfig"] == "2.0.0"
    assert ({found["urllib3"]}, {found["certifi"]}) == (locked["urllib3"], locked["certifi"])
