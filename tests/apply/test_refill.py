"""The culprit is named, and what installers note is as it was."""

from __future__ import annotations

from pathlib import Path

import pytest

from sslfix.apply import records
from sslfix.apply.refill import culprits
from sslfix.model import Distribution
from tests.apply.worlds import unpack, wheel

WANTED = [
    Distribution("one", "1.0", ""),
    Distribution("one-more", "2.0", ""),
    Distribution("zope.interface", "5", ""),
    Distribution("own", "1", "", "/work/own"),
]


# As pip 26 and uv 0.13 print it.
@pytest.mark.parametrize(
    ("output", "found"),
    [
        ("ERROR: No matching distribution found for one==1.0", ["one"]),
        ("Collecting one==1.0\nERROR: Failed building wheel for one-more", ["one-more"]),
        ("error: metadata-generation-failed\n\u2570\u2500> zope_interface\n", ["zope.interface"]),
        ("error: metadata-generation-failed\n\u2570\u2500> from file:///work/own\n", ["own"]),
        ("  cause: Because one was not found in the cache and you require one==1.0", ["one"]),
        ("error: Failed to build `zope-interface==5`\n  cause: The", ["zope.interface"]),
        ("  cause: Failed to fetch: http://index.example/simple/one-more/", ["one-more"]),
        ("ERROR: /work/own is not a valid editable requirement. It should", ["own"]),
        ("error: Distribution not found at: file:///work/own", ["own"]),
        ("Collecting one==1.0\nkilled", []),
        ("ERROR: No matching distribution found for one.more.else==1", []),
    ],
)
def test_the_culprit_is_what_the_installer_failed_at(output: str, found: list[str]) -> None:
    assert [one.name for one in culprits(WANTED, output)] == found


def test_the_notes_of_installers_are_brought_back_and_recorded(tmp_path: Path) -> None:
    folders = []
    for side, notes in [
        ("old", {"one": {"INSTALLER": "poetry 1.8\n", "REQUESTED": ""}, "two": {}}),
        ("new", {"one": {"INSTALLER": "pip\n"}, "two": {"INSTALLER": "uv", "REQUESTED": ""}}),
    ]:
        site = tmp_path / side / "lib/python3.9/site-packages"
        folders.append(site)
        for name, files in notes.items():
            unpack(wheel(tmp_path, name, "1"), site)
            info = site / f"{name}-1.dist-info"
            for file, text in files.items():
                (info / file).write_text(text)
                with (info / "RECORD").open("a") as record:
                    record.write(f"{name}-1.dist-info/{file},,\n")
    records.restore(str(tmp_path / "old"), str(tmp_path / "new"))
    one, two = (folders[1] / f"{name}-1.dist-info" for name in ("one", "two"))
    assert (one / "INSTALLER").read_text() == "poetry 1.8\n"
    assert (one / "REQUESTED").exists()
    rows = (one / "RECORD").read_text().splitlines()
    assert [row.partition(",sha256=")[0] for row in rows] == [
        "one.py,,",
        "one-1.dist-info/METADATA,,",
        "one-1.dist-info/WHEEL,,",
        "one-1.dist-info/RECORD,,",
        "one-1.dist-info/INSTALLER",
        "one-1.dist-info/REQUESTED",
    ]
    assert rows[-2].endswith(",11")
    assert (two / "INSTALLER").read_text() == "uv"  # the old one did not say
    assert not (two / "REQUESTED").exists()
    assert "REQUESTED" not in (two / "RECORD").read_text()
