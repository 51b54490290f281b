from __future__ import annotations

import os
from pathlib import Path

import pytest

from sslfix.collect import projects
from sslfix.model import Kind, Problem
from tests.conftest import run


@pytest.fixture(autouse=True)
def _inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def write(**texts: str) -> None:
    for name, text in texts.items():
        path = Path(name.replace("__", "/").replace("_txt", ".txt").replace("_py", ".py"))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def paths(project: projects.Project) -> list[str]:
    return [file.document.path for file in project.files]


@pytest.mark.parametrize("git", [False, True])
def test_a_folder_is_walked_without_what_is_not_the_projects_own(git: bool) -> None:
    write(requirements_txt="a\n", sub__requirements_txt="b\n", node_modules__x__requirements_txt="")
    write(env__pyvenv_txt="", env__lib__requirements_txt="c\n")
    Path("env/pyvenv.cfg").write_text("")
    if git:
        run("git", "init", "-q")
        Path(".gitignore").write_text("env/\nignored.txt\nsub/ignored/\n")
        write(sub__ignored__requirements_txt="d\n")
    assert paths(projects.read(["."])) == ["requirements.txt", "sub/requirements.txt"]


def test_included_files_are_read_and_constraints_known_as_such() -> None:
    write(requirements_txt="-r more.pip\n-c limits.pip\nurllib3\n")
    Path("more.pip").write_text("idna==3.4\n")
    Path("limits.pip").write_text("urllib3<2\n")
    project = projects.read(["requirements.txt"])
    kinds = {file.document.path: file.declarations[0].kind for file in project.files}
    assert kinds == {
        "limits.pip": Kind.CONSTRAINT,
        "more.pip": Kind.REQUIREMENT,
        "requirements.txt": Kind.REQUIREMENT,
    }


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("setup.cfg", "[options]\ninstall_requires = file: more.pip\n"),
        ("tox.ini", "[testenv]\ndeps = -r{toxinidir}/more.pip\n"),
        ("environment.yml", "dependencies:\n- pip:\n  - -r more.pip\n"),
    ],
)
def test_what_other_formats_include_is_a_requirements_file(name: str, text: str) -> None:
    Path(name).write_text(text)
    Path("more.pip").write_text("idna==3.4\n")
    project = projects.read([name])
    assert [(one.document.path, one.format) for one in project.files] == sorted(
        [(name, name), ("more.pip", "requirements.txt")]
    )
    assert project.problems == ()


SCRIPT = "# /// script\n# dependencies = ['a']\n# ///\n"


def test_scripts_are_known_by_their_head() -> None:
    write(tool_py=SCRIPT, other_py="import a\n", setup_py=SCRIPT)
    Path("coded.py").write_bytes(b"# coding: latin-1\n" + SCRIPT.encode() + b"# \xfc\n")
    for found in (projects.read(["."]), projects.read(["tool.py", "coded.py", "other.py"])):
        scripts = [one.document.path for one in found.files if one.format == "script.py"]
        assert (sorted(scripts), found.problems) == (["coded.py", "tool.py"], ())
    assert projects.read(["."], pins=False).files == ()


def test_what_is_for_another_python_counts_when_it_is_named_or_asked_for() -> None:
    write(requirements_txt="a\n")
    Path("Dockerfile").write_text("RUN pip install a\n")
    assert paths(projects.read(["."])) == ["requirements.txt"]
    assert paths(projects.read(["Dockerfile"])) == ["Dockerfile"]
    assert paths(projects.read(["."], elsewhere=True)) == ["Dockerfile", "requirements.txt"]


BAD = [
    ("a directory", lambda path: path.mkdir(), None, "is a directory"),
    ("binary", lambda path: path.write_bytes(b"a\n\0\1\2"), 2, "binary"),
    ("includes itself", lambda path: path.write_text("a\n-r bad.txt\n"), 2, "includes itself"),
    ("includes nothing", lambda path: path.write_text("-r no.txt\n"), 1, "does not exist"),
    ("a pipe", os.mkfifo, None, "a device or a pipe"),
    (
        "includes a URL",
        lambda path: path.write_text("-r https://index.example/r.txt\n"),
        1,
        "not looked at",
    ),
    ("half a line", lambda path: path.write_text("a\nb==\n"), 2, "b=="),
]


@pytest.mark.parametrize(("name", "make", "line", "message"), BAD, ids=[one[0] for one in BAD])
def test_bad_input_is_one_problem_and_the_rest_is_read(
    name: str, make: object, line: int | None, message: str
) -> None:
    assert callable(make)
    make(Path("bad.txt"))
    write(requirements_txt="urllib3==2.0.2\n")
    project = projects.read(["bad.txt", "requirements.txt"], read_as="requirements.txt")
    assert "requirements.txt" in paths(project)
    (problem,) = project.problems
    assert (problem.path, problem.line) == ("bad.txt", line)
    assert message in problem.message


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Pipfile.lock", '{"default": {"urllib3": {"version": "==2.0.2"}, "idna": {"ver'),
        (
            "poetry.lock",
            '[[package]]\nname = "urllib3"\nversion = "2.0.2"\n\n[[package]]\nname = "',
        ),
        ("pyproject.toml", '[project]\ndependencies = [\n  "urllib3==2.0.2",\n'),
    ],
)
def test_a_file_cut_in_half_is_one_problem_with_a_line(name: str, text: str) -> None:
    Path(name).write_text(text)
    (problem,) = projects.read([name]).problems
    assert problem.path == name
    assert problem.line is not None


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root reads all files")
def test_an_unreadable_file_is_one_problem() -> None:
    write(requirements_txt="a\n")
    Path("requirements.txt").chmod(0)
    assert projects.read(["."]).problems == (
        Problem("requirements.txt", None, "cannot be read: Permission denied"),
    )


def test_what_is_no_utf_8_is_read_in_the_encoding_of_the_locale(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import locale

    Path("requirements.txt").write_bytes("urllib3==2.0.2  # früher\n".encode("latin-1"))
    monkeypatch.setattr(locale, "getpreferredencoding", lambda _: "latin-1")
    (file,) = projects.read(["."]).files
    assert (file.document.encoding, file.declarations[0].version) == ("latin-1", "2.0.2")


def test_what_is_missing_or_unknown_is_said() -> None:
    Path("notes.md").write_text("hello\n")
    first, second = projects.read(["gone.txt", "notes.md"]).problems
    assert "no such file" in first.message
    assert "--as" in second.message


def test_two_files_that_include_each_other_are_said_and_read() -> None:
    write(requirements_txt="-r other.txt\na\n", other_txt="-r requirements.txt\nb\n")
    project = projects.read(["requirements.txt"])
    assert paths(project) == ["other.txt", "requirements.txt"]
    assert {problem.path for problem in project.problems} == {"other.txt", "requirements.txt"}


def test_a_link_to_a_file_that_is_found_as_well_is_no_second_file() -> None:
    write(requirements_txt="a\n", sub__other_txt="")
    Path("sub/requirements.txt").symlink_to("../requirements.txt")
    assert paths(projects.read(["."])) == ["requirements.txt"]
    assert paths(projects.read(["sub"])) == ["sub/requirements.txt"]


def test_sources_are_read_only_where_one_names_what_matters() -> None:
    write(app_py="import requests\n", worker_py="x = 1\n")
    assert projects.read(["."]).sources == ()
    write(worker_py="from gevent import monkey\n")
    assert [one.path for one in projects.read(["."]).sources] == ["app.py", "worker.py"]
