"""Fixes: which remedy is chosen, where it is written, what is withheld, what is rehearsed."""

from __future__ import annotations

from pathlib import Path

import pytest

from sslfix import detectors, match, plan, rehearse, rules, session
from sslfix.model import (
    Applicability,
    Distribution,
    Edit,
    Environment,
    Facts,
    Finding,
    Fix,
    Install,
    Interpreter,
    Level,
    Plan,
    Relock,
    Span,
)

from .test_match import LIBRESSL, NEW, OLD, interpreter, read

SAFE, UNSAFE, DISPLAY = Applicability.SAFE, Applicability.UNSAFE, Applicability.DISPLAY


def matcher(facts: Facts) -> tuple[Finding, ...]:
    return match.match(facts, rules.load(), detectors.all_detectors())


def facts(ssl: str | tuple[str, ...], **files: str) -> Facts:
    named = {"requirements": "requirements.txt", "constraints": "constraints.txt",
             "pyproject": "pyproject.toml", "pipfile_lock": "Pipfile.lock", "pipfile": "Pipfile",
             "poetry_lock": "poetry.lock", "uv_lock": "uv.lock",
             "pdm_lock": "pdm.lock"}  # fmt: skip
    libraries = (ssl,) if isinstance(ssl, str) else ssl
    people = tuple(
        interpreter(one)._replace(id=f"i{number}") for number, one in enumerate(libraries, 1)
    )
    return Facts(people, tuple(read(named[name], text) for name, text in files.items()))


def proposals(world: Facts) -> list[tuple[Finding, Fix]]:
    found = [(one, plan.propose(one, world, matcher)) for one in matcher(world)]
    return [(one, fix) for one, fix in found if fix is not None and one.level > Level.NOTE]


def patched(world: Facts, allowed: Applicability = SAFE) -> dict[str, str]:
    found = [one._replace(fix=fix) for one, fix in proposals(world)]
    decided = plan.make(found, allowed, lambda _: False)
    return rehearse.rehearse(decided, world, matcher)[1]


NOT_NEWER = "  # sslfix: SSL101: newer urllib3 fails with OpenSSL<1.1.1, remove when that is gone"

REQUIREMENTS = [
    # (SSL library, before, after): what must not change comes first
    (NEW, "urllib3==2.0.2\n", None),
    (LIBRESSL, "urllib3==2.2.3\n", None),
    (OLD, "urllib3==1.26.20\n", None),
    # A range that asks for 2 is contradicted only by --unsafe.
    (OLD, "urllib3>=2\n", None),
    # A hashed pin needs new hashes, which are asked for later.
    (
        OLD,
        f"urllib3==2.2.3 --hash=sha256:{'0' * 64}\n",
        f"urllib3==2.2.3 --hash=sha256:{'0' * 64}{NOT_NEWER}, was ==2.2.3\n",
    ),
    # Which of two on a line is meant, no comment could tell; nor what was on two lines.
    (OLD, "urllib3==\\\n2.2.3\n", "urllib3>=1.26.20,<2\n"),
    (LIBRESSL, "urllib3==2.0.2\n", "urllib3>=2.0.3,<3\n"),
    # What keeps newer releases out says why, until when, and what stood there.
    (OLD, "urllib3==2.0.2\n", f"urllib3>=1.26.20,<2{NOT_NEWER}, was ==2.0.2\n"),
    (OLD, "urllib3>=1.26\n", f"urllib3>=1.26,<2{NOT_NEWER}, was >=1.26\n"),
    (OLD, "urllib3<3  # why \r\n", f"urllib3<2  # why{NOT_NEWER}, was <3 \r\n"),
    (OLD, "urllib3[secure]\n", f"urllib3[secure]>=1.26.20,<2{NOT_NEWER}, was anything\n"),
    (
        OLD,
        'urllib3==2.2.3 ; python_version < "4"',
        f'urllib3>=1.26.20,<2 ; python_version < "4"{NOT_NEWER}, was ==2.2.3',
    ),
    (
        OLD,
        "urllib3==2.2.3 ; \\\n  python_version < '4'\nidna\n",
        f"urllib3>=1.26.20,<2 ; \\\n  python_version < '4'{NOT_NEWER}, was ==2.2.3\nidna\n",
    ),
    (NEW, "requests==2.32.3\n", "requests>=2.32.5,<3\n"),
    # Two interpreters: the remedy that suits both.
    ((LIBRESSL, OLD), "urllib3==2.0.2\n", f"urllib3>=1.26.20,<2{NOT_NEWER}, was ==2.0.2\n"),
]


