"""The repository that a path lies in: forges state paths from its root."""

from __future__ import annotations

import os


def root(path: str) -> str:
    """The folder at or above a path that has a `.git`, absolute; without one the working folder."""
    folder = os.path.abspath(path)
    while not os.path.exists(os.path.join(folder, ".git")):
        parent = os.path.dirname(folder)
        if parent == folder:
            return os.getcwd()
        folder = parent
    return folder
