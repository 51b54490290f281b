"""JUnit's XML: Jenkins' schema, and a reader of it."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from sslfix.model import Report
from sslfix.reporters import junit

from .samples import HOSTILE, hostile, report, requirements_file, typical

REPORTS = [report(), typical(), *map(hostile, HOSTILE)]


@pytest.mark.network
@pytest.mark.parametrize("one", REPORTS)
def test_the_report_is_valid(one: Report, junit_schema: Path, tmp_path: Path) -> None:
    xmlschema = pytest.importorskip("xmlschema", reason="needs xmlschema")
    (tmp_path / "junit.xml").write_text(junit.render(one), "utf-8")
    xmlschema.validate(str(tmp_path / "junit.xml"), str(junit_schema))


@pytest.mark.parametrize("one", REPORTS)
def test_the_counts_are_those_of_the_tests(one: Report) -> None:
    suite = ET.fromstring(junit.render(one).encode("utf-8"))[0]
    assert int(suite.attrib["tests"]) == len(suite.findall("testcase"))
    for kind in ("failure", "error", "skipped"):
        counted = suite.attrib[f"{kind}s" if kind != "skipped" else kind]
        assert int(counted) == len(suite.findall(f"testcase/{kind}"))


def test_junitparser_reads_it(tmp_path: Path) -> None:
    junitparser = pytest.importorskip("junitparser", reason="needs junitparser")
    (tmp_path / "junit.xml").write_text(junit.render(typical()), "utf-8")
    (suite,) = junitparser.JUnitXml.fromfile(str(tmp_path / "junit.xml"))
    found = {case.name: [type(one).__name__ for one in case.result] for case in suite}
    assert found == {
        "SSL101 urllib3-openssl-too-old (2)": ["Failure"],
        "SSL101 urllib3-openssl-too-old (1)": ["Failure"],
        "SSL101 urllib3-openssl-too-old (4)": [],
        "SSL101 urllib3-openssl-too-old (5)": ["Skipped"],
        "SSL102 urllib3-not-openssl-warning (6)": [],
        "could-not-check (3)": ["Error"],
        "could-not-check (1)": ["Error"],
    }


def test_what_is_left_to_do_is_told() -> None:
    assert "<system-out>pipenv sync\n1 error, " in junit.render(typical())


def test_a_clean_file_is_a_test_that_passes() -> None:
    file = requirements_file("six\n")
    text = junit.render(report(files=(file,)))
    assert '<testcase name="nothing found" classname="requirements.txt"/>' in text
    assert 'tests="1" failures="0" errors="0"' in text
