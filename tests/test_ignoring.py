from __future__ import annotations

import sys
from pathlib import Path

import pytest

from sslfix import ignoring, rules
from sslfix.collect import configuration
from sslfix.collect.configuration import Settings
from sslfix.ignoring import Ignore
from sslfix.model import Document, Finding, Span
from sslfix.patterns import absolute
from sslfix.session import check, request_for
from tests.conftest import run

OLD = Settings(targets=("lambda-python3.9",))


@pytest.fixture(autouse=True)
def _inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def findings(name: str, text: str, settings: Settings = OLD) -> list[Finding]:
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    Path(name).write_text(text)
    looked = check(request_for((name,), settings))
    assert looked.problems == ()
    return list(looked.findings)


# Each line that is at fault has a comment behind it; `#!` stands for it.
COMMENTED = {
    "requirements.txt": "urllib3==2.2.3  #!\n",
    "hash/requirements.txt": "urllib3==2.2.3 \\\n  --hash=sha256:00 \\\n  --hash=sha256:01 #!\n",
    "pyproject.toml": '[project]\nname = "a"\ndependencies = [\n  "urllib3==2.2.3",  #!\n]\n',
    "poetry/pyproject.toml": '[tool.poetry.dependencies]\nurllib3 = "2.2.3"  #!\n',
    "Pipfile": '[packages]\nurllib3 = "==2.2.3"  #!\n',
    "poetry.lock": '[[package]]\nname = "urllib3"  #!\nversion = "2.2.3"\n'
    '[metadata]\nlock-version = "2.0"\n',
    "uv.lock": 'version = 1\n[[package]]\nname = "urllib3"  #!\nversion = "2.2.3"\n'
    'source = { registry = "https://index.example/simple" }\n',
    "setup.cfg": "[options]\ninstall_requires =\n    urllib3==2.2.3  #!\n",
    "tox.ini": "[testenv]\ndeps =\n    urllib3==2.2.3  #!\n",
    "environment.yml": "dependencies:\n  - pip:\n    - urllib3==2.2.3  #!\n",
    "Dockerfile": "FROM python:3.9\nRUN pip install urllib3==2.2.3  #!\n",
    "joined/Dockerfile": "FROM python:3.9\nRUN pip install urllib3==2.2.3 \\\n  attrs  #!\n",
    "setup.py": "from setuptools import setup\n"
    'setup(install_requires=[\n    "urllib3==2.2.3",  #!\n])\n',
    "noxfile.py": "import nox\n@nox.session\ndef tests(session):\n"
    '    session.install("urllib3==2.2.3")  #!\n',
    "script.py": '# /// script\n# dependencies = [\n#   "urllib3==2.2.3",  #!\n# ]\n# ///\n',
}


@pytest.mark.parametrize(("name", "text"), COMMENTED.items(), ids=list(COMMENTED))
def test_a_comment_silences_in_every_format_that_has_comments(name: str, text: str) -> None:
    for comment, status in [
        ("# sslfix: ignore[SSL101]", "ignored"),
        ("# sslfix: ignore", "ignored"),
        ("# why  # sslfix:ignore[SSL102, urllib3-openssl-too-old]", "ignored"),
        ("# sslfix: ignore[SSL102]", "open"),
        ("# sslfix: ignore[]", "open"),
        ("# sslfix: ignored", "open"),
        ("# sslfix: ignore[SSL101", "open"),
    ]:
        (found,) = findings(name, text.replace("#!", comment))
        by = "comment" if status == "ignored" else ""
        assert (found.rule.id, found.status, found.ignored_by) == ("SSL101", status, by)


def test_a_comment_silences_in_code() -> None:
    text = "import ssl\nssl.wrap_socket(a)  # sslfix: ignore[SSL603]\nssl.wrap_socket(b)\n"
    found = findings("app.py", text, Settings(targets=("python:3.12",)))
    assert [one.status for one in found] == ["ignored", "open"]


PIPFILE_LOCK = '{"_meta": {}, "default": {"urllib3": {"version": "==2.2.3"}}, "develop": {}}'


@pytest.mark.parametrize(
    ("ignore", "status"),
    [
        (Ignore("SSL101", "Pipfile.lock"), "ignored"),
        (Ignore("SSL1", "a/**"), "ignored"),
        (Ignore("SSL101", "b/**"), "open"),
        (Ignore("SSL102", "a/**"), "open"),
        (Ignore("SSL101", distribution="urllib3"), "ignored"),
        (Ignore("SSL101", distribution="requests"), "open"),
        (Ignore("SSL101", until="2999-12-31"), "ignored"),
        (Ignore("SSL101", until="2020-12-31"), "open"),
    ],
)
def test_the_configuration_silences_what_has_no_comments(ignore: Ignore, status: str) -> None:
    own = ignore._replace(path=absolute(ignore.path, ".") if ignore.path else "", reason="because")
    (found,) = findings("a/Pipfile.lock", PIPFILE_LOCK, OLD._replace(ignores=(own,)))
    told = ("configuration", "because") if status == "ignored" else ("", "")
    assert (found.status, found.ignored_by, found.withheld) == (status, *told)


