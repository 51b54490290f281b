from __future__ import annotations

from pathlib import Path

import pytest

from sslfix.collect.configuration import Settings
from sslfix.fingerprints import fingerprint
from sslfix.session import check, request_for

OLD = Settings(targets=("lambda-python3.9",))


@pytest.fixture(autouse=True)
def _inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def fingerprints(text: str, name: str = "requirements.txt", settings: Settings = OLD) -> list[str]:
    Path(name).write_text(text)
    found = [fingerprint(one) for one in check(request_for((name,), settings)).findings]
    assert found
    return found


def test_it_is_the_same_whatever_is_written_above_and_in_whatever_version() -> None:
    first = fingerprints("urllib3==2.2.3\n")
    assert first == fingerprints("# moved\n\nboto3\n   urllib3 == 2.3.0  # a note\n")
    assert (len(first), len(first[0])) == (1, 32)


def test_it_is_the_same_for_whom_it_is_judged() -> None:
    both = Settings(targets=("lambda-python3.9", "amazonlinux:2"))
    assert set(fingerprints("urllib3==2.2.3\n", settings=both)) == set(
        fingerprints("urllib3==2.2.3\n")
    )


def test_it_differs_by_rule_file_and_distribution() -> None:
    assert fingerprints("urllib3==2.2.3\n") != fingerprints("urllib3==2.2.3\n", "other.txt")
    assert fingerprints("urllib3==2.2.3\n") != fingerprints(
        "oscrypto==1.2.1\n", settings=Settings(targets=("debian-12",))
    )


def test_what_brings_a_distribution_in_is_not_what_pins_it() -> None:
    assert fingerprints("requests\n") != fingerprints("urllib3\n")


def test_lines_of_code_tell_faults_apart() -> None:
    new = Settings(targets=("python:3.12",))
    one, two = fingerprints(
        "import ssl\nssl.wrap_socket(a)\nssl.wrap_socket(b)\n", "app.py", settings=new
    )
    assert one != two
    assert [two] == fingerprints("import ssl\n\n\nssl.wrap_socket(b)\n", "app.py", settings=new)
