"""Reports as people write them: the cause is recognised, also through what happens to texts.

`python -m tests.test_reports` prints how many texts of each family, and through each noise, are
answered rightly, and which are not.
"""

from __future__ import annotations

import csv
import json
import os
import re
import time
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from sslfix import rules
from sslfix.explain import explain
from sslfix.explain.phrases import Phrase, find, fold

from .conftest import SHARED
from .noise import CUTS, NOISES

# The families of the reports, and the ids that are a right first answer (a regular expression).
FAMILIES = {
    "urllib3-v2-old-openssl": "SSL101|SSL103",
    "urllib3-notopenssl-warning": "SSL102|SSL520",
    "urllib3-too-old-import": "SSL309",
    "botocore-default-ciphers": "SSL300|SSL301|SSL303|SSL308",
    "toolbelt-appengine": "SSL310|SSL311",
    "dockerpy-http-docker-scheme": "SSL312|SSL313|SSL314|SSL315|SSL316",
    "stale-ssl-symbol-mismatch": "SSL501",
    "venv-stale-dyld": "SSL502|SSL506",
    "bad-interpreter-stale-venv": "SSL502|SSL505",
    "shared-libpython-missing": "SSL507|SSL508|SSL523",
    "dylib-openssl-missing": "SSL510|SSL521|SSL522",
    "shared-libssl-missing": "SSL509|SSL512|SSL517|SSL528",
    "ssl-undefined-symbol": "SSL511|SSL512|SSL517",
    "python-built-without-ssl": "SSL503|SSL515|SSL516|SSL517",
    "pip-ssl-module-unavailable": "SSL503|SSL515",
    "conda-ssl-unavailable": "SSL503|SSL518",
    "windows-dll-load-ssl": "SSL513|SSL514|SSL527",
    "windows-cert-store-parse": "SSL723",
    "sslcontext-shared-threads-crash": "SSL401|SSL403",
    "two-openssl-copies-crash": "SSL413",
    "gevent-ssl-recursion": "SSL202|SSL204|SSL601",
    "eventlet-ssl-recursion": "SSL203|SSL205|SSL601",
    "curl-cffi-ssl-syscall": "SSL901",
    "pyopenssl-cryptography-lib-attr": "SSL35.|SSL36.|SSL37.",
    "twisted-sslv3-method": "SSL374",
    "ssl-protocol-removed": "SSL607",
    "ssl-api-removed-py312": "SSL21.|SSL22.|SSL603|SSL604|SSL605|SSL606|SSL608",
    "oscrypto-libcrypto-version": "SSL120|SSL121",
    "openssl3-legacy-renegotiation": "SSL801",
    "openssl-weak-key-policy": "SSL802|SSL803|SSL804",
    "openssl3-md4-missing": "SSL807|SSL808",
    "python2-old-openssl-handshake": "SSL805",
    "macos-install-certificates": "SSL701",
    "ca-store-not-found": "SSL702|SSL703|SSL704",
    "ca-bundle-invalid-path": "SSL725|SSL705|SSL706|SSL707|SSL708|SSL710|SSL718",
    "ca-bundle-outdated": "SSL712",
    "ca-corporate-interception": "SSL711",
    "py313-x509-strict": "SSL82[0-4]",
}
NOT_HERE = "(SSL9..)?"
"""What is right for what is not the environment's fault: a page that says so, or nothing."""
MESSAGES = Path(__file__).with_name("messages.tsv")


class Report(NamedTuple):
    number: str
    family: str
    text: str

    @property
    def positive(self) -> bool:
        return not self.family.startswith("neg-")

    @property
    def right(self) -> str:
        return FAMILIES[self.family] if self.positive else NOT_HERE


class Answer(NamedTuple):
    report: Report
    noise: str
    first: str

    @property
    def right(self) -> bool:
        return re.fullmatch(self.report.right, self.first) is not None


