"""What is installed in an environment itself, and where its parts stand."""

from __future__ import annotations

import os

from sslfix.model import Distribution, Interpreter

# They come with the environment and are no part of what the project asked for.
SEEDS = frozenset({"pip", "setuptools", "wheel"})


def own(interpreter: Interpreter, path: str) -> tuple[Distribution, ...]:
    """The distributions in the environment itself, without those of the base interpreter.

    The metadata of a `setup.py develop` stand in the project's folder.
    """
    return tuple(
        one
        for one in interpreter.distributions
        if inside(one.path, path) or (one.editable and inside(one.path, one.editable))
    )


def name(distribution: Distribution) -> str:
    """The name as packaging normalises it."""
    from packaging.utils import canonicalize_name

    return canonicalize_name(distribution.name)


def inside(path: str, folder: str) -> bool:
    """Whether a path is in the folder, by its own place and not by what it links to."""
    parent = os.path.realpath(os.path.dirname(path))
    return f"{parent}/".startswith(f"{os.path.realpath(folder)}/")


def python(environment: str) -> str:
    """The environment's executable, whether or not it is there."""
    return os.path.join(environment, "bin", "python")


def sites(environment: str) -> list[str]:
    """The site-packages folders of an environment, whichever Python they are for."""
    from glob import escape, glob

    root = escape(environment)
    found = glob(f"{root}/lib/*/site-packages") + glob(f"{root}/Lib/site-packages")
    if not os.path.islink(os.path.join(environment, "lib64")):  # Fedora's is a folder of its own
        found += glob(f"{root}/lib64/*/site-packages")
    return [site for site in found if not os.path.islink(os.path.dirname(site))]