@pytest.mark.parametrize(("ssl", "before", "after"), REQUIREMENTS)
def test_the_smallest_change_to_a_requirement(
    ssl: str | tuple[str, ...], before: str, after: str | None
) -> None:
    world = facts(ssl, requirements=before)
    assert patched(world).get("requirements.txt") == after


def test_unsafe_contradicts_the_author() -> None:
    world = facts(OLD, requirements="urllib3>=2\n")
    assert patched(world, UNSAFE) == {
        "requirements.txt": f"urllib3>=1.26.20,<2{NOT_NEWER}, was >=2\n"
    }


def test_what_is_not_named_gets_a_line_with_its_reason() -> None:
    world = facts(OLD, requirements="requests==2.31.0\n")
    assert patched(world) == {
        "requirements.txt": f"requests==2.31.0\nurllib3>=1.26.20,<2{NOT_NEWER}\n"
    }


def test_the_constraints_file_in_use_is_preferred() -> None:
    world = facts(
        OLD, requirements="-c constraints.txt\nrequests==2.31.0\n", constraints="idna<4\n"
    )
    assert patched(world) == {"constraints.txt": f"idna<4\nurllib3>=1.26.20,<2{NOT_NEWER}\n"}


def test_the_constraint_is_changed_and_not_what_it_constrains() -> None:
    lines, pin = "-c constraints.txt\nrequests\n", "requests==2.32.2\n"
    world = facts(NEW, requirements=lines, constraints=pin)
    assert patched(world) == {"constraints.txt": "requests>=2.32.5,<3\n"}


def test_published_dependencies_are_added_to_only_when_asked() -> None:
    world = facts(OLD, pyproject='[project]\ndependencies = [\n    "requests>=2.30",\n]\n')
    assert patched(world) == {}
    assert f'"urllib3>=1.26.20,<2",{NOT_NEWER}' in patched(world, UNSAFE)["pyproject.toml"]


LOCK = """\
[[package]]
name = "requests"
version = "2.31.0"
groups = ["main"]
files = []

[[package]]
name = "urllib3"
version = "2.0.2"
groups = ["main"]
files = []

[metadata]
lock-version = "2.1"
"""
POETRY = '[tool.poetry.dependencies]\npython = "^3.9"\nrequests = "2.31.0"\n'


def test_what_only_the_lock_names_is_limited_in_the_manifest() -> None:
    world = facts(LIBRESSL, poetry_lock=LOCK, pyproject=POETRY)
    ((finding, fix),) = proposals(world)
    edit, relock = fix.actions
    assert finding.locations[0][:2] == ("poetry.lock", 8)
    assert isinstance(relock, Relock)
    assert relock[:3] == ("poetry.lock", "poetry", {"urllib3": ">=2.0.3,<3"})
    assert relock.commands == (("poetry", "add", "--lock", "urllib3@>=2.0.3,<3"),)
    assert isinstance(edit, Edit)
    text = rehearse.apply_edits(POETRY, [edit])
    assert 'urllib3 = ">=2.0.3,<3"' in text
    assert "# sslfix: SSL101" in text


PIPFILE = '[packages]\nurllib3 = "==2.0.2"\n'
PIPFILE_LOCK = '{{"default": {{"urllib3": {{"version": "==2.0.2"}}}}, "develop": {{{}}}}}'


