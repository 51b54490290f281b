"""Hashed pins that people wrote: another version with its hashes, in the style that was there.

https://pip.pypa.io/en/stable/topics/secure-installs/#hash-checking-mode
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from sslfix.model import Declaration, Document, Edit, Span

_HASH = re.compile(
    r"(?P<gap>(?:[ \t]|\\(?:\r\n|\r|\n))+)(?P<option>--hash(?:=|[ \t]+)[\"']?)"
    r"(?P<algorithm>[a-z0-9]+):[0-9a-fA-F]+(?P<quote>[\"']?)"
)
_VERSION = re.compile(r"={2,3}[ \t]*([^\s;,\\()]+)")


def repin(
    document: Document, declaration: Declaration, version: str, hashes: Sequence[str]
) -> Edit | None:
    """The edit from the version to the last hash, None where that can't be done in the same style.

    Also None for hashes ("sha256:...") of another algorithm than those that stand there.
    """
    text, (start, end) = document.text, declaration.span
    pin = _VERSION.search(text, start, end)
    old = []
    found = _HASH.match(text, end)
    while found is not None:
        old.append(found)
        found = _HASH.match(text, found.end())
    known = {one["algorithm"] for one in old}
    if pin is None or len(old) != declaration.hashes or not hashes:
        return None
    if known != {one.partition(":")[0] for one in hashes}:
        return None
    first, second = old[0], old[min(1, len(old) - 1)]
    gaps = [first["gap"], *([second["gap"]] * (len(hashes) - 1))]
    added = (gap + first["option"] + one + first["quote"] for gap, one in zip(gaps, hashes))
    new = version + text[pin.end(1) : end] + "".join(added)
    return Edit(document.path, Span(pin.start(1), old[-1].end()), new)
