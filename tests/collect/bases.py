"""Base interpreters of our own, to make environments from and then to change under them.

Each is a folder with a copied executable and links to a real standard library, so that a later
"upgrade in place" is a matter of replacing files, as a package manager does it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from sslfix.collect.interpreters import ask
from sslfix.model import Interpreter


def two_releases() -> tuple[Interpreter, Interpreter]:
    """An older and a newer patch release of one minor version, or the test is skipped.

    Here: Debian's 3.11.2 and pyenv's 3.11.7.
    """
    from tests.conftest import REAL_HOME

    found: dict[str, list[Interpreter]] = {}
    paths = [*Path("/usr/bin").glob("python3.?"), *Path("/usr/bin").glob("python3.??")]
    for path in (*paths, *(REAL_HOME / ".pyenv/versions").glob("*/bin/python")):
        one = ask(str(path))
        found.setdefault(one.version.rpartition(".")[0], []).append(one)
    for releases in found.values():
        releases.sort(key=lambda one: int(one.version.rpartition(".")[2]))
        # A copy of an executable with a shared libpython is upgraded with that library.
        if releases[0].version != releases[-1].version and not _is_shared(releases[0].executable):
            return releases[0], releases[-1]
    pytest.skip("needs two patch releases of one minor version, the older without libpython.so")


def _is_shared(executable: str) -> bool:
    return Path(executable).resolve().stat().st_size < 1_000_000


def install(base: Path, source: Interpreter) -> str:
    """Put a Python into the prefix `base`, in place of the one that is there; its executable."""
    minor = ".".join(source.version.split(".")[:2])
    executable, library = base / f"bin/python{minor}", base / f"lib/python{minor}"
    executable.parent.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(library, ignore_errors=True)
    library.mkdir(parents=True)
    executable.unlink(missing_ok=True)
    shutil.copy2(os.path.realpath(source.executable), executable)
    for entry in Path(source.stdlib).iterdir():
        if entry.name not in ("site-packages", "dist-packages"):
            (library / entry.name).symlink_to(entry)
    return str(executable)


def require_new_name(base: Path, name: str) -> None:
    """Let the standard library of `base` take a name from `_ssl` that no executable has yet.

    It stands for the `HAS_TLSv1_3` of 3.6.3: no Python with `_ssl` built in is at hand.
    """
    (library,) = (base / "lib").glob("python3.*")
    text = (library / "ssl.py").read_text(encoding="utf-8")
    (library / "ssl.py").unlink()
    changed = text.replace("\nfrom _ssl import (\n", f"\nfrom _ssl import (\n    {name},\n", 1)
    assert changed != text
    (library / "ssl.py").write_text(changed, encoding="utf-8")


def make(root: Path, executable: str, *options: str) -> Path:
    """A new environment at `root` made by the venv of that Python."""
    command = [executable, "-m", "venv", "--without-pip", *options, str(root)]
    subprocess.run(command, check=True, capture_output=True)
    return root