def test_a_manifest_and_its_lock_get_one_edit_and_one_re_lock() -> None:
    world = facts(LIBRESSL, pipfile=PIPFILE, pipfile_lock=PIPFILE_LOCK.format(""))
    found = proposals(world)
    assert [one.locations[0].path for one, _ in found] == ["Pipfile", "Pipfile.lock"]
    assert found[0][1].actions == found[1][1].actions
    edit, relock = found[0][1].actions
    assert isinstance(edit, Edit)
    assert isinstance(relock, Relock)
    # As pipenv spells it: the lock file holds a hash of that.
    assert edit.text == "<3,>=2.0.3"
    assert relock.commands == (("pipenv", "upgrade", "urllib3<3,>=2.0.3"),)
    assert patched(world) == {"Pipfile": '[packages]\nurllib3 = "<3,>=2.0.3"\n'}


def test_what_only_the_develop_section_holds_is_limited_there() -> None:
    locked = '{"default": {}, "develop": {"urllib3": {"version": "==2.0.2"}}}'
    manifest = '[packages]\nidna = "*"\n\n[dev-packages]\nrequests = "*"\n'
    world = facts(LIBRESSL, pipfile=manifest, pipfile_lock=locked)
    ((_, fix),) = proposals(world)
    assert patched(world)["Pipfile"].endswith(
        'requests = "*"\nurllib3 = "<3,>=2.0.3"  # sslfix: SSL101: older urllib3 fails with an SSL '
        "library that is not OpenSSL, remove when that is gone\n"
    )
    assert isinstance(fix.actions[1], Relock)
    assert fix.actions[1].commands == (("pipenv", "upgrade", "--dev", "urllib3<3,>=2.0.3"),)


def test_what_comes_in_with_a_category_is_limited_in_that_category() -> None:
    world = facts(OLD, pipfile='[packages]\nidna = "*"\n\n[dev-packages]\nrequests = "*"\n')
    assert patched(world)["Pipfile"].endswith(f'urllib3 = ">=1.26.20,<2"{NOT_NEWER}\n')


def test_a_manifest_that_cannot_be_read_is_not_edited() -> None:
    world = facts(LIBRESSL, pipfile="a = [\n", pipfile_lock=PIPFILE_LOCK.format(""))
    ((_, fix),) = proposals(world)
    assert fix.applicability == DISPLAY
    assert patched(world) == {}


def test_the_command_for_a_poetry_group_names_it() -> None:
    locked = LOCK.replace('["main"]', '["dev"]')
    world = facts(LIBRESSL, poetry_lock=locked, pyproject=POETRY)
    ((_, fix),) = proposals(world)
    assert isinstance(fix.actions[-1], Relock)
    assert fix.actions[-1].commands == (
        ("poetry", "add", "--lock", "--group", "dev", "urllib3@>=2.0.3,<3"),
    )


def test_a_manifest_that_excludes_it_already_is_left_alone() -> None:
    world = facts(LIBRESSL, poetry_lock=LOCK, pyproject=POETRY + 'urllib3 = ">=2.0.3"\n')
    ((_, fix),) = proposals(world)
    assert [type(action) for action in fix.actions] == [Relock]


def test_a_lock_without_its_manifest_is_for_a_person() -> None:
    ((_, fix),) = proposals(facts(LIBRESSL, poetry_lock=LOCK))
    assert fix.applicability == DISPLAY


@pytest.mark.parametrize(
    ("made_by", "pinned", "title", "applicability"),
    [
        ("venv", "", "install urllib3>=2.0.3,<3 into .venv", SAFE),
        ("venv", "urllib3==2.2.3\n", "install urllib3==2.2.3 into .venv", SAFE),
        ("venv", "urllib3==2.0.2\n", "install urllib3>=2.0.3,<3 into .venv", SAFE),
        ("conda", "", "install urllib3>=2.0.3,<3 into .venv", DISPLAY),
    ],
)
def test_what_is_installed_is_replaced_by_what_the_files_pin_if_that_works(
    made_by: str, pinned: str, title: str, applicability: Applicability
) -> None:
    installed = Distribution("urllib3", "2.0.2", ".venv/lib/urllib3-2.0.2.dist-info")
    world = facts(LIBRESSL, requirements=pinned)
    one = world.interpreters[0]._replace(
        environment=Environment(".venv", made_by=made_by), distributions=(installed,)
    )
    found = proposals(world._replace(interpreters=(one,)))
    fix = next(fix for finding, fix in found if finding.subject == installed)
    assert (fix.title, fix.applicability) == (title, applicability)


