"""gevent or eventlet patching ssl after a module took its own reference to SSLContext.

SSL601 where contexts are made of that reference, SSL614 where gevent only warns of it. The order
in which a program runs its modules is followed in `sslfix.source.running`.
"""

from __future__ import annotations

from sslfix.language import say as _
from sslfix.model import Detector, Facts, Hit, Interpreter, Location
from sslfix.source.holders import RECURSES, known_versions
from sslfix.source.late import late_patches
from sslfix.source.program import Late, Place


def detect(facts: Facts, interpreter: Interpreter) -> tuple[Hit, ...]:
    """A hit for each patch that surely runs after the import of such a module."""
    if not facts.sources:
        return ()
    late = late_patches(facts, interpreter)
    versions = known_versions(interpreter, facts.files) if late else {}
    return tuple(
        _hit(one, interpreter, versions)
        for one in late
        if one.effect == RECURSES or _library(one) == "gevent"
    )


def _hit(late: Late, interpreter: Interpreter, versions: dict[str, str]) -> Hit:
    message = _("{patch} comes too late: {module} is imported before it")
    module = late.holder.what
    library = _library(late)
    version = versions.get(library)
    return Hit(
        rule="SSL601" if late.effect == RECURSES else "SSL614",
        locations=tuple(_way(late)),
        message=message.format(patch=late.patch.what, module=module),
        detail=_detail(late, library, version, interpreter),
    )


def _library(late: Late) -> str:
    """The library that patches: grequests, locust and gunicorn's workers mostly use gevent."""
    return "eventlet" if "eventlet" in late.patch.what else "gevent"


def _detail(late: Late, library: str, version: str | None, interpreter: Interpreter) -> str:
    """What happens then, with the versions that are known."""
    where = _("{library} {version} on Python {python}").format(
        library=library, version=version or "", python=interpreter.version
    )
    where = " ".join(where.split())
    if late.effect != RECURSES:
        return _("{where} warns of it; requests do not fail by it").format(where=where)
    if library == "eventlet" or (version and _is_silent(version)):
        text = _("its TLS connections end in a RecursionError ({where}), without a warning")
    else:
        text = _("its TLS connections end in a RecursionError ({where})")
    return text.format(where=where)


def _is_silent(version: str) -> bool:
    """Whether that gevent does not warn yet (1.2.2; 1.3.0 does, whatever imported ssl)."""
    from packaging.version import InvalidVersion, Version

    try:
        return Version(version) < Version("1.3a1")
    except InvalidVersion:
        return False


def _way(late: Late) -> list[Location]:
    """The patch, the steps that led to the import before it, and those that led to the patch."""
    holder = late.holder
    what = _("patches ssl after {module} was imported").format(module=holder.what)
    holding = _("{module} takes its own reference to ssl.SSLContext here")
    steps = [place for place in late.patch.via if place not in holder.via]
    return [
        late.patch.locate(what),
        *map(_step, holder.via),
        holder.locate(holding.format(module=holder.what)),
        *map(_step, steps),
    ]


def _step(place: Place) -> Location:
    return place.locate(place.note)


DETECTOR = Detector("patch-order", detect)
