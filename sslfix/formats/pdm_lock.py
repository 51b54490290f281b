"""pdm.lock, of all lock versions (to 4.5).

https://pdm-project.org/latest/usage/lockfile/
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from sslfix.model import Declaration, DependencyFile, Document, Format, Lock

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


LOCK = ("pdm", "lock", "--update-reuse")  # without the option everything moves


def add(constraint: Mapping[str, str], sections: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """The command of pdm that limits these distributions, in their group, and changes no other."""
    if not constraint:
        return (LOCK,)
    wanted = (name + specifier for name, specifier in constraint.items())
    groups = [group for section in sections for group in section.split(",") if group]
    option = ("-dG", groups[0]) if groups and "default" not in groups else ()
    return (("pdm", "add", "--no-sync", "--update-reuse", *option, *wanted),)


# The lock versions that pdm's releases write; pdm keeps none but its own.
_LOCK_VERSION = re.compile(r'^lock_version = "(.+)"$', re.MULTILINE)
_WRITTEN_BY = {"4.4.1": ">=2.11,<2.16", "4.4.2": "==2.16.*", "4.5.0": ">=2.17,<2.28.1"}


def lock_of(file: DependencyFile) -> Lock:
    """The pdm that writes this lock version."""
    found = _LOCK_VERSION.search(file.document.text)
    return Lock(
        tool="pdm",
        manifests=("pyproject.toml",),
        typed=add,
        rerun=lambda _, __, ___: (LOCK,),
        check=("pdm", "lock", "--check"),
        versions=_WRITTEN_BY.get(found[1] if found else "", ""),
        layout=_LOCK_VERSION.pattern,
    )


FORMAT = Format(name="pdm.lock", patterns=("pdm.lock",), read=read, lock=lock_of)