def test_an_exception_holds_on_its_last_day_and_comes_back_with_where_it_stands() -> None:
    place = Document("pyproject.toml", "until = 2027-01-31\n").locate(Span(0, 5))
    (found,) = findings("requirements.txt", "urllib3==2.2.3\n")
    own = Ignore("SSL101", reason="the image", until="2027-01-31", place=place)
    assert ignoring.marked(found, {}, [own], "2027-01-31").status == "ignored"
    back = ignoring.marked(found, {}, [own], "2027-02-01")
    assert back.status == "open"
    assert back.locations[0] == found.locations[0]
    assert back.locations[1].path == "pyproject.toml"
    assert back.locations[1].note == "ignored until 2027-01-31: the image"


def test_comments_with_words_that_mean_no_rule_are_told() -> None:
    text = "a\nb  # sslfix: ignore[SSL101,SLS102,]\nc  # sslfix: ignore\nd  # sslfix: ignore[]\n"
    told = list(ignoring.comments([Document("r.txt", text)], rules.load()))
    assert [(one.line, one.unknown) for one in told] == [(2, ("SLS102",)), (3, ()), (4, ("",))]


@pytest.mark.parametrize(
    ("comment", "status"),
    [
        ("# sslfix: ignore [SSL101]", "ignored"),
        ("#SSLFIX: Ignore[ssl101]", "ignored"),
        ("# sslfix: ignore for the old image", "ignored"),
        ("# sslfix: ignore [SSL602]", "open"),
        ("# sslfix: ignore SSL602", "open"),
        ("# sslfix: ignore[]", "open"),
        ("# sslfix: ignored", "open"),
    ],
)
def test_a_comment_silences_no_more_than_it_says(comment: str, status: str) -> None:
    text = f"urllib3==2.2.3  {comment}\n"
    (found,) = findings("requirements.txt", text)
    assert ignoring.marked(found, {"requirements.txt": text}, (), "2027-01-01").status == status


def test_a_configuration_further_down_says_what_is_ignored_there() -> None:
    texts = {
        ".sslfix.toml": 'targets = ["lambda-python3.9"]\n',
        "a/pyproject.toml": '[tool.sslfix]\nignore = ["SSL101"]\ntargets = ["debian-12"]\n',
        "a/deep/requirements.txt": "urllib3==2.2.3\n",
        "b/.sslfix.toml": '[per-path-ignores]\n"old.txt" = ["SSL1"]\n',
        "b/old.txt": "urllib3==2.2.3\n",
        "b/requirements.txt": "urllib3==2.2.3\n",
        "requirements.txt": "urllib3==2.2.3\n",
    }
    for name, text in texts.items():
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(text)
    everything = [".", "b/old.txt"]
    looked = check(request_for(everything, configuration.read(everything, None)))
    assert {one.locations[0].path: one.status for one in looked.findings} == {
        "a/deep/requirements.txt": "ignored",
        "b/old.txt": "ignored",
        "b/requirements.txt": "open",
        "requirements.txt": "open",
    }
    named = check(request_for(["."], configuration.read(["."], ".sslfix.toml")))
    assert {one.status for one in named.findings} == {"open"}
    inside = check(request_for(["a"], configuration.read(["a"], None)))
    assert [one.executable for one in inside.facts.interpreters] == ["debian-12"]


def test_what_a_comment_does_not_do_is_told() -> None:
    """A word that means no rule always; an unused comment only when asked: it may be for others."""
    text = "attrs  # sslfix: ignore[SSL101]\nurllib3==2.2.3  # sslfix: ignore[SSL101, SLS1]\n"
    Path("requirements.txt").write_text(text)
    command = (sys.executable, "-m", "sslfix", "--target", "lambda-python3.9")
    unknown = "requirements.txt:2: this comment ignores nothing: no rule is called SLS1; "
    unused = (
        "requirements.txt:1: this comment ignores nothing: there is no such finding on its line"
    )
    told = [one for one in run(*command).stdout.splitlines() if "this comment" in one]
    assert [one[: len(unknown)] for one in told] == [unknown]
    told = [one for one in run(*command, "-v").stdout.splitlines() if "this comment" in one]
    assert (told[0], told[1][: len(unknown)]) == (unused, unknown)


def test_an_exception_that_nothing_is_meant_by_is_told_when_asked() -> None:
    """One that silences and one that is over are used; a narrow look says nothing of it."""
    Path("requirements.txt").write_text("urllib3==2.2.3\n")
    exceptions = ('rule = "SSL1"', 'rule = "SSL101"\nuntil = 2020-01-01', 'rule = "SSL102"')
    Path(".sslfix.toml").write_text(
        "".join(f'[[ignore]]\n{one}\nreason = "x"\n' for one in exceptions)
    )
    command = (sys.executable, "-m", "sslfix", "--target", "lambda-python3.9")
    line = ".sslfix.toml:8: this exception ignores nothing: there is no such finding"
    assert "this exception" not in run(*command).stdout
    told = [one for one in run(*command, "-v").stdout.splitlines() if "this exception" in one]
    assert told == [line]
    for narrow in (("--only", "environment"), ("requirements.txt",), ("--ignore", "SSL102")):
        assert "this exception" not in run(*command, "-v", *narrow).stdout
