"""What each release of pip does with the hook, one small run for each cell of the table.

The distributions are tiny wheels in a folder: urllib3 in three versions, and a requests that asks
for `urllib3<3`. The hook keeps urllib3 below 2, as it does for OpenSSL 1.0.2.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
import zipfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from tests.conftest import run

KEPT, NEWEST = "1.26.20", "2.6.3"
NAME = "sslfix-constraints.txt"
_BACKEND = """
import os, zipfile

def build_wheel(folder, *_, **__):
    import urllib3
    with open(os.environ["SEEN"], "w") as file:
        file.write(urllib3.__version__)
    return _write(folder, "")

def build_editable(folder, *_, **__):
    return _write(folder, "Requires-Dist: urllib3\\n")

def _write(folder, needs):
    name = "built-1-py2.py3-none-any.whl"
    with zipfile.ZipFile(os.path.join(folder, name), "w") as archive:
        archive.writestr("built.py", "")
        info = "Metadata-Version: 2.1\\nName: built\\nVersion: 1\\n"
        archive.writestr("built-1.dist-info/METADATA", info + needs)
        kind = "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"
        archive.writestr("built-1.dist-info/WHEEL", kind)
        archive.writestr("built-1.dist-info/RECORD", "")
    return name
"""


def wheel(folder: Path, name: str, version: str, needs: Iterable[str] = (), code: str = "") -> Path:
    """A wheel with one module that knows its version."""
    info = f"{name}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    texts = {
        f"{name}.py": f"__version__ = {version!r}\n{code}",
        f"{info}/METADATA": metadata + "".join(f"Requires-Dist: {one}\n" for one in needs),
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: true\n"
        "Tag: py2-none-any\nTag: py3-none-any\n",
    }
    texts[f"{info}/RECORD"] = "".join(f"{one},,\n" for one in (*texts, f"{info}/RECORD"))
    path = folder / f"{name}-{version}-py2.py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for one, text in texts.items():
            archive.writestr(one, text)
    return path


def fill(folder: Path) -> Path:
    """The folder with all the wheels."""
    for version in (KEPT, "2.0.2", NEWEST):
        wheel(folder, "urllib3", version)
    for version in ("2.32.3", "2.32.4"):
        wheel(folder, "requests", version, ["urllib3<3"])
    wheel(folder, "tinybackend", "1", code=_BACKEND)
    return folder


class World(NamedTuple):
    """An environment with the hook, a release of pip to run in it, and a folder for its own."""

    root: Path
    pip: Path
    wheels: Path
    pretend: Mapping[str, str]

    @property
    def environment(self) -> Path:
        """The environment's folder."""
        return self.root / ".venv"

    @property
    def python(self) -> Path:
        """The environment's interpreter."""
        return self.environment / "bin/python"

    def run(self, *words: str | Path, **variables: str) -> tuple[int, str]:
        """Exit code and output of `pip WORDS`, with nothing of this machine's settings."""
        path = os.pathsep.join([str(self.pip), variables.pop("path", "")])
        env = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.root / "home"),
            "LANG": "C.UTF-8",
            "PYTHONPATH": path.rstrip(os.pathsep),
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": str(self.wheels),
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "PIP_ROOT_USER_ACTION": "ignore",
            **variables,
        }
        done = run(self.python, "-m", "pip", *words, env=env, cwd=self.root)
        return done.returncode, done.stdout + done.stderr

    def installed(self, *words: str | Path, **variables: str) -> dict[str, str]:
        """What `pip install WORDS` puts into an empty folder; {} if it refuses."""
        target = self.root / "target"
        shutil.rmtree(target, ignore_errors=True)
        code, _ = self.run("install", "--target", target, *words, **variables)
        return versions(target) if code == 0 else {}


def versions(folder: Path) -> dict[str, str]:
    """Name to version of the distributions in a folder, installed or as wheels."""
    names = [one.name for one in folder.glob("*.dist-info")]
    names += [one.name for one in folder.glob("*.whl")]
    return {one.split("-")[0]: one.split("-")[1].removesuffix(".dist") for one in names}


def _kept(found: Mapping[str, str]) -> str:
    return {KEPT: "yes", NEWEST: "no"}.get(found.get("urllib3", ""), "refused")


