"""Installed extension modules whose own SSL library is gone (SSL536)."""

from __future__ import annotations

from sslfix.language import say as _
from sslfix.model import Detector, Facts, Hit, Interpreter, Location

RULE = "SSL536"


def detect(facts: Facts, interpreter: Interpreter) -> tuple[Hit, ...]:
    """A hit for each distribution with an extension module that lacks its SSL library."""
    del facts
    environment = interpreter.environment
    message = _("{name} {version} lacks the SSL library that it was built for")
    lost = {
        one.distribution: one
        for one in (environment.unloadable if environment else ())
        if one.error
    }
    return tuple(
        Hit(
            RULE,
            (Location(one.path, 1, 1, 1, 1, note=_("installed here")),),
            message.format(name=name, version=one.version),
            _("its import fails with {error}").format(error=one.error),
            name,
            one.version,
        )
        for name, one in lost.items()
    )


DETECTOR = Detector(name="ssl-extensions", detect=detect)
