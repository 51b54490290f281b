"""The real uv and pip on wheels in a folder, without network; and what they are given to read."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from pathlib import Path
from typing import Callable

import pytest

from sslfix import formats
from sslfix.apply import installers
from sslfix.apply.resolvers import (
    NoSolutionError,
    Resolution,
    UnavailableError,
    declared,
    pip,
    resolve,
    uv,
)
from sslfix.apply.resolvers.questions import Question
from sslfix.errors import ApplyError
from sslfix.formats.text import decode
from sslfix.model import DependencyFile, Environment, Interpreter
from tests.apply.worlds import project, state, wheel

HERE = Interpreter(
    id="i1",
    executable=sys.executable,
    version=platform.python_version(),
    implementation="cpython",
    markers={"sys_platform": sys.platform},
    ssl=None,
)
WHEELS = (
    ("alpha", "1.0", "beta<2"),
    ("beta", "1.0", ""),
    ("beta", "1.5", ""),
    ("beta", "2.0", ""),
    ("beta", "3.0rc1", ""),
    ("gamma", "1.0", "private>=1"),
)
Ask = Callable[..., Resolution]


def read(path: str, text: str | None = None) -> DependencyFile:
    """The file as it is read, with another text than the one that it has on disk."""
    format_ = formats.for_path(path)
    assert format_ is not None
    document = decode(path, Path(path).read_bytes())
    return format_.read(document if text is None else document._replace(text=text))


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty project beside a folder of wheels; pip and uv have no settings."""
    for name in [name for name in os.environ if name.startswith(("PIP_", "UV_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setattr(installers, "_pip_settings", lambda _: ())
    for name, version, requires in WHEELS:
        wheel(tmp_path / "wheels", name, version, requires)
    (tmp_path / "project").mkdir()
    monkeypatch.chdir(tmp_path / "project")
    return tmp_path / "project"


@pytest.fixture(params=["uv", pytest.param("pip", marks=pytest.mark.proof)])
def resolver(request: pytest.FixtureRequest, place: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The resolver that answers: uv, or pip because there is no uv."""
    if request.param == "pip":
        monkeypatch.setattr(installers, "find_uv", lambda *_: None)
    elif shutil.which("uv") is None:
        pytest.skip("needs uv")
    else:  # what uv cannot tell, no pip is asked
        monkeypatch.setattr(pip, "pips", lambda _: ())
    assert isinstance(request.param, str)
    return request.param


LOCAL = "--no-index\n--find-links ../wheels\n"


def ask(path: str, text: str, *others: DependencyFile, section: str = "") -> Resolution:
    """What the new text of a file resolves to; on disk it holds another."""
    Path(path).parent.mkdir(exist_ok=True)
    Path(path).write_text("--no-such-option\n")
    file = read(path, text)
    files = {one.document.path: one for one in (file, *others)}
    before = state(Path.cwd())
    try:
        return resolve(file, section, files, HERE)
    finally:
        assert state(Path.cwd()) == before


HASHES = """\
--require-hashes
alpha==1.0 --hash=sha256:ab
beta==1.0 \\
    --hash=sha256:ab \\
    --hash sha256:cd
    # via alpha
"""


def test_the_newest_releases_that_fit_are_chosen(resolver: str) -> None:
    found = ask("requirements.txt", LOCAL + "alpha\nbeta\nnowhere ; python_version < '3'\n")
    assert found.versions == {"alpha": "1.0", "beta": "1.5"}
    assert found.resolver.split()[0] == resolver
    assert found.resolver.split()[1][0].isdigit()


def test_pre_releases_are_chosen_where_the_file_says_so(resolver: str) -> None:
    assert ask("requirements.txt", LOCAL + "--pre\nbeta\n").versions == {"beta": "3.0rc1"}


def test_hashes_of_the_old_releases_are_no_obstacle(resolver: str) -> None:
    found = ask("requirements.txt", LOCAL + HASHES)
    assert found.versions == {"alpha": "1.0", "beta": "1.0"}


def test_files_that_are_included_count_with_their_new_texts(resolver: str, place: Path) -> None:
    """One is of the run, one is only there; both are named relative to the file."""
    (place / "sub").mkdir()
    Path("constraints.txt").write_text("beta<2\n")
    Path("sub/more.txt").write_text("alpha\n")
    limits = read("constraints.txt", "beta<1.5\n")
    text = "-c ../constraints.txt\n-r more.txt\n--no-index\n--find-links ../../wheels\n"
    found = ask("sub/requirements.txt", text, limits)
    assert found.versions == {"alpha": "1.0", "beta": "1.0"}


def test_for_a_constraints_file_the_files_that_it_limits_are_asked(resolver: str) -> None:
    Path("requirements.txt").write_text("")
    asking = read("requirements.txt", LOCAL + "-c constraints.txt\nbeta\n")
    assert ask("constraints.txt", "beta<2\nalpha<1\n", asking).versions == {"beta": "1.5"}


@pytest.mark.parametrize("path", ["requirements.txt", "requirements/dev.txt"])
@pytest.mark.parametrize("line", ["-e .", "-e ./own"])
def test_local_projects_are_found_from_where_pip_would_be_run(
    resolver: str, place: Path, path: str, line: str
) -> None:
    project(place / "own")
    if line == "-e .":
        for one in (place / "own").iterdir():
            one.rename(place / one.name)
    wheels = os.path.relpath(place.parent / "wheels", Path(path).parent)
    found = ask(path, f"--no-index\n--find-links {wheels}\n{line}\nbeta\n")
    assert found.versions["beta"] == "2.0"


CONFLICTS = {
    "alpha\nbeta>=2\n": {
        "uv": "Because all versions of alpha depend on beta<2 and you require alpha, we can "
        "conclude that you require beta<2.\nAnd because you require beta>=2, we can conclude "
        "that your requirements are unsatisfiable.",
        "pip": "The user requested beta>=2\nalpha 1.0 depends on beta<2",
    },
    "beta>=9\n": {
        "uv": "Because only beta<=3.0rc1 is available and you require beta>=9, we can "
        "conclude that your requirements are unsatisfiable.",
        "pip": "No matching distribution found for beta>=9",
    },
}


def test_an_index_that_does_not_answer_is_named_without_its_password(resolver: str) -> None:
    text = "--index-url http://me:secret@127.0.0.1:9/simple\nnowhere\n"
    with pytest.raises(UnavailableError) as error:
        ask("requirements.txt", text)
    assert "127.0.0.1:9/simple/nowhere/" in error.value.message
    assert "secret" not in error.value.message


def test_a_name_that_no_index_knows_is_told_in_plain_words(resolver: str) -> None:
    with pytest.raises(UnavailableError) as error:
        ask("requirements.txt", LOCAL + "nowhere\n")
    assert error.value.message.startswith(f"{resolver} could not tell which releases fit: ")
    assert "cause:" not in error.value.message


def test_for_an_old_pip_the_other_way_is_told(place: Path) -> None:
    old = (sys.executable, "-c", "raise SystemExit('no such option: --dry-run')")
    with pytest.raises(UnavailableError, match=r"22\.2; `sslfix constraints` gives"):
        pip.ask(old, Question(str(place), str(place), ()))


@pytest.mark.parametrize("text", CONFLICTS)
def test_a_conflict_is_told_in_the_words_of_the_resolver(resolver: str, text: str) -> None:
    with pytest.raises(NoSolutionError) as error:
        ask("requirements.txt", LOCAL + text)
    expected = CONFLICTS[text][resolver]
    assert sorted(error.value.message.splitlines()) == sorted(expected.splitlines())


@pytest.mark.parametrize("text", ["nowhere\n", "gamma\n", "./nothing\n-r nothing.txt\n"])
def test_what_a_resolver_cannot_know_is_no_conflict(
    resolver: str, text: str, tmp_path: Path
) -> None:
    with pytest.raises(UnavailableError) as error:
        ask("requirements.txt", LOCAL + text)
    assert resolver in error.value.message
    assert "sslfix-" not in error.value.message


def test_a_file_of_local_projects_alone_asks_for_what_they_require(
    resolver: str, place: Path
) -> None:
    project(place / "own")
    assert "beta" not in ask("requirements.txt", "--no-index\n-e ./own\n").versions


def test_an_index_that_fails_is_no_conflict(resolver: str) -> None:
    """The folder has releases, and nobody answers where the others would be."""
    index = "--index-url http://127.0.0.1:9/simple\n--find-links ../wheels\n"
    with pytest.raises(UnavailableError):
        ask("requirements.txt", index + "beta>=9\n")


def test_a_sick_resolver_gives_way_to_the_next(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (place / "uv").write_text("#!/bin/sh\necho Traceback of uv; exit 1\n")
    (place / "uv").chmod(0o755)
    monkeypatch.setenv("PATH", f"{place}:/usr/bin:/bin")
    assert ask("requirements.txt", LOCAL + "beta\n").resolver.startswith("pip ")
    with pytest.raises(UnavailableError, match=r"^pip could not tell"):
        ask("requirements.txt", LOCAL + "nowhere\n")


def test_uv_alone_is_asked_for_an_environment_that_it_made(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (place / "uv").write_text("#!/bin/sh\necho 'error: no'; exit 2\n")
    (place / "uv").chmod(0o755)
    monkeypatch.setenv("PATH", f"{place}:/usr/bin:/bin")
    Path("requirements.txt").write_text(LOCAL + "beta\n")
    file = read("requirements.txt")
    made = HERE._replace(environment=Environment(str(place / ".venv"), made_by="uv"))
    with pytest.raises(UnavailableError, match=r"^uv could not tell"):
        resolve(file, "", {"requirements.txt": file}, made)


def test_no_pip_on_another_python_answers(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its answer would be wrong where a marker asks for the Python."""
    monkeypatch.setattr(installers, "find_uv", lambda *_: None)
    Path("requirements.txt").write_text(LOCAL + "beta\n")
    file = read("requirements.txt")
    files = {"requirements.txt": file}
    known = HERE._replace(source="profile", executable="somewhere")
    assert resolve(file, "", files, known).versions == {"beta": "2.0"}
    for other in (known._replace(version="3.99.1"), known._replace(markers={})):
        with pytest.raises(UnavailableError, match="for Python"):
            resolve(file, "", files, other)


@pytest.mark.parametrize(
    ("has_uv", "said"),
    [
        (False, "neither uv nor a pip for Python 3.99.1 is here to ask"),
        (True, "no pip for Python 3.99.1 is here to ask, and uv was not asked, as pip's"),
    ],
)
def test_a_uv_that_is_set_aside_is_here_all_the_same(
    place: Path, monkeypatch: pytest.MonkeyPatch, *, has_uv: bool, said: str
) -> None:
    (place / "tools").mkdir()
    if has_uv:
        (place / "tools/uv").write_text("#!/bin/sh\nexit 1\n")
        (place / "tools/uv").chmod(0o755)
    monkeypatch.setenv("PATH", str(place / "tools"))
    for name in ("UV_DEFAULT_INDEX", "UV_INDEX", "UV_INDEX_URL", "UV_EXTRA_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_INDEX_URL", "https://index.example/simple")
    Path("requirements.txt").write_text("beta\n")
    file = read("requirements.txt")
    other = HERE._replace(source="profile", executable="somewhere", version="3.99.1")
    with pytest.raises(UnavailableError) as caught:
        resolve(file, "", {"requirements.txt": file}, other)
    assert caught.value.message.startswith(said)


def test_a_resolver_is_not_asked_offline(place: Path) -> None:
    Path("requirements.txt").write_text(LOCAL + "beta\n")
    file = read("requirements.txt")
    with pytest.raises(UnavailableError, match="network"):
        resolve(file, "", {"requirements.txt": file}, HERE, offline=True)
    assert issubclass(UnavailableError, ApplyError)


@pytest.mark.parametrize(
    ("interpreter", "expected"),
    [
        (HERE, ["--python", sys.executable]),
        (
            HERE._replace(source="profile", version="3.9.18", markers={"sys_platform": "linux"}),
            ["--python-version", "3.9.18", "--python-platform", "linux"],
        ),
        (HERE._replace(source="binary", version="3.9", markers={}), ["--python-version", "3.9"]),
    ],
)
def test_uv_is_told_of_the_interpreter_all_that_is_known(
    interpreter: Interpreter, expected: list[str]
) -> None:
    assert uv._python(interpreter) == expected


OLD_UV = """\
  x No solution found when resolving dependencies:
  \u2570\u2500\u25b6 Because alpha==1.0 depends on beta<2, we can conclude that you require beta<2.
      And because you require beta>=2, we can conclude that it is unsatisfiable.

      hint: `beta` was requested with a pre-release marker
"""
UNSURE = {
    "offline": "Because beta was not found in the cache and you require beta",
    "unknown": "Because beta was not found in the package registry and you require beta",
    "empty": "Because there are no versions of beta and you require beta",
    "access": "Because a\n\nhint: An index URL (https://index.example/simple) could not be queried "
    "due to a lack of valid authentication credentials (401 Unauthorized).",
    "other index": "Because only beta<=1 is available\n\nhint: A compatible version may be "
    "available on a subsequent index (e.g., https://index.example/simple).",
    "build": "Failed to resolve requirements from `build-system.requires`\n"
    "  cause: No solution found when resolving dependencies\n  cause: Because",
    "metadata": "Because beta==1 has invalid metadata and you require beta==1",
}


@pytest.mark.parametrize(("version", "believed"), [("3.9.18", True), ("3.9", False)])
def test_a_python_that_is_not_known_in_full_is_no_reason(
    place: Path, monkeypatch: pytest.MonkeyPatch, version: str, believed: bool
) -> None:
    said = "Because the requested Python version (>=3.9) does not satisfy Python>=3.9.2"
    _fake_uv(place, f"error: No solution found when resolving dependencies\n{said}", monkeypatch)
    Path("requirements.txt").write_text("beta\n")
    file = read("requirements.txt")
    known = HERE._replace(source="profile", version=version)
    with pytest.raises(NoSolutionError if believed else UnavailableError):
        resolve(file, "", {"requirements.txt": file}, known)


def _fake_uv(place: Path, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (place / "said").write_text(said)
    (place / "uv").write_text(f"#!/bin/sh\ncat {place}/said; exit 1\n")
    (place / "uv").chmod(0o755)
    monkeypatch.setattr(installers, "find_uv", lambda *_: str(place / "uv"))
    monkeypatch.setattr(pip, "pips", lambda _: ())


def test_the_drawing_of_an_older_uv_is_left_out(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _fake_uv(place, OLD_UV, monkeypatch)
    with pytest.raises(NoSolutionError) as error:
        ask("requirements.txt", "alpha\nbeta>=2\n")
    assert error.value.message.splitlines() == [
        "Because alpha==1.0 depends on beta<2, we can conclude that you require beta<2.",
        "And because you require beta>=2, we can conclude that it is unsatisfiable.",
    ]


@pytest.mark.parametrize("name", UNSURE)
def test_uv_is_not_believed_where_it_has_not_seen_all(
    place: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    head = "error: No solution found when resolving dependencies\n  cause: "
    start = "error: Failed to build `a`\n  cause: " if name == "build" else head
    _fake_uv(place, start + UNSURE[name], monkeypatch)
    with pytest.raises(UnavailableError):
        ask("requirements.txt", "beta\n")
    _fake_uv(place, head + "Because beta==1 has no wheels with a matching tag", monkeypatch)
    with pytest.raises(NoSolutionError):
        ask("requirements.txt", "beta\n")


# --------------------------------------------------------------------------- other formats

PROJECT = """\
[project]
dependencies = ["requests[socks]>=2 ; python_version > '3'", "tool @ https://index.example/a.zip"]
optional-dependencies = {fast = ["speed"], slow = ["snail"]}
[dependency-groups]
test = ["pytest", {include-group = "Lint_Er"}]
lint-er = ["ruff"]
docs = ["sphinx"]
[tool.uv]
constraint-dependencies = ["urllib3<2"]
override-dependencies = ["idna==3"]
sources = {Speed = {path = "../speed"}}
[tool.tox.env_run_base]
deps = ["tox-plugin", "-r tox.txt"]
[tool.hatch.envs.x]
dependencies = ["a"]
extra-dependencies = ["b"]
"""
BASE = ["requests[socks]>=2 ; (python_version > '3')", "tool @ https://index.example/a.zip"]
POETRY = """\
[tool.poetry.dependencies]
python = "^3.9"
requests = "^2.28"
six = "^1.10 || ^2"
own = {path = "../own"}
git = {git = "https://index.example/x/y.git"}
old = {version = "1.*", python = "<3.8"}
[tool.poetry.group.dev.dependencies]
pytest = "*"
[tool.poetry.group.docs.dependencies]
sphinx = "*"
"""
TOX = """\
[testenv]
deps =
    base
    -c constraints.txt
    new: django>=4
    old: django<4
[testenv:docs]
deps = sphinx
    -r docs.txt
"""
CONDA = """\
dependencies:
  - numpy=1.2
  - pip:
    - requests<3
    - -r more.txt
"""
SETUP = """\
[options]
setup_requires = setuptools-scm
install_requires =
    requests
[options.extras_require]
fast = speed
slow = snail
"""
PIPFILE = """\
[[source]]
url = "https://index.example/simple"
name = "a"
[[source]]
url = "https://${USER}@other.example/simple"
name = "b"
[packages]
requests = {version = ">=2", markers = "python_version > '3'"}
own = {path = "."}
[dev-packages]
pytest = "*"
"""
INDEXES = [
    "--index-url https://index.example/simple",
    "--extra-index-url https://${USER}@other.example/simple",
]
NOX = """\
import nox
@nox.session
def lint(session):
    session.install("-r", "lint.txt", "ruff")
@nox.session
def tests(session):
    session.install("-r", "tests.txt", "pytest")
"""
TOX_TOML = """\
env_run_base.deps = ["base", "-r base.txt"]
[env."py3.9"]
deps = ["old", "-r old.txt"]
[env.docs]
constraints = ["limits.txt"]
deps = ["sphinx"]
"""
LEGACY = f"""\
[tool.tox]
legacy_tox_ini = '''
{TOX}'''
"""
DOTTED = """\
[tool.tox]
env.docs.deps = ["sphinx", "-r docs.txt"]
[tool.tox.env.lint]
deps = ["ruff", "-r lint.txt"]
"""
HATCH = """\
[envs.x]
dependencies = ["a"]
extra-dependencies = ["b"]
[envs.x.overrides]
env.CI.dependencies = ["c"]
platform.linux.dependencies = ["d"]
[envs.y]
dependencies = ["e"]
"""
REQUESTS = "requests>=2.28,<3"
OLD = 'old==1.* ; (python_version < "3.8")'
ASKED = [
    ("pyproject.toml", PROJECT, "project.dependencies", BASE),
    ("pyproject.toml", PROJECT, "optional.slow", [*BASE, "snail"]),
    ("pyproject.toml", PROJECT, "optional.fast", BASE),  # it comes from a folder
    ("pyproject.toml", PROJECT, "group.test", [*BASE, "pytest", "ruff"]),
    ("pyproject.toml", PROJECT, "hatch.envs.x.dependencies", ["a", "b"]),
    ("pyproject.toml", PROJECT, "tox.env_run_base", ["tox-plugin", "-r tox.txt"]),
    ("pyproject.toml", POETRY, "poetry.dependencies", [REQUESTS, OLD]),
    ("pyproject.toml", POETRY, "poetry.group.dev.dependencies", [REQUESTS, OLD, "pytest"]),
    ("pyproject.toml", DOTTED, "tox.env.docs", ["sphinx", "-r docs.txt"]),
    ("pyproject.toml", DOTTED, "tox.env.lint", ["ruff", "-r lint.txt"]),
    ("pyproject.toml", LEGACY, "tox.testenv:docs", ["sphinx", "-r docs.txt"]),
    ("tox.toml", TOX_TOML, "env_run_base", ["base", "-r base.txt"]),
    ("tox.toml", TOX_TOML, "env.py3.9", ['old ; (python_version == "3.9")', "-r old.txt"]),
    ("tox.toml", TOX_TOML, "env.docs", ["sphinx", "-c limits.txt"]),
    ("hatch.toml", HATCH, "envs.x.dependencies", ["a", "b"]),
    ("hatch.toml", HATCH, "envs.x.overrides.env.CI.dependencies", ["a", "b", "c"]),
    ("hatch.toml", HATCH, "envs.y.dependencies", ["e"]),
    ("tox.ini", TOX, "testenv", ["base", "-c constraints.txt"]),
    ("tox.ini", TOX, "testenv {old}", ["base", "django<4", "-c constraints.txt"]),
    ("tox.ini", TOX, "testenv:docs", ["sphinx", "-r docs.txt"]),
    ("environment.yml", CONDA, "pip", ["requests<3", "-r more.txt"]),
    ("environment.yml", CONDA, "conda", []),
    ("setup.cfg", SETUP, "options.install_requires", ["requests"]),
    ("setup.cfg", SETUP, "options.extras_require.fast", ["requests", "speed"]),
    ("setup.cfg", SETUP, "options.setup_requires", ["setuptools-scm"]),
    ("Pipfile", PIPFILE, "packages", [*INDEXES, "requests>=2 ; (python_version > '3')"]),
    (
        "Pipfile",
        PIPFILE,
        "dev-packages",
        [*INDEXES, "requests>=2 ; (python_version > '3')", "pytest"],
    ),
    ("noxfile.py", NOX, "tests", ["pytest", "-r tests.txt"]),
]


@pytest.mark.parametrize(("path", "text", "section", "expected"), ASKED)
def test_of_other_formats_what_is_installed_together_is_asked_for(
    place: Path, path: str, text: str, section: str, expected: list[str]
) -> None:
    Path(path).write_text(text)
    assert list(declared.requirements(read(path), section)) == expected


def test_limits_and_overrides_are_given_as_such(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("pyproject.toml").write_text(PROJECT)
    file = read("pyproject.toml")
    assert list(declared.limits(file, overriding=False)) == ["urllib3<2"]
    assert list(declared.limits(file, overriding=True)) == ["idna==3"]
    monkeypatch.setattr(installers, "find_uv", lambda *_: None)
    with pytest.raises(UnavailableError, match="overrides"):
        resolve(file, "project.dependencies", {"pyproject.toml": file}, HERE)


def test_several_markers_are_one_of_which_any_has_to_hold() -> None:
    one = next(iter(read_text("requirements.txt", "a<2 ; os_name == 'nt'\n").declarations))
    marked = one._replace(marker=f"{one.marker} | python_version < '3'")
    assert declared.line(marked) == "a<2 ; (os_name == 'nt') or (python_version < '3')"


def read_text(path: str, text: str) -> DependencyFile:
    format_ = formats.for_path(path)
    assert format_ is not None
    return format_.read(decode(path, text.encode()))


@pytest.mark.parametrize("tool", ["poetry", "pdm"])
def test_an_index_that_only_another_tool_knows_is_not_left_out(place: Path, tool: str) -> None:
    text = PROJECT + f'[[tool.{tool}.source]]\nname = "p"\nurl = "https://index.example/simple"\n'
    file = read_text("pyproject.toml", text)
    with pytest.raises(UnavailableError, match=f"only {tool} knows the index"):
        resolve(file, "project.dependencies", {"pyproject.toml": file}, HERE)


def test_what_asks_for_nothing_is_not_resolved(place: Path) -> None:
    for path, text, section in (
        ("environment.yml", CONDA, "conda"),
        ("constraints.txt", "beta<2\n", ""),
    ):
        file = read_text(path, text)
        with pytest.raises(UnavailableError, match="asks for nothing"):
            resolve(file, section, {path: file}, HERE)


def test_a_project_resolves_with_its_limits_and_includes(
    resolver: str, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool = resolver.upper()
    monkeypatch.setenv(f"{tool}_FIND_LINKS", str(place.parent / "wheels"))
    monkeypatch.setenv(f"{tool}_NO_INDEX", "1")
    text = "[project]\ndependencies = ['alpha']\n[tool.uv]\nconstraint-dependencies = ['beta<1.5']"
    found = ask("pyproject.toml", text, section="project.dependencies")
    assert found.versions == {"alpha": "1.0", "beta": "1.0"}
    Path("requirements.txt").write_text("")
    more = read("requirements.txt", "beta<1.5\n")
    text = CONDA.replace("requests<3", "alpha").replace("more.txt", "requirements.txt")
    assert ask("environment.yml", text, more, section="pip").versions["beta"] == "1.0"
    with pytest.raises(NoSolutionError) as error:
        ask("environment.yml", text.replace("alpha", "beta>=2"), more, section="pip")
    assert "sslfix-" not in error.value.message
