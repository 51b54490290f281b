"""Each locker makes its file anew, with the real tools, and the import works afterwards.

A project asks for requests and botocore, and its lock file holds urllib3 2.2.3, which cannot be
imported where the SSL library calls itself OpenSSL 1.0.2k.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from sslfix import formats
from sslfix.apply import lockfiles
from sslfix.apply.environments import LockInstall, recreate
from sslfix.formats.text import decode
from sslfix.model import DependencyFile, Lock, Relock
from tests.apply.worlds import ask, installed, read
from tests.conftest import index_url, run

pytestmark = [
    pytest.mark.proof,
    pytest.mark.network,
    pytest.mark.skipif(sys.version_info < (3, 10), reason="botocore admits no urllib3 2 here"),
]

OLD = "OpenSSL 1.0.2k-fips  26 Jan 2017"
IMPORT = "import requests, botocore.session, urllib3; print(urllib3.__version__)"
Pretend = Callable[[str], "dict[str, str]"]
Find = Callable[[str], str]


class Locker(NamedTuple):
    """A tool, its files, and the command that locks; {} in `text` takes the pin of urllib3."""

    name: str
    lock: str
    manifest: str
    text: str
    pin: str
    command: tuple[str, ...]


PROJECT = """\
[project]
name = "p"
version = "1"
requires-python = ">=3.10"
dependencies = [
    "requests==2.31.0",  # pinned
    "botocore==1.35.40",
{}]
"""
LINES = "requests==2.31.0  # pinned\nbotocore==1.35.40\n{}"
POETRY = """\
[tool.poetry]
name = "p"
version = "1"
description = ""
authors = []
package-mode = false

[[tool.poetry.source]]
name = "here"
url = "INDEX"
priority = "primary"

[tool.poetry.dependencies]
python = ">=3.10"
requests = "2.31.0"  # pinned
botocore = "1.35.40"
{}"""
PIPFILE = """\
[[source]]
name = "here"
url = "INDEX"
verify_ssl = true

