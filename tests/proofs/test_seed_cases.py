"""Two of the cases that started sslfix, by its own commands.

A virtual environment that a Python upgrade killed, with two real patch releases; and gevent 1.2.1
patched too late on Python 3.6.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from sslfix.collect.interpreters import Choice, inspect
from tests.apply.worlds import project, state
from tests.collect import bases
from tests.conftest import run

pytestmark = [pytest.mark.proof, pytest.mark.network]


def sslfix(*arguments: str, cwd: Path, **extra: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "sslfix", *arguments]
    return run(*command, cwd=cwd, env={**os.environ, **extra})


# --------------------------------------------------------------------------- the environment


@pytest.fixture
def dead(tmp_path: Path) -> Path:
    """A project whose .venv copied its python; then its base was upgraded in place."""
    older, newer = bases.two_releases()
    folder, base = tmp_path / "project", tmp_path / "base"
    executable = bases.install(base, older)
    project(folder)
    bases.make(folder / ".venv", executable, "--copies", "--prompt", "shop")
    target = ["--python", str(folder / ".venv/bin/python")]
    pip = [sys.executable, "-m", "pip", *target, "install", "-q", "--no-build-isolation"]
    done = run(*pip, "six==1.16.0", "idna==3.4", "-e", folder)
    assert done.returncode == 0, done.stderr
    bases.install(base, newer)
    return folder


def distributions(folder: Path) -> dict[str, tuple[str, str]]:
    found = inspect(Choice(str(folder / ".venv/bin/python"), "", str(folder / ".venv")), "i1")
    kept = (one for one in found.distributions if one.name not in {"pip", "setuptools"})
    return {one.name: (one.version, one.editable) for one in kept}


def imports(folder: Path) -> subprocess.CompletedProcess[str]:
    return run(folder / ".venv/bin/python", "-c", "import ssl, six, idna, own_module")


def test_an_environment_killed_by_an_upgrade_is_found_and_brought_back(dead: Path) -> None:
    assert imports(dead).returncode != 0
    before = distributions(dead)
    assert set(before) == {"six", "idna", "own"}
    looked = sslfix("--format", "json", cwd=dead)
    assert looked.returncode == 1, looked.stdout + looked.stderr
    report = json.loads(looked.stdout)
    assert [one["rule"] for one in report["findings"]] == ["SSL501"]
    environment = report["interpreters"][0]["environment"]
    assert environment["state"] == "stale"
    assert "its copied python is 3.11.2" in environment["reasons"][0]
    fixed = sslfix("--apply", cwd=dead)
    assert fixed.returncode == 0, fixed.stdout + fixed.stderr
    assert "fixed[SSL501]" in fixed.stdout
    assert imports(dead).returncode == 0
    assert distributions(dead) == before
    assert 'prompt = "shop"' in (dead / ".venv/pyvenv.cfg").read_text().replace("'", '"')
    assert os.listdir(dead).count(".venv") == 1
    # The old one is kept for `sslfix env --undo`, where no tool looks for it.
    assert [name for name in os.listdir(dead) if "sslfix" in name] == []
    assert (dead / ".venv/.sslfix-old/pyvenv.cfg").exists()
    assert sslfix(cwd=dead).returncode == 0


@pytest.mark.parametrize("cause", ["network", "offline"])
def test_what_cannot_be_installed_again_leaves_the_old_one(cause: str, dead: Path) -> None:
    extra = {"PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_RETRIES": "0",
             "PIP_CONFIG_FILE": os.devnull, "UV_OFFLINE": "1"}  # fmt: skip
    before = state(dead / ".venv")
    offline = ["--offline"] if cause == "offline" else []
    done = sslfix("--apply", *offline, cwd=dead, **(extra if cause == "network" else {}))
    assert done.returncode == 1, done.stdout + done.stderr
    assert "not applied:" in done.stdout
    assert state(dead / ".venv") == before
    assert not [name for name in os.listdir(dead) if "sslfix" in name]


def test_without_any_base_the_old_one_stays_and_the_message_says_what_to_install(
    tmp_path: Path, python: Callable[[str], str]
) -> None:
    other = "3.13" if sys.version_info[:2] != (3, 13) else "3.12"
    base, folder = tmp_path / "base", tmp_path / "project"
    executable = bases.install(base, inspect(Choice(python(other), ""), "i1"))
    folder.mkdir()
    bases.make(folder / ".venv", executable)
    shutil.rmtree(base)
    before = state(folder / ".venv")
    # No other Python of that version is to be found.
    done = sslfix("--apply", cwd=folder, PATH="/usr/sbin", PYENV_ROOT="/nowhere")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "error[SSL502]" in done.stdout
    assert f"needs a Python {other} that can import ssl, and none was found" in done.stdout
    assert state(folder / ".venv") == before


# --------------------------------------------------------------------------- patched too late

LATE = "import requests\nfrom gevent import monkey\n\nmonkey.patch_all()\n{}"
USE = "requests.packages.urllib3.util.ssl_.create_urllib3_context()\n"


def test_gevent_on_python_3_6_is_found_in_the_pins_in_the_source_and_in_the_traceback(
    tmp_path: Path, python: Callable[[str], str]
) -> None:
    folder = tmp_path / "project"
    folder.mkdir()
    assert run(python("3.6"), "-m", "venv", folder / ".venv").returncode == 0
    own = folder / ".venv/bin/python"
    done = run(own, "-m", "pip", "install", "-q", "gevent==1.2.1", "requests==2.14.2")
    if done.returncode != 0:
        pytest.skip(f"gevent 1.2.1 cannot be installed here: {done.stderr[-300:]}")
    (folder / "requirements.txt").write_text("gevent==1.2.1\nrequests==2.14.2\n")
    (folder / "worker.py").write_text(LATE.format(USE))
    died = run(own, "worker.py", cwd=folder)
    assert "RecursionError: maximum recursion depth exceeded" in died.stderr
    looked = sslfix("--format", "json", cwd=folder)
    assert looked.returncode == 1
    found = {
        (one["rule"], one["locations"][0]["path"], one["locations"][0]["line"])
        for one in json.loads(looked.stdout)["findings"]
    }
    assert {("SSL202", "requirements.txt", 1), ("SSL601", "worker.py", 4)} <= found
    (folder / "error.log").write_text(died.stderr)
    explained = sslfix("explain", "--format", "json", "error.log", cwd=folder)
    assert explained.returncode == 0
    assert json.loads(explained.stdout)["matches"][0]["rule"] == "SSL601"
    (folder / "worker.py").write_text(
        f"from gevent import monkey\n\nmonkey.patch_all()\nimport requests\n\n{USE}"
    )
    assert run(own, "worker.py", cwd=folder).returncode == 0
    again = json.loads(sslfix("--only", "source", "--format", "json", cwd=folder).stdout)
    assert again["findings"] == []
