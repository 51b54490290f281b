"""Asking interpreters, and choosing the one to judge."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Callable

import pytest

from sslfix.collect.interpreters import Choice, ask, choose, inspect
from sslfix.errors import ProbeError, UsageError
from tests.collect import bases
from tests.conftest import run

Python = Callable[[str], str]
VERSIONS = ("2.7", "3.6", "3.7", "3.8", "3.9", "3.10", "3.11", "3.12", "3.13")


def script(path: Path, text: str) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    path.chmod(0o755)
    return str(path)


# --------------------------------------------------------------------------- asking


@pytest.mark.parametrize("version", VERSIONS)
def test_every_python_tells_what_it_is(python: Python, version: str) -> None:
    found = ask(python(version))
    own = (
        "import json, os, platform, ssl, sys; print(json.dumps([platform.python_version(),"
        " ssl.OPENSSL_VERSION, sys.prefix, os.path.dirname(os.__file__)]))"
    )
    said = json.loads(run(python(version), "-c", own).stdout)
    assert [found.version, found.ssl and found.ssl.raw, found.prefix, found.stdlib] == said
    assert (found.implementation, found.ssl_error) == ("cpython", None)


@pytest.mark.parametrize("version", ["3.9", "3.11", "3.13"])
def test_the_marker_environment_is_that_of_packaging(python: Python, version: str) -> None:
    import packaging.markers

    code = "import json, packaging.markers as m; print(json.dumps(m.default_environment()))"
    folder = os.path.dirname(os.path.dirname(packaging.markers.__file__))
    said = json.loads(run(python(version), "-c", code, env={"PYTHONPATH": folder}).stdout)
    assert ask(python(version)).markers == said


@pytest.mark.parametrize("text", ["LibreSSL 2.8.3", "OpenSSL 1.0.2k-fips  26 Jan 2017"])
def test_the_library_that_is_loaded_counts(
    python: Python, pretend: Callable[[str], dict[str, str]], text: str
) -> None:
    found = ask(python("3.9"), variables=pretend(text))
    assert found.ssl is not None
    assert found.ssl.raw == text


def test_pythons_own_variables_do_not_count(python: Python, tmp_path: Path) -> None:
    (tmp_path / "os.py").write_text("raise SystemExit('shadowed')")
    variables = {"PYTHONPATH": str(tmp_path), "PYTHONHOME": str(tmp_path), "PYTHONVERBOSE": "1"}
    for version in ("2.7", "3.9"):
        assert ask(python(version), variables=variables).version.startswith(version)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("exec sleep 60", r"timed out: no answer within 0\.5 seconds"),
        ("sleep 60 & wait", r"timed out: no answer within 0\.5 seconds"),
        ("echo hello", "does not answer as a Python does"),
        ('echo "$@"', "does not answer as a Python does"),
        ("echo first >&2; echo last >&2; exit 3", "exits with 3: last"),
        ("kill -SEGV $$", "was stopped by signal 11"),
    ],
)
def test_what_is_no_python_is_named(tmp_path: Path, text: str, reason: str) -> None:
    fake = script(tmp_path / "python", text)
    start = time.monotonic()
    with pytest.raises(ProbeError, match=f"^{re.escape(fake)}: {reason}"):
        ask(fake, timeout=0.5)
    assert time.monotonic() - start < 10


def test_an_interruption_after_the_answer_is_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is nothing left to stop then."""

    def interrupted(process: subprocess.Popen[str], timeout: float | None = None) -> None:
        process.wait()
        for pipe in filter(None, (process.stdout, process.stderr)):
            pipe.close()
        if timeout is not None:
            raise KeyboardInterrupt

    monkeypatch.setattr(subprocess.Popen, "communicate", interrupted)
    with pytest.raises(KeyboardInterrupt):
        ask(script(tmp_path / "python", "exit 0"))


