"""The few checks that data cannot say: each module ends with `DETECTOR`, found by its name.

Modules whose name begins with an underscore serve the others.
"""

from __future__ import annotations

from sslfix.model import Detector

# Where no source of a project has one of these words, no detector needs any of its sources. Where
# one has, all are wanted: any module of the project may import urllib3 before the patch.
SOURCE_WORDS = (b"gevent", b"eventlet", b"grequests", b"locust", b"curl_cffi")


def all_detectors() -> dict[str, Detector]:
    """Every detector of this folder by its name."""
    import pkgutil
    from importlib import import_module

    names = [found.name for found in pkgutil.iter_modules(__path__)]
    modules = [import_module(f"{__name__}.{name}") for name in names if name[0] != "_"]
    return {module.DETECTOR.name: module.DETECTOR for module in modules}
