"""Projects locked by the real tools.

A project asks for requests and botocore, and its lock file holds urllib3 2.2.3, which cannot be
imported where the SSL library calls itself OpenSSL 1.0.2k.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from sslfix import formats
from sslfix.formats.text import decode
from sslfix.model import DependencyFile, Lock
from tests.conftest import index_url, run

OLD = "OpenSSL 1.0.2k-fips  26 Jan 2017"
IMPORT = "import requests, botocore.session, urllib3; print(urllib3.__version__)"


class Locker(NamedTuple):
    """A tool, its files, and the command that locks; {} in `text` takes the pin of urllib3."""

    name: str
    lock: str
    manifest: str
    text: str
    pin: str
    command: tuple[str, ...]


PROJECT = """\
[project]
name = "p"
version = "1"
requires-python = ">=3.10"
dependencies = [
    "requests==2.31.0",  # pinned
    "botocore==1.35.40",
{}]
"""
LINES = "requests==2.31.0  # pinned\nbotocore==1.35.40\n{}"
POETRY = """\
[tool.poetry]
name = "p"
version = "1"
description = ""
authors = []
package-mode = false

[[tool.poetry.source]]
name = "here"
url = "INDEX"
priority = "primary"

[tool.poetry.dependencies]
python = ">=3.10"
requests = "2.31.0"  # pinned
botocore = "1.35.40"
{}"""
PIPFILE = """\
[[source]]
name = "here"
url = "INDEX"
verify_ssl = true

[packages]
requests = "==2.31.0"  # pinned
botocore = "==1.35.40"
{0}
[dev-packages]
"""
IN_BOTH = PIPFILE + 'requests = "*"\n{0}'
TABLE = ("pyproject.toml", PROJECT, '    "urllib3{}",\n')
# `pipenv lock` updates everything, `pipenv upgrade` makes no new file.
PIPENV = ("sh", "-c", "test ! -e Pipfile.lock || exec pipenv upgrade --dev; exec pipenv lock")
OLD_POETRY = ("uv", "tool", "run", "--from", "poetry==1.8.5", "poetry")
TEXT = ("requirements.in", LINES, "urllib3{}\n")
UV = ("uv", "pip", "compile", "requirements.in", "-o")
LOCKERS = {
    one.name: one
    for one in (
        Locker("uv", "uv.lock", *TABLE, ("uv", "lock")),
        Locker("poetry 1.8", "poetry.lock", "pyproject.toml", POETRY, 'urllib3 = "{}"\n',
               (*OLD_POETRY, "lock", "--no-update")),
        Locker("poetry", "poetry.lock", "pyproject.toml", POETRY, 'urllib3 = "{}"\n',
               ("poetry", "lock")),
        Locker("pipenv", "Pipfile.lock", "Pipfile", PIPFILE, 'urllib3 = "{}"\n', PIPENV),
        Locker("pipenv, develop too", "Pipfile.lock", "Pipfile", IN_BOTH, 'urllib3 = "{}"\n',
               PIPENV),
        Locker("pdm", "pdm.lock", *TABLE, ("pdm", "lock", "--update-reuse")),
        Locker("pip-compile", "requirements.txt", *TEXT, ("pip-compile",)),
        Locker("pip-compile, hashes", "requirements.txt", *TEXT,
               ("pip-compile", "--generate-hashes")),
        Locker("uv pip compile", "requirements.txt", *TEXT, (*UV, "requirements.txt")),
        Locker("uv pip compile, hashes", "requirements.txt", *TEXT,
               (*UV, "requirements.txt", "--generate-hashes")),
        Locker("uv pip compile, pylock", "pylock.toml", *TEXT, (*UV, "pylock.toml")),
    )
}  # fmt: skip
TOOLS = {"poetry": "poetry", "pipenv": "pipenv", "pipenv, develop too": "pipenv"}


class Project(NamedTuple):
    """A locked project whose .venv is empty, and the variables of its broken world."""

    folder: Path
    locker: Locker
    broken: dict[str, str]

    def sslfix(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return run(sys.executable, "-m", "sslfix", *arguments, env=self.broken, cwd=self.folder)

    def files(self) -> dict[str, str]:
        names = (self.locker.manifest, self.locker.lock)
        return {name: (self.folder / name).read_text() for name in names}

    def locked(self) -> dict[str, set[str | None]]:
        found: dict[str, set[str | None]] = {}
        for one in self.read(self.locker.lock).declarations:
            found.setdefault(one.name, set()).add(one.version)
        return found

    def lock(self, pin: str, text: str = "") -> None:
        """Lock with that pin, or with none and all else as it was."""
        text = text or self.locker.text
        line = self.locker.pin.format(pin) if pin else ""
        (self.folder / self.locker.manifest).write_text(
            text.format(line).replace("INDEX", index_url())
        )
        done = run(*self.locker.command, cwd=self.folder)
        assert done.returncode == 0, done.stdout + done.stderr

    def install(self) -> None:
        """Install what the lock file says into .venv, by its own tool where it has a way."""
        python = str(self.folder / ".venv/bin/python")
        pip = (sys.executable, "-m", "pip", "--python", python, "install", "-r")
        command = {
            "uv.lock": ("uv", "sync", "--frozen", "--no-install-project", "--inexact"),
            "pdm.lock": ("pdm", "sync", "--no-self"),
            "poetry.lock": ("poetry", "install", "--no-root"),
            "Pipfile.lock": ("pipenv", "sync", "--dev"),
            "pylock.toml": ("uv", "pip", "sync", "--python", python, "pylock.toml"),
        }.get(self.locker.lock, (*pip, self.locker.lock))
        variables = {**os.environ, "VIRTUAL_ENV": str(self.folder / ".venv")}
        done = run(*command, cwd=self.folder, env=variables)
        assert done.returncode == 0, done.stdout + done.stderr

    def lock_of(self) -> Lock:
        found = formats.lock_of(self.read(self.locker.lock))
        assert found is not None
        return found

    def read(self, name: str) -> DependencyFile:
        format_ = formats.for_path(name)
        assert format_ is not None
        return format_.read(decode(name, (self.folder / name).read_bytes(), format_.name))

    def commands(self) -> str:
        """What sslfix runs to lock this project's edited manifest."""
        lock = self.lock_of()
        called = OLD_POETRY if lock.version.startswith("1.") else (lock.tool,)
        said = run(*called, "--version").stdout
        version = re.search(r"\d+(\.\d+)+", said)
        assert version is not None, said
        sections = tuple(one.section for one in self.read(self.locker.lock).declarations
                         if one.name == "urllib3")  # fmt: skip
        wanted = {"urllib3": ">=1.26.20,<2"}
        commands = lock.rerun(int(version[0].partition(".")[0]), wanted, sections)
        return f"{lock.tool} {version[0]} | " + "; ".join(shlex.join(one) for one in commands)

    def imports(self) -> subprocess.CompletedProcess[str]:
        python = self.folder / ".venv/bin/python"
        return run(python, "-W", "ignore", "-c", IMPORT, env=self.broken)
