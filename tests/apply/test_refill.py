"""The culprit is named, and what installers note is as it was."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from sslfix.apply import records, refill
from sslfix.apply.installers import Target
from sslfix.apply.refill import Job, culprits
from sslfix.model import Distribution
from tests.apply.worlds import ask, unpack, wheel

WANTED = [
    Distribution("one", "1.0", ""),
    Distribution("one-more", "2.0", ""),
    Distribution("zope.interface", "5", ""),
    Distribution("own", "1", "", "/work/own"),
    Distribution(
        "direct",
        "1",
        "",
        direct_url='{"url": "https://index.example/a/d-1.whl", "archive_info": {}}',
    ),
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
        ("error: Failed to build `own @ file:///work/own`\n  cause: Failed to resolve", ["own"]),
        ("error: Failed to download `direct @ https://index.example/a/d-1.whl`", ["direct"]),
        ("  cause: Failed to fetch: https://index.example/a/d-1.whl\n  cause: error", ["direct"]),
        ("Failed to connect to proxy x while fetching https://index.example/a/d-1.whl", ["direct"]),
        ("ERROR: Could not install packages: Max retries exceeded: /a/d-1.whl (x)", ["direct"]),
        ("ERROR: Could not install requirement one from x because of HTTP error 503", ["one"]),
        (
            "Obtaining file:///work/own\n  Collecting one\n  x did not run successfully.",
            ["own"],
        ),
        ("ERROR: No matching distribution found for one.more.else==1", []),
    ],
)
def test_the_culprit_is_what_the_installer_failed_at(output: str, found: list[str]) -> None:
    assert [one.name for one in culprits(WANTED, output)] == found


@pytest.mark.parametrize(
    ("output", "reason"),
    [
        (
            "error: Failed to build `own`\n  cause: Failed to fetch: x\n  cause: b (111)\n",
            "Failed to fetch: x: b (111)",
        ),
        (
            "ERROR: No matching distribution found for one==1.0\n\n[notice] x",
            "No matching distribution found for one==1.0",
        ),
        ("error: x\n\u2570\u2500> one\n", "one"),
        ("x\nERROR: own\n", "own"),
        (
            "\u2570\u2500> [4 lines of output]\n  Could not find x\nERROR: Failed to build own",
            "Could not find x",
        ),
    ],
)
def test_the_reason_is_one_line(output: str, reason: str) -> None:
    assert refill._reason(output) == reason


def _job(folder: Path, said: list[str], *before: Distribution) -> Job:
    target = Target(str(folder), str(folder / "bin/python"), "3.9")
    return Job(target, before, None, ask, True, said.append)


def test_the_mode_comes_back_and_what_is_left_is_told(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    old.mkdir(mode=0o700)
    site = new / "lib/python3.9/site-packages"
    (site / "pip-26.1.dist-info").mkdir(parents=True)
    (old / "notes").touch()
    os.mkfifo(old / "fifo")
    said: list[str] = []
    refill.refill(_job(new, said, Distribution("pip", "23.0", "")), str(old))
    assert new.stat().st_mode & 0o777 == 0o700
    assert said == [
        "pip 23.0 became 26.1",
        "taken over, as no distribution owns them: notes",
        "not taken over: fifo; it stands in the old one, see `sslfix env --undo`",
    ]


def test_a_pip_hook_that_came_along_is_said_to_be_of_the_old_python(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    old.mkdir()
    (new / "lib/python3.9/site-packages").mkdir(parents=True)
    (old / "sslfix-constraints.txt").touch()
    said: list[str] = []
    refill.refill(_job(new, said), str(old))
    assert "the pip hook is still that for the old Python; `sslfix pip-hook install`" in said[-1]


PLACE = {"url": "https://index.example/one.whl"}
OLD_HASH = {"hash": "sha256=ab"}
HASHES = {"hash": "sha256=ab", "hashes": {"sha256": "ab"}}
COMMIT = {"vcs": "git", "commit_id": "c0ffee"}
GIT = {"url": "https://index.example/one", "vcs_info": COMMIT}


@pytest.mark.parametrize(
    ("old", "new", "back"),
    [
        ({**PLACE, "archive_info": HASHES}, {**PLACE, "archive_info": {}}, True),
        (
            {**PLACE, "archive_info": HASHES},
            {"url": PLACE["url"] + "#sha256=ab", "archive_info": {}},
            True,
        ),
        (
            {**PLACE, "archive_info": OLD_HASH},
            {**PLACE, "archive_info": {"hashes": {"sha256": "cd"}}},
            False,
        ),
        ({**PLACE, "archive_info": {}}, {"url": "file:///one.whl", "archive_info": {}}, False),
        ({**GIT, "vcs_info": {**COMMIT, "requested_revision": "main"}}, GIT, True),
        ({**GIT, "vcs_info": {"vcs": "git", "commit_id": "0"}}, GIT, False),
    ],
)
def test_where_a_distribution_is_from_is_noted_as_it_was(
    tmp_path: Path, old: dict[str, object], new: dict[str, object], back: bool
) -> None:
    for side, direct in (("old", old), ("new", new)):
        site = tmp_path / side / "lib/python3.9/site-packages"
        unpack(wheel(tmp_path, "one", "1"), site, direct)
    records.restore(str(tmp_path / "old"), str(tmp_path / "new"), exact=False)
    info = site / "one-1.dist-info"
    assert json.loads((info / "direct_url.json").read_text()) == (old if back else new)
    assert ("direct_url.json,sha256=" in (info / "RECORD").read_text()) == back


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