def test_a_hashed_pin_gets_new_hashes_from_uv() -> None:
    line = "urllib3==2.2.3 --hash=sha256:" + "0" * 64 + "\n"
    ((_, fix),) = proposals(facts(OLD, requirements=line))
    remark, action = fix.actions
    assert isinstance(remark, Edit)
    assert remark.remark
    assert (fix.applicability, fix.title) == (SAFE, "urllib3>=1.26.20,<2 with its hashes")
    assert isinstance(action, Relock)
    assert action[:3] == ("requirements.txt", "uv", {"urllib3": ">=1.26.20,<2"})


# --------------------------------------------------------------------------- other lockers

UV_LOCK = """\
version = 1
revision = 3

[[package]]
name = "urllib3"
version = "2.2.3"
source = { registry = "https://index.example/simple" }
"""
PDM_LOCK = """\
[metadata]
groups = ["default", "docs"]
lock_version = "4.5.0"

[[package]]
name = "urllib3"
version = "2.2.3"
groups = ["{}"]
"""
PROJECT = '[project]\ndependencies = [\n    "requests",\n]\n'
DOCS = '\n[dependency-groups]\ndocs = ["sphinx"]\n'
ADDED = f'"urllib3>=1.26.20,<2",{NOT_NEWER}'
CONSTRAINT = "constraint-dependencies = "
LIMIT = f"{CONSTRAINT}[\n    {ADDED}\n]\n"


@pytest.mark.parametrize(
    ("lock", "before", "after"),
    [
        ("uv_lock", PROJECT, f"{PROJECT}\n[tool.uv]\n{LIMIT}"),
        ("uv_lock", f"{PROJECT}[tool.uv]\na = 1\n", f"{PROJECT}[tool.uv]\na = 1\n{LIMIT}"),
        (
            "uv_lock",
            f'{PROJECT}[tool.uv]\nconstraint-dependencies = [\n    "a",\n]\n',
            f'{PROJECT}[tool.uv]\nconstraint-dependencies = [\n    "a",\n    {ADDED}\n]\n',
        ),
        (
            "uv_lock",
            PROJECT.replace("requests", "urllib3==2.2.3"),
            PROJECT.replace('"requests",', f'"urllib3>=1.26.20,<2",{NOT_NEWER}, was ==2.2.3'),
        ),
        (
            "uv_lock",
            '[tool.uv]\nconstraint-dependencies = ["urllib3==2.2.3"]\n',
            f'[tool.uv]\n{CONSTRAINT}["urllib3>=1.26.20,<2"]{NOT_NEWER}, was ==2.2.3\n',
        ),
        ("pdm_lock default", PROJECT, PROJECT.replace(",\n]", f",\n    {ADDED}\n]")),
        (
            "pdm_lock docs",
            PROJECT + DOCS,
            PROJECT + DOCS.replace('"sphinx"]', f'"sphinx",\n    {ADDED}\n]'),
        ),
        (
            "pdm_lock docs",
            '[tool.pdm.dev-dependencies]\ndocs = ["sphinx"]\n',
            f'[tool.pdm.dev-dependencies]\ndocs = ["sphinx",\n    {ADDED}\n]\n',
        ),
        (
            "pdm_lock default",
            '[tool.pdm.resolution.overrides]\nurllib3 = "2.2.3"\n',
            f'[tool.pdm.resolution.overrides]\nurllib3 = ">=1.26.20,<2"{NOT_NEWER}, was 2.2.3\n',
        ),
    ],
)
def test_a_limit_goes_where_the_locker_reads_it(lock: str, before: str, after: str) -> None:
    name, _, group = lock.partition(" ")
    text = PDM_LOCK.format(group) if group else UV_LOCK
    world = facts(OLD, **{"pyproject": before, name: text})
    assert patched(world) == {"pyproject.toml": after}
    (relock,) = {
        action.path
        for _, fix in proposals(world)
        for action in fix.actions
        if isinstance(action, Relock)
    }
    assert relock == lock.partition(" ")[0].replace("_", ".")


