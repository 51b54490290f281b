"""Every editable format through the command line: found, fixed, verified, and then left alone."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from tests.conftest import run

TARGET = ("--target", "lambda-python3.9")
FILES = {
    "environment.yml": "dependencies:\n- x::urllib3=2.0.2=py_0  # a\n- pip: ['urllib3==2.0.2']\n",
    "noxfile.py": "def a(session):\n    session.install('urllib3==2.0.2', '-U')\n",
    "setup.cfg": "[options]\ninstall_requires =\n    urllib3 == 2.0.2  # a\n",
    "setup.py": "setup(extras_require={'a': ['urllib3==2.0.2']})\n",
    "tool.py": "# /// script\n# dependencies = ['urllib3==2.0.2']\n# ///\n",
    "tox.ini": "[testenv]\ndeps =\n    py27: urllib3==2.0.1\n    py39: urllib3==2.0.2\n",
}


WHY = "  # sslfix: SSL101: newer urllib3 fails with OpenSSL<1.1.1, remove when that is gone, was "
FIXED = {
    "environment.yml": f"dependencies:\n- x::urllib3>=1.26.20,<2  # a{WHY}=2.0.2=py_0\n"
    f"- pip: ['urllib3>=1.26.20,<2']{WHY}==2.0.2\n",
    "noxfile.py": "def a(session):\n"
    f"    session.install('urllib3>=1.26.20,<2', '-U'){WHY}==2.0.2\n",
    "setup.cfg": f"[options]\ninstall_requires =\n    urllib3 >= 1.26.20, < 2  # a{WHY}== 2.0.2\n",
    "setup.py": f"setup(extras_require={{'a': ['urllib3>=1.26.20,<2']}}){WHY}==2.0.2\n",
    "tool.py": f"# /// script\n# dependencies = ['urllib3>=1.26.20,<2']{WHY}==2.0.2\n# ///\n",
    "tox.ini": "[testenv]\ndeps =\n    py27: urllib3==2.0.1\n"
    f"    py39: urllib3>=1.26.20,<2{WHY}==2.0.2\n",
}


@pytest.fixture(autouse=True)
def _inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name, text in FILES.items():
        Path(name).write_text(text)
    Path("Dockerfile").write_text("FROM x\nRUN pip install urllib3==2.0.2\n")


def files(*arguments: str) -> dict[str, str]:
    done = run(sys.executable, "-m", "sslfix", "check", "--format", "json", *arguments)
    return {file["path"]: file["format"] for file in json.loads(done.stdout)["files"]}


def test_all_but_the_dockerfile_are_fixed_and_then_left_alone() -> None:
    done = run(sys.executable, "-m", "sslfix", "--apply", "--offline", *TARGET)
    assert (done.returncode, done.stderr) == (1, "")
    assert "1 error, 7 fixed (7 files" in done.stdout
    assert {name: Path(name).read_text() for name in FILES} == FIXED
    run(sys.executable, "-m", "sslfix", "--apply", "--offline", *TARGET)
    assert {name: Path(name).read_text() for name in FILES} == FIXED


def test_a_dockerfile_is_judged_where_it_is_named_or_for_a_target() -> None:
    here = ("--python", sys.executable)
    formats = {**{name: name for name in FILES}, "tool.py": "script.py"}
    assert files(*here) == formats
    assert files(*here, "Dockerfile") == {"Dockerfile": "Dockerfile"}
    assert files(*TARGET) == {**formats, "Dockerfile": "Dockerfile"}


def test_declarations_takes_any_of_them() -> None:
    done = run(sys.executable, "-m", "sslfix", "declarations", "Dockerfile", *FILES)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "Dockerfile:2:17: urllib3==2.0.2 (RUN)",
        "environment.yml:2:3: urllib3=2.0.2=py_0 (conda)",
        "environment.yml:3:10: urllib3==2.0.2 (pip)",
        "noxfile.py:2:22: urllib3==2.0.2 (a)",
        "setup.cfg:3:5: urllib3==2.0.2 (options.install_requires)",
        "setup.py:1:30: urllib3==2.0.2 (extras_require.a)",
        "tool.py:2:20: urllib3==2.0.2 (script)",
        'tox.ini:3:11: urllib3==2.0.1 ; python_version == "2.7" (testenv {py27})',
        'tox.ini:4:11: urllib3==2.0.2 ; python_version == "3.9" (testenv {py39})',
    ]
