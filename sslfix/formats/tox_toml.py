"""tox.toml: what the environments of tox install.

https://tox.wiki/en/stable/reference/config.html#deps
"""

from __future__ import annotations

from sslfix.model import DependencyFile, Document, Edit, Format, Problem

from . import _pep508, _toml, _toml_edit


def read(document: Document) -> DependencyFile:
    """The `deps` of all environments, and the files of their `constraints`."""
    from . import _tox

    data = _toml.load(document)
    if isinstance(data, Problem):
        return DependencyFile(document, FORMAT.name, problems=(data,))
    places = _toml.places(document.text)
    found = _tox.settings(data, (), "")
    outcomes = [one for each in found for one in _tox.outcomes(document, places, each)]
    return DependencyFile.of(document, FORMAT.name, outcomes)


def constrain(
    file: DependencyFile, name: str, specifier: str, comment: str, section: str = ""
) -> Edit | None:
    """A new element of an environment's `deps`, by default of those that all have."""
    from . import _tox

    data = _toml.load(file.document)
    for array in _tox.arrays(data, (), section or "env_run_base"):
        return _toml_edit.add_element(file.document, array, name + specifier, comment)
    return None


FORMAT = Format(
    name="tox.toml",
    patterns=("tox.toml",),
    read=read,
    respecify=_pep508.respecify,
    constrain=constrain,
)