FORKS = """\
resolution-markers = [
    "python_full_version < '3.8'",
    "python_full_version >= '3.8' and python_full_version < '3.10'",
]

[[package]]
name = "urllib3"
version = "2.8.0"
source = { registry = "https://index.example/simple" }
resolution-markers = ["python_full_version >= '3.10'"]
"""


def test_a_fork_for_other_interpreters_stays() -> None:
    world = facts(OLD, pyproject=PROJECT, uv_lock=UV_LOCK + FORKS)
    ((_, fix),) = proposals(world)
    (limit,) = (
        one for one in read("pyproject.toml", patched(world)["pyproject.toml"]).declarations
        if one.name == "urllib3"
    )  # fmt: skip
    assert limit.marker == (
        "(python_full_version < '3.8') or "
        "(python_full_version >= '3.8' and python_full_version < '3.10')"
    )
    assert isinstance(fix.actions[-1], Relock)
    assert fix.actions[-1].constraint == {"urllib3": ">=1.26.20,<2"}


UNIVERSAL = """\
# This file was autogenerated by uv via the following command:
#    uv pip compile --universal requirements.in -o requirements.txt
urllib3==2.2.3
"""


@pytest.mark.parametrize(
    ("other", "marker"),
    [
        (interpreter(NEW, "3.12.1"), "python_version < '3.10'"),
        (interpreter(NEW, "3.8.18"), "python_version >= '3.9'"),
        (interpreter(NEW), ""),
        (interpreter(NEW, markers={"sys_platform": "darwin"}), "sys_platform == 'linux'"),
        (interpreter(OLD, "3.12.1"), ""),
    ],
)
@pytest.mark.parametrize(
    "files",
    [
        {"pyproject.toml": PROJECT, "uv.lock": UV_LOCK},
        {"requirements.in": "requests\n", "requirements.txt": UNIVERSAL},
        {"requirements.txt": "requests==2.31.0\n"},
    ],
    ids=" ".join,
)
def test_a_limit_for_some_interpreters_leaves_the_others_alone(
    files: dict[str, str], other: Interpreter, marker: str
) -> None:
    people = (interpreter(OLD), other._replace(id="i2"))
    texts = patched(Facts(people, tuple(read(name, text) for name, text in files.items())))
    limits = [
        one
        for name, text in texts.items()
        for one in read(name, text).declarations
        if one.name == "urllib3"
    ]
    assert [one.marker for one in limits] == [marker]


def test_a_range_that_asks_for_2_beside_its_lock_is_contradicted_only_by_unsafe() -> None:
    world = facts(OLD, pyproject=PROJECT.replace("requests", "urllib3>=2.1"), uv_lock=UV_LOCK)
    assert patched(world) == {}
    assert "urllib3>=1.26.20,<2" in patched(world, UNSAFE)["pyproject.toml"]


UV_PROJECT = f"{PROJECT}\n[tool.uv]\npackage = false\n"
HATCH = '[tool.hatch.envs.test]\ndependencies = [\n    "requests==2.31.0",\n]\n'


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (UV_PROJECT, UV_PROJECT + LIMIT),
        (HATCH, HATCH.replace(",\n]", f",\n    {ADDED}\n]")),
        (DOCS.replace("sphinx", "requests"), None),
    ],
)
def test_what_is_not_published_is_limited_beside_what_brings_it(
    before: str, after: str | None
) -> None:
    texts = patched(facts(OLD, pyproject=before))
    assert list(texts) == ["pyproject.toml"]
    assert after is None or texts["pyproject.toml"] == after


TWO_LOCKED = (
    UV_LOCK
    + UV_LOCK[UV_LOCK.index("\n[[") :].replace("urllib3", "pyopenssl").replace("2.2.3", "17.0.0")
    + UV_LOCK[UV_LOCK.index("\n[[") :].replace("urllib3", "cryptography").replace("2.2.3", "39.0.0")
)