# --------------------------------------------------------------------------- the cells


def dependency(world: World, **variables: str) -> str:
    return _kept(world.installed("requests", **variables))


def named(world: World) -> str:
    """The resolver of pip 19 takes the constraint for the requirement."""
    found = world.installed("urllib3>=2")
    return "yes" if not found else f"takes {found['urllib3']}"


def local_wheel(world: World) -> str:
    return _refuses(world, lambda path: (path,))


def isolated(world: World) -> str:
    return _kept(world.installed("--isolated", "requests", "--no-index", "-f", world.wheels))


def editable(world: World) -> str:
    """Up to 21.2 by setup.py and the base interpreter's setuptools."""
    project = world.root / "editable"
    project.mkdir(exist_ok=True)
    path = ""
    if version_of(world) >= (21, 3):
        (project / "pyproject.toml").write_text(
            '[build-system]\nrequires = ["tinybackend"]\nbuild-backend = "tinybackend"\n'
        )
    else:
        script = 'from setuptools import setup\nsetup(name="built", install_requires=["urllib3"])\n'
        (project / "setup.py").write_text(script)
        path = str(next(world.python.resolve().parents[1].glob("lib/*/site-packages")))
    code, _ = world.run("install", "-e", project, path=path)
    sites = next(world.environment.glob("lib/*/site-packages"))
    found = versions(sites) if code == 0 else {}
    shutil.rmtree(sites)
    sites.mkdir()
    return _kept(found)


def hashes(world: World) -> str:
    def pinned(path: Path) -> tuple[str | Path, ...]:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        pins = world.root / "pins.txt"
        pins.write_text(f"urllib3=={path.name.split('-')[1]} --hash=sha256:{digest}\n")
        return ("--require-hashes", "-r", pins)

    return _refuses(world, pinned)


def _refuses(world: World, words: Callable[[Path], tuple[str | Path, ...]]) -> str:
    """Whether what is made of the wheel that fails is refused, and only that."""
    refused = [
        version
        for version in (NEWEST, KEPT)
        if not world.installed(*words(next(world.wheels.glob(f"urllib3-{version}*"))))
    ]
    return {0: "no", 1: "yes", 2: "refuses any"}[len(refused)]


def download(world: World) -> str:
    return _into_folder(world, "download", "-d")


def built_wheels(world: World) -> str:
    return _into_folder(world, "wheel", "-w")


def _into_folder(world: World, *words: str) -> str:
    folder = world.root / "wheelhouse"
    shutil.rmtree(folder, ignore_errors=True)
    world.run(*words, folder, "requests")
    return _kept(versions(folder))


def constraint_option(world: World) -> str:
    found = world.installed("-c", _others(world), "requests")
    return "both" if found == {"requests": "2.32.3", "urllib3": KEPT} else "no"


def constraint_variable(world: World) -> str:
    return _kept(world.installed("requests", PIP_CONSTRAINT=str(_others(world))))


def no_settings(world: World) -> str:
    return _kept(world.installed("requests", PIP_CONFIG_FILE=os.devnull))


def _others(world: World) -> Path:
    path = world.root / "others.txt"
    path.write_text("requests<2.32.4\n")
    return path


def own_constraints(world: World) -> str:
    """pip.conf named a file before the hook was installed."""
    settings = world.environment / "pip.conf"
    text = settings.read_text()
    sslfix(world, "remove")
    settings.write_text(f"[install]\nconstraint = {_others(world)}\n")
    sslfix(world, "install")
    taken = world.installed("requests")
    sslfix(world, "remove")
    settings.unlink()
    sslfix(world, "install")
    assert settings.read_text() == text
    return "both" if taken == {"requests": "2.32.3", "urllib3": KEPT} else "no"


def build(world: World) -> str:
    """What a build saw that needs urllib3 itself."""
    project, seen = world.root / "project", world.root / "seen"
    project.mkdir(exist_ok=True)
    (project / "pyproject.toml").write_text(
        '[build-system]\nrequires = ["tinybackend", "urllib3"]\nbuild-backend = "tinybackend"\n'
    )
    seen.write_text("")
    world.installed(project, SEEN=str(seen))
    return _kept({"urllib3": seen.read_text()})


