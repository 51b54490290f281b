"""The pip hook with the real pips, uv, poetry, pdm and pipenv; docs/pip-hook.md has the tables."""

from __future__ import annotations

import os
import shutil
import sys
import zipfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests import shim
from tests.conftest import ROOT, find_python, run

from . import cut_index
from . import hook_cells as cells
from .hook_cells import World

pytestmark = [pytest.mark.proof, pytest.mark.network]

# The last one of each year; of 2026 the last for Python 3.9, and the newest.
PIPS = ("19.3.1", "20.3.4", "21.3.1", "22.3.1", "23.3.2", "24.3.1", "25.3", "26.0.1", "26.3")
# Where each of them runs.
PYTHONS: Mapping[str, tuple[str, ...]] = {
    "3.6": PIPS[:3],
    "3.7": PIPS[:5],
    "3.8": PIPS[:6],
    "3.9": PIPS[:8],
    "3.10": PIPS[1:],
    "3.11": PIPS[1:],
    "3.12": PIPS[4:],
    "3.13": PIPS[4:],
}
OLD = "OpenSSL 1.0.2k-fips  26 Jan 2017"


TABLE = ROOT / "docs/pip-hook.md"
HOOK = (sys.executable, "-m", "sslfix", "pip-hook")


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return cells.fill(tmp_path_factory.mktemp("wheels"))


