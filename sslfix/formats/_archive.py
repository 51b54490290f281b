"""What the file name of a wheel or a source distribution tells of a URL or a path.

https://packaging.python.org/en/latest/specifications/binary-distribution-format/
https://packaging.python.org/en/latest/specifications/source-distribution-format/
"""

from __future__ import annotations

import re

_FILE = re.compile(
    r"^(?:[^?#]*[/\\])?([^/\\?#]+\.(whl|tar\.gz|zip))(?:\[[^\]]*\])?(?:[?#]|$)", re.IGNORECASE
)


def named(url: str) -> tuple[str, str] | None:
    """The normalized name and the version of what a URL leads to, None if it says none."""
    found = _FILE.search(url)
    if found is None:
        return None
    from urllib.parse import unquote

    from packaging.utils import parse_sdist_filename, parse_wheel_filename

    name, is_wheel = unquote(found[1]), found[2].lower() == "whl"
    try:
        said = parse_wheel_filename(name)[:2] if is_wheel else parse_sdist_filename(name)
    except ValueError:
        return None
    return str(said[0]), str(said[1])


def version(url: str, name: str) -> str | None:
    """The version of a distribution of that normalized name which a URL leads to, if it says it."""
    found = named(url) if url else None
    return found[1] if found and found[0] == name else None
