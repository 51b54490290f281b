"""Each state that an environment can get into, made for real: found, fixed, and working again.

And environments that look odd and are well. `pytest -rP tests/proofs/test_states.py` prints the
table. What is installed comes from a folder of small wheels.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, TypedDict

import pytest

from sslfix.collect.interpreters import ask
from tests.apply.worlds import wheel
from tests.collect import bases
from tests.conftest import REAL_HOME, find_python, run

pytestmark = pytest.mark.proof

MINOR = "3.11"
EXTENSION = """
#include <Python.h>
#ifdef WANTED
extern int SSL_made_up(void);
#endif
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "native", 0, -1, 0};
PyMODINIT_FUNC PyInit_native(void) {
#ifdef WANTED
    SSL_made_up();
#endif
    return PyModule_Create(&module);
}
"""
AARCH64 = (183).to_bytes(2, "little")


class World(NamedTuple):
    """A project's folder with `.venv` in it, a folder of wheels, and room for a base."""

    root: Path

    @property
    def project(self) -> Path:
        return self.root / "project"

    @property
    def place(self) -> Path:
        return self.project / ".venv"

    @property
    def base(self) -> Path:
        return self.root / "base"

    @property
    def wheels(self) -> Path:
        return self.root / "wheels"

    @property
    def modules(self) -> Path:
        """Where the base's extension modules are."""
        return self.base / f"lib/python{MINOR}/lib-dynload"

    def make(self, *options: str, base: str = "", at: Path | None = None) -> None:
        """An environment with the distribution `one` in it."""
        path = at or self.place
        bases.make(path, base or find_python(MINOR), *options)
        self.install("one==1.0", at=path)

    def install(self, *requirements: str, at: Path | None = None) -> None:
        python = (at or self.place) / "bin/python"
        pip = [sys.executable, "-m", "pip", "--python", str(python), "install"]
        done = run(*pip, "--no-deps", *requirements)
        assert done.returncode == 0, done.stdout + done.stderr

    def own_base(self) -> str:
        """A base interpreter that may be changed, its extension modules too."""
        executable = bases.install(self.base, ask(find_python(MINOR)))
        originals = list(self.modules.resolve().iterdir())
        self.modules.unlink()
        self.modules.mkdir()
        for path in originals:
            (self.modules / path.name).symlink_to(path)
        return executable

    def ssl(self) -> Path:
        """The file of the base's `_ssl`, one of its own."""
        (path,) = self.modules.glob("_ssl.*.so")
        original = path.resolve()
        path.unlink()
        return Path(shutil.copy(original, path))

    def python(self) -> Path:
        """The environment's own executable, after the links inside it."""
        return (self.place / "bin/python").resolve()

    def imports(self, names: str = "ssl, one") -> subprocess.CompletedProcess[str]:
        return run(self.place / "bin/python", "-c", f"import {names}")

    def sslfix(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return run(sys.executable, "-m", "sslfix", *arguments, cwd=self.project)


def patch(path: Path, old: bytes, new: bytes) -> None:
    """The file with the bytes replaced by as many others."""
    data = path.read_bytes()
    assert len(old) == len(new)
    assert old in data
    path.write_bytes(data.replace(old, new))


def for_another_processor(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[18:20] = AARCH64
    path.write_bytes(bytes(data))


def compiled(world: World, *options: str, name: str, source: str) -> None:
    found = shutil.which("cc") or pytest.skip("needs a C compiler")
    command = [found, "-shared", "-fPIC", "-x", "c", "-", "-x", "none", *options, "-o", name]
    done = subprocess.run(
        command, check=False, cwd=world.root, capture_output=True, text=True, input=source
    )
    if done.returncode:
        pytest.skip(f"cannot compile an extension module: {done.stderr}")


def native_wheel(world: World, *options: str) -> str:
    """A wheel as pip builds it from sources: an extension module, tagged for this machine."""
    code = "import sysconfig as s; print(s.get_path('include'), s.get_config_var('EXT_SUFFIX'))"
    include, suffix = run(find_python(MINOR), "-c", code).stdout.split()
    compiled(world, f"-I{include}", *options, name="native.so", source=EXTENSION)
    platform = sysconfig.get_platform().replace("-", "_")
    tag = f"cp{MINOR.replace('.', '')}"
    path = world.wheels / f"native-1.0-{tag}-{tag}-{platform}.whl"
    info = "native-1.0.dist-info"
    with zipfile.ZipFile(path, "w") as archive:
        archive.write(world.root / "native.so", f"native{suffix}")
        archive.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: native\nVersion: 1.0\n")
        head = "Wheel-Version: 1.0\nRoot-Is-Purelib: false\n"
        archive.writestr(f"{info}/WHEEL", f"{head}Tag: {tag}-{tag}-{platform}\n")
        names = [*archive.namelist(), f"{info}/RECORD"]
        archive.writestr(f"{info}/RECORD", "".join(f"{one},,\n" for one in names))
    return str(path)


# --------------------------------------------------------------------------- how they come about


def base_gone(world: World) -> None:
    world.make(base=bases.install(world.base, ask(find_python(MINOR))))
    shutil.rmtree(world.base)


def base_gone_under_a_copy(world: World) -> None:
    world.make("--copies", base=bases.install(world.base, ask(find_python(MINOR))))
    shutil.rmtree(world.base)


def base_of_another_minor_version(world: World) -> None:
    """As Homebrew's python3 and a distribution's after its upgrade."""
    python3 = world.base / "bin/python3"
    python3.parent.mkdir(parents=True)
    python3.symlink_to(find_python(MINOR))
    world.make(base=str(python3))
    for name in ("python", "python3"):
        (world.place / "bin" / name).unlink()
        (world.place / "bin" / name).symlink_to(python3)
    python3.unlink()
    python3.symlink_to(find_python("3.12"))


def base_upgraded_under_a_copy(world: World) -> None:
    older, newer = bases.two_releases()
    if not older.version.startswith(MINOR):
        pytest.skip(f"needs two patch releases of {MINOR}")
    world.make("--copies", base=bases.install(world.base, older))
    bases.install(world.base, newer)


def moved(world: World) -> None:
    world.make(at=world.root / "elsewhere")
    (world.root / "elsewhere").rename(world.place)


def copied(world: World) -> None:
    world.make(at=world.root / "elsewhere")
    shutil.copytree(world.root / "elsewhere", world.place, symlinks=True)


def moved_without_activate(world: World) -> None:
    run(find_python(MINOR), "-m", "venv", world.root / "elsewhere")
    world.install("one==1.0", at=world.root / "elsewhere")
    (world.root / "elsewhere").rename(world.place)
    for path in (world.place / "bin").glob("[aA]ctivate*"):
        path.unlink()


def of_another_machine(world: World) -> None:
    world.make("--copies")
    for_another_processor(world.python())


def filled_on_another_machine(world: World) -> None:
    world.make()
    world.install(native_wheel(world))
    (module,) = world.place.glob("lib/python*/site-packages/native.*.so")
    for_another_processor(module)


def libssl_gone(world: World) -> None:
    world.make(base=world.own_base())
    patch(world.ssl(), b"libssl.so.3\0", b"libssl.so.9\0")


def libpython_gone(world: World) -> None:
    world.make("--copies")
    if b"libpython3.11.so.1.0\0" not in world.python().read_bytes():
        pytest.skip("needs a Python with a shared libpython")
    patch(world.python(), b"libpython3.11.so.1.0\0", b"libpython3.99.so.1.0\0")


def built_without_ssl(world: World) -> None:
    world.make(base=world.own_base())
    world.ssl().unlink()


def ssl_of_another_python(world: World) -> None:
    world.make(base=world.own_base())
    (other,) = Path(ask(find_python("3.13")).stdlib).glob("lib-dynload/_ssl.*.so")
    shutil.copy(other, world.ssl())


def ssl_that_lacks_a_name(world: World) -> None:
    world.make(base=world.own_base())
    bases.require_new_name(world.base, "HAS_TLSv9")


def older_than_requires_python(world: World) -> None:
    world.make(base=find_python("3.9"))
    (world.project / "pyproject.toml").write_text(
        '[project]\nname = "shop"\nversion = "1"\nrequires-python = ">=3.11"\n'
    )


def older_than_poetrys_python(world: World) -> None:
    world.make(base=find_python("3.9"))
    (world.project / "pyproject.toml").write_text(
        '[tool.poetry]\nname = "shop"\n\n[tool.poetry.dependencies]\npython = "^3.11"\n'
    )


def not_the_pipfiles_python(world: World) -> None:
    world.make(base=find_python("3.9"))
    (world.project / "Pipfile").write_text('[packages]\n\n[requires]\npython_version = "3.11"\n')


def not_the_python_of_the_version_file(world: World) -> None:
    world.make(base=find_python("3.9"))
    (world.project / ".python-version").write_text("3.11.7\n")


def not_as_locked(world: World) -> None:
    world.make()
    (world.project / "Pipfile").write_text('[packages]\none = "*"\n')
    (world.project / "Pipfile.lock").write_text(
        json.dumps({"_meta": {}, "default": {"one": {"version": "==2.0"}}, "develop": {}}, indent=4)
    )


def pip_half_there(world: World) -> None:
    run(find_python(MINOR), "-m", "venv", world.place)
    world.install("one==1.0")
    (package,) = world.place.glob("lib/python*/site-packages/pip")
    shutil.rmtree(package)


def pip_without_one_of_its_modules(world: World) -> None:
    run(find_python(MINOR), "-m", "venv", world.place)
    world.install("one==1.0")
    (module,) = world.place.glob("lib/python*/site-packages/pip/_internal/cli/main.py")
    module.write_text("")


def libssl_of_a_distribution_gone(world: World) -> None:
    world.make()
    soname = ("-Wl,-soname,libssl.so.1.1",)
    source = "int SSL_made_up(void) { return 1; }\n"
    compiled(world, *soname, name="libssl.so.1.1", source=source)
    search = f"-Wl,-rpath,{world.root}"
    world.install(native_wheel(world, "-DWANTED", "libssl.so.1.1", search))
    (world.root / "libssl.so.1.1").unlink()
    native_wheel(world)  # what a compiler makes of it now


# --------------------------------------------------------------------------- the table

APPLY = ("sslfix", "--apply")
OTHER_PYTHON = ("sslfix", "env", "--recreate", "--python", MINOR, ".venv")
UV_INSTALL = ("uv", "pip", "install", "-q")


class Shown(TypedDict):
    """What env says of an environment."""

    path: str
    state: str
    reasons: list[str]
    notes: list[str]


class State(NamedTuple):
    """How it comes about, the rule and words of its reason, what cures it, what then works."""

    make: Callable[[World], None]
    rule: str
    reason: str
    state: str
    cure: tuple[str, ...] = APPLY
    works: str = "import ssl, one"
    level: str = "error"
    loses: str = "import ssl, one"


STATES = (
    State(base_gone, "SSL502", "does not exist", "broken"),
    State(base_gone_under_a_copy, "SSL502", "does not exist", "broken", loses=""),
    State(base_of_another_minor_version, "SSL501", "in lib/python3.11, but its python", "stale"),
    State(base_upgraded_under_a_copy, "SSL501", "its copied python is 3.11", "stale"),
    State(moved, "SSL504", "it was made at", "stale", level="warning", loses=""),
    State(copied, "SSL504", "it was made at", "stale", level="warning", loses=""),
    State(
        moved_without_activate,
        "SSL504",
        "elsewhere/bin/python",
        "stale",
        works="import one, pip",
        level="warning",
        loses="",
    ),
    State(of_another_machine, "SSL529", "its python is made for aarch64", "broken"),
    State(
        filled_on_another_machine,
        "SSL530",
        "made for aarch64, while its python is for",
        "stale",
        works="import ssl, one, native",
        level="warning",
        loses="import native",
    ),
    State(libssl_gone, "SSL509", "libssl.so.9: cannot open", "broken"),
    State(libpython_gone, "SSL507", "libpython3.99.so.1.0", "broken"),
    State(built_without_ssl, "SSL515", "No module named '_ssl'", "broken"),
    State(ssl_of_another_python, "SSL531", "undefined symbol: ", "broken"),
    State(ssl_that_lacks_a_name, "SSL531", "cannot import name 'HAS_TLSv9'", "broken"),
    State(
        older_than_requires_python,
        "SSL532",
        "its Python is 3.9.18, but pyproject.toml asks for >=3.11",
        "ok",
        cure=OTHER_PYTHON,
        works="import ssl, tomllib, one",
        level="warning",
        loses="import tomllib",
    ),
    State(
        older_than_poetrys_python,
        "SSL532",
        "its Python is 3.9.18, but pyproject.toml asks for ^3.11",
        "ok",
        cure=OTHER_PYTHON,
        works="import ssl, tomllib, one",
        level="warning",
        loses="import tomllib",
    ),
    State(
        not_the_pipfiles_python,
        "SSL533",
        "its Python is 3.9.18, but Pipfile asks for 3.11",
        "ok",
        cure=OTHER_PYTHON,
        works="import ssl, one",
        level="note",
        loses="",
    ),
    State(
        not_the_python_of_the_version_file,
        "SSL533",
        "its Python is 3.9.18, but .python-version asks for 3.11.7",
        "ok",
        cure=OTHER_PYTHON,
        works="import ssl, one",
        level="note",
        loses="",
    ),
    State(
        not_as_locked,
        "SSL535",
        "one 1.0 (locked: 2.0)",
        "ok",
        cure=(*UV_INSTALL, "one==2.0"),
        works="import one; assert one.version == '2.0'",
        level="note",
        loses="import one; assert one.version == '2.0'",
    ),
    State(
        pip_half_there,
        "SSL534",
        "pip/__init__.py is missing",
        "stale",
        works="import pip, one",
        level="warning",
        loses="import pip",
    ),
    State(
        pip_without_one_of_its_modules,
        "SSL534",
        "pip/_internal/cli/main.py is cut short",
        "stale",
        works="from pip._internal.cli.main import main",
        level="warning",
        loses="from pip._internal.cli.main import main",
    ),
    State(
        libssl_of_a_distribution_gone,
        "SSL536",
        "libssl.so.1.1: cannot open shared object file",
        "ok",
        cure=(*UV_INSTALL, "--reinstall", "--no-cache", "native"),
        works="import ssl, one, native",
        level="warning",
        loses="import native",
    ),
)


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    made = World(tmp_path)
    made.project.mkdir()
    wheel(made.wheels, "one", "1.0")
    wheel(made.wheels, "one", "2.0")
    for name in [name for name in os.environ if name.startswith(("PIP_", "UV_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_DISABLE_PIP_VERSION_CHECK", "1")
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(made.wheels))
    monkeypatch.setenv("UV_NO_CONFIG", "1")
    monkeypatch.setenv("UV_OFFLINE", "1")
    monkeypatch.setenv("UV_FIND_LINKS", str(made.wheels))
    monkeypatch.setenv("PYENV_ROOT", str(REAL_HOME / ".pyenv"))
    return made


@pytest.mark.parametrize("state", STATES, ids=lambda one: one.make.__name__)
def test_each_state_is_found_fixed_and_works(world: World, state: State) -> None:
    if state.cure[0] == "uv" and shutil.which("uv") is None:
        pytest.skip("needs uv")
    state.make(world)
    python = world.place / "bin/python"
    if state.loses:
        assert _fails(python, state.loses)
    finding, environment = _looked_at(world)
    assert (finding["rule"], finding["level"]) == (state.rule, state.level), finding["message"]
    assert environment["state"] == state.state
    assert state.reason in world.sslfix("-v").stdout
    if state.rule not in {"SSL535", "SSL536"}:  # which `env` leaves to check
        assert state.reason in "; ".join(environment["reasons"] + environment["notes"])
    done = _cure(world, state)
    assert done.returncode == 0, done.stdout + done.stderr
    assert not _fails(python, state.works)
    again = json.loads(world.sslfix("--format", "json").stdout)
    assert again["findings"] == []
    print(f"{state.make.__name__:36}{state.rule}  {state.level:8}{state.state:7}{_said(state)}")


def _said(state: State) -> str:
    return f"{' '.join(state.cure):44} {state.reason}"


def _fails(python: Path, code: str) -> bool:
    try:
        return run(python, "-c", code).returncode != 0
    except OSError:  # nothing to start
        return True


def _looked_at(world: World) -> tuple[dict[str, str], Shown]:
    """The one finding of check, and what env says of the environment."""
    checked = json.loads(world.sslfix("--format", "json").stdout)
    assert len(checked["findings"]) == 1, checked["findings"]
    shown = json.loads(world.sslfix("env", "--format", "json").stdout)
    return checked["findings"][0], shown["interpreters"][0]["environment"]


def _cure(world: World, state: State) -> subprocess.CompletedProcess[str]:
    if state.cure[0] == "sslfix":
        return world.sslfix(*state.cure[1:])
    return run(*state.cure, cwd=world.project)


# --------------------------------------------------------------------------- odd, and well


def links(world: World) -> None:
    world.make("--symlinks")


def copies_of_a_base_that_fits(world: World) -> None:
    world.make("--copies")


def system_site_packages(world: World) -> None:
    world.make("--system-site-packages")


def with_pip(world: World) -> None:
    run(find_python(MINOR), "-m", "venv", world.place)


def below_a_linked_folder(world: World) -> None:
    (world.root / "real").mkdir()
    world.project.rmdir()
    world.project.symlink_to(world.root / "real")
    world.make()


def a_link_to_an_environment(world: World) -> None:
    world.make(at=world.root / "envs/shop")
    world.place.symlink_to(world.root / "envs/shop")


def a_file_that_names_it(world: World) -> None:
    """PEP 832, as virtualenv 21 writes it."""
    from virtualenv import cli_run

    (world.project / "pyproject.toml").write_text('[project]\nname = "x"\nversion = "1"\n')
    path = world.project / "shop"
    options = ["--python", find_python(MINOR), "--no-periodic-update", "--venv-redirect"]
    try:
        cli_run([*options, str(path)], setup_logging=False)
    except SystemExit:
        pytest.skip("needs virtualenv 21")
    assert world.place.read_text() == "shop\n"


def by_virtualenv_20(world: World) -> None:
    from virtualenv import cli_run

    options = ["--python", find_python(MINOR), "--no-periodic-update"]
    cli_run([*options, str(world.place)], setup_logging=False)


def copied_by_virtualenv_20(world: World) -> None:
    from virtualenv import cli_run

    options = ["--python", find_python(MINOR), "--no-periodic-update", "--copies"]
    cli_run([*options, str(world.place)], setup_logging=False)


def by_uv(world: World) -> None:
    uv = shutil.which("uv") or pytest.skip("needs uv")
    run(uv, "venv", "-q", "--python", find_python(MINOR), world.place)
    world.install("one==1.0")


def by_uv_relocatable_and_moved(world: World) -> None:
    uv = shutil.which("uv") or pytest.skip("needs uv")
    place = world.root / "elsewhere"
    run(uv, "venv", "-q", "--relocatable", "--seed", "--python", find_python(MINOR), place)
    place.rename(world.place)


def like_condas(world: World) -> None:
    bases.install(world.place, ask(find_python(MINOR)))
    (world.place / "bin/python").symlink_to(f"python{MINOR}")
    (world.place / "conda-meta").mkdir()
    (world.place / "conda-meta/history").touch()
    (world.place / f"lib/python{MINOR}/site-packages").mkdir()


def with_the_python_that_is_asked_for(world: World) -> None:
    world.make()
    (world.project / "pyproject.toml").write_text(
        '[project]\nname = "x"\nversion = "1"\nrequires-python = ">=3.8,!=3.9.*,<4"\n'
        '[tool.poetry.dependencies]\npython = "^3.8 || ~3.7"\n'
    )
    (world.project / ".python-version").write_text("3.9\n3.11 # and more\n")
    (world.project / "Pipfile").write_text('[requires]\npython_full_version = "3.11.2"\n')


def as_locked_and_more(world: World) -> None:
    world.make()
    locked = {
        "one": {"version": "==1.0.0"},
        "two": {"version": "==1.0"},
    }
    (world.project / "Pipfile").write_text('[packages]\none = "*"\ntwo = "*"\n')
    (world.project / "Pipfile.lock").write_text(
        json.dumps({"_meta": {}, "default": locked, "develop": {}}, indent=4)
    )


def with_an_extension_module(world: World) -> None:
    world.make()
    world.install(native_wheel(world))


ODD = (
    links,
    copies_of_a_base_that_fits,
    system_site_packages,
    with_pip,
    below_a_linked_folder,
    a_link_to_an_environment,
    a_file_that_names_it,
    by_virtualenv_20,
    copied_by_virtualenv_20,
    by_uv,
    by_uv_relocatable_and_moved,
    like_condas,
    with_the_python_that_is_asked_for,
    as_locked_and_more,
    with_an_extension_module,
)


@pytest.mark.parametrize("make", ODD, ids=lambda one: one.__name__)
def test_what_looks_odd_and_is_well_gives_no_finding(
    world: World, make: Callable[[World], None]
) -> None:
    make(world)
    _is_well(world, make.__name__)


def _is_well(world: World, name: str) -> None:
    shown = world.sslfix("env", "--format", "json")
    (one,) = json.loads(shown.stdout)["interpreters"]
    environment = one["environment"]
    assert os.path.realpath(world.project / environment["path"]).startswith(str(world.root))
    assert (environment["state"], environment["reasons"]) == ("ok", [])
    assert shown.returncode == 0
    checked = world.sslfix("--format", "json")
    assert json.loads(checked.stdout)["findings"] == []
    assert checked.returncode == 0, checked.stdout
    print(f"{name:36}no finding")


@pytest.mark.network
def test_an_environment_of_virtualenv_16_gives_no_finding(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool = world.root / "tool"
    run(find_python("3.6"), "-m", "venv", tool)
    for name in ("PIP_NO_INDEX", "PIP_FIND_LINKS", "PIP_CONFIG_FILE"):
        monkeypatch.delenv(name)
    done = run(tool / "bin/pip", "install", "-q", "virtualenv==16.7.12")
    if done.returncode:
        pytest.skip(f"virtualenv 16 cannot be had: {done.stderr[-200:]}")
    run(tool / "bin/virtualenv", "-q", "--never-download", world.place)
    _is_well(world, "by_virtualenv_16")


@pytest.mark.network
def test_an_environment_of_debians_pypy_gives_no_finding(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    packages = world.root / "packages"
    packages.mkdir()
    if shutil.which("apt-get") is None or shutil.which("dpkg") is None:
        pytest.skip("needs Debian")
    run("apt-get", "download", "pypy3", "pypy3-lib", cwd=packages)
    for path in packages.glob("*.deb"):
        run("dpkg", "-x", path, world.base)
    if not (world.base / "usr/bin/pypy3").exists():
        pytest.skip("Debian's packages cannot be had")
    (library,) = world.base.glob("usr/lib/*/libpypy3*.so")
    monkeypatch.setenv("LD_LIBRARY_PATH", str(library.parent))
    bases.make(world.place, str(world.base / "usr/bin/pypy3"))
    _is_well(world, "by_debians_pypy")
