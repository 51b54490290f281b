"""Who judges, and what of the project's settings counts."""

from __future__ import annotations

from pathlib import Path

import pytest

from sslfix.bot import work
from sslfix.bot.work import Judged
from sslfix.collect import configuration
from sslfix.collect.configuration import Settings


@pytest.mark.parametrize(
    ("judged", "settings", "targets", "python"),
    [
        (Judged(), Settings(), ("auto",), ()),
        (Judged(), Settings(targets=("debian-12",)), ("debian-12",), ()),
        (Judged(), Settings(python=("3.9",)), (), ("3.9",)),
        (Judged(("centos-7",)), Settings(targets=("debian-12",)), ("centos-7",), ()),
        (Judged((), ("3.9",)), Settings(targets=("debian-12",)), (), ("3.9",)),
    ],
)
def test_who_judges(
    judged: Judged, settings: Settings, targets: tuple[str, ...], python: tuple[str, ...]
) -> None:
    asked = work.request(settings, judged)
    assert (asked.targets, asked.python, asked.only) == (targets, python, ("pins",))


def looked_at(folder: Path) -> tuple[work.Work, list[str]]:
    told: list[str] = []
    with work.inside(str(folder)):
        asked = work.request(configuration.read((".",), None), Judged())
        done = work.done(asked._replace(offline=True), lambda: ["requirements.txt"], told.append)
    return done, told


def test_the_targets_that_the_project_names_judge(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("urllib3==2.2.3\n", encoding="utf-8")
    (tmp_path / "Dockerfile").write_text(
        "FROM public.ecr.aws/lambda/python:3.8\n", encoding="utf-8"
    )
    done, told = looked_at(tmp_path)
    assert [one.paths for one in done.groups] == [("requirements.txt",)]
    assert told[0] == "judged for lambda-python3.8 (Python 3.8.18)"


def test_where_it_names_none_the_python_judges_that_check_would_choose(
    tmp_path: Path,
) -> None:
    (tmp_path / "requirements.txt").write_text("urllib3==2.2.3\n", encoding="utf-8")
    done, told = looked_at(tmp_path)
    assert len(done.before.interpreters) == 1
    assert told[0].startswith("--target auto: nothing in ")
    assert told[1].startswith("judged for ")


def test_what_the_settings_ignore_is_neither_fixed_nor_left(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("urllib3==2.2.3\n", encoding="utf-8")
    settings = (
        '[tool.sslfix]\ntargets = ["amazon-linux-2"]\n'
        '[[tool.sslfix.ignore]]\nrule = "SSL101"\nreason = "we know"\nuntil = 2999-01-01\n'
    )
    (tmp_path / "pyproject.toml").write_text(settings, encoding="utf-8")
    done, _told = looked_at(tmp_path)
    assert (done.groups, done.left, done.problems) == ((), (), ())