@pytest.fixture(scope="module")
def pips(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Each release of pip, unpacked in a folder of its own."""
    root = tmp_path_factory.mktemp("pips")

    def fetch(version: str) -> Path:
        folder = root / version
        command = ["pip", "download", "-q", "--no-deps", "--python-version", "3.11"]
        done = run(
            sys.executable,
            "-m",
            *command,
            "--only-binary",
            ":all:",
            "-d",
            folder,
            f"pip=={version}",
        )
        assert done.returncode == 0, done.stderr
        with zipfile.ZipFile(next(folder.glob("*.whl"))) as archive:
            archive.extractall(folder)
        return folder

    with ThreadPoolExecutor(4) as pool:
        return dict(zip(PIPS, pool.map(fetch, PIPS)))


@pytest.fixture(scope="module")
def pretend(shim_library: Path) -> dict[str, str]:
    return shim.variables(shim_library, OLD)


def rows(header: Sequence[str], body: Sequence[Sequence[str]]) -> list[str]:
    """The lines of a table in Markdown, without the line below its header."""
    return ["| " + " | ".join(row) + " |" for row in (header, *body)]


def require_in_document(lines: Sequence[str]) -> None:
    """The document has every line of the table, which is printed for it."""
    print("\n".join(lines))
    known = TABLE.read_text("utf-8").splitlines()
    assert [line for line in lines if line not in known] == []


def test_what_it_covers_for_each_release_of_pip(
    tmp_path_factory: pytest.TempPathFactory,
    pips: dict[str, Path],
    wheels: Path,
    pretend: dict[str, str],
) -> None:
    root = tmp_path_factory.mktemp("cells")

    def column(pip: str) -> list[str]:
        python = find_python("3.9" if pip in PYTHONS["3.9"] else "3.11")
        world = cells.make(root / pip, python, pips[pip], wheels, pretend)
        return [cell(world) for cell in cells.CELLS.values()]

    with ThreadPoolExecutor(2) as pool:
        columns = list(pool.map(column, PIPS))
    body = [(name, *found) for name, found in zip(cells.CELLS, zip(*columns))]
    require_in_document(rows(("pip", *map(minor, PIPS)), body))


def minor(version: str) -> str:
    return ".".join(version.split(".")[:2])


def test_on_which_pythons_it_keeps_urllib3_below_2(
    tmp_path_factory: pytest.TempPathFactory,
    pips: dict[str, Path],
    wheels: Path,
    pretend: dict[str, str],
) -> None:
    root = tmp_path_factory.mktemp("pythons")

    def row(version: str) -> list[str]:
        world = cells.make(root / version, find_python(version), pips[PIPS[0]], wheels, pretend)
        runs = PYTHONS[version]
        return [
            cells.dependency(world._replace(pip=pips[pip])) if pip in runs else "" for pip in PIPS
        ]

    with ThreadPoolExecutor(2) as pool:
        body = [(name, *found) for name, found in zip(PYTHONS, pool.map(row, PYTHONS))]
    like = cells.World(root / "3.9", pips[PIPS[0]], wheels, pretend)
    body.insert(0, ("2.7", *_of_python_2(root, like, pips)))
    require_in_document(rows(("Python", *map(minor, PIPS)), body))


def _of_python_2(root: Path, like: World, pips: dict[str, Path]) -> list[str]:
    found = []
    for pip in PIPS[:2]:
        world = cells.make_2(root / f"2.7-{pip}", find_python("2.7"), like, pips[pip])
        found.append(cells.dependency(world, PYTHONHOME=str(world.environment)))
    return [*found, *([""] * len(PIPS[2:]))]


# --------------------------------------------------------------------------- other tools

PROJECT = """\
[project]
name = "x"
version = "1"
requires-python = ">=3.11"
dependencies = ["requests"]
[tool.poetry]
package-mode = false
[[tool.poetry.source]]
name = "local"
url = "{url}"
priority = "primary"
[[tool.pdm.source]]
name = "pypi"
type = "find_links"
url = "{wheels}"
"""
PIPFILE = """\
[[source]]
name = "local"
url = "{url}"
verify_ssl = false
[packages]
requests = "*"
"""


SAY = "import urllib3; print(urllib3.__version__)"
OFFLINE = ("--no-index", "--find-links", "{wheels}")
UV_PIP = ("uv", "pip", "install", *OFFLINE)
COMPILE = ("pip-compile", "-q", "--strip-extras", *OFFLINE, "-o", "pins.txt", "pyproject.toml")
SYNC = ("pip-sync", "-q", *OFFLINE, "--python-executable", ".venv/bin/python", "wanted.txt")
# A command in a project, and the file in which it says which urllib3 it took; "" for its output.
TOOLS: Mapping[str, tuple[tuple[str, ...], str]] = {
    "`uv pip install`": ((*UV_PIP, "-v", "requests"), ""),
    "`uv pip install -c`": ((*UV_PIP, "-v", "-c", "others.txt", "requests"), ""),
    "`uv lock`": (("uv", "lock", *OFFLINE), "uv.lock"),
    "`uv sync`": (("uv", "sync", "-v", *OFFLINE), ""),
    "`uv run --with`": (
        ("uv", "run", "--no-project", "--with", "requests", *OFFLINE, "python", "-c", SAY),
        "",
    ),
    "`poetry lock`": (("poetry", "lock", "-n"), "poetry.lock"),
    "`pdm lock`": (("pdm", "lock", "-q"), "pdm.lock"),
    "`pipenv lock`": (("pipenv", "lock", "-q"), "Pipfile.lock"),
    "`pipenv sync`": (("pipenv", "sync"), ".venv"),
    "`pip-compile`": (COMPILE, "pins.txt"),
    "`pip-sync`": (SYNC, ".venv"),
    "pip in another environment": (
        ("other/bin/python", "-m", "pip", "install", *OFFLINE, "requests"),
        "",
    ),
}


def test_what_other_tools_make_of_it(
    tmp_path_factory: pytest.TempPathFactory, wheels: Path, pretend: dict[str, str]
) -> None:
    """The hook in the environment, with the variables exported too, and at the user's level."""
    root = tmp_path_factory.mktemp("tools")
    with cut_index.serve(wheels, 10**9) as url, ThreadPoolExecutor(2) as pool:

        def column(level: str) -> list[str]:
            world = _project(root / level, url, wheels, pretend)
            env = _variables(world, "environment" if level == "variables" else level)
            if level == "variables":
                path = str(world.environment / cells.NAME)
                env.update(UV_CONSTRAINT=path, PIP_CONSTRAINT=path)
            return [_taken(world, command, result, env) for command, result in TOOLS.values()]

        columns = list(pool.map(column, ("environment", "variables", "user")))
    body = [(name, *found) for name, found in zip(TOOLS, zip(*columns))]
    header = (
        "tool",
        "in the environment",
        "and `UV_CONSTRAINT`, `PIP_CONSTRAINT`",
        "`--user` alone",
    )
    require_in_document(rows(header, body))


def _project(root: Path, url: str, wheels: Path, pretend: dict[str, str]) -> World:
    """A project for all of the tools, and the two environments that it needs."""
    root.mkdir()
    (root / "pyproject.toml").write_text(PROJECT.format(url=url, wheels=wheels.as_uri()))
    (root / "Pipfile").write_text(PIPFILE.format(url=url))
    (root / "wanted.txt").write_text(f"requests==2.32.4\nurllib3=={cells.NEWEST}\n")
    (root / "others.txt").write_text("requests<9\n")
    world = World(root, Path(), wheels, pretend)
    for folder in (world.environment, root / "other"):
        done = run(find_python("3.11"), "-m", "venv", folder)
        assert done.returncode == 0, done.stderr
    return world


def _variables(world: World, level: str) -> dict[str, str]:
    """Install the hook at that level; the variables that the tools run with."""
    env = {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), "/usr/bin", "/bin"]),
        "HOME": str(world.root / "home"),
        "LANG": "C.UTF-8",
        "UV_PYTHON_DOWNLOADS": "never",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIPENV_VENV_IN_PROJECT": "1",
    }
    option = ["--user"] if level == "user" else []
    done = run(
        *HOOK,
        "install",
        "--python",
        world.environment,
        *option,
        env={**env, **world.pretend},
        cwd=world.root,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return env


def _taken(world: World, command: Sequence[str], result: str, env: dict[str, str]) -> str:
    """Whether the command took the urllib3 that works."""
    words = [word.format(wheels=world.wheels) for word in command]
    for installed in world.environment.glob("lib/*/site-packages/[ru]*"):  # by the tool before
        shutil.rmtree(installed) if installed.is_dir() else installed.unlink()
    done = run(*words, env=env, cwd=world.root)
    if done.returncode:
        return "refused" if "urllib3" in done.stdout + done.stderr else done.stdout + done.stderr
    text = done.stdout + done.stderr
    if result == ".venv":
        text = str(cells.versions(next(world.environment.glob("lib/*/site-packages"))))
    elif result:
        text = (world.root / result).read_text()
    return "no" if cells.NEWEST in text else "yes" if cells.KEPT in text else text


# --------------------------------------------------------------------------- real distributions

WANTED = ("--upgrade", "requests", "urllib3<2.0.3")


@pytest.mark.parametrize("installer", ["pip", "uv"])
def test_requests_works_on_libressl_with_the_hook_and_not_without(
    tmp_path: Path, shim_library: Path, installer: str
) -> None:
    """2.0.2 is the newest urllib3 that is allowed; it cannot be imported there."""
    pretend = {**os.environ, **shim.variables(shim_library, "LibreSSL 2.8.3")}
    environment = tmp_path / "sp ace/.venv"  # blanks, as many a home has
    assert run(find_python("3.9"), "-m", "venv", environment).returncode == 0
    python = environment / "bin/python"
    commands = {
        "pip": (python, "-m", "pip", "install", "-q", *WANTED),
        "uv": ("uv", "pip", "install", "-q", "--python", python, *WANTED),
    }

    def installed() -> tuple[int, str]:
        env = dict(os.environ)
        hook = environment / cells.NAME
        if installer == "uv" and hook.exists():
            env["UV_CONSTRAINT"] = hook.as_uri()
        done = run(*commands[installer], env=env)
        assert done.returncode == 0, done.stderr
        used = run(python, "-c", "import requests; requests.Session().close()", env=pretend)
        return used.returncode, used.stderr

    code, errors = installed()
    assert code
    assert "urllib3 v2.0 only supports OpenSSL 1.1.1+" in errors
    assert run(*HOOK, "install", "--python", python, env=pretend).returncode == 0
    # The next install heals what came in before.
    assert installed() == (0, "")
    assert run(*HOOK, "remove", "--python", python, env=pretend).returncode == 0


def test_venv_keeps_it_when_it_upgrades_and_drops_it_all_when_it_clears(
    tmp_path: Path, wheels: Path, pretend: dict[str, str]
) -> None:
    world = cells.make(tmp_path / "x", find_python("3.9"), Path(), wheels, pretend)
    hook = ("pip.conf", cells.NAME)
    before = [(world.environment / name).read_text() for name in hook]
    command = [find_python("3.9"), "-m", "venv", "--without-pip", str(world.environment)]
    assert run(*command, "--upgrade").returncode == 0
    assert [(world.environment / name).read_text() for name in hook] == before
    assert run(*command, "--clear").returncode == 0
    assert [(world.environment / name).exists() for name in hook] == [False, False]
