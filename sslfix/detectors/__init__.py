"""The few checks that data cannot say: each module ends with `DETECTOR`, found by its name.

Modules whose name begins with an underscore serve the others.
"""

from __future__ import annotations

from sslfix import extensions
from sslfix.model import Detector

# Where no source of a project has one of these words, no detector needs any of its sources. Where
# one has, all are wanted: any module of the project may import urllib3 before the patch.
SOURCE_WORDS = (b"gevent", b"eventlet", b"grequests", b"locust", b"curl_cffi")


def all_detectors() -> dict[str, Detector]:
    """Every detector of this folder by its name."""
    found = extensions.load(__name__, __path__[0], "DETECTOR", Detector)
    return {one.name: one for one in found}
