"""Real environments that get sick in the ways that environments do."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Callable

import pytest

from sslfix.collect import environments, probe
from sslfix.collect.interpreters import Choice, answer_unrun, ask, inspect
from sslfix.collect.probe import ProbeTimeoutError
from sslfix.detectors import stale_environment
from sslfix.model import Environment, Interpreter
from tests.collect import bases
from tests.conftest import run

Python = Callable[[str], str]


def look(root: Path) -> Interpreter:
    return inspect(Choice(environments.executable_of(str(root)), "a test", str(root)), "i1")


def environment_of(interpreter: Interpreter) -> Environment:
    assert interpreter.environment is not None
    return interpreter.environment


def reasons(interpreter: Interpreter) -> str:
    return "; ".join(environment_of(interpreter).reasons)


@pytest.mark.parametrize("options", [("--symlinks",), ("--copies",)])
@pytest.mark.parametrize("version", ["3.6", "3.9", "3.13"])
def test_a_healthy_environment(
    python: Python, tmp_path: Path, version: str, options: tuple[str]
) -> None:
    base = python(version)
    found = look(bases.make(tmp_path / ".venv", base, *options))
    environment = environment_of(found)
    assert (environment.state, environment.reasons) == ("ok", ())
    assert (environment.made_by, environment.copied) == ("venv", options == ("--copies",))
    assert os.path.realpath(environment.base_executable) == os.path.realpath(base)
    assert environment.base_version == found.version
    assert environment.libraries == (version,)
    assert found.prefix == str(tmp_path / ".venv")
    assert found.base_prefix == os.path.dirname(os.path.dirname(base))


def test_another_patch_release_of_the_base_is_seen(tmp_path: Path) -> None:
    old, new = bases.two_releases()
    base, root = tmp_path / "base", tmp_path / ".venv"
    bases.make(root, bases.install(base, old), "--copies")
    linked = bases.make(tmp_path / "linked", bases.install(base, old), "--symlinks")
    assert environment_of(look(root)).state == "ok"
    bases.install(base, new)
    found = look(root)
    assert environment_of(found).state == "stale"
    assert f"its copied python is {old.version}" in reasons(found)
    assert f"{base}/lib/python3.11, is {new.version}" in reasons(found)
    assert environment_of(look(linked)).state == "ok"  # though its pyvenv.cfg says the old version


def test_only_the_standard_library_replaced_is_seen(tmp_path: Path) -> None:
    old, new = bases.two_releases()
    base, root = tmp_path / "base", tmp_path / ".venv"
    executable = bases.install(base, old)
    bases.make(root, executable, "--copies")
    bases.install(base, new)
    shutil.copy2(old.executable, executable)
    found = look(root)
    if not environment_of(found).stdlib_version:
        pytest.skip("the build of this standard library left no path that names its release")
    assert environment_of(found).state == "stale"
    assert f"is {new.version}" in reasons(found)


def test_an_upgraded_standard_library_is_seen(tmp_path: Path) -> None:
    old, new = bases.two_releases()
    base, root = tmp_path / "base", tmp_path / ".venv"
    bases.make(root, bases.install(base, old), "--copies")
    bases.install(base, new)
    bases.require_new_name(base, "HAS_TLSv9")
    found = look(root)
    # With 3.11.2 and 3.11.7 it fails before: _ssl needs a symbol that the old executable lacks.
    assert found.ssl is None
    assert environment_of(found).state == "stale"
    assert f"its copied python is {old.version}" in reasons(found)
    assert f"is {new.version}: import ssl fails with ImportError" in reasons(found)


def test_a_library_that_no_longer_fits_is_seen_without_another_version(
    python: Python, tmp_path: Path
) -> None:
    base, root = tmp_path / "base", tmp_path / ".venv"
    bases.make(root, bases.install(base, ask(python("3.9"))), "--copies")
    bases.require_new_name(base, "HAS_TLSv9")
    found = look(root)
    assert environment_of(found).state == "stale"
    assert f"does not fit {base}/lib/python3.9: import ssl fails with" in reasons(found)


@pytest.mark.parametrize("options", [("--symlinks",), ("--copies",)])
def test_an_environment_whose_base_is_gone_is_broken(
    python: Python, tmp_path: Path, options: tuple[str]
) -> None:
    base, root = tmp_path / "base", tmp_path / ".venv"
    source = ask(python("3.9"))
    executable = bases.install(base, source)
    bases.make(root, executable, *options)
    shutil.rmtree(base)
    found = look(root)
    environment = environment_of(found)
    assert environment.state == "broken"
    assert f"{executable}" in reasons(found)
    assert "does not exist" in reasons(found)
    assert (found.version, found.markers["python_version"]) == (source.version, "3.9")
    assert environment.base_executable == executable
    if options == ("--symlinks",):  # a copy finds the library that it was compiled for
        assert (found.ssl, found.ssl_error) == (None, environment.failure)


def test_a_base_that_moved_to_another_minor_version_is_seen(python: Python, tmp_path: Path) -> None:
    root = bases.make(tmp_path / ".venv", python("3.9"))
    installed = root / "lib/python3.9/site-packages/urllib3-2.0.2.dist-info"
    installed.mkdir()
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: urllib3\nVersion: 2.0.2\n")
    (root / "bin/python").unlink()
    (root / "bin/python").symlink_to(python("3.11"))
    found = look(root)
    assert environment_of(found).state == "stale"
    assert "its distributions are in lib/python3.9" in reasons(found)
    assert [one.name for one in found.distributions] == ["urllib3"]


def test_a_moved_environment_is_seen(python: Python, tmp_path: Path) -> None:
    root = bases.make(tmp_path / "old", python("3.9"))
    root.rename(tmp_path / "new")
    found = look(tmp_path / "new")
    assert environment_of(found).state == "stale"
    assert f"it was made at {tmp_path}/old" in reasons(found)


@pytest.mark.network
def test_environments_of_an_old_virtualenv_are_read(python: Python, tmp_path: Path) -> None:
    """They have no pyvenv.cfg, and hold only a part of the standard library."""
    base = python("3.6")
    tool = tmp_path / "tool"
    subprocess.run([base, "-m", "venv", tool], check=True)
    run(tool / "bin/pip", "install", "-q", "virtualenv==16.7.12")
    run(tool / "bin/virtualenv", "-q", "--never-download", tmp_path / "env")
    found = look(tmp_path / "env")
    environment = environment_of(found)
    assert (environment.state, environment.made_by, environment.copied) == (
        "ok",
        "virtualenv",
        True,
    )
    assert environment.config == {}
    assert found.ssl is not None
    assert found.base_prefix == os.path.dirname(os.path.dirname(base))
    assert {"pip", "setuptools"} <= {one.name for one in found.distributions}


def test_uv_and_virtualenv_sign_what_they_make(python: Python, tmp_path: Path) -> None:
    from virtualenv import cli_run

    cli_run(["--python", python("3.9"), "--no-seed", str(tmp_path / "v")], setup_logging=False)
    assert environment_of(look(tmp_path / "v")).made_by == "virtualenv"
    uv = shutil.which("uv")
    if uv is not None:
        command = [uv, "venv", "-q", "--python", python("3.9"), str(tmp_path / "u")]
        subprocess.run(command, check=True)
        assert environment_of(look(tmp_path / "u")).made_by == "uv"


def test_the_configuration_is_read_as_site_reads_it() -> None:
    text = "Home = /usr/bin\ninclude-system-site-packages=TRUE\n# a comment\nprompt = 'a = b'\n"
    assert environments.parse(text) == {
        "home": "/usr/bin",
        "include-system-site-packages": "TRUE",
        "prompt": "'a = b'",
    }


@pytest.mark.parametrize(
    "head", ["#!{python}\n", "#!/bin/sh\n'''exec' \"{python}\" \"$0\" \"$@\"\n' '''\n"]
)
def test_scripts_that_name_a_python_that_is_gone_are_seen(
    python: Python, tmp_path: Path, head: str
) -> None:
    root = bases.make(tmp_path / ".venv", python("3.9"))
    own, gone = head.format(python=root / "bin/python"), head.format(python="/gone/bin/python3")
    files = {
        "well": f"{own}sys.exit(main())\n",
        "black": f"{gone}sys.exit(main())\n",
        "pip": f"{gone}sys.exit(main())\n",
        "by-hand": f"{gone}print()\n",  # made by no installer
        "data": "sys.exit(",
    }
    for name, text in files.items():
        (root / "bin" / name).write_text(text)
    environment = environment_of(look(root))
    assert (environment.dead_scripts, environment.dead_python) == (
        ("black", "pip"),
        "/gone/bin/python3",
    )
    assert environment.state == "stale"


def test_a_base_that_does_not_answer_in_time_is_not_held_to_be_gone(
    python: Python, tmp_path: Path
) -> None:
    root = bases.make(tmp_path / ".venv", python("3.9"), "--copies")
    executable = environments.executable_of(str(root))

    def silent(path: str) -> Interpreter:
        raise ProbeTimeoutError(path, "a reason in any language")

    found = environments.read(str(root), executable, ask(executable), "", silent)
    assert (found.base_unheard, found.base_version) == (True, "")
    asked = ask(executable)._replace(environment=found)
    assert stale_environment.diagnose(asked) == ("ok", ())
    gone = asked._replace(environment=found._replace(base_unheard=False))
    assert stale_environment.diagnose(gone)[0] == "broken"


@pytest.mark.parametrize("no_exec", [False, True])
def test_an_executable_for_another_machine_is_seen(
    python: Python, tmp_path: Path, no_exec: bool
) -> None:
    root = bases.make(tmp_path / ".venv", python("3.9"), "--copies")
    executable = environments.executable_of(str(root))
    data = bytearray(Path(executable).read_bytes())
    data[18:20] = (243).to_bytes(2, "little")  # ELF's e_machine: RISC-V
    Path(executable).write_bytes(bytes(data))
    answer = answer_unrun if no_exec else probe.answer
    found = inspect(Choice(executable, "a test", str(root)), "i1", answer=answer)
    assert environment_of(found).machine == "riscv64"
    assert environment_of(found).state == "broken"
    assert "its python is made for riscv64" in reasons(found)
