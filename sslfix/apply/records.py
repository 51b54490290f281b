"""What installers note of a distribution beside its metadata: who installed it, and at whose wish.

Both files stand in the RECORD, which is kept true:
https://packaging.python.org/en/latest/specifications/recording-installed-packages/
"""

from __future__ import annotations

import os
from contextlib import suppress
from glob import escape, glob

from sslfix.apply.installed import sites


def restore(old: str, new: str) -> None:
    """Give the distributions of `new` the INSTALLER and the REQUESTED that they have in `old`.

    Installed again by name, all of them would count as asked for, and `pip freeze --not-required`
    and the like would no longer tell them apart.
    """
    known = {os.path.basename(info): info for info in _infos(old)}
    for info in _infos(new):
        before = known.get(os.path.basename(info))
        if before is not None:
            _restore(before, info)


def _infos(environment: str) -> list[str]:
    return [info for site in sites(environment) for info in glob(f"{escape(site)}/*.dist-info")]


def _restore(before: str, info: str) -> None:
    for name in ("INSTALLER", "REQUESTED"):
        was, now = _bytes(os.path.join(before, name)), _bytes(os.path.join(info, name))
        if was == now or (was is None and name == "INSTALLER"):
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
