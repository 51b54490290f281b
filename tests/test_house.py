"""The house itself: layers, packages, start-up, help, pages."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from sslfix import cli, rules

from .conftest import ROOT, run

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
FORBIDDEN = {"ssl", "_ssl", "http.client", "urllib.request", "urllib3", "requests", "socket"}


def modules_after(*arguments: str, cwd: Path = ROOT) -> set[str]:
    """The modules in memory when `sslfix ARGUMENTS` is done, in a fresh interpreter."""
    code = (
        "import sys, json\nfrom sslfix.cli import main\n"
        "try: main(sys.argv[1:])\nexcept SystemExit: pass\n"
        "print(json.dumps(sorted(sys.modules)), file=sys.stderr)"
    )
    done = run(sys.executable, "-c", code, *arguments, cwd=cwd)
    found: list[str] = json.loads(done.stderr.splitlines()[-1])
    return set(found)


def test_the_package_list_names_every_folder() -> None:
    folders = {
        ".".join(path.parent.relative_to(ROOT).parts) for path in ROOT.glob("sslfix/**/__init__.py")
    }
    assert set(PROJECT["tool"]["setuptools"]["packages"]) == folders | {"sslfix.hooks"}


def test_every_command_of_the_table_has_its_module() -> None:
    found = (ROOT / "sslfix/commands").glob("*.py")
    names = {path.stem.replace("_", "-") for path in found} - {"--init--"}
    assert names == set(cli.COMMANDS)


def test_the_formats_that_check_offers_are_the_reporters() -> None:
    from sslfix import reporters
    from sslfix.commands import check

    assert set(check.FORMATS) == set(reporters.all_reporters())


def test_help_starts_with_few_modules_and_nothing_heavy() -> None:
    modules = modules_after("--help")
    assert not modules & {"packaging", "tomli", "tomlkit", "rich", "virtualenv", "dataclasses"}
    assert not modules & FORBIDDEN
    bare = run(sys.executable, "-c", "import sys, json; print(json.dumps(list(sys.modules)))")
    assert len(modules - set(json.loads(bare.stdout))) <= 50


@pytest.mark.parametrize(
    "arguments",
    [
        ("check", "--target", "lambda-python3.9", "examples/worker"),
        ("explain", "README.md"),
        ("rules",),
        ("env", "--python", sys.executable),
    ],
    ids=lambda arguments: arguments[0],
)
def test_no_command_that_looks_imports_ssl_or_a_client(arguments: tuple[str, ...]) -> None:
    assert not modules_after(*arguments) & FORBIDDEN


def test_layers_are_kept() -> None:
    pytest.importorskip("importlinter", reason="needs import-linter (python3 dev.py test --all)")
    program = Path(sys.executable).parent / "lint-imports"
    done = run(program, cwd=ROOT)
    assert done.returncode == 0, done.stdout


def test_nothing_imports_the_hooks() -> None:
    sources = [*ROOT.glob("sslfix/**/*.py"), *ROOT.glob("tests/**/*.py")]
    importing = re.compile(r"^\s*(?:from|import)\s+(?:sslfix\.)?hooks\b", re.MULTILINE)
    assert not [path for path in sources if importing.search(path.read_text("utf-8"))]


def test_every_rule_is_named_in_the_changelog() -> None:
    text = " ".join((ROOT / "CHANGELOG.md").read_text("utf-8").split())
    named = set(re.findall(r"SSL\d{3}", text))
    for first, last in re.findall(r"SSL(\d{3}) to SSL(\d{3})", text):
        named |= {f"SSL{number}" for number in range(int(first), int(last) + 1)}
    assert named == {rule.id for rule in rules.load()}


def test_every_rule_that_the_readme_names_exists() -> None:
    named = set(re.findall(r"SSL\d{3}", (ROOT / "README.md").read_text("utf-8")))
    assert named <= {rule.id for rule in rules.load()}


def test_nothing_committed_names_a_package_index() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, check=False, capture_output=True, text=True
    )
    hosts = ("pypi." + "org", "pythonhosted." + "org")
    for name in filter(None, listed.stdout.split("\0")):
        path = ROOT / name
        if path.is_file():
            text = path.read_text("utf-8", errors="replace")
            assert not any(host in text for host in hosts), name