[packages]
requests = "==2.31.0"  # pinned
botocore = "==1.35.40"
{0}
[dev-packages]
"""
IN_BOTH = PIPFILE + 'requests = "*"\n{0}'
TABLE = ("pyproject.toml", PROJECT, '    "urllib3{}",\n')
# `pipenv lock` updates everything, `pipenv upgrade` makes no new file.
PIPENV = ("sh", "-c", "test ! -e Pipfile.lock || exec pipenv upgrade --dev; exec pipenv lock")
OLD_POETRY = ("uv", "tool", "run", "--from", "poetry==1.8.5", "poetry")
TEXT = ("requirements.in", LINES, "urllib3{}\n")
UV = ("uv", "pip", "compile", "requirements.in", "-o")
LOCKERS = {
    one.name: one
    for one in (
        Locker("uv", "uv.lock", *TABLE, ("uv", "lock")),
        Locker("poetry 1.8", "poetry.lock", "pyproject.toml", POETRY, 'urllib3 = "{}"\n',
               (*OLD_POETRY, "lock", "--no-update")),
        Locker("poetry", "poetry.lock", "pyproject.toml", POETRY, 'urllib3 = "{}"\n',
               ("poetry", "lock")),
        Locker("pipenv", "Pipfile.lock", "Pipfile", PIPFILE, 'urllib3 = "{}"\n', PIPENV),
        Locker("pipenv, develop too", "Pipfile.lock", "Pipfile", IN_BOTH, 'urllib3 = "{}"\n',
               PIPENV),
        Locker("pdm", "pdm.lock", *TABLE, ("pdm", "lock", "--update-reuse")),
        Locker("pip-compile", "requirements.txt", *TEXT, ("pip-compile",)),
        Locker("pip-compile, hashes", "requirements.txt", *TEXT,
               ("pip-compile", "--generate-hashes")),
        Locker("uv pip compile", "requirements.txt", *TEXT, (*UV, "requirements.txt")),
        Locker("uv pip compile, hashes", "requirements.txt", *TEXT,
               (*UV, "requirements.txt", "--generate-hashes")),
        Locker("uv pip compile, pylock", "pylock.toml", *TEXT, (*UV, "pylock.toml")),
    )
}  # fmt: skip
TOOLS = {"poetry": "poetry", "pipenv": "pipenv", "pipenv, develop too": "pipenv"}


class Project(NamedTuple):
    """A locked project whose .venv is empty, and the variables of its broken world."""

    folder: Path
    locker: Locker
    broken: dict[str, str]

    def sslfix(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return run(sys.executable, "-m", "sslfix", *arguments, env=self.broken, cwd=self.folder)

    def files(self) -> dict[str, str]:
        names = (self.locker.manifest, self.locker.lock)
        return {name: (self.folder / name).read_text() for name in names}

    def locked(self) -> dict[str, set[str | None]]:
        found: dict[str, set[str | None]] = {}
        for one in self.read(self.locker.lock).declarations:
            found.setdefault(one.name, set()).add(one.version)
        return found

    def lock(self, pin: str, text: str = "") -> None:
        """Lock with that pin, or with none and all else as it was."""
        text = text or self.locker.text
        line = self.locker.pin.format(pin) if pin else ""
        (self.folder / self.locker.manifest).write_text(
            text.format(line).replace("INDEX", index_url())
        )
        done = run(*self.locker.command, cwd=self.folder)
        assert done.returncode == 0, done.stdout + done.stderr

    def install(self) -> None:
        """Install what the lock file says into .venv, by its own tool where it has a way."""
        python = str(self.folder / ".venv/bin/python")
        pip = (sys.executable, "-m", "pip", "--python", python, "install", "-r")
        command = {
            "uv.lock": ("uv", "sync", "--frozen", "--no-install-project", "--inexact"),
            "pdm.lock": ("pdm", "sync", "--no-self"),
            "poetry.lock": ("poetry", "install", "--no-root"),
            "Pipfile.lock": ("pipenv", "sync", "--dev"),
            "pylock.toml": ("uv", "pip", "sync", "--python", python, "pylock.toml"),
        }.get(self.locker.lock, (*pip, self.locker.lock))
        variables = {**os.environ, "VIRTUAL_ENV": str(self.folder / ".venv")}
        done = run(*command, cwd=self.folder, env=variables)
        assert done.returncode == 0, done.stdout + done.stderr

    def lock_of(self) -> Lock:
        found = formats.lock_of(self.read(self.locker.lock))
        assert found is not None
        return found

    def read(self, name: str) -> DependencyFile:
        format_ = formats.for_path(name)
        assert format_ is not None
        return format_.read(decode(name, (self.folder / name).read_bytes(), format_.name))

    def commands(self) -> str:
        """What sslfix runs to lock this project's edited manifest."""
        lock = self.lock_of()
        called = OLD_POETRY if lock.version.startswith("1.") else (lock.tool,)
        said = run(*called, "--version").stdout
        version = re.search(r"\d+(\.\d+)+", said)
        assert version is not None, said
        sections = tuple(one.section for one in self.read(self.locker.lock).declarations
                         if one.name == "urllib3")  # fmt: skip
        wanted = {"urllib3": ">=1.26.20,<2"}
        commands = lock.rerun(int(version[0].partition(".")[0]), wanted, sections)
        return f"{lock.tool} {version[0]} | " + "; ".join(shlex.join(one) for one in commands)

    def imports(self) -> subprocess.CompletedProcess[str]:
        python = self.folder / ".venv/bin/python"
        return run(python, "-W", "ignore", "-c", IMPORT, env=self.broken)


@pytest.fixture(scope="module")
def locked_once() -> dict[str, dict[str, str]]:
    """The files of each project, locked when they are first asked for."""
    return {}


@pytest.fixture
def make(
    locked_once: dict[str, dict[str, str]],
    tmp_path: Path,
    pretend: Pretend,
    tool: Find,
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[[str], Project]:
    """`make("uv")` is such a project, with a .venv of the Python that runs the tests."""

    def made(name: str) -> Project:
        locker = LOCKERS[name]
        for needed in ("uv", TOOLS.get(name, locker.command[0])):
            tool(needed)
        for variable in (
            "PIPENV_VENV_IN_PROJECT",
            "PIPENV_NOSPIN",
            "POETRY_VIRTUALENVS_IN_PROJECT",
        ):
            monkeypatch.setenv(variable, "1")
        python = os.path.realpath(sys.executable)
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("UV_PYTHON", python)
        monkeypatch.setenv("UV_PYTHON_DOWNLOADS", "never")
        done = run(python, "-m", "venv", "--without-pip", tmp_path / ".venv")
        assert done.returncode == 0, done.stderr
        project = Project(tmp_path, locker, pretend(OLD))
        if name not in locked_once:
            project.lock("==2.2.3")
            project.lock("")
            assert project.locked()["urllib3"] == {"2.2.3"}
            locked_once[name] = project.files()
        for path, text in locked_once[name].items():
            (tmp_path / path).write_text(text)
        return project

    return made


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
