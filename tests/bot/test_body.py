"""The text of a pull request, from real findings."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from sslfix.bot import body, compose, work
from sslfix.bot.body import Story
from sslfix.collect import configuration
from sslfix.collect.configuration import BotSettings, Settings
from sslfix.errors import UsageError
from sslfix.reporters.markdown import code

OLD_OPENSSL = "amazon-linux-2"
Tell = Callable[..., Story]


@pytest.fixture
def worked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., work.Work]:
    """What the bot does to these files for a target, without network."""

    def run(files: Mapping[str, str], *targets: str, unsafe: tuple[str, ...] = ()) -> work.Work:
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        monkeypatch.chdir(tmp_path)
        settings = Settings(bot=BotSettings(unsafe=unsafe))
        asked = work.request(settings, work.Judged(targets or (OLD_OPENSSL,)))
        before = {name: (tmp_path / name).read_bytes() for name in files}
        return work.done(
            asked._replace(offline=True),
            lambda: [one for one in files if (tmp_path / one).read_bytes() != before[one]],
            lambda _: None,
        )

    return run


@pytest.fixture
def story(worked: Callable[..., work.Work]) -> Tell:
    def tell(files: Mapping[str, str], target: str = OLD_OPENSSL, **how: Any) -> Story:
        done = worked(files, target)
        assert done.groups
        return Story(done.groups, done.before, done.after)._replace(**how)

    return tell


PINNED = {"requirements.txt": "urllib3==2.2.3\n"}


def test_it_says_what_breaks_where_and_for_whom(story: Tell) -> None:
    text = body.text(story(PINNED))
    where = "- `requirements.txt`, line 1, for amazon-linux-2 (Python 3.7.16), OpenSSL 1.0.2k-fips"
    assert where in text
    assert "urllib3 2.2.3 cannot be imported here (SSL101)" in text
    assert "compiled with 'OpenSSL 1.0.2k-fips  26 Jan 2017'" in text


def test_what_is_the_same_for_several_is_said_once(worked: Callable[..., work.Work]) -> None:
    targets = ("lambda-python3.9", "macos-python3.9", "debian-12")
    done = worked({"requirements.txt": "urllib3==2.0.2\n"}, *targets)
    text = body.text(Story(done.groups, done.before, done.after))
    first = next(line for line in text.splitlines() if line.startswith("- `requirements.txt`"))
    assert (
        "for lambda-python3.9 (Python 3.9.18), OpenSSL 1.0.2k-fips 26 Jan 2017; for macos" in first
    )
    assert text.count("urllib3 2.0.2 cannot be imported here") == 1
    # The pin is lowered for the sake of one of them: its reason counts, and it holds back.
    assert "For you to decide" not in text
    assert "takes any SSL library" not in text
    assert "What holds it back: lambda-python3.9 (Python 3.9.18)." in text


def test_the_message_that_people_see_names_their_library(story: Tell) -> None:
    text = body.text(story({"requirements.txt": "urllib3==2.0.2\n"}, "macos-python3.9"))
    assert "compiled with 'LibreSSL 2.8.3'" in text


def test_it_says_what_changes_and_why(story: Tell) -> None:
    text = body.text(story(PINNED))
    assert "| `requirements.txt` | `urllib3` | `2.2.3` | `>=1.26.20,<2` |" in text
    assert "no urllib3 2 works with OpenSSL older than 1.1.1" in text
    assert "What else moved" not in text


def test_what_moved_along_is_apart(story: Tell) -> None:
    told = story(PINNED)
    after = told.after.files[0]
    moved = after.declarations[0]._replace(name="idna", version="3.7")
    changed = after._replace(declarations=(*after.declarations, moved))
    text = body.text(told._replace(after=told.after._replace(files=(changed,))))
    assert "What else moved:" in text
    assert "| `requirements.txt` | `idna` |  | `3.7` |" in text


def test_it_says_what_it_costs_and_who_holds_it_back(story: Tell) -> None:
    text = body.text(story(PINNED))
    assert "The better cure: use a Python that is linked to OpenSSL 1.1.1 or later" in text
    assert "What holds it back: amazon-linux-2 (Python 3.7.16)." in text
    assert "CVE-2026-21441" in text


def test_a_raised_pin_costs_nothing_and_no_updater_undoes_it(story: Tell) -> None:
    text = body.text(story({"requirements.txt": "urllib3==2.0.2\n"}, "macos-python3.9"))
    assert "What it costs" not in text
    assert "dependabot" not in text


@pytest.mark.parametrize(
    ("updaters", "dependabot", "renovate"),
    [
        ((), True, True),
        ((".github/dependabot.yml",), True, False),
        (("renovate.json",), False, True),
        ((".github/dependabot.yaml", ".github/renovate.json5"), True, True),
    ],
)
def test_the_updater_that_is_configured_is_told_to_leave_it_alone(
    story: Tell, updaters: tuple[str, ...], dependabot: bool, renovate: bool
) -> None:
    text = body.text(story(PINNED, updaters=updaters))
    assert ('dependency-name: "urllib3"\n    versions: [">=2.0.0a1"]' in text) is dependabot
    assert ('"allowedVersions": ">=1.26.20,<2"' in text) is renovate


def test_where_none_is_configured_the_entries_are_folded(story: Tell) -> None:
    text = body.text(story(PINNED))
    folded = text.partition("<details><summary>If Dependabot or Renovate")[2]
    assert ".github/dependabot.yml" in folded.partition("</details>")[0]
    assert "dependabot" not in body.text(story(PINNED, noun="merge request"))
    assert "<summary>If" not in body.text(story(PINNED, updaters=("renovate.json",)))


def test_the_ignore_entry_is_one_that_sslfix_understands(
    story: Tell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = body.text(story(PINNED))
    entry = text.partition("```toml\n")[2].partition("```")[0]
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pyproject.toml").write_text(entry, encoding="utf-8")
    (ignore,) = configuration.read((".",), None).ignores
    assert (ignore.rule, ignore.distribution) == ("SSL101", "urllib3")


def test_an_ignore_that_has_ended_is_named_with_its_reason(story: Tell) -> None:
    told = story(PINNED)
    finding = told.fixed[0]
    ended = finding.locations[0]._replace(
        path="pyproject.toml", note="ignored until 2026-01-01: @x"
    )
    group = told.groups[0]._replace(
        fixed=(finding._replace(locations=(*finding.locations, ended)),)
    )
    text = body.text(told._replace(groups=(group,)))
    assert "\n  - `pyproject.toml`, line 1: ignored until 2026-01-01: @\u200bx\n" in text


def test_what_is_left_to_a_person_is_said(story: Tell) -> None:
    text = body.text(story({"requirements.txt": "urllib3==2.2.3\nrequests==2.32.3\n"}))
    assert "what is left is listed below" in text
    assert "(SSL401): only a person can do this" in text


def test_a_limit_that_nothing_needs_is_told_as_such(story: Tell) -> None:
    limit = (
        "urllib3>=1.26.20,<2  # sslfix: SSL101: newer urllib3 fails with OpenSSL<1.1.1, "
        "remove when that is gone, was >=1.26\n"
    )
    text = body.text(story({"requirements.txt": limit}, "debian-12"))
    assert text.startswith("### What is not needed any more")
    assert "Lock files keep the versions that they hold until they are upgraded" in text
    assert "What people would see" not in text


HOSTILE = "`@octo/team` fixes #1 <img src=x> [a](https://x.example) | --> ``"


def test_words_of_the_repository_have_no_meaning(story: Tell) -> None:
    told = story(PINNED)
    people = tuple(one._replace(chosen_because=HOSTILE) for one in told.before.interpreters)
    text = body.text(told._replace(before=told.before._replace(interpreters=people)))
    line = next(one for one in text.splitlines() if "x.example" in one)
    assert not any(one in line for one in ("@octo", "#1", "<img", "-->", " [a](", "https://"))


def test_a_hostile_path_is_only_shown(story: Tell) -> None:
    path = "a`@octo #1 <!-- x -->/requirements.txt"
    text = body.text(story({path: "urllib3==2.2.3\n"}))
    assert code(path) in text
    outside = text.replace(code(path), "")
    assert "@octo" not in outside


def test_a_long_text_is_shortened_and_stays_below_the_limit(story: Tell) -> None:
    told = story(PINNED)
    finding = told.fixed[0]
    place = finding.locations[0]
    many = tuple(
        finding._replace(locations=(place._replace(path=f"{'x' * 200}{at}"),)) for at in range(900)
    )
    text = body.text(told._replace(groups=(told.groups[0]._replace(fixed=many),)))
    assert len(text) <= body.LIMIT
    assert "- and 850 more" in text


# --------------------------------------------------------------------------- around it


def test_the_title_says_what_for_whom_and_where(story: Tell) -> None:
    told = story(PINNED)
    title = compose.title(told.groups, told.before, "{title}")
    assert title == "Make urllib3 work with OpenSSL 1.0.2k (requirements.txt)"
    assert compose.title(told.groups, told.before, "chore: {title}").startswith("chore: Make")


def test_the_title_of_a_limit_that_goes(story: Tell) -> None:
    limit = (
        "urllib3<2  # sslfix: SSL101: newer urllib3 fails with OpenSSL<1.1.1, "
        "remove when that is gone, was anything\n"
    )
    told = story({"requirements.txt": limit}, "debian-12")
    title = compose.title(told.groups, told.before, "{title}")
    told_of = "Lift the limit on urllib3, which no SSL library needs any more"
    assert title == f"{told_of} (requirements.txt)"


def test_titles_and_commits_call_nobody() -> None:
    assert compose.tamed("@octo fixes #1\n!2 a@b") == (
        "@\u200bocto fixes #\u200b1 !\u200b2 a@\u200bb"
    )


def test_the_message_ends_with_the_line_that_says_whose_it_is(story: Tell) -> None:
    told = story(PINNED)
    lines = compose.message("Title", told.groups, ("f1",)).splitlines()
    assert (lines[0], lines[1]) == ("Title", "")
    assert re.fullmatch("Sslfix-Fingerprint: [0-9a-f]{16}", lines[-1])
    assert lines[2] == "- SSL101 requirements.txt: urllib3 2.2.3 cannot be imported here"


def test_a_fingerprint_is_that_of_the_matter_and_not_of_the_release(
    worked: Callable[..., work.Work],
) -> None:
    def mark(
        text: str, target: str = OLD_OPENSSL, path: str = "requirements.txt"
    ) -> tuple[str, ...]:
        done = worked({path: text}, target)
        return compose.fingerprints(done.groups[0].fixed, done.before)

    first = mark("urllib3==2.2.3\n")
    assert mark("# more\nurllib3==2.3.0\n") == first
    assert mark("urllib3==2.0.2\n", "lambda-python3.8") != first


def test_files_that_belong_together_are_one_group(worked: Callable[..., work.Work]) -> None:
    done = worked(
        {
            "a/requirements.txt": "-r base.txt\nurllib3==2.2.3\n",
            "a/base.txt": "urllib3==2.2.3\n",
            "b/requirements.txt": "urllib3==2.2.3\n",
        }
    )
    groups = [one.paths for one in done.groups]
    assert ("b/requirements.txt",) in groups
    assert len(groups) == 2


def test_workflows_are_told_and_not_pushed(worked: Callable[..., work.Work]) -> None:
    done = worked({".github/workflows/requirements.txt": "urllib3==2.2.3\n"})
    assert done.groups == ()
    assert [one.withheld for one in done.left] == ["the bot pushes nothing in .github/workflows/"]


def test_a_limit_without_a_word_is_put_to_people(worked: Callable[..., work.Work]) -> None:
    files = {"requirements.txt": "urllib3<2\nrequests\n"}
    assert worked(files, "debian-12").groups == ()
    done = worked(files, "debian-12", unsafe=("SSL107",))
    assert [one.rule.id for one in done.groups[0].fixed] == ["SSL107"]
    assert done.after.files[0].document.text == "urllib3\nrequests\n"
    text = body.text(Story(done.groups, done.before, done.after))
    assert text.startswith("### What may not be needed any more")
    assert "For you to decide:\n\n- `urllib3`: `sslfix --apply` does this only where" in text


def test_a_word_that_means_no_rule_is_refused(worked: Callable[..., work.Work]) -> None:
    with pytest.raises(UsageError, match=r"unsafe: .*SSL999"):
        worked(PINNED, unsafe=("SSL999",))


def test_what_is_safe_is_not_put_to_people(story: Tell) -> None:
    assert "For you to decide" not in body.text(story(PINNED))


def test_of_a_rule_that_is_not_named_nothing_unsafe_is_done(
    worked: Callable[..., work.Work],
) -> None:
    files = {"requirements.txt": "urllib3>=2\n"}
    assert worked(files, unsafe=("SSL107",)).groups == ()
    done = worked(files, unsafe=("SSL107", "SSL101"))
    assert [one.rule.id for one in done.groups[0].fixed] == ["SSL101"]
    assert done.left == ()


@pytest.mark.parametrize(
    "line", ["-r ../outside.txt", "-c {folder}/outside.txt", "-r sub/../../outside.txt"]
)
def test_nothing_outside_of_the_repository_is_read_or_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str
) -> None:
    (tmp_path / "repository/sub").mkdir(parents=True)
    outside = tmp_path / "outside.txt"
    outside.write_text("urllib3==2.2.3\n", encoding="utf-8")
    text = f"{line.format(folder=tmp_path.as_posix())}\nrequests\n"
    (tmp_path / "repository/requirements.txt").write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path / "repository")
    asked = work.request(configuration.Settings(), work.Judged((OLD_OPENSSL,)))
    done = work.done(asked._replace(offline=True), list, lambda _: None)
    assert outside.read_text(encoding="utf-8") == "urllib3==2.2.3\n"
    assert [one.document.path for one in done.before.files] == ["requirements.txt"]
    assert "outside of the repository" in done.problems[0].message


def test_a_lock_file_that_is_made_from_what_lies_outside_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "repository").mkdir()
    (tmp_path / "x.in").write_text("urllib3\n", encoding="utf-8")
    head = (
        "# This file is autogenerated by pip-compile with Python 3.9\n# by the following command:"
    )
    command = "#\n#    pip-compile --output-file=requirements.txt ../x.in\n#"
    (tmp_path / "repository/requirements.txt").write_text(
        f"{head}\n{command}\nurllib3==2.2.3\n", encoding="utf-8"
    )
    monkeypatch.chdir(tmp_path / "repository")
    asked = work.request(configuration.Settings(), work.Judged((OLD_OPENSSL,)))
    done = work.done(asked._replace(offline=True), list, lambda _: None)
    assert (tmp_path / "x.in").read_text(encoding="utf-8") == "urllib3\n"
    assert [one.message for one in done.problems] == [
        "is made from a file outside of the repository"
    ]


def test_steps_are_told_as_done_and_not_those_that_were_not(story: Tell) -> None:
    steps = (
        "trying the change of a.txt with a resolver",
        "a.txt was not tried with a resolver: none is here",
        "trying the change of b.txt with a resolver",
        "re-locking c.lock with uv",
        "d.txt was not tried with a resolver: none is here",
        "a.txt was not tried with a resolver: none is here for another Python",
    )
    lines = body.text(story(PINNED, steps=steps)).splitlines()
    at = lines.index("- tried the change of b.txt with a resolver")
    assert lines[at + 1 : at + 3] == [
        "- re-locked c.lock with uv",
        "- not tried with a resolver: a.txt, d.txt: none is here",
    ]
    assert not any("the change of a.txt" in line for line in lines)


@pytest.mark.parametrize(
    ("path", "branch"),
    [
        ("requirements.txt", "sslfix/requirements.txt"),
        ("uv.lock", "sslfix/uv-lock"),
        ("a/b-c/Pipfile.lock", "sslfix/a--b-c--Pipfile-lock"),
        ("a--b/x.txt", "sslfix/a--b--x.txt-"),
        ("a b/x.txt", "sslfix/a-b--x.txt-"),
        (".config/x.txt", "sslfix/-config--x.txt-"),
        ("a/../x.txt", "sslfix/a-----x.txt-"),
        ("@{x/~^:.txt", "sslfix/-x---.txt-"),
        ("ä.txt", "sslfix/-.txt-"),
        ("x" * 300, f"sslfix/{'x' * 80}-"),
    ],
)
def test_a_branch_has_a_name_that_git_takes_and_that_means_one_file(path: str, branch: str) -> None:
    name = compose.branch(path, "sslfix/")
    assert name == branch or (branch[-1] == "-" and re.fullmatch(f"{branch}[0-9a-f]{{6}}", name))
    check = ["git", "check-ref-format", f"refs/heads/{name}"]
    assert subprocess.run(check, check=False).returncode == 0


def test_no_two_files_share_a_branch() -> None:
    paths = ["a/b.txt", "a--b.txt", "a-b.txt", "a b.txt", "a_b.txt", "a.lock", "a-lock", "A.lock"]
    assert len({compose.branch(path, "") for path in paths}) == len(paths)