def build_with_option(world: World) -> str:
    return _with_builds(world, build)


def no_isolation_with_option(world: World) -> str:
    return _with_builds(world, lambda one: _kept(one.installed("--no-build-isolation", "requests")))


def _with_builds(world: World, cell: Callable[[World], str]) -> str:
    sslfix(world, "install", "--builds")
    try:
        return cell(world)
    finally:
        sslfix(world, "remove")
        sslfix(world, "install")


def spaces(world: World) -> str:
    spaced = world._replace(root=world.root / "sp ace")
    shutil.rmtree(spaced.root, ignore_errors=True)
    spaced.root.mkdir()
    shutil.copytree(world.environment, spaced.environment, symlinks=True)
    sslfix(spaced, "install")
    return _kept(spaced.installed("requests"))


def deleted(world: World) -> str:
    """The message names the file; `pip-hook install` puts it there again."""
    path = world.environment / NAME
    path.unlink()
    code, output = world.run("install", "--target", world.root / "t", "requests")
    told = "fails" if code and str(path) in output else "no"
    sslfix(world, "install")
    return f"{told}, then {dependency(world)}"


def user_level(world: World) -> str:
    """The hook in the user's settings alone."""
    sslfix(world, "remove")
    try:
        sslfix(world, "install", "--user")
        found = _kept(world.installed("requests"))
        sslfix(world, "remove", "--user")
        return found
    finally:
        sslfix(world, "install")


CELLS: Mapping[str, Callable[[World], str]] = {
    "a dependency (`pip install requests`)": dependency,
    "a requirement (`urllib3>=2` is refused)": named,
    "the path of a wheel": local_wheel,
    "an editable install": editable,
    "`--require-hashes`": hashes,
    "`pip download`": download,
    "`pip wheel`": built_wheels,
    "`--isolated`": isolated,
    "blanks in the path": spaces,
    "at the level of the user": user_level,
    "`-c` on the command line": constraint_option,
    "constraints of your own in pip.conf": own_constraints,
    "`PIP_CONSTRAINT` is set": constraint_variable,
    "`PIP_CONFIG_FILE=/dev/null`": no_settings,
    "a build in isolation": build,
    "the same with `--builds`": build_with_option,
    "`--no-build-isolation` with `--builds`": no_isolation_with_option,
    "the constraints file deleted": deleted,
}


def version_of(world: World) -> tuple[int, ...]:
    """The release of pip."""
    return tuple(int(part) for part in world.pip.name.split("."))


def sslfix(world: World, *words: str) -> str:
    """Run `sslfix pip-hook WORDS` for the environment, with the SSL library that we pretend."""
    env = {**world.pretend, "PATH": "/usr/bin:/bin", "HOME": str(world.root / "home")}
    command = [sys.executable, "-m", "sslfix", "pip-hook", *words]
    done = run(*command, "--python", world.environment, env=env, cwd=world.root)
    assert done.returncode in {0, 1}, done.stderr
    return done.stdout


def make(root: Path, python: str, pip: Path, wheels: Path, pretend: Mapping[str, str]) -> World:
    """The world in a new folder, with the hook in its environment."""
    world = World(root, pip, wheels, pretend)
    root.mkdir(parents=True)
    done = run(python, "-m", "venv", "--without-pip", world.environment)
    assert done.returncode == 0, done.stderr
    sslfix(world, "install")
    constraints = world.environment / NAME
    if "urllib3" not in constraints.read_text():  # urllib3 2 itself refuses Python 3.6
        constraints.write_text(constraints.read_text() + "urllib3<2\n")
    return world


def make_2(root: Path, python: str, like: World, pip: Path) -> World:
    """A world of Python 2.7, which has no venv: its prefix with the settings of another world."""
    world = like._replace(root=root, pip=pip)
    world.environment.mkdir(parents=True)
    for name in ("bin", "lib", "include"):
        (world.environment / name).symlink_to(Path(python).parents[1] / name)
    for name in ("pip.conf", NAME):
        text = (like.environment / name).read_text()
        text = text.replace(str(like.environment), str(world.environment))
        (world.environment / name).write_text(text)
    return world
