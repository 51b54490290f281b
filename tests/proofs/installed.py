"""Distributions installed into folders of their own, so that a proof combines releases freely."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from tests.conftest import run


class Shelf:
    """Folders with distributions for PYTHONPATH; each is filled once."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def install(self, python: str, *requirements: str) -> Path:
        """The folder with these requirements for that Python; pip decides on what they need."""
        folder = self.root / "-".join((Path(python).parts[-3], *requirements)).translate(
            str.maketrans("<>=!,/", "______")
        )
        if not folder.exists():
            command = [python, "-m", "pip", "install", "-q", "--only-binary", ":all:", "--target"]
            done = run(*command, folder, *requirements, env=dict(os.environ))
            assert done.returncode == 0, done.stderr
        return folder


def execute(
    python: str, folder: Path, script: str, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a script with the distributions of a folder; nothing is asked of its success."""
    variables = {**(os.environ if env is None else env), "PYTHONPATH": str(folder)}
    return run(python, "-c", script, env=variables)
