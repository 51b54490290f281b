"""Environments are made anew in their place or left byte for byte; offline, with small wheels."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Callable

import pytest

from sslfix.apply import environments, installers
from sslfix.apply.environments import (
    LockInstall,
    find_base,
    install,
    recreate,
    recreate_all,
    suitable,
    summary,
    undo,
)
from sslfix.errors import ApplyError, ProbeError
from sslfix.model import Distribution, Environment, Interpreter, SslLibrary
from tests.apply.worlds import ask, installed, project, read, state, unpack, wheel
from tests.conftest import ROOT, run

BASE = os.path.realpath(sys.executable)
MINOR = f"{sys.version_info[0]}.{sys.version_info[1]}"


@pytest.fixture
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of wheels that stands in for the package index; uv's settings name none."""
    folder = tmp_path / "wheels"
    for name, version in [("one", "1.0"), ("one", "2.0"), ("two", "3.1+local")]:
        wheel(folder, name, version)
    wheel(tmp_path / "elsewhere", "direct", "5")
    for name in [name for name in os.environ if name.startswith(("PIP_", "UV_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


@pytest.fixture
def place(tmp_path: Path, wheels: Path) -> Path:
    """An environment with a prompt, a local version, a direct reference and an editable one."""
    path = tmp_path / "work" / ".venv"
    project(tmp_path / "work" / "own")
    run(BASE, "-m", "venv", "--without-pip", "--copies", "--prompt", "hello", path)
    site = path / f"lib/python{MINOR}/site-packages"
    unpack(wheels / "one-1.0-py3-none-any.whl", site)
    unpack(wheels / "two-3.1+local-py3-none-any.whl", site)
    direct = tmp_path / "elsewhere/direct-5-py3-none-any.whl"
    unpack(direct, site, {"url": direct.as_uri(), "archive_info": {}})
    own = wheel(tmp_path / "elsewhere", "own", "1")
    unpack(own, site, {"url": (path.parent / "own").as_uri(), "dir_info": {"editable": True}})
    (path / "pip.conf").write_text("[global]\ntimeout = 9\n")
    (path / ".project").write_text(str(tmp_path))
    (path / "bin/postactivate").write_text("export X=1\n")
    (path / "src").mkdir()
    (path / "src/notes").write_text("by hand")
    return path


@pytest.fixture
def sick(place: Path) -> Interpreter:
    return read(place, BASE)


def test_a_recreated_environment_has_the_same_distributions_and_settings(
    place: Path, sick: Interpreter
) -> None:
    (place / "bin/python").write_text("#!/bin/sh\nexit 1\n")
    said: list[str] = []
    recreate(sick, BASE, ask, report=said.append)
    new = read(place, BASE)
    assert installed(new) == installed(sick)
    assert installed(new)["two"] == "3.1+local"
    assert {one.name: one.editable for one in new.distributions} == {
        one.name: one.editable for one in sick.distributions
    }
    assert [one.name for one in new.distributions if "direct-5" in one.direct_url] == ["direct"]
    own = run(place / "bin/python", "-c", "import own_module; print(own_module.here)")
    assert own.stdout.strip() == str(place.parent / "own/own_module.py")
    assert new.environment is not None
    assert (new.environment.prompt, new.environment.copied) == ("hello", True)
    # The venv of Python 3.13 and later writes a .gitignore of its own.
    taken = "taken over, as no distribution owns them: .project, pip.conf, src, bin/postactivate"
    assert taken in [line.replace(" .gitignore,", "") for line in said]
    assert (place / "src/notes").read_text() == "by hand"
    assert sorted(path.name for path in place.parent.iterdir()) == [".venv", "own"]


def test_a_pip_hook_does_not_keep_out_what_was_there_before_it(
    place: Path, sick: Interpreter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/usr/bin:/bin")  # uv reads no pip.conf
    monkeypatch.delenv("PIP_CONFIG_FILE")
    hook = place / "sslfix-constraints.txt"
    hook.write_text("one>9\n")
    settings = f"# mine\r\n[global]\r\nconstraint = {hook} \r\n"
    (place / "pip.conf").write_bytes(settings.encode())
    recreate(sick, BASE, ask)
    assert installed(read(place, BASE)) == installed(sick)
    assert (place / "pip.conf").read_bytes() == settings.encode()
    assert hook.read_text() == "one>9\n"


def test_uv_brings_back_the_same(
    place: Path, sick: Interpreter, wheels: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    beside = os.path.dirname(sys.executable)
    if shutil.which("uv", path=beside) is None:
        pytest.skip("needs uv in the environment that runs the tests")
    monkeypatch.setenv("PATH", f"{beside}:/usr/bin:/bin")
    monkeypatch.delenv("PIP_NO_INDEX")
    for name, value in [("UV_OFFLINE", "1"), ("UV_FIND_LINKS", wheels), ("UV_NO_CONFIG", "1")]:
        monkeypatch.setenv(name, str(value))
    said: list[str] = []
    recreate(sick, BASE, ask, report=said.append)
    assert "installed 4 as they were, with uv" in said
    new = read(place, BASE)
    assert installed(new) == installed(sick)
    assert {one.name: one.editable for one in new.distributions}["own"]


def test_only_the_environment_changes_in_a_project_without_dot_venv(
    place: Path, sick: Interpreter
) -> None:
    """Else virtualenv 21.15 writes a file .venv (PEP 832) beside a pyproject.toml."""
    other = place.with_name("env")
    run(BASE, "-m", "venv", "--without-pip", other)
    shutil.rmtree(place)
    (other.parent / "pyproject.toml").touch()
    recreate(read(other, BASE), BASE, ask)
    names = sorted(path.name for path in other.parent.iterdir())
    assert names == ["env", "own", "pyproject.toml"]


def test_a_link_to_the_environment_stays_a_link(place: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(place)
    recreate(read(link, BASE), BASE, ask)
    assert link.is_symlink()
    assert "one" in installed(read(link, BASE))


def test_symlinks_system_packages_and_setuptools_are_kept_where_they_were(
    place: Path, wheels: Path
) -> None:
    shutil.rmtree(place)
    run(BASE, "-m", "venv", "--symlinks", "--system-site-packages", "--without-pip", place)
    site = place / f"lib/python{MINOR}/site-packages"
    unpack(wheels / "one-1.0-py3-none-any.whl", site)
    unpack(wheel(wheels, "setuptools", "58.1"), site)  # as in the site-packages of CPython 3.9
    recreate(read(place, BASE), BASE, ask)
    new = read(place, BASE)
    assert new.environment is not None
    assert (new.environment.copied, new.environment.system_site_packages) == (False, True)
    own = {one.name: one.version for one in new.distributions if str(place) in one.path}
    assert own == {"one": "1.0", "setuptools": "58.1"}


def test_seeds_that_cannot_be_had_do_not_stand_in_the_way(place: Path, sick: Interpreter) -> None:
    site = next((place / "lib").glob("python*/site-packages"))
    seeds = (
        Distribution("pip", "9.0.1", str(site / "pip-9.0.1.dist-info")),
        Distribution("setuptools", "0.1", str(site / "setuptools-0.1.dist-info")),
    )
    said: list[str] = []
    recreate(sick._replace(distributions=sick.distributions + seeds), BASE, ask, report=said.append)
    assert {"pip", "setuptools"} <= set(installed(read(place, BASE)))
    assert "not to be had: setuptools==0.1; left as virtualenv installed them" in said


def test_the_lock_file_decides_and_what_it_does_not_name_stays(
    place: Path, sick: Interpreter, tmp_path: Path
) -> None:
    lock = place.parent / "requirements.txt"
    lock.write_text("one==2.0\n-e ./own\n")
    recreate(sick, BASE, ask, lock=LockInstall(str(lock), "requirements.txt"))
    assert installed(read(place, BASE)) == {**installed(sick), "one": "2.0"}


def test_without_its_tool_a_lock_file_is_passed_over_and_said_so(
    place: Path, sick: Interpreter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    if shutil.which("poetry"):
        pytest.skip("a poetry of the system is on PATH")
    said: list[str] = []
    lock = LockInstall(str(place.parent / "poetry.lock"), "poetry.lock")
    recreate(sick, BASE, ask, lock=lock, report=said.append)
    assert any(line.startswith("poetry is not on PATH: ") for line in said)
    assert installed(read(place, BASE)) == installed(sick)


def test_an_environment_of_uv_stays_one_of_uv(
    place: Path, wheels: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    beside = os.path.dirname(sys.executable)
    if shutil.which("uv", path=beside) is None:
        pytest.skip("needs uv in the environment that runs the tests")
    monkeypatch.setenv("PATH", f"{beside}:/usr/bin:/bin")
    monkeypatch.delenv("PIP_NO_INDEX")
    for name, value in [("UV_OFFLINE", "1"), ("UV_FIND_LINKS", wheels), ("UV_NO_CONFIG", "1")]:
        monkeypatch.setenv(name, str(value))
    shutil.rmtree(place)
    run("uv", "venv", "--python", BASE, "--prompt", "hello", place)
    unpack(wheels / "one-1.0-py3-none-any.whl", place / f"lib/python{MINOR}/site-packages")
    recreate(read(place, BASE), BASE, ask)
    new = read(place, BASE)
    assert new.environment is not None
    assert (new.environment.made_by, new.environment.prompt) == ("uv", "hello")
    assert installed(new) == {"one": "1.0"}


def test_what_was_asked_for_stays_apart_from_what_came_along(
    place: Path, sick: Interpreter
) -> None:
    site = place / f"lib/python{MINOR}/site-packages"
    (site / "one-1.0.dist-info/REQUESTED").touch()
    for name in ("one-1.0", "two-3.1+local"):
        (site / f"{name}.dist-info/INSTALLER").write_text("poetry 1.8.5")
    recreate(sick, BASE, ask)
    assert (site / "one-1.0.dist-info/REQUESTED").exists()
    assert not (site / "two-3.1+local.dist-info/REQUESTED").exists()
    assert (site / "two-3.1+local.dist-info/INSTALLER").read_text() == "poetry 1.8.5"


def test_the_old_one_can_be_had_back_byte_for_byte(place: Path, sick: Interpreter) -> None:
    before, about = state(place), place.stat()
    said: list[str] = []
    recreate(sick, BASE, ask, report=said.append)
    assert state(place) != before
    assert f"`sslfix env --undo {place}` puts it back" in said[-1]
    undo(str(place))
    shutil.rmtree(place / ".sslfix-old")  # the new one
    os.utime(place, ns=(about.st_atime_ns, about.st_mtime_ns))
    assert state(place) == before


def test_many_are_made_anew_one_after_the_other_and_each_failure_is_told(
    place: Path, sick: Interpreter, tmp_path: Path
) -> None:
    link = tmp_path / "link"
    link.symlink_to(place)
    other = tmp_path / "other"
    run(BASE, "-m", "venv", "--without-pip", other)

    def base_of(one: Interpreter) -> str:
        if one.environment is not None and one.environment.path == str(other):
            raise ApplyError("no such Python")
        return BASE

    people = [read(other, BASE), sick, read(link, BASE)]
    said: list[str] = []
    results = recreate_all(people, ask, base_of, report=said.append)
    assert [(one.path, bool(one.error)) for one in results] == [
        (str(other), True),
        (str(place), False),
    ]
    assert f"2 of 3: {place}" in said
    told = summary(results).splitlines()
    assert told[0].startswith("1 environment was made anew, 1 could not be, in ")
    assert told[1:] == [f"{other}: no such Python"]


# --------------------------------------------------------------------------- put back


def _lose_the_wheels(wheels: Path) -> None:
    (wheels / "one-1.0-py3-none-any.whl").unlink()


def _lose_the_project(wheels: Path) -> None:
    shutil.rmtree(wheels.parent / "work/own")


def _break_the_build(wheels: Path) -> None:
    backend = wheels.parent / "work/own/backend.py"
    noise = "print('noise\\n' * 30)"
    backend.write_text(f"def build_editable(*_): {noise}; raise SystemExit('no compiler')\n")


@pytest.mark.parametrize(
    ("spoil", "culprit", "offline"),
    [
        (_lose_the_wheels, "one 1.0 cannot be installed: ", False),
        (_lose_the_wheels, "one 1.0 cannot be installed: ", True),
        (_lose_the_project, "own 1 cannot be installed: ", False),
        (_break_the_build, "own 1 cannot be installed: ", False),
    ],
)
def test_what_cannot_be_installed_brings_the_old_one_back(
    place: Path,
    sick: Interpreter,
    wheels: Path,
    spoil: Callable[[Path], None],
    culprit: str,
    offline: bool,
) -> None:
    spoil(wheels)
    before = state(place)
    with pytest.raises(ApplyError, match="is as it was before") as caught:
        recreate(sick, BASE, ask, offline=offline)
    assert culprit in str(caught.value)
    assert caught.value.command == f"sslfix --apply --only environment {place.parent}"
    assert state(place) == before
    assert ".venv" in os.listdir(place.parent)
    assert not [name for name in os.listdir(place.parent) if "sslfix" in name]


def test_a_complaint_of_the_caller_brings_the_old_one_back(place: Path, sick: Interpreter) -> None:
    before = state(place)
    with pytest.raises(ApplyError, match="urllib3 cannot be imported"):
        recreate(sick, BASE, ask, verify=lambda _: ["urllib3 cannot be imported"])
    assert state(place) == before


def _without_ssl(new: Interpreter) -> Interpreter:
    return new._replace(ssl=None, ssl_error="No module named '_ssl'")


def _without_one(new: Interpreter) -> Interpreter:
    rest = tuple(one for one in new.distributions if one.name != "one")
    return new._replace(distributions=rest)


def _with_another(new: Interpreter) -> Interpreter:
    changed = (one._replace(version="9") for one in new.distributions if one.name == "one")
    return _without_one(new)._replace(distributions=(*_without_one(new).distributions, *changed))


def _no_longer_editable(new: Interpreter) -> Interpreter:
    return new._replace(distributions=tuple(one._replace(editable="") for one in new.distributions))


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (_without_ssl, "can't import ssl either: No module named '_ssl'"),
        (_without_one, "not installed in the new one: one"),
        (_with_another, "changed in the new one: one"),
        (_no_longer_editable, "changed in the new one: own"),
    ],
)
def test_a_new_one_that_is_not_as_good_brings_the_old_one_back(
    place: Path,
    sick: Interpreter,
    changed: Callable[[Interpreter], Interpreter],
    message: str,
) -> None:
    before = state(place)

    def answer(executable: str) -> Interpreter:
        found = ask(executable)
        return changed(found) if executable.startswith(str(place)) else found

    with pytest.raises(ApplyError, match="is as it was before") as caught:
        recreate(sick, BASE, answer)
    assert message in str(caught.value)
    assert state(place) == before


@pytest.mark.parametrize("calls", [1, 2, 3])
def test_an_interruption_at_any_step_brings_the_old_one_back(
    place: Path, sick: Interpreter, calls: int
) -> None:
    before = state(place)
    left = calls

    def report(_: str) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        recreate(sick, BASE, ask, report=report)
    assert state(place) == before
    assert sorted(os.listdir(place.parent)) == [".venv", "own"]


INTERRUPTED = """
import sys
from pathlib import Path
from sslfix.apply.environments import recreate
from tests.apply.worlds import ask, read
recreate(read(Path(sys.argv[1]), sys.argv[2]), sys.argv[2], ask)
"""


def test_control_c_while_pip_waits_for_the_network_brings_the_old_one_back(
    place: Path, sick: Interpreter, wheels: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _lose_the_wheels(wheels)
    before = state(place)
    monkeypatch.delenv("PIP_NO_INDEX")
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        silent.settimeout(60)
        monkeypatch.setenv("PIP_INDEX_URL", f"http://127.0.0.1:{silent.getsockname()[1]}/simple")
        command = [sys.executable, "-c", INTERRUPTED, str(place), BASE]
        with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as child:
            connection, _ = silent.accept()
            started = time.monotonic()
            child.send_signal(signal.SIGINT)
            _, errors = child.communicate(timeout=60)
        with connection:
            connection.settimeout(10)
            while connection.recv(4096):  # until pip is gone too
                pass
    assert "KeyboardInterrupt" in errors
    assert time.monotonic() - started < 10
    assert state(place) == before
    assert sorted(os.listdir(place.parent)) == [".venv", "own"]


# --------------------------------------------------------------------------- refused


def _interpreter(environment: Environment | None) -> Interpreter:
    return Interpreter("i1", "/x/bin/python", "3.9.1", "cpython", {}, None, environment=environment)


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        (None, "in no virtual environment"),
        (Environment("/opt/conda/envs/x", made_by="conda"), "conda's"),
        (Environment(sys.prefix), "sslfix itself runs in"),
        (Environment("/nowhere"), "/nowhere/bin/python is missing"),
    ],
)
def test_what_is_not_ours_to_make_anew_is_refused(
    environment: Environment | None, message: str
) -> None:
    with pytest.raises(ApplyError, match=message):
        recreate(_interpreter(environment), BASE, ask)


def test_an_environment_that_was_not_read_whole_is_left_alone(
    place: Path, sick: Interpreter
) -> None:
    before = state(place)
    with pytest.raises(ApplyError, match="could not be read: direct, one, own, two"):
        recreate(sick._replace(distributions=()), BASE, ask)
    assert state(place) == before


# --------------------------------------------------------------------------- the base


def _answers(known: dict[str, Interpreter]) -> Callable[[str], Interpreter]:
    def answer(executable: str) -> Interpreter:
        if executable not in known:
            raise ProbeError(executable, "no such file")
        return known[executable]

    return answer


def _python(
    path: Path, version: str, library: str = "OpenSSL 3.0.1", base: str = ""
) -> Interpreter:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    ssl = SslLibrary.parse(library) if library else None
    prefix = str(path.parent.parent)
    return Interpreter(
        "i", str(path), version, "cpython", {}, ssl, prefix=prefix, base_prefix=base or prefix
    )


@pytest.mark.parametrize(
    ("recorded", "found"),
    [
        ("3.9.2", "3.9.2"),
        ("3.9.1", "3.9.10"),  # is gone: the newest beside it
        ("3.9.3", "3.9.10"),  # its ssl is broken
        ("3.9.4", "3.9.10"),  # is an environment itself
        ("3.9.5", "3.9.10"),  # is another Python by now
    ],
)
def test_the_base_is_the_recorded_one_or_the_newest_beside_it(
    tmp_path: Path, recorded: str, found: str
) -> None:
    versions = tmp_path / "versions"
    known = [
        _python(versions / "3.9.2/bin/python3.9", "3.9.2"),
        _python(versions / "3.9.3/bin/python3.9", "3.9.3", library=""),
        _python(versions / "3.9.4/bin/python3.9", "3.9.4", base="/usr"),
        _python(versions / "3.9.5/bin/python3.9", "3.10.1"),
        _python(versions / "3.9.10/bin/python3.9", "3.9.10"),
    ]
    environment = Environment(
        str(tmp_path / ".venv"), base_executable=str(versions / recorded / "bin/python3.9")
    )
    answer = _answers({one.executable: one for one in known})
    assert find_base(environment, "3.9", answer) == str(versions / found / "bin/python3.9")


def test_a_base_that_does_not_suit_the_pins_is_passed_over(tmp_path: Path) -> None:
    old = _python(tmp_path / "3.9.20/bin/python3.9", "3.9.20", "LibreSSL 2.8.3")
    new = _python(tmp_path / "3.9.1/bin/python3.9", "3.9.1")
    answer = _answers({one.executable: one for one in (old, new)})
    environment = Environment(str(tmp_path / ".venv"), base_executable=old.executable)

    def suits(one: Interpreter) -> bool:
        return one.ssl is not None and one.ssl.name == "OpenSSL"

    assert find_base(environment, "3.9", answer, suits) == new.executable


def test_all_bases_that_suit_are_told_each_installation_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    known = [
        _python(tmp_path / "versions/3.4.20/bin/python3.4", "3.4.20", "LibreSSL 2.8.3"),
        _python(tmp_path / "versions/3.4.1/bin/python3.4", "3.4.1"),
        _python(tmp_path / "versions/3.4.10/bin/python3.4", "3.4.10"),
    ]
    linked = tmp_path / "versions/3.4/bin"
    linked.parent.mkdir()
    linked.symlink_to(tmp_path / "versions/3.4.10/bin")
    answers = {one.executable: one for one in known}
    answers[str(linked / "python3.4")] = known[2]
    environment = Environment(str(tmp_path / ".venv"), base_executable=known[1].executable)

    def is_openssl(one: Interpreter) -> bool:
        return one.ssl is not None and one.ssl.name == "OpenSSL"

    found = suitable(environment, "3.4", _answers(answers), is_openssl)
    assert [one.version for one in found] == ["3.4.1", "3.4.10"]


def test_a_base_is_found_on_path_but_never_in_the_environment_itself(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", f"{place / 'bin'}:{os.path.dirname(BASE)}")
    environment = Environment(str(place), base_executable=str(place / "bin/python"))
    found = find_base(environment, MINOR, ask)
    assert os.path.realpath(found) == BASE


def test_no_base_says_which_python_is_wanted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    (tmp_path / "uv").write_text("#!/bin/sh\n")
    (tmp_path / "uv").chmod(0o755)
    environment = Environment(str(tmp_path / ".venv"), base_executable="/gone/bin/python3.4")
    with pytest.raises(ApplyError, match=r"needs a Python 3\.4 .* nothing was changed") as caught:
        find_base(environment, "3.4", ask)
    assert caught.value.command == "uv python install 3.4"


# --------------------------------------------------------------------------- repair in place


def test_install_brings_the_wanted_version(place: Path, sick: Interpreter) -> None:
    install(sick, ["one>=2"], ask)
    assert installed(read(place, BASE)) == {**installed(sick), "one": "2.0"}


def test_paths_may_be_relative_to_the_working_directory(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    relative = place.relative_to(tmp_path)
    install(read(relative, BASE), ["one>=2"], ask)
    before = installed(read(place, BASE))
    recreate(read(relative, BASE), BASE, ask)
    assert installed(read(place, BASE)) == before
    assert before["one"] == "2.0"


def test_install_that_fails_leaves_all_as_it_was(place: Path, sick: Interpreter) -> None:
    with pytest.raises(ApplyError, match="one>=7") as caught:
        install(sick, ["one>=7"], ask)
    assert caught.value.command == environments.install_command(sick.executable, ["one>=7"])
    assert "'one>=7'" in caught.value.command
    assert installed(read(place, BASE)) == installed(sick)


@pytest.mark.parametrize("error", [ApplyError("the disk is full"), KeyboardInterrupt()])
def test_install_that_breaks_off_half_way_is_undone(
    place: Path, sick: Interpreter, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    real = installers.install

    def half(target: installers.Target, _: object, cwd: str) -> str:
        real(target, ["one==2.0"], cwd)
        raise error

    monkeypatch.setattr(installers, "install", half)
    with pytest.raises(type(error)):
        install(sick, ["one>=2"], ask)
    assert installed(read(place, BASE)) == installed(sick)


def test_install_runs_nothing_offline(place: Path, sick: Interpreter) -> None:
    before = state(place)
    with pytest.raises(ApplyError, match="offline"):
        install(sick, ["one>=2"], ask, offline=True)
    assert state(place) == before


def test_restore_takes_back_what_was_added_and_changed(
    place: Path, sick: Interpreter, wheels: Path
) -> None:
    wheel(wheels, "new", "1")
    wheel(wheels, "one", "3.0", requires="new")
    install(sick, ["one==3.0"], ask)
    assert {"one": "3.0", "new": "1"}.items() <= installed(read(place, BASE)).items()
    said: list[str] = []
    environments.restore(sick, ask, report=said.append)
    assert installed(read(place, BASE)) == installed(sick)
    assert said == ["put back: new, one"]
