"""What installers note of a distribution beside its metadata: by whom, at whose wish, from where.

The files stand in the RECORD, which is kept true:
https://packaging.python.org/en/latest/specifications/recording-installed-packages/
"""

from __future__ import annotations

import os
from contextlib import suppress
from glob import escape, glob
from typing import Any

from sslfix.apply.installed import sites

_PLACE = "direct_url.json"
_NOTES = ("INSTALLER", "REQUESTED", _PLACE)


def restore(old: str, new: str, *, exact: bool = True) -> None:
    """Give the distributions of `new` the notes that they have in `old`, as far as they are true.

    Installed again by name, all of them would count as asked for, and `pip freeze --not-required`
    and the like would no longer tell them apart. Where another tool has chosen what to install,
    not `exact`, only the place that a distribution comes from is noted as before.
    """
    known = {os.path.basename(info): info for info in _infos(old)}
    for info in _infos(new):
        before = known.get(os.path.basename(info))
        if before is not None:
            _restore(before, info, _NOTES if exact else (_PLACE,))


def _infos(environment: str) -> list[str]:
    return [info for site in sites(environment) for info in glob(f"{escape(site)}/*.dist-info")]


def _restore(before: str, info: str, names: tuple[str, ...]) -> None:
    for name in names:
        was, now = _bytes(os.path.join(before, name)), _bytes(os.path.join(info, name))
        if was == now or (was is None and name != "REQUESTED"):
            continue
        if name == _PLACE and not _same_place(was, now):
            continue
        entry = f"{os.path.basename(info)}/{name}"
        path = os.path.join(info, name)
        if was is None:
            os.unlink(path)
        else:
            with suppress(FileNotFoundError):  # uv links files to its cache
                os.unlink(path)
            with open(path, "wb") as stream:
                stream.write(was)
        _record(os.path.join(info, "RECORD"), entry, was)


def _same_place(was: bytes | None, now: bytes | None) -> bool:
    """Whether two direct_url.json mean the same: the URL, and the commit and hashes if both say.

    Installed again, one has the hash in its URL and the commit in place of the branch:
    https://packaging.python.org/en/latest/specifications/direct-url-data-structure/
    """
    import json

    if was is None or now is None:
        return False
    try:
        old, new = json.loads(was), json.loads(now)
        if _plain(old["url"]) != _plain(new["url"]):
            return False
        commits = [one.get("vcs_info", {}).get("commit_id") for one in (old, new)]
        hashes = [_hashes(one.get("archive_info", {})) for one in (old, new)]
    except (ValueError, KeyError, TypeError, AttributeError):
        return False
    both = hashes[0].keys() & hashes[1].keys()
    return commits[0] == commits[1] and all(hashes[0][one] == hashes[1][one] for one in both)


def _plain(url: str) -> str:
    return url.partition("#")[0].rstrip("/")


def _hashes(archive: dict[str, Any]) -> dict[str, str]:
    algorithm, _, digest = str(archive.get("hash", "")).partition("=")
    return {**({algorithm: digest} if digest else {}), **(archive.get("hashes") or {})}


def _record(path: str, entry: str, data: bytes | None) -> None:
    """Write the RECORD anew with this one entry changed, or without it."""
    import csv
    from base64 import urlsafe_b64encode
    from hashlib import sha256
    from io import StringIO

    text = _bytes(path)
    if text is None:
        return
    rows = [row for row in csv.reader(StringIO(text.decode(), newline="")) if row[:1] != [entry]]
    if data is not None:
        digest = urlsafe_b64encode(sha256(data).digest()).rstrip(b"=").decode()
        rows.append([entry, f"sha256={digest}", str(len(data))])
    written = StringIO(newline="")
    csv.writer(written, lineterminator="\n").writerows(rows)
    os.unlink(path)
    with open(path, "w", encoding="utf-8", newline="") as stream:
        stream.write(written.getvalue())


def _bytes(path: str) -> bytes | None:
    try:
        with open(path, "rb") as stream:
            return stream.read()
    except FileNotFoundError:
        return None
