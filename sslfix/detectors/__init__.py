"""The few checks that data cannot say: each module ends with `DETECTOR`, found by its name.

Those in this folder look at environments, those in `code` at sources. Modules whose name begins
with an underscore serve the others.
"""

from __future__ import annotations

from functools import cache

from sslfix import extensions
from sslfix.model import Detector

# Where one file of a project has one of these words, all its sources are wanted: any module of the
# project may import urllib3 before the patch.
PROJECT_WORDS = (b"gevent", b"eventlet", b"grequests", b"locust")
# Files with one of these are wanted for themselves, by the detectors that look at one at a time.
OF_SINGLE_SOURCES = frozenset({"contexts", "removed-names", "shared-handles"})
SOURCE_WORDS = (
    b"curl_cffi", b"ssl", b"SSL", b"cert=", b".cert", b"key_file", b"keyfile", b"certfile",
    b"cert_file", b"cafile", b"capath", b"cadefault", b"HTTPSConnection", b"urllib3",
)  # fmt: skip


def all_detectors() -> dict[str, Detector]:
    """Every detector by its name."""
    return {**of_environments(), **of_code()}


def of_environments() -> dict[str, Detector]:
    """The detectors that look at interpreters and environments, by their names."""
    found = extensions.load(__name__, __path__[0], "DETECTOR", Detector)
    return {one.name: one for one in found}


@cache
def of_code() -> dict[str, Detector]:
    """The detectors that read sources, by their names; importing them takes 9 ms."""
    from . import code

    found = extensions.load(code.__name__, code.__path__[0], "DETECTOR", Detector)
    return {one.name: one for one in found}
