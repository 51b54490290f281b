"""Finding the extensions of a room: each is a module that ends with one constant."""

from __future__ import annotations

import os
from importlib import import_module
from typing import TypeVar

Extension = TypeVar("Extension")


def load(package: str, folder: str, constant: str, kind: type[Extension]) -> list[Extension]:
    """The constants of that name and type in the package's modules, by module name.

    Not with `pkgutil.iter_modules`: it imports `inspect`, which takes as long as a bare
    interpreter needs to start (11 ms).
    """
    names = sorted(name[:-3] for name in os.listdir(folder) if name.endswith(".py"))
    modules = (import_module(f"{package}.{name}") for name in names if name[0] != "_")
    found = (getattr(module, constant, None) for module in modules)
    return [one for one in found if isinstance(one, kind)]
