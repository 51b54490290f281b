"""uv and pip as they are, on releases as they are, for real interpreters."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from sslfix.apply import installers
from sslfix.apply.resolvers import (
    NoSolutionError,
    Resolution,
    UnavailableError,
    pip,
    resolve,
)
from sslfix.collect import targets
from sslfix.model import Interpreter
from sslfix.specifiers import holds
from tests.apply.test_resolvers import HERE, read
from tests.apply.worlds import ask as probe
from tests.conftest import index_url

pytestmark = [pytest.mark.proof, pytest.mark.network]

Find = Callable[[str], str]


@pytest.fixture(params=["uv", "pip"])
def resolver(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> str:
    """The resolver that answers, with the public index as its only one."""
    for name in ("PIP_FIND_LINKS", "PIP_CONFIG_FILE", "UV_FIND_LINKS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(installers, "_pip_settings", lambda _: ())
    monkeypatch.chdir(tmp_path)
    assert isinstance(request.param, str)
    if request.param == "pip":
        monkeypatch.setattr(installers, "find_uv", lambda *_: None)
    elif shutil.which("uv") is None:
        pytest.skip("needs uv")
    else:
        monkeypatch.setattr(pip, "pips", lambda _: ())
    return request.param


def ask(
    text: str,
    path: str = "requirements.txt",
    section: str = "",
    interpreter: Interpreter = HERE,
) -> Resolution:
    Path(path).write_text(text)
    paths = [str(one.relative_to(Path.cwd())) for one in Path.cwd().rglob("*.txt")]
    files = {one: read(one) for one in {path, *paths}}
    return resolve(files[path], section, files, interpreter)


def test_releases_that_fit_together_are_chosen(resolver: str) -> None:
    """urllib3 2.0.0 and 2.0.1 were yanked, and a hash of an old pin does not matter."""
    Path("constraints.txt").write_text("urllib3<2.0.2,!=2.0.*\n")
    pin = "idna==3.7 --hash=sha256:" + "0" * 64
    found = ask(f"-c constraints.txt\nrequests==2.31.0\n{pin}\n")
    assert found.versions["urllib3"].startswith("1.26.")
    assert found.versions["idna"] == "3.7"
    assert found.resolver.startswith(f"{resolver} ")
    assert ask("urllib3<2.0.2\n").versions["urllib3"].startswith("1.26.")


@pytest.mark.parametrize(
    ("version", "newest"), [("3.7", "2.0.7"), ("3.8", "2.2.3"), ("3.6", "1.26.20")]
)
def test_the_judged_python_decides(resolver: str, python: Find, version: str, newest: str) -> None:
    """The pips of Pythons that virtualenv carries none for are older than what is needed."""
    interpreter = probe(python(version))
    if resolver == "pip" and version != "3.8":
        with pytest.raises(UnavailableError, match=r"before its release 22\.2"):
            ask("urllib3\n", interpreter=interpreter)
    else:
        assert ask("urllib3\n", interpreter=interpreter).versions == {"urllib3": newest}


def test_a_target_is_resolved_for_by_uv_only(resolver: str) -> None:
    """Before Python 3.10 botocore asks for another urllib3; pip would judge by its own Python."""
    target = targets.find("lambda-python3.8", "i1")
    if resolver == "pip":
        with pytest.raises(UnavailableError, match=r"(?:neither uv nor a|no) pip"):
            ask("botocore==1.35.40\n", interpreter=target)
    else:
        found = ask("botocore==1.35.40\n", interpreter=target)
        assert holds(found.versions["urllib3"], "<1.27")


CONFLICT = "urllib3>=2\nrequests==2.28.1\n"


def test_who_requires_what_is_told(resolver: str) -> None:
    with pytest.raises(NoSolutionError) as error:
        ask(CONFLICT)
    assert "requests" in error.value.message
    assert "urllib3>=2" in error.value.message
    assert "1.27" in error.value.message
    assert str(Path.cwd()) not in error.value.message
    if resolver == "uv":
        with pytest.raises(NoSolutionError, match=r"types-requests.* depends on urllib3>=2"):
            ask("urllib3<2\ntypes-requests>=2.32\n")


def test_without_a_release_that_fits_there_is_no_solution(resolver: str) -> None:
    with pytest.raises(NoSolutionError, match="urllib3>=99"):
        ask("urllib3>=99\n")


@pytest.mark.parametrize("text", ["sslfix-no-such-distribution==1\nsix\n", "six\nbroken @ URL\n"])
def test_what_the_index_does_not_know_is_no_conflict(resolver: str, text: str) -> None:
    with pytest.raises(UnavailableError):
        ask(text.replace("URL", index_url() + "/nothing-there/a.zip"))


def test_without_network_it_fails_within_seconds(
    resolver: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("PIP_INDEX_URL", "UV_DEFAULT_INDEX"):
        monkeypatch.setenv(name, "http://127.0.0.1:9/simple")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
    began = time.monotonic()
    with pytest.raises(UnavailableError):
        ask(CONFLICT)
    assert time.monotonic() - began < 20


POETRY = """\
[tool.poetry.dependencies]
python = "^3.9"
requests = "^2.28"
[tool.poetry.group.dev.dependencies]
urllib3 = "~1.26.5"
"""
PEP_621 = """\
[project]
name = "p"
version = "1"
dependencies = ["requests[socks]>=2.28"]
optional-dependencies = {old = ["urllib3<2"]}
"""
CONDA = "dependencies:\n  - python=3.9\n  - pip:\n    - requests[socks]\n    - urllib3<2\n"
SETUP = "[options]\ninstall_requires =\n    requests\n[options.extras_require]\nold = urllib3<2\n"
PIPFILE = '[packages]\nrequests = "*"\n[dev-packages]\nurllib3 = "<2"\n'


@pytest.mark.parametrize(
    ("path", "text", "section"),
    [
        ("pyproject.toml", POETRY, "poetry.group.dev.dependencies"),
        ("pyproject.toml", PEP_621, "optional.old"),
        ("environment.yml", CONDA, "pip"),
        ("setup.cfg", SETUP, "options.extras_require.old"),
        ("Pipfile", PIPFILE, "dev-packages"),
    ],
)
def test_what_other_formats_declare_together(
    resolver: str, path: str, text: str, section: str
) -> None:
    found = ask(text, path, section).versions
    assert found["urllib3"].startswith("1.26.")
    assert "requests" in found
    assert ("pysocks" in found) is ("[socks]" in text)
