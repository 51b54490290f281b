"""Set up and run sslfix from a checkout: `python3 dev.py try`, `test`, `docs` and `messages`.

Needs Python 3.9 or later with its venv module, and git. Everything goes into .dev/, also on a
Debian whose own Python is externally managed (PEP 668).
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
HOME = ROOT / ".dev"
BIN = HOME / ("Scripts" if os.name == "nt" else "bin")

# The documentation is written into .dev/site; a link to a page that is not there fails.
DOCS = (
    ("python", "-m", "docs.site.generate", str(HOME)),
    ("zensical", "build", "--strict", "--clean", "--config-file", str(HOME / "zensical.toml")),
)
NO_ZENSICAL = "the documentation is not built: zensical needs Python 3.11 or later"
USAGE = """\
usage: python3 dev.py try [ARGUMENTS OF SSLFIX]
       python3 dev.py test [--all]
       python3 dev.py docs [--links]
       python3 dev.py messages [LANGUAGE ...]"""


def main(words: list[str]) -> int:
    """Set up what a task needs, then run it; the exit code is that of the task."""
    if words[:1] == ["try"]:
        _create()
        _pip("install", "--quiet", "-e", ".")
        return _run("sslfix", *(words[1:] or ["examples/worker"]), passing=(0, 1))
    if words[:1] == ["test"]:
        _create()
        _pip("install", "--quiet", "-e", ".", *_group("dev" if "--all" in words else "test"))
        return _test([word for word in words[1:] if word != "--all"], everything="--all" in words)
    if words[:1] == ["docs"]:
        _create()
        _pip("install", "--quiet", "-e", ".", *_group("docs"))
        return _docs(words[1:])
    if words[:1] == ["messages"]:
        _create()
        _pip("install", "--quiet", "-e", ".", *_group("test"))
        return _run("python", "-m", "tests.catalogs", *words[1:])
    print(USAGE)
    return 2


def _test(arguments: list[str], *, everything: bool) -> int:
    if not everything:
        return _run("pytest", "-n", "auto", "-m", "not proof and not network", *arguments)
    if not _has_zensical():
        print(NO_ZENSICAL)
    return _run_all(
        ("ruff", "check"),
        ("ruff", "format", "--check"),
        ("mypy",),
        ("lint-imports",),
        *(DOCS if _has_zensical() else ()),
        ("pytest", "-n", "auto", *arguments),
    )


def _docs(words: list[str]) -> int:
    if words == ["--links"]:
        return _run("python", "-m", "docs.site.links")
    if _has_zensical():
        return _run_all(*DOCS)
    print(NO_ZENSICAL)
    return 2


def _has_zensical() -> bool:
    """Whether the docs group brought it: on an older Python its marker leaves it out."""
    return shutil.which("zensical", path=str(BIN)) is not None


def _run_all(*commands: tuple[str, ...]) -> int:
    for command in commands:
        code = _run(*command)
        if code != 0:
            return code
    return 0


def _run(name: str, *arguments: str, passing: tuple[int, ...] = (0,)) -> int:
    command = [str(BIN / name), *arguments]
    print("$", name, *arguments, flush=True)
    path = f"{BIN}{os.pathsep}{os.environ['PATH']}"
    variables = {**os.environ, "PATH": path}
    code = subprocess.run(command, cwd=ROOT, check=False, env=variables).returncode
    return 0 if code in passing else code


def _create() -> None:
    """Make .dev/ if it is not there."""
    if (BIN / "python").exists() or (BIN / "python.exe").exists():
        return
    if sys.version_info < (3, 9):  # noqa: UP036  people start this with any python3
        sys.exit("sslfix needs Python 3.9 or later; run this with a newer python3")
    made = subprocess.run([sys.executable, "-m", "venv", str(HOME)], check=False)
    if made.returncode != 0:
        shutil.rmtree(HOME, ignore_errors=True)
        sys.exit(
            "this Python cannot make virtual environments; on Debian and Ubuntu run\n"
            "  apt-get install python3-venv\nand then this command again"
        )


def _pip(*arguments: str) -> None:
    done = subprocess.run([BIN / "python", "-m", "pip", *arguments], cwd=ROOT, check=False)
    if done.returncode != 0:
        sys.exit(f"pip {' '.join(arguments)} failed (see above)")


def _group(name: str) -> list[str]:
    """The requirements of a dependency group (PEP 735); pip knows --group from 25.1 on only."""
    table = _toml()["dependency-groups"]
    found: list[str] = []
    for entry in table[name]:
        found += _group(entry["include-group"]) if isinstance(entry, dict) else [entry]
    return found


def _toml() -> dict[str, dict[str, list]]:
    code = "import json, tomli; print(json.dumps(tomli.load(open('pyproject.toml', 'rb'))))"
    _pip("install", "--quiet", "tomli")
    out = subprocess.run([BIN / "python", "-c", code], cwd=ROOT, check=True, capture_output=True)
    return json.loads(out.stdout)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
