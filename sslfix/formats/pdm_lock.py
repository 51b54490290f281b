"""pdm.lock, of all lock versions (to 4.5).

https://pdm-project.org/latest/usage/lockfile/
"""

from __future__ import annotations

from sslfix.model import Declaration, DependencyFile, Document, Format

from . import _packages
from ._packages import Package, Packages
from ._pep508 import normalize

_ELSEWHERE = ("git", "url", "path")


def read(document: Document) -> DependencyFile:
    """What is locked, in file order: a distribution with extras is locked beside itself."""
    return _packages.read(document, FORMAT.name, _declaration, last="metadata")


def _declaration(package: Package, found: Packages) -> Declaration | None:
    url = next((package.text(key) for key in _ELSEWHERE if package.text(key)), "")
    declared = _packages.declare(package, url)
    outside = found.hashes.get(normalize(f"{package.text('name')} {package.text('version')}"), 0)
    return declared and declared._replace(
        section=",".join(package.texts("groups")),
        marker=package.text("marker") or package.text("markers"),
        extras=tuple(package.texts("extras")),
        hashes=declared.hashes or outside,
    )


FORMAT = Format(name="pdm.lock", patterns=("pdm.lock",), read=read)
