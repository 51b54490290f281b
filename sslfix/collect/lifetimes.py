"""Until when each minor version of CPython gets fixes from its own project.

From https://devguide.python.org/versions/ and its release-cycle.json, read in November 2026. Where
that names a month only, its last day counts. Distributors may go on with fixes of their own.
"""

from __future__ import annotations

import time

ENDS = {
    "2.7": "2020-01-01",
    "3.5": "2020-09-30",
    "3.6": "2021-12-23",
    "3.7": "2023-06-27",
    "3.8": "2024-10-07",
    "3.9": "2025-10-31",
    "3.10": "2026-10",
    "3.11": "2027-10",
    "3.12": "2028-10",
    "3.13": "2029-10",
    "3.14": "2030-10",
    "3.15": "2031-10",
}


def ended(implementation: str, version: str, today: str = "") -> str:
    """The day or month with which the fixes ended, "" if they did not, or it is not known."""
    if implementation != "cpython":
        return ""
    end = ENDS.get(".".join(version.split(".")[:2]), "9999")
    today = today or time.strftime("%Y-%m-%d")
    return end if today[: len(end)] > end else ""
