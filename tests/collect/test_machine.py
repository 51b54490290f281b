"""The whole machine: what is found, what is asked, and how large it is."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Callable

import pytest

from sslfix.collect import environments, machine, probe
from sslfix.collect.homes import Place
from sslfix.collect.interpreters import Choice, inspect
from sslfix.collect.machine import Machine
from sslfix.model import Installation
from tests.collect import bases
from tests.collect.test_homes import make
from tests.conftest import run

Python = Callable[[str], str]


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PATH", "")
    return Path(os.environ["HOME"])


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The executables that are run, in order."""
    real, paths = probe.answer, list[str]()

    def answer(executable: str) -> probe.Answer:
        paths.append(executable)
        return real(executable)

    monkeypatch.setattr(probe, "answer", answer)
    return paths


def survey(*roots: Path, sizes: bool = False) -> list[Installation]:
    places = tuple(Place(str(root)) for root in roots)
    found = machine.survey(Machine((), places), sizes=sizes)
    assert found.problems == ()
    return [one for one in found.installations if one.interpreter.environment]


def _refuse(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    """Let folders of these names be unreadable, also for root."""
    for function in (os.listdir, os.scandir):

        def refusing(path: str, function: Callable[[str], object] = function) -> object:
            if path.endswith(names):
                raise PermissionError(13, "Permission denied", path)
            return function(path)

        monkeypatch.setattr(os, function.__name__, refusing)


def state(one: Installation) -> str:
    assert one.interpreter.environment is not None
    return one.interpreter.environment.state


# --------------------------------------------------------------------------- finding


def test_what_cannot_be_a_projects_is_not_entered(tmp_path: Path) -> None:
    for name in ("node_modules/a", ".git", ".cache/uv", "__pycache__", ".venv/lib/inner"):
        make(tmp_path / name)
    for name in (".venv", "deep/er/.venv"):
        (tmp_path / name).mkdir(parents=True, exist_ok=True)
        (tmp_path / name / "pyvenv.cfg").touch()
    found = list(machine.walk(str(tmp_path), []))
    assert sorted(found) == [f"{tmp_path}/.venv", f"{tmp_path}/deep/er/.venv"]


def test_a_project_that_is_an_environment_itself_is_looked_into(tmp_path: Path) -> None:
    make(tmp_path)
    make(tmp_path / ".tox/py39")
    assert sorted(machine.walk(str(tmp_path), [])) == [str(tmp_path), f"{tmp_path}/.tox/py39"]


def test_an_old_environment_without_pyvenv_cfg_is_one(tmp_path: Path) -> None:
    root = make(tmp_path / "old")
    (root / "pyvenv.cfg").unlink()
    (root / "bin/activate").touch()
    (tmp_path / "other/bin").mkdir(parents=True)
    assert list(machine.walk(str(tmp_path), [])) == [str(root)]


def test_links_make_no_loops_and_nothing_counts_twice(home: Path) -> None:
    make(home / "src/app/.venv")
    (home / "src/app/loop").symlink_to(home / "src")
    (home / "src/app/venv").symlink_to(".venv")
    (home / "link").symlink_to("src")
    found = machine.find([str(home / "src"), str(home / "link")], os.environ)
    assert [one.path for one in found.environments] == [f"{home}/src/app/.venv"]


def test_a_linked_home_is_the_owners(home: Path) -> None:
    make(home / "disk/venvs/black")
    (home / ".local/share").mkdir(parents=True)
    (home / ".local/share/pipx").symlink_to(home / "disk")
    (found,) = machine.find([str(home)], os.environ).environments
    assert found.owner == "pipx"


def test_an_unreadable_folder_is_said_and_the_rest_is_found(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(home / "src/app/.venv")
    (home / "src/secret").mkdir()
    (home / ".virtualenvs").mkdir()
    _refuse(monkeypatch, "secret", ".virtualenvs")
    monkeypatch.chdir(home)
    found = machine.find([str(home / "src")], os.environ)
    assert [one.path for one in found.environments] == [f"{home}/src/app/.venv"]
    assert [(one.path, one.message) for one in found.problems] == [
        (".virtualenvs", "cannot be read: Permission denied"),
        ("src/secret", "cannot be read: Permission denied"),
    ]


def test_interpreters_are_found_by_folder_and_shims_are_none(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder in (".pyenv/versions/3.9.18/bin", ".pyenv/shims", "own", "venv/bin"):
        (home / folder).mkdir(parents=True)
        for name in ("python", "python3.9", "python3-config", "pythonw"):
            (home / folder / name).write_text(f"#!/bin/sh\n# {folder}\n")
            (home / folder / name).chmod(0o755)
    (home / "own/python3.9").unlink()
    (home / "own/python3.9").symlink_to("python")
    (home / "own/pypy3").symlink_to("/no/such")
    (home / "venv/pyvenv.cfg").touch()
    folders = (".pyenv/shims", "own", "venv/bin")
    monkeypatch.setenv("PATH", os.pathsep.join(["relative", *(f"{home}/{one}" for one in folders)]))
    found = machine.find([], os.environ)
    own = {one.path: one.owner for one in found.interpreters if one.path.startswith(str(home))}
    assert own == {
        f"{home}/own/python": "",
        f"{home}/.pyenv/versions/3.9.18/bin/python": "pyenv",
        f"{home}/.pyenv/versions/3.9.18/bin/python3.9": "pyenv",
    }
    assert [one.path for one in found.environments] == [f"{home}/venv"]


def test_the_registry_of_windows_is_asked_by_python_discovery(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import python_discovery

    class Info:
        system_executable, executable = "C:/python.exe", None

    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(python_discovery, "iter_interpreters", lambda: [Info()])
    assert machine._registered() == ["C:/python.exe"]


def test_the_active_environment_counts(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIRTUAL_ENV", str(make(home / "elsewhere")))
    assert [one.path for one in machine.find([], os.environ).environments] == [f"{home}/elsewhere"]


# --------------------------------------------------------------------------- asking


def test_a_base_is_asked_once_for_all_that_link_to_it(
    python: Python, tmp_path: Path, asked: list[str]
) -> None:
    roots = [bases.make(tmp_path / name, python("3.9")) for name in "abc"]
    found = survey(*roots)
    assert [state(one) for one in found] == ["ok"] * 3
    assert asked == [os.path.realpath(python("3.9"))]


def test_the_base_of_an_environment_is_listed(python: Python, tmp_path: Path) -> None:
    root = bases.make(tmp_path / "a", python("3.9"))
    found = machine.survey(Machine((), (Place(str(root)),))).installations
    base = os.path.realpath(python("3.9"))
    assert [(one.interpreter.id, one.interpreter.executable) for one in found] == [
        ("i1", base),
        ("i2", f"{root}/bin/python"),
    ]
    known = machine.survey(Machine((Place(python("3.9")),), (Place(str(root)),))).installations
    assert [one.interpreter.executable for one in known] == [python("3.9"), f"{root}/bin/python"]


def _of_venv(root: Path, python: str) -> None:
    bases.make(root, python)


def _copied(root: Path, python: str) -> None:
    bases.make(root, python, "--copies")


def _of_virtualenv(root: Path, python: str) -> None:
    run(sys.executable, "-m", "virtualenv", "-q", "-p", python, root)


def _of_uv(root: Path, python: str) -> None:
    if shutil.which("uv") is None:
        pytest.skip("needs uv")
    run("uv", "venv", "-q", "--no-config", "-p", python, root)


def _linked_by_folder(root: Path, python: str) -> None:
    """Made with a path that leads through a link, as Homebrew's opt folder does."""
    prefix = Path(python).resolve().parent.parent
    (root.parent / "opt").symlink_to(prefix)
    bases.make(root, str(root.parent / "opt/bin/python3"))


def _dead(root: Path, python: str) -> None:
    make(root)


def _other_home(root: Path, python: str) -> None:
    """Its python leads to a base that is not the one that pyvenv.cfg names."""
    bases.make(root, python)
    config = root / "pyvenv.cfg"
    lines = config.read_text().replace(f"home = {Path(python).parent}", "home = /no/such/bin")
    config.write_text(lines)


def _wrapped(root: Path, python: str) -> None:
    """Its python is a script of its own."""
    bases.make(root, python)
    (root / "bin/python").unlink()
    (root / "bin/python").write_text(f'#!/bin/sh\nexec {python} "$@"\n')
    (root / "bin/python").chmod(0o755)


def _spoilt(root: Path, python: str) -> None:
    """What a crash of the machine leaves of a file that was not written out."""
    bases.make(root, python)
    (root / "pyvenv.cfg").write_text("home = \0\0\0\0\n")


def _of_another_minor(root: Path, python: str) -> None:
    bases.make(root, python)
    (root / "lib/python3.9").rename(root / "lib/python3.4")


def _cannot_run(root: Path, python: str) -> None:
    base = root.parent / "base/bin/python3"
    base.parent.mkdir(parents=True)
    base.write_text("#!/bin/sh\necho no libpython >&2\nexit 127\n")
    base.chmod(0o755)
    make(root)
    (root / "pyvenv.cfg").write_text(f"home = {base.parent}\n")
    (root / "bin/python").unlink()
    (root / "bin/python").symlink_to(base)


@pytest.mark.parametrize(
    ("make_it", "expected"),
    [
        (_of_venv, "ok"),
        (_copied, "ok"),
        (_of_virtualenv, "ok"),
        (_of_uv, "ok"),
        (_linked_by_folder, "ok"),
        (_other_home, "ok"),
        (_dead, "broken"),
        (_cannot_run, "broken"),
        (_of_another_minor, "stale"),
        (_wrapped, None),
        (_spoilt, None),
    ],
)
def test_what_is_not_asked_is_told_as_if_it_were(
    make_it: Callable[[Path, str], None], expected: str | None, python: Python, tmp_path: Path
) -> None:
    root = tmp_path / "it"
    make_it(root, python("3.9"))
    (found,) = survey(root)
    alone = inspect(Choice(environments.executable_of(str(root)), "--all", str(root)), "")
    assert found.interpreter._replace(id="") == alone
    assert expected in {None, state(found)}


def test_one_that_does_not_answer_leaves_the_others_their_turn(
    python: Python, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "hangs").write_text("#!/bin/sh\nexec sleep 60\n")
    (tmp_path / "hangs").chmod(0o755)
    real = probe.answer
    monkeypatch.setattr(probe, "answer", lambda path: real(path, timeout=1))
    monkeypatch.chdir(tmp_path)
    told: list[tuple[int, int]] = []
    places = (Place(str(tmp_path / "hangs")), Place(python("3.9"), "pyenv"))
    found = machine.survey(Machine(places, ()), tell=lambda done, all_: told.append((done, all_)))
    assert [one.owner for one in found.installations] == ["pyenv"]
    assert [(one.path, one.message) for one in found.problems] == [
        ("hangs", "timed out: no answer within 1 seconds")
    ]
    assert told == [(1, 2), (2, 2)]


# --------------------------------------------------------------------------- size


def _use(root: Path, *others: Path) -> int:
    use, unread = machine.disk_use(str(root), frozenset(map(str, others)))
    assert unread == 0
    return use


def test_size_is_what_du_says_without_other_environments(tmp_path: Path) -> None:
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / "a/b/one").write_bytes(b"x" * 100_000)
    before = _use(tmp_path)
    assert before >= 100_000
    os.link(tmp_path / "a/b/one", tmp_path / "a/two")
    (tmp_path / "a/loop").symlink_to(tmp_path)
    with (tmp_path / "sparse").open("wb") as file:
        file.truncate(10**9)
    assert _use(tmp_path) < before + 50_000
    said = subprocess.run(["du", "-sk", tmp_path], check=True, capture_output=True, text=True)
    root = tmp_path.stat().st_blocks * 512  # du counts the folder itself
    assert _use(tmp_path) + root == int(said.stdout.split()[0]) * 1024
    (tmp_path / "c").mkdir()
    (tmp_path / "c/three").write_bytes(b"x" * 500_000)
    assert _use(tmp_path) - _use(tmp_path, tmp_path / "c") >= 500_000


def test_a_folder_that_cannot_be_read_makes_the_size_a_lower_bound(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = make(tmp_path / "it")
    (root / "secret").mkdir()
    _refuse(monkeypatch, "secret")
    monkeypatch.chdir(tmp_path)
    found = machine.survey(Machine((), (Place(str(root)),)))
    assert [(one.path, one.message) for one in found.problems] == [
        ("it", "1 folder cannot be read; it is larger than its size says")
    ]
    assert [one.size is not None for one in found.installations] == [True]


def test_sizes_are_looked_at_only_if_asked_for(tmp_path: Path) -> None:
    root = make(tmp_path / "it")
    assert survey(root)[0].size is None
    assert survey(root, sizes=True)[0].size is not None