def test_what_stands_around_the_answer_is_no_part_of_it(python: Python, tmp_path: Path) -> None:
    noise = f'echo "{{}} garbage $@"; "{python("3.9")}" "$@"; echo more; exit 1'
    assert ask(script(tmp_path / "python", noise)).version.startswith("3.9.")


def test_what_cannot_be_started_is_named(tmp_path: Path) -> None:
    (tmp_path / "dangling").symlink_to("/no/such/python")
    (tmp_path / "text").write_text("no program")
    (tmp_path / "foreign").write_bytes(b"\x7fELF\x02\x01\x01" + b"\0" * 100)
    (tmp_path / "foreign").chmod(0o755)
    (tmp_path / "orphan").write_text("#!/no/such/interpreter\n")
    (tmp_path / "orphan").chmod(0o755)
    cases = {
        "dangling": "is a link to /no/such/python, which does not exist",
        "missing": "does not exist",
        "text": "is not executable",
        "foreign": "cannot run on this machine",
        "orphan": "cannot start: the loader or the program",
        "": "is a folder",
    }
    for name, reason in cases.items():
        with pytest.raises(ProbeError, match=reason):
            ask(str(tmp_path / name))


def test_a_python_without_ssl_says_why(python: Python, tmp_path: Path) -> None:
    executable = bases.install(tmp_path / "base", ask(python("3.9")))
    dynload = tmp_path / "base/lib/python3.9/lib-dynload"
    modules = list(dynload.iterdir())
    dynload.unlink()
    dynload.mkdir()
    for module in modules:
        if not module.name.startswith("_ssl."):
            (dynload / module.name).symlink_to(os.path.realpath(module))
    found = inspect(Choice(executable, "a test"), "i1")
    assert (found.ssl, found.ssl_error) == (None, "ModuleNotFoundError: No module named '_ssl'")


def test_asking_does_not_import_the_heavy_modules_of_the_other_python(python: Python) -> None:
    from sslfix.collect import probe

    done = run(python("3.9"), "-I", "-S", "-X", "importtime", probe.SCRIPT, "a", "b")
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "_ssl" in imported
    assert not imported & {"ssl", "json", "platform", "re", "sysconfig", "socket"}


# --------------------------------------------------------------------------- choosing


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "project").mkdir()
    return tmp_path / "project"


def environment(root: Path) -> Path:
    """What looks like an environment; it need not run to be chosen."""
    script(root / "bin/python", "exit 1")
    (root / "pyvenv.cfg").write_text("home = /nowhere\n")
    return root


def chosen(project: Path, *requested: str, **environ: str) -> Choice:
    (choice,) = choose(str(project), requested, {"PATH": "", **environ})
    return choice


def test_the_order_of_the_contract(project: Path, python: Python, tmp_path: Path) -> None:
    """From the last to the first: each next one goes before all that were there."""
    path = os.path.dirname(script(tmp_path / "path/python3", "exit 1"))
    home = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(python("3.9")))))
    variables = {"PATH": path, "PYENV_ROOT": home}
    assert chosen(project, **variables)[:3] == (f"{path}/python3", "python3 on PATH", None)

    (project / ".python-version").write_text("3.9\n")
    assert chosen(project, **variables)[:2] == (python("3.9"), ".python-version says 3.9")

    pipenv = environment(tmp_path / "pipenv")
    (project / "Pipfile").touch()
    script(tmp_path / "path/pipenv", f"echo Courtesy notice; echo {pipenv}")
    assert chosen(project, **variables).because == "the pipenv environment of the project"

    poetry = environment(tmp_path / "poetry")
    (project / "pyproject.toml").write_text("[tool.poetry]\n")
    script(tmp_path / "path/poetry", f"echo {poetry}")
    assert chosen(project, **variables).because == "the poetry environment of the project"

    variables["CONDA_PREFIX"] = str(environment(tmp_path / "conda"))
    assert chosen(project, **variables).because == "CONDA_PREFIX"

    variables["VIRTUAL_ENV"] = str(environment(tmp_path / "active"))
    assert chosen(project, **variables).because == "VIRTUAL_ENV"

    environment(project / "venv")
    assert chosen(project, **variables).because == "the project's venv"

    environment(project / ".venv")
    root = str(project / ".venv")
    assert chosen(project, **variables)[:3] == (f"{root}/bin/python", "the project's .venv", root)

    assert chosen(project, "3.9", **variables)[:2] == (python("3.9"), "--python 3.9")


