"""What the tests of environments are made of: small wheels, an `ask` of their own, tree states."""

from __future__ import annotations

import hashlib
import json
import os
import stat
import zipfile
from pathlib import Path

from sslfix.errors import ProbeError
from sslfix.model import Distribution, Environment, Interpreter, SslLibrary
from tests.conftest import run

SCRIPT = """
import json, os, platform, sys
try:
    import ssl
    library, failure = ssl.OPENSSL_VERSION, None
except ImportError as error:
    library, failure = None, str(error)
found = []
for folder in filter(os.path.isdir, sys.path):
    for info in sorted(os.listdir(folder)):
        path = os.path.join(folder, info)
        if info.endswith(".dist-info"):
            with open(os.path.join(path, "METADATA"), encoding="utf-8") as file:
                head = dict(line.strip().split(": ", 1) for line in file if ": " in line[:12])
            direct = ""
            if os.path.exists(os.path.join(path, "direct_url.json")):
                with open(os.path.join(path, "direct_url.json")) as file:
                    direct = file.read()
            data = json.loads(direct or "{}")
            editable = data["url"][7:] if data.get("dir_info", {}).get("editable") else ""
            found.append([head["Name"], head["Version"], path, editable, direct])
print(json.dumps([platform.python_version(), sys.prefix, sys.base_prefix, library, failure, found]))
"""


def ask(executable: str) -> Interpreter:
    """What an interpreter says of itself; a stand-in for sslfix.collect, which apply can't see."""
    try:
        done = run(executable, "-I", "-c", SCRIPT)
    except OSError as error:
        raise ProbeError(executable, str(error)) from error
    if done.returncode:
        raise ProbeError(executable, done.stderr)
    version, prefix, base_prefix, library, failure, found = json.loads(done.stdout)
    return Interpreter(
        id="i1",
        executable=executable,
        version=version,
        implementation="cpython",
        markers={},
        ssl=SslLibrary.parse(library) if library else None,
        ssl_error=failure,
        prefix=prefix,
        base_prefix=base_prefix,
        distributions=tuple(Distribution(*one) for one in found),
    )


def read(path: Path, base: str, executable: str = "") -> Interpreter:
    """The interpreter of the environment at `path`, as sslfix.collect would read it.

    `executable` answers for one that is dead; nothing is installed in it then.
    """
    text = (path / "pyvenv.cfg").read_text()
    config = {
        key: value.strip() for key, value in (line.split(" = ") for line in text.splitlines())
    }
    environment = Environment(
        path=str(path),
        config=config,
        made_by="uv" if "uv" in config else "virtualenv" if "virtualenv" in config else "venv",
        copied=not (path / "bin/python").is_symlink(),
        base_executable=base,
        system_site_packages=config["include-system-site-packages"] == "true",
        prompt=config.get("prompt", "").strip("'\""),
    )
    answer = ask(executable or str(path / "bin/python"))
    return answer._replace(environment=environment, executable=str(path / "bin/python"))


def installed(interpreter: Interpreter) -> dict[str, str]:
    return {one.name: one.version for one in interpreter.distributions}


def wheel(
    folder: Path, name: str, version: str, requires: str = "", module: str = "version = {version!r}"
) -> Path:
    """A wheel of one module, that says its version or does what `module` says."""
    path = folder / f"{name}-{version}-py3-none-any.whl"
    info = f"{name}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    if requires:
        metadata += f"Requires-Dist: {requires}\n"
    folder.mkdir(exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{name}.py", module.replace("{version!r}", repr(version)) + "\n")
        archive.writestr(f"{info}/METADATA", metadata)
        archive.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        record = "".join(f"{one},,\n" for one in [*archive.namelist(), f"{info}/RECORD"])
        archive.writestr(f"{info}/RECORD", record)
    return path


def unpack(path: Path, site: Path, direct_url: dict[str, object] | None = None) -> None:
    """Install a wheel by hand, which is much faster than by pip."""
    with zipfile.ZipFile(path) as archive:
        archive.extractall(site)
        info = next(name for name in archive.namelist() if name.endswith("RECORD"))
    if direct_url is not None:
        (site / info).with_name("direct_url.json").write_text(json.dumps(direct_url))


BACKEND = """
import os, zipfile
def get_requires_for_build_editable(config_settings=None): return []
def build_editable(folder, config_settings=None, metadata_directory=None):
    info, name = "own-1.dist-info", "own-1-py3-none-any.whl"
    with zipfile.ZipFile(os.path.join(folder, name), "w") as archive:
        archive.writestr("own.pth", os.getcwd() + os.linesep)
        archive.writestr(info + "/METADATA", "Metadata-Version: 2.1\\nName: own\\nVersion: 1\\n")
        archive.writestr(info + "/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        archive.writestr(info + "/RECORD", "own.pth,,\\n%s/METADATA,,\\n%s/WHEEL,,\\n%s/RECORD,,\\n" % (info, info, info))
    return name
"""  # noqa: E501


def project(folder: Path) -> Path:
    """A project "own" that can be installed editable without the network or setuptools."""
    folder.mkdir(parents=True)
    (folder / "own_module.py").write_text("here = __file__\n")
    (folder / "backend.py").write_text(BACKEND)
    (folder / "pyproject.toml").write_text(
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
        '[project]\nname = "own"\nversion = "1"\n'
    )
    return folder


def state(root: Path) -> str:
    """A hash over all below a folder: paths, modes, link targets, contents, times of change."""
    digest = hashlib.sha256()
    for path in sorted([root, *root.rglob("*")]):
        about = path.lstat()
        digest.update(f"{path.relative_to(root)} {about.st_mode:o} {about.st_mtime_ns}".encode())
        if stat.S_ISLNK(about.st_mode):
            digest.update(os.readlink(path).encode())
        elif stat.S_ISREG(about.st_mode):
            digest.update(path.read_bytes())
    return digest.hexdigest()