@pytest.mark.parametrize(
    "project", [PROJECT, UV_PROJECT, PROJECT + LIMIT.join(["[tool.uv]\n", ""])]
)
def test_two_limits_go_into_one_array(project: str) -> None:
    world = facts(OLD, pyproject=project.replace(ADDED, '"idna<4"'), uv_lock=TWO_LOCKED)
    found = {one.distribution for one, fix in proposals(world) if fix.applicability == SAFE}
    assert len(found) > 1
    text = patched(world)["pyproject.toml"]
    assert text.count("constraint-dependencies") == 1
    named = [one.name for one in read("pyproject.toml", text).declarations]
    assert found <= set(named)
    assert len(named) == len(set(named))


COMPILED = """\
#
# This file is autogenerated by pip-compile with Python 3.9
# by the following command:
#
#    pip-compile {}
#
urllib3==2.2.3
"""


def compiled(**files: str) -> Facts:
    """A project of .in files (`a__in`) and of what was compiled from them."""
    return Facts(
        (interpreter(OLD)._replace(id="i1"),),
        tuple(read(name.replace("__", "."), text) for name, text in files.items()),
    )


def relocked(world: Facts) -> list[str]:
    actions = [action for _, fix in proposals(world) for action in fix.actions]
    return sorted({one.path for one in actions if isinstance(one, Relock)})


LINE = f"urllib3>=1.26.20,<2{NOT_NEWER}\n"


@pytest.mark.parametrize(
    ("files", "edited", "made"),
    [
        (
            {"requirements__in": "requests\n", "requirements__txt": COMPILED.format("")},
            {"requirements.in": "requests\n" + LINE},
            ["requirements.txt"],
        ),
        (
            {"requirements__in": "urllib3==2.2.3\n", "requirements__txt": COMPILED.format("")},
            {"requirements.in": f"urllib3>=1.26.20,<2{NOT_NEWER}, was ==2.2.3\n"},
            ["requirements.txt"],
        ),
        (
            {
                "requirements__in": "-c constraints.txt\nrequests\n",
                "constraints__txt": "idna<4\n",
                "requirements__txt": COMPILED.format(""),
            },
            {"constraints.txt": "idna<4\n" + LINE},
            ["requirements.txt"],
        ),
        (
            {
                "base-requirements__in": "requests\n",
                "base-requirements__txt": COMPILED.format("base-requirements.in"),
                "dev-requirements__in": "-r base-requirements.in\n",
                "dev-requirements__txt": COMPILED.format("dev-requirements.in"),
            },
            {"base-requirements.in": "requests\n" + LINE},
            ["base-requirements.txt", "dev-requirements.txt"],
        ),
        (
            {
                "base-requirements__in": "requests\n",
                "base-requirements__txt": COMPILED.format("base-requirements.in"),
                "dev-requirements__in": "-c base-requirements.txt\nrequests\n",
                "dev-requirements__txt": COMPILED.format("dev-requirements.in"),
            },
            {"base-requirements.in": "requests\n" + LINE},
            ["base-requirements.txt", "dev-requirements.txt"],
        ),
        # Without its source, or made by another command, it is a file like any other.
        (
            {"requirements__txt": COMPILED.format("")},
            {
                "requirements.txt": COMPILED.format("").replace(
                    "==2.2.3", f">=1.26.20,<2{NOT_NEWER}, was ==2.2.3"
                )
            },
            [],
        ),
        # pip-compile takes the limit on its command line, and keeps what it chose.
        (
            {
                "pyproject__toml": '[build-system]\nrequires = ["a"]\n',
                "requirements__txt": COMPILED.format(
                    "--output-file=requirements.txt pyproject.toml"
                ),
            },
            {},
            ["requirements.txt"],
        ),
    ],
)
def test_compiled_requirements_are_limited_in_their_source(
    files: dict[str, str], edited: dict[str, str], made: list[str]
) -> None:
    world = compiled(**files)
    assert patched(world) == edited
    assert relocked(world) == made