def test_in_a_folder_of_a_repository_its_environment_counts(project: Path, tmp_path: Path) -> None:
    environment(tmp_path / ".venv")
    (project / "src").mkdir()
    script(tmp_path / "path/python3", "")
    path = str(tmp_path / "path")
    assert chosen(project / "src", PATH=path).because == "python3 on PATH"
    (project / ".git").mkdir()
    assert chosen(project / "src", PATH=path).because == "python3 on PATH"  # beyond the repository
    root = str(environment(project / ".venv"))
    assert chosen(project / "src", PATH=path)[1:3] == ("the project's .venv", root)


def test_a_dead_environment_is_chosen_all_the_same(project: Path) -> None:
    environment(project / ".venv")
    (project / ".venv/bin/python").unlink()
    (project / ".venv/bin/python").symlink_to("/no/such/python")
    found = inspect(chosen(project), "i1")
    assert found.environment is not None
    assert found.environment.state == "broken"
    assert found.environment.reasons == (
        "its python is a link to /no/such/python, which does not exist",
    )


def test_a_tool_that_fails_is_passed_over(project: Path, tmp_path: Path) -> None:
    (project / "poetry.lock").touch()
    script(tmp_path / "path/poetry", "echo no environment; exit 1")
    script(tmp_path / "path/python3", "")
    assert chosen(project, PATH=str(tmp_path / "path")).because == "python3 on PATH"


def test_in_a_hook_its_own_environment_is_never_meant(project: Path, tmp_path: Path) -> None:
    own = f"{sys.prefix}/bin"
    before, other = environment(tmp_path / "before"), tmp_path / "other"
    script(other / "python3", "")
    hook = {"PRE_COMMIT": "1", "VIRTUAL_ENV": sys.prefix}
    found = chosen(project, PATH=f"{own}:{before}/bin:{other}", **hook)[:3]
    assert found == (f"{before}/bin/python", "activated before the hook ran", str(before))
    found = chosen(project, PATH=f"{own}:{other}", **hook)[:3]
    assert found == (f"{other}/python3", "python3 on PATH", None)
    # A person who installed sslfix into the activated environment means that one.
    assert chosen(project, PATH=own, VIRTUAL_ENV=sys.prefix).because == "VIRTUAL_ENV"


def test_what_python_may_name(project: Path, python: Python, tmp_path: Path) -> None:
    root, path = environment(tmp_path / "env"), tmp_path / "path"
    script(path / "python4", "")
    variables = {"PATH": str(path)}
    version = ask(python("3.9")).version
    home = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(python("3.9")))))
    assert chosen(project, str(root)).environment == str(root)
    assert chosen(project, f"{root}/bin/python").environment == str(root)
    assert chosen(project, "python4", **variables).executable == f"{path}/python4"
    assert chosen(project, version, PYENV_ROOT=home).executable == python("3.9")
    with pytest.raises(UsageError, match="no Python 4 was found"):
        chosen(project, "4")
    with pytest.raises(UsageError, match="no such file; give a path or a version"):
        chosen(project, "nonsense")


def test_a_version_file_that_cannot_be_met_is_an_error(project: Path) -> None:
    (project / ".python-version").write_text("# ours\n3.1.99\n")
    with pytest.raises(UsageError, match=r"asks for Python 3\.1\.99"):
        choose(str(project), (), {"PATH": ""})


def test_where_no_python_is_nothing_is_chosen(project: Path) -> None:
    assert choose(str(project), (), {"PATH": ""}) == ()
