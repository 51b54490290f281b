"""What a Pipfile and a Pipfile.lock have in common: the entry of one distribution.

https://pipenv.pypa.io/en/latest/pipfile.html
"""

from __future__ import annotations

from collections.abc import Mapping

from sslfix.language import say as _
from sslfix.model import Declaration, Span

from . import _archive, _versions
from ._pep508 import RequirementError, normalize, pinned

_SOURCES = ("git", "hg", "svn", "bzr", "path", "file", "uri")
# Keys that say a marker in short: `sys_platform = "== 'win32'"`.
_MARKERS = (
    "os_name",
    "sys_platform",
    "platform_machine",
    "platform_python_implementation",
    "platform_release",
    "platform_system",
    "platform_version",
    "python_version",
    "python_full_version",
    "implementation_name",
    "implementation_version",
)


def declare(name: str, entry: object, span: Span, section: str) -> Declaration:
    """The declaration that an entry makes. Raises RequirementError."""
    if isinstance(entry, str):
        entry = {"version": entry}
    if not isinstance(entry, Mapping):
        message = _("expected a version or a table of {name}, found {kind}")
        raise RequirementError(message.format(name=name, kind=_kind(entry)))
    version = entry.get("version", "*")
    if not isinstance(version, str):
        message = _("expected the version of {name} as text, found {kind}")
        raise RequirementError(message.format(name=name, kind=_kind(version)))
    accepts = _versions.pipfile(version)
    if accepts is None:
        message = _('"{version}" is not a version specifier of {name}')
        raise RequirementError(message.format(version=version, name=name))
    url = next((str(entry[key]) for key in _SOURCES if key in entry), "")
    specifier = "".join(version.split()) if accepts != ("",) else ""
    normalized = normalize(name)
    return Declaration(
        name=normalized,
        specifier=specifier,
        span=span,
        section=section,
        version=pinned(accepts[0]) or _archive.version(url, normalized),
        accepts=() if url else accepts,
        marker=_marker(entry),
        extras=_texts(entry.get("extras")),
        url=url,
        hashes=len(_texts(entry.get("hashes"))),
    )


def _marker(entry: Mapping[str, object]) -> str:
    markers = [str(entry["markers"])] if "markers" in entry else []
    markers += [f"{name} {entry[name]}" for name in _MARKERS if name in entry]
    return _versions.join_markers("and", markers)


def _texts(value: object) -> tuple[str, ...]:
    return tuple(str(one) for one in value) if isinstance(value, list) else ()


def _kind(value: object) -> str:
    kinds = {
        list: _("an array"),
        bool: _("a boolean"),
        dict: _("a table"),
        type(None): _("null"),
    }
    return kinds.get(type(value), _("a number"))