def read(folder: Path) -> list[Report]:
    with (folder / "index.tsv").open(encoding="utf-8") as file:
        return [
            Report(
                row["report"],
                row["family"],
                (folder / "texts" / f"{row['report']}.txt").read_text(encoding="utf-8"),
            )
            for row in csv.DictReader(file, delimiter="\t")
        ]


@cache
def first(text: str) -> str:
    """The id of the rule that is named first, "" for none."""
    matches = explain(text, rules.load())
    return matches[0].rule.id if matches else ""


def answers(reports: list[Report], noise: str) -> Iterator[Answer]:
    """What is answered to the texts with that noise, if it leaves what tells."""
    for report in reports:
        text = NOISES[noise](report.text)
        if noise not in CUTS or _tells(report.text, text):
            yield Answer(report, noise, first(text))


def _tells(text: str, cut: str) -> bool:
    """Whether two thirds of the message that gives the cause away are left, in one piece."""
    folded, left = (fold(b" ".join(one.encode().split())) for one in (text, cut))
    rule = rules.find(rules.load(), first(text))
    for symptom in rule.symptoms if rule else ():
        place = find(Phrase.of(symptom.text), folded)
        start, end = place[:2] if place else (0, 0)
        size = (end - start) * 2 // 3
        if size and any(folded[n : n + size] in left for n in range(start, end - size + 1)):
            return True
    return False


def wrong(found: list[Answer]) -> list[tuple[str, str, str, str]]:
    return [
        (one.noise, one.report.number, one.report.family, one.first)
        for one in found
        if not one.right
    ]


def rate(found: list[Answer]) -> float:
    """The share of the right answers to texts of which the environment is at fault."""
    positive = [one.right for one in found if one.report.positive]
    return sum(positive) / len(positive)


# --------------------------------------------------------------------------- the reports


def test_the_table_knows_every_family(reports: Path) -> None:
    assert {report.family for report in read(reports) if report.positive} == set(FAMILIES)


def test_the_table_names_rules_that_exist() -> None:
    known = [rule.id for rule in rules.load()]
    for ids in FAMILIES.values():
        for one in ids.split("|"):
            assert any(re.fullmatch(one, rule) for rule in known), one


def test_the_cause_is_the_first_answer(reports: Path) -> None:
    found = list(answers(read(reports), "as it is"))
    assert rate(found) >= 0.97, wrong(found)
    assert [one for one in wrong(found) if one[2].startswith("neg-")] == []


@pytest.mark.parametrize("noise", NOISES)
def test_the_cause_is_recognised_through_noise(noise: str, reports: Path) -> None:
    found = list(answers(read(reports), noise))
    assert rate(found) >= (0.85 if noise in CUTS else 0.97), wrong(found)
    assert [one for one in wrong(found) if one[2].startswith("neg-")] == []


@pytest.mark.proof
def test_most_is_recognised_through_all_noises(reports: Path) -> None:
    texts = read(reports)
    found = [one for noise in NOISES for one in answers(texts, noise)]
    assert rate(found) >= 0.93


# --------------------------------------------------------------------------- other words


@pytest.mark.parametrize("line", MESSAGES.read_text(encoding="utf-8").splitlines())
def test_the_words_of_other_versions_and_languages(line: str) -> None:
    expected, _, text = line.partition("\t")
    assert first(text.replace("\\n", "\n")).startswith(expected)


