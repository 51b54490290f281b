"""uv.lock, of all revisions, from the days when it said [[distribution]] on.

https://docs.astral.sh/uv/concepts/projects/layout/#the-lockfile
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from sslfix.model import Declaration, DependencyFile, Document, Format, Lock

from . import _packages, pyproject
from ._packages import Package, Packages

_ELSEWHERE = ("git", "url", "path", "directory", "editable", "virtual")


def read(document: Document) -> DependencyFile:
    """What is locked, in file order: a distribution may be locked once for each fork.

    uv does not say in its lock file which group or extra brings a distribution along.
    """
    return _packages.read(document, FORMAT.name, _declaration)


def _declaration(package: Package, _: Packages) -> Declaration | None:
    forks = package.texts("resolution-markers") or package.texts("environment-markers")
    declared = _packages.declare(package, _url(package))
    return declared and declared._replace(marker=" | ".join(forks))


def _url(package: Package) -> str:
    """Where a package comes from that is not taken from an index."""
    written = package.text("source")  # uv 0.2: source = "git+https://..."
    if written and not written.startswith("registry+"):
        return written
    return next((str(package.source[key]) for key in _ELSEWHERE if key in package.source), "")


def add(constraint: Mapping[str, str], _: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """The command of uv that limits these distributions in pyproject.toml and locks them."""
    wanted = tuple(name + specifier for name, specifier in constraint.items())
    return (("uv", "add", "--no-sync", *wanted) if wanted else ("uv", "lock"),)


def limit(constraint: Mapping[str, str], _: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """The command of uv that limits these distributions in its lock file alone.

    `uv add` would make what no manifest names a dependency of what is published.
    """
    wanted = (name + specifier for name, specifier in constraint.items())
    return (("uv", "lock", *(part for one in wanted for part in ("--upgrade-package", one))),)


# Another uv writes all of the file anew (0.4 to 0.13: 174 lines for one). Tried: the releases
# around each change.
_REVISION = re.compile(r"^revision = (\d+)$", re.MULTILINE)
_WRITTEN_BY = {0: "<0.6", 1: ">=0.6,<0.6.15", 2: ">=0.6.15,<0.8.4", 3: ">=0.8.4,<0.13"}


def lock_of(file: DependencyFile) -> Lock:
    """uv, of a version that writes this revision."""
    found = _REVISION.search(file.document.text[:200])
    return Lock(
        tool="uv",
        manifests=("pyproject.toml",),
        typed=add,
        limit=limit,
        rerun=lambda _, __, ___: (("uv", "lock"),),
        check=("uv", "lock", "--locked"),
        constrain=pyproject.constrain_uv,
        versions=_WRITTEN_BY.get(int(found[1]) if found else 0, ">=0.13"),
        layout=r"^(?:version|revision) = \d+$",
        forks=True,
    )


FORMAT = Format(name="uv.lock", patterns=("uv.lock",), read=read, lock=lock_of)