def test_a_fix_that_does_not_hold_is_withheld() -> None:
    world = facts(OLD, requirements="urllib3==2.2.3\n")
    (finding,) = matcher(world)
    worse = Edit("requirements.txt", Span(9, 14), "2.1.0")
    bad = finding._replace(fix=Fix("to 2.1.0", SAFE, (worse,)))
    decided, texts = rehearse.rehearse(Plan((bad,), ()), world, matcher)
    assert decided.fixes == ()
    assert texts == {}
    assert "did not hold" in decided.withheld[0].withheld


@pytest.mark.parametrize(
    "edits",
    [
        (Edit("f", Span(0, 4), "x"), Edit("f", Span(2, 6), "y")),
        (Edit("f", Span(0, 3), "abc"),),
    ],
    ids=["overlapping", "changing nothing"],
)
def test_edits_that_cannot_be_meant_are_refused(edits: tuple[Edit, ...]) -> None:
    with pytest.raises(ValueError, match=r"of f|in f"):
        rehearse.apply_edits("abcdefgh", edits)


TOGETHER = """\
```toml
id = "SSL999"
name = "together"
title = "two that move together"
level = "error"
since = "0.1.0"
message = "{name} {version} fails with {beside}"
references = []

[when]
beside = ["b<2"]
draws = ["b"]

[affected]
a = "<5"

[[remedy]]
constraint = { a = ">=5", b = ">=2", c = ">=3" }
why = "they need each other"

[evidence]
how = "source"
```

prose
"""


@pytest.mark.parametrize(
    ("before", "after", "allowed"),
    [
        ("a==4\nb==2\n", None, SAFE),
        ("a==5\nb==1\n", None, SAFE),
        ("a==4\nb==1\n", "a>=5\nb>=2\n", SAFE),
        ("a==4\nb==1\nc==2\n", "a>=5\nb>=2\nc>=3\n", SAFE),
        ("a==4\nb==1\nc==3.1\n", "a>=5\nb>=2\nc==3.1\n", SAFE),
        ("a==4\nb==1\nc>=2\n", "a>=5\nb>=2\nc>=2\n", SAFE),
        ("a==4\nb==1\nc<3\n", None, SAFE),
        ("a==4\nb==1\nc<3\n", "a>=5\nb>=2\nc>=3\n", UNSAFE),
        ("a==4\n", "a>=5\n", SAFE),
    ],
)
def test_what_has_to_move_together_moves_together(
    before: str, after: str | None, allowed: Applicability, tmp_path: Path
) -> None:
    (tmp_path / "SSL999-together.md").write_text(TOGETHER)
    own = rules.load(str(tmp_path))

    def matches(world: Facts) -> tuple[Finding, ...]:
        return match.match(world, own, {})

    world = facts(NEW, requirements=before)
    found = [one._replace(fix=plan.propose(one, world, matches)) for one in matches(world)]
    decided = plan.make(found, allowed, lambda _: False)
    texts = rehearse.rehearse(decided, world, matches)[1]
    assert texts.get("requirements.txt") == after


def test_what_has_to_move_together_is_installed_together(tmp_path: Path) -> None:
    (tmp_path / "SSL999-together.md").write_text(TOGETHER)
    own = rules.load(str(tmp_path))
    installed = tuple(
        Distribution(name, version, f"/e/{name}.dist-info")
        for name, version in (("a", "4"), ("b", "1"), ("c", "3.1"))
    )
    one = interpreter(NEW, environment=Environment("/e"), distributions=installed)
    world = Facts((one,))
    (found,) = match.match(world, own, {})
    assert found.message == "a 4 fails with b 1"
    fix = plan.propose(found, world, lambda facts: match.match(facts, own, {}))
    assert fix is not None
    assert fix.actions == (Install("/e", ("a>=5", "b>=2")),)


# --------------------------------------------------------------------------- found from outside


