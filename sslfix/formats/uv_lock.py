"""uv.lock, of all revisions, from the days when it said [[distribution]] on.

https://docs.astral.sh/uv/concepts/projects/layout/#the-lockfile
"""

from __future__ import annotations

from sslfix.model import Declaration, DependencyFile, Document, Format

from . import _packages
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


FORMAT = Format(name="uv.lock", patterns=("uv.lock",), read=read)
