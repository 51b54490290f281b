"""The seed case for real: a Python upgraded in place under `venv --copies`, and brought back.

As in the case that started it all (3.6.2 to 3.6.3), `_ssl` is built into the executable: the
copy in the environment keeps the old one, and the new ssl.py asks it for a name it has not got.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Callable, NamedTuple

import pytest

from sslfix.apply.environments import LockInstall, find_base, install, recreate
from sslfix.errors import ApplyError
from tests.apply.worlds import ask, installed, project, read, state
from tests.conftest import run

MAIN = """
#include <Python.h>
PyMODINIT_FUNC PyInit__ssl(void);
static PyObject *built_in(void) {
    PyObject *module = PyInit__ssl();
#ifdef UPGRADED
    if (module) PyModule_AddIntConstant(module, "HAS_NEWER", 1);
#endif
    return module;
}
int main(int argc, char **argv) {
    PyImport_AppendInittab("_ssl", built_in);
    return Py_BytesMain(argc, argv);
}
"""


class Base(NamedTuple):
    """A copied base prefix of CPython 3.9 whose executable has `_ssl` built in."""

    executable: Path
    source: Path

    @property
    def library(self) -> Path:
        return self.executable.parents[1] / "lib/python3.9"

    def compile(self, *options: str) -> None:
        """Put an executable into place as an installer does: a new file under the old name."""
        lib = self.source / "lib"
        (module,) = lib.glob("python3.9/lib-dynload/_ssl.*.so")
        main = self.executable.with_suffix(".c")
        main.write_text(MAIN)
        new = self.executable.with_suffix(".new")
        command = ["cc", *options, f"-I{self.source / 'include/python3.9'}", str(main), str(module)]
        command += [f"-L{lib}", "-lpython3.9", f"-Wl,-rpath,{lib}", "-o", str(new)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"cannot build a Python with _ssl inside: {done.stderr}")
        new.replace(self.executable)

    def upgrade(self) -> None:
        """The next patch release: an executable and an ssl.py that know one name more."""
        self.compile("-DUPGRADED")
        ssl = self.library / "ssl.py"
        ssl.write_text(
            ssl.read_text().replace("import _ssl ", "from _ssl import HAS_NEWER\nimport _ssl ", 1)
        )


@pytest.fixture
def base(tmp_path: Path, python: Callable[[str], str]) -> Base:
    source = Path(python("3.9")).resolve().parents[1]
    if shutil.which("cc") is None or not list(source.glob("lib/libpython3.9.so*")):
        pytest.skip("needs cc and a shared libpython3.9")
    prefix = tmp_path / "base"
    shutil.copytree(source / "lib/python3.9", prefix / "lib/python3.9", copy_function=os.symlink)
    ssl = prefix / "lib/python3.9/ssl.py"
    ssl.unlink()
    shutil.copy(source / "lib/python3.9/ssl.py", ssl)
    next((prefix / "lib/python3.9/lib-dynload").glob("_ssl.*")).unlink()
    (prefix / "bin").mkdir()
    made = Base(prefix / "bin/python3.9", source)
    made.compile()
    return made


@pytest.fixture
def stale(base: Base, tmp_path: Path) -> Path:
    """An environment of small real distributions whose base was upgraded under it."""
    place = tmp_path / "work/.venv"
    own = project(tmp_path / "work/own")
    done = run(base.executable, "-m", "venv", "--copies", "--prompt", "seed", place)
    assert done.returncode == 0, done.stderr
    pip: list[str | Path] = [place / "bin/python", "-m", "pip"]
    assert run(*pip, "download", "--no-deps", "-d", tmp_path, "idna==3.4").returncode == 0
    direct = (tmp_path / "idna-3.4-py3-none-any.whl").as_uri()
    wanted = ["requests==2.31.0", "urllib3==1.26.20", f"idna @ {direct}", "-e", str(own)]
    done = run(*pip, "install", *wanted)
    assert done.returncode == 0, done.stdout + done.stderr
    assert run(place / "bin/python", "-c", "import ssl").returncode == 0
    base.upgrade()
    return place


def _import(place: Path, names: str) -> str:
    return run(place / "bin/python", "-c", f"import {names}").stderr


pytestmark = [pytest.mark.proof, pytest.mark.network]


def test_an_environment_that_died_with_an_upgrade_works_again(base: Base, stale: Path) -> None:
    assert "ImportError: cannot import name 'HAS_NEWER' from '_ssl'" in _import(stale, "ssl")
    assert _import(stale, "urllib3, requests") == ""  # only https fails: nothing else tells
    sick = read(stale, str(base.executable))
    assert sick.environment is not None
    assert find_base(sick.environment, "3.9", ask) == str(base.executable)
    said: list[str] = []
    recreate(sick, str(base.executable), ask, report=said.append)
    new = read(stale, str(base.executable))
    assert new.ssl is not None
    assert {**installed(new), "pip": ""} == {**installed(sick), "pip": ""}
    assert installed(new)["setuptools"] == "58.1.0"
    assert {one.name: one.editable for one in new.distributions} == {
        one.name: one.editable for one in sick.distributions
    }
    assert new.environment is not None
    assert (new.environment.prompt, new.environment.copied) == ("seed", True)
    assert _import(stale, "ssl, requests, own_module") == ""
    assert "seed" in (stale / "bin/activate").read_text()
    assert run(stale / "bin/pip", "--version").returncode == 0
    assert sorted(os.listdir(stale.parent)) == [".venv", "own"]


def _cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_RETRIES", "0")
    for name in ("PIP_INDEX_URL", "UV_DEFAULT_INDEX"):
        monkeypatch.setenv(name, "http://127.0.0.1:9/simple")
    for name in ("PIP_FIND_LINKS", "PIP_EXTRA_INDEX_URL", "UV_INDEX", "UV_EXTRA_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("offline", [False, True])
def test_without_the_network_the_old_one_stays_byte_for_byte(
    base: Base, stale: Path, monkeypatch: pytest.MonkeyPatch, offline: bool
) -> None:
    sick = read(stale, str(base.executable))
    _cut(monkeypatch)
    before = state(stale)
    with pytest.raises(ApplyError, match="is as it was before") as caught:
        recreate(sick, str(base.executable), ask, offline=offline)
    assert caught.value.command == f"sslfix --apply --only environment {stale.parent}"
    assert state(stale) == before


def test_without_the_base_the_old_one_stays_byte_for_byte(
    base: Base, stale: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sick = read(stale, str(base.executable))
    before = state(stale)
    shutil.rmtree(base.executable.parents[1])
    assert sick.environment is not None
    monkeypatch.setenv("PATH", str(stale / "bin"))
    with pytest.raises(ApplyError, match=r"needs a Python 3\.9"):
        # Nothing on this machine will do, wherever it is found.
        find_base(sick.environment, "3.9", ask, lambda _: False)
    with pytest.raises(ApplyError, match="does not run, so nothing was changed"):
        recreate(sick, str(base.executable), ask)
    assert state(stale) == before


def test_a_base_that_moved_on_is_replaced_by_the_release_beside_it(
    base: Base, stale: Path, python: Callable[[str], str]
) -> None:
    other = base.executable.parents[2] / "base-3.9.99/bin/python3.9"
    other.parent.mkdir(parents=True)
    other.symlink_to(Path(python("3.9")).resolve())
    sick = read(stale, str(base.executable))
    shutil.rmtree(base.executable.parents[1])
    assert sick.environment is not None
    found = find_base(sick.environment, "3.9", ask)
    assert found == str(other)
    recreate(sick, found, ask)
    assert _import(stale, "ssl, requests, own_module") == ""


@pytest.mark.parametrize("version", ["3.7", "3.8", "3.13"])
def test_pythons_that_virtualenv_no_longer_makes_are_recreated_too(
    tmp_path: Path, python: Callable[[str], str], version: str
) -> None:
    place, base = tmp_path / ".venv", python(version)
    run(base, "-m", "venv", "--prompt", "old", place)
    assert run(place / "bin/python", "-m", "pip", "install", "idna==3.4").returncode == 0
    sick = read(place, base)
    recreate(sick, base, ask)
    done = run(place / "bin/python", "-c", "import ssl, idna; print(idna.__version__)")
    assert (done.stdout, done.stderr) == ("3.4\n", "")
    assert run(place / "bin/python", "-m", "pip", "--version").returncode == 0


@pytest.mark.parametrize("tool", ["pipenv", "poetry"])
def test_a_lock_file_is_installed_by_its_own_tool(
    tmp_path: Path, python: Callable[[str], str], tool: str
) -> None:
    if shutil.which(tool) is None:
        pytest.skip(f"needs {tool} on PATH")
    place, base = tmp_path / ".venv", python("3.11")
    run(base, "-m", "venv", place)
    run(place / "bin/python", "-m", "pip", "install", "idna==3.4", "certifi==2024.2.2")
    if tool == "pipenv":
        (tmp_path / "Pipfile").write_text('[packages]\nidna = "==3.6"\n')
        variables = {**os.environ, "PIPENV_IGNORE_VIRTUALENVS": "1", "PIPENV_PYTHON": base}
        done = run(
            tool, "lock", cwd=tmp_path, env={**variables, "WORKON_HOME": str(tmp_path / "w")}
        )
        path = tmp_path / "Pipfile.lock"
    else:
        # From a file, because not every index can be read by poetry.
        pip: list[str | Path] = [place / "bin/python", "-m", "pip"]
        run(*pip, "download", "--no-deps", "-d", tmp_path, "idna==3.6")
        (tmp_path / "pyproject.toml").write_text(
            '[project]\nname = "x"\nversion = "1"\nrequires-python = ">=3.11"\n'
            f'dependencies = ["idna @ {(tmp_path / "idna-3.6-py3-none-any.whl").as_uri()}"]\n'
            "[tool.poetry]\npackage-mode = false\n"
        )
        done = run(tool, "lock", cwd=tmp_path)
        path = tmp_path / "poetry.lock"
    assert done.returncode == 0, done.stderr
    said: list[str] = []
    lock = LockInstall(str(path), path.name)
    recreate(read(place, base), base, ask, lock=lock, report=said.append)
    assert f"installed from {path}, with {tool}" in said
    found = installed(read(place, base))
    assert (found["idna"], found["certifi"]) == ("3.6", "2024.2.2")


@pytest.mark.parametrize("library", ["LibreSSL 2.8.3", "OpenSSL 1.0.2k-fips  26 Jan 2017"])
def test_urllib3_is_repaired_where_its_own_pip_may_not_start(
    tmp_path: Path,
    python: Callable[[str], str],
    pretend: Callable[[str], dict[str, str]],
    monkeypatch: pytest.MonkeyPatch,
    library: str,
) -> None:
    place, base = tmp_path / ".venv", python("3.9")
    run(base, "-m", "venv", place)
    pip: list[str | Path] = [place / "bin/python", "-m", "pip", "install"]
    assert run(*pip, "urllib3==2.0.2", "requests==2.31.0").returncode == 0
    for name, value in pretend(library).items():
        monkeypatch.setenv(name, value)
    assert "ImportError: urllib3 v2.0 only supports OpenSSL 1.1.1+" in _import(place, "urllib3")
    specifier = "urllib3<2" if "OpenSSL 1" in library else "urllib3>=2.0.3,<3"
    install(read(place, base), [specifier], ask)
    assert "ImportError" not in _import(place, "urllib3, requests")