@pytest.mark.parametrize(
    ("texts", "after"),
    [
        # A range beside a pin says what the author wants: both or none.
        ({"requirements.txt": "urllib3==2.2.3\nurllib3>=2\n"}, {}),
        (
            {
                "requirements.txt": "-r requirements-more.txt\nurllib3==2.2.3\n",
                "requirements-more.txt": "urllib3>=2,<3\n",
            },
            {},
        ),
        (
            {"pyproject.toml": PROJECT.replace('"requests"', '"urllib3==2.2.3", "urllib3>=2.1"')},
            {},
        ),
        # Files that are not read together do not contradict each other.
        (
            {"requirements.txt": "urllib3==2.2.3\n", "dev-requirements.txt": "urllib3>=2\n"},
            {"requirements.txt": f"urllib3>=1.26.20,<2{NOT_NEWER}, was ==2.2.3\n"},
        ),
        # What is ignored does not stand in the way.
        (
            {"requirements.txt": "urllib3==2.2.3  # sslfix: ignore\nurllib3==2.2.3\n"},
            {
                "requirements.txt": "urllib3==2.2.3  # sslfix: ignore\n"
                f"urllib3>=1.26.20,<2{NOT_NEWER}, was ==2.2.3\n"
            },
        ),
        # botocore is at odds with urllib3 2 only.
        (
            {"requirements.txt": "requests==2.31.0\nurllib3==2.2.3\nbotocore==1.29.0\n"},
            {
                "requirements.txt": "requests==2.31.0\n"
                f"urllib3>=1.26.20,<2{NOT_NEWER}, was ==2.2.3\nbotocore==1.29.0\n"
            },
        ),
        # What requests brings in was there before it moved.
        (
            {"pyproject.toml": '[project]\ndependencies = ["requests==2.32.3"]\n'},
            {"pyproject.toml": '[project]\ndependencies = ["requests>=2.32.5,<3"]\n'},
        ),
        # Two limits on a line: a comment could not tell which was what.
        (
            {"requirements.txt": "urllib3==2.2.3 \\\n\nidna\nurllib3==2.2.4\n"},
            {
                "requirements.txt": "urllib3>=1.26.20,<2 \\\n\nidna\n"
                f"urllib3>=1.26.20,<2{NOT_NEWER}, was ==2.2.4\n"
            },
        ),
        (
            {"tox.ini": "[testenv]\ndeps = urllib3==2.2.3\n[testenv:a]\ndeps = urllib3==2.2.3\n"},
            {
                "tox.ini": f"[testenv]\ndeps = urllib3>=1.26.20,<2{NOT_NEWER}, was ==2.2.3\n"
                f"[testenv:a]\ndeps = urllib3>=1.26.20,<2{NOT_NEWER}, was ==2.2.3\n"
            },
        ),
    ],
    ids=lambda texts: next(iter(texts.values()), "").replace("\n", " ")[:60],
)
def test_what_stands_beside_a_fix(texts: dict[str, str], after: dict[str, str]) -> None:
    files = tuple(read(name, text) for name, text in texts.items())
    request = session.Request()
    matching = session.matcher(request)
    world = Facts((interpreter(OLD),), files)
    found = [one._replace(fix=plan.propose(one, world, matching)) for one in matching(world)]
    waiting = [one for one in found if one.status == "open"]
    decided = plan.make(waiting, SAFE, lambda _: False)
    assert rehearse.rehearse(decided, world, matching)[1] == after


def test_what_two_fixes_change_alike_keeps_the_reasons_of_both() -> None:
    """types-requests moves urllib3 as well; the limit of urllib3 is another rule's."""
    world = facts(OLD, requirements="urllib3==2.2.3\ntypes-requests==2.32.0.20241016\n")
    found = [one._replace(fix=plan.propose(one, world, matcher)) for one in matcher(world)]
    assert [one.rule.id for one in found] == ["SSL101", "SSL103"]
    decided = plan.make(found, UNSAFE, lambda _: True)
    text = rehearse.rehearse(decided, world, matcher)[1]["requirements.txt"]
    first, second = text.splitlines()
    assert first == f"urllib3>=1.26.20,<2{NOT_NEWER}, was ==2.2.3"
    assert second.startswith("types-requests<2.31.0.7  # sslfix: SSL103: newer types-requests")