@pytest.mark.parametrize(
    "text",
    [
        "ImportError: libffi.so.7: cannot open shared object file: No such file or directory",
        "ImportError: DLL load failed while importing _multiarray_umath",
        "ImportError: cannot import name 'spam' from 'eggs' (/home/u/eggs.py)",
        "ImportError: No module na",
        "AttributeError: 'module' object has no attribu",
        "FileNotFoundError: [Errno 2] No such file or directory: 'config.yaml'",
        "No such file or directory",
        "/usr/bin/x: undefined symbol: _ZN4spam4eggsEv",
        "dyld: Library not loaded: /usr/local/lib/libintl.8.dylib",
        "bash: ./run.pl: /opt/perl: bad interpreter: No such file or directory",
        "bash: ./setup.sh: /bin/bash^M: bad interpreter: No such file or directory",
        "dyld[1]: Library not loaded: @rpath/QtGui.framework/QtGui\n Reason: tried: '/x'",
        "optional modules were not found:\n_curses  _tkinter\nTo find them, look in config.log.",
        "ImportError: cannot import name 'ssl_options' from 'app.settings'",
        "tests/test_tls.py::test_wrong_version_number PASSED",
        "Segmentation fault (core dumped)",
        "Traceback (most recent call last):",
    ],
)
def test_what_other_programs_say_is_not_taken_for_ours(text: str) -> None:
    assert first(text) == ""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("OSError: libssl.so.1.1: cannot open shared obj", "SSL509"),
        ("x.py:3: ImportError: libcrypto.so.1.1: cannot open sha...", "SSL509"),
        ("onfigured with locations that require TLS/SSL, however the ssl module in Pyt", "SSL503"),
        ("connect to HTTPS URL because the SSL module is not ava", "SSL503"),
        ("[...] however the ssl module in Python is not avail", "SSL503"),
        ("version `OPENSSL_3.0.0' not found (required by /x/python3.9/lib-dynload/_s", "SSL511"),
        ("ule is unavailable but required for HTTPS URLs - skipping", "SSL503"),
    ],
)
def test_a_cut_message_is_likely(text: str, expected: str) -> None:
    match, *_ = explain(text, rules.load())
    assert match.rule.id == expected


@pytest.mark.parametrize(
    ("before", "evidence"),
    [
        (
            "    import _ssl             # if we can't import it, let the error propagate",
            "ImportError: DLL load failed: The specified module could not be found.",
        ),
        (
            "    from _ssl import (",
            "ImportError: cannot import name 'HAS_X' from '_ssl' (/x/_ssl.so)",
        ),
        (
            "Referenced from: /x/bin/python",
            "Library not loaded: /x/Python.framework/Versions/3.9/Python",
        ),
    ],
)
def test_the_evidence_is_the_line_with_the_message(before: str, evidence: str) -> None:
    after = "Reason: tried: '/x/Python.framework/Versions/3.9/Python' (no such file)"
    match = explain(f"{before}\n{evidence}\n{after}", rules.load())[0]
    assert (match.line, match.evidence) == (2, evidence)


def test_the_folders_of_windows_are_no_line_ends() -> None:
    line = r"C:\Lib\site-packages\requests\x.py: No module named '_ssl'"
    assert explain(line, rules.load())[0].evidence == line
    text = json.dumps(line + "\nnext line\r\n")
    assert explain(text, rules.load())[0].evidence.endswith("'_ssl'")


def test_a_text_that_nobody_knows_takes_no_time() -> None:
    words = ["error", "failed to", "open", "the ssl", "module", "library", "cannot", "connect"]
    lines = (" ".join(words[n % 7 :] + words[: n % 5]) for n in range(3000))
    text = "\n".join(lines)[: 1 << 18]
    start = time.process_time()
    assert first(text) == ""
    assert time.process_time() - start < 5


def main() -> None:
    """Print the shares by noise and by family, and every wrong answer."""
    texts = read(Path(os.environ.get("SSLFIX_REPORTS", SHARED / "reports")))
    found = [one for noise in NOISES for one in answers(texts, noise)]
    for title, key in (("noise", "noise"), ("family", "family")):
        print(f"{title:36} recognised    negatives without a wrong cause")
        names = [one.noise if key == "noise" else one.report.family for one in found]
        right = Counter((name, one.report.positive) for name, one in zip(names, found) if one.right)
        every = Counter((name, one.report.positive) for name, one in zip(names, found))
        for name in dict.fromkeys(names):
            shares = (f"{right[name, kind]}/{every[name, kind]}" for kind in (True, False))
            print(f"{name:36} " + "".join(f"{share:14}" for share in shares))
        print()
    print(f"all noises together: {rate(found):.1%} recognised")
    for line in wrong(found):
        print("wrong:", *line)


if __name__ == "__main__":
    main()
