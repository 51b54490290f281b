"""sslfix's verdicts against what real releases did: `subjects.toml` and the tables beside it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import shim
from tests.agreement import server, sweep, tables, verdicts
from tests.agreement.tables import Row, Subject

SUBJECTS = tables.subjects()
SAMPLE = 3


@pytest.mark.parametrize("name", SUBJECTS)
def test_sslfix_agrees_with_what_happened(name: str) -> None:
    wrong = verdicts.wrong(SUBJECTS[name])
    assert not wrong, f"{len(wrong)} wrong verdicts:\n{verdicts.grouped(wrong)}"


def test_every_subject_was_swept_and_few_rows_are_left_out(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with capsys.disabled():
        print("\n" + verdicts.summary())
    for name, subject in SUBJECTS.items():
        rows = tables.read(name)
        assert rows, f"{name} has not been swept"
        assert sum(bool(subject.other(row)) for row in rows) <= len(rows) * 0.3, name


def test_each_reason_to_leave_rows_out_is_needed() -> None:
    for name, subject in SUBJECTS.items():
        given = {subject.other(row) for row in tables.read(name)}
        assert {one.why for one in subject.others} <= given, name


def test_enough_pairs_of_pyopenssl_and_cryptography_were_tried() -> None:
    assert len({row.pins for row in tables.read("pyopenssl")}) >= 300


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("", ""),
        ("Traceback:\nKeyError: 'x'\n\n", "KeyError: 'x'"),
        ("E: name 'x' from 'u' (/tmp/a/u/ssl_.py)", "E: name 'x' from 'u' (ssl_.py)"),
        ("E: https://github.com/a/a/issues/1", "E: https://github.com/a/a/issues/1"),
        ("E: <A at 0x7f06c8edef90>", "E: <A at 0x>"),
    ],
)
def test_errors_are_kept_without_what_differs_from_run_to_run(said: str, kept: str) -> None:
    assert sweep.shorten(said) == kept


def sample(subject: Subject) -> list[Row]:
    """The same few rows each time: some failures and as many others from all over the table."""
    rows = tables.read(subject.name)
    fails = [row for row in rows if row.outcome == "fails"]
    works = [row for row in rows if row.outcome == "ok"]
    return [kind[(2 * n + 1) * len(kind) // (2 * SAMPLE)]
            for kind in (fails, works) if kind for n in range(SAMPLE)]  # fmt: skip


@pytest.mark.proof
@pytest.mark.network
@pytest.mark.parametrize("name", SUBJECTS)
def test_the_tables_still_say_what_happens(name: str, tmp_path: Path) -> None:
    subject, shims = SUBJECTS[name], shim.build(tmp_path)
    if shims is None:
        pytest.skip("needs a C compiler (cc)")
    trials = [(row, trial) for row in sample(subject) if (trial := sweep.trial_again(row))]
    if not trials:
        pytest.skip("needs one of the Pythons of subjects.toml")
    for row, trial in trials:
        now = sweep.attempt(trial, subject, shims, server.variables())
        assert (now.outcome, now.step) == (row.outcome, row.step), row
