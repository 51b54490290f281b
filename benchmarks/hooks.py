"""How long the commit hook takes, against an empty hook of the same runner in the same repository.

    python benchmarks/hooks.py [--rounds 9]

Needs git, pre-commit and prek (the development tools), and the package index for the hook's
environment. The two runs are paired in each round; a row is the median of the rounds' ratios of
CPU seconds, with children. The empty hook is `python -c pass` in an environment of the runner.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PINS = "\n".join(f"package-{number}==1.{number}.0" for number in range(30)) + "\n"
TABLE = '[project]\nname = "p"\nversion = "1"\ndependencies = []\n'
LOCK = "version = 1\n\n" + "".join(
    f'[[package]]\nname = "package-{number}"\nversion = "1.{number}.0"\n'
    'source = { registry = "https://index.example/simple" }\n\n'
    for number in range(100)
)
# Kind of repository -> its files.
KINDS = {
    "requirements.txt, 30 pins": {"requirements.txt": PINS},
    "uv.lock of 100": {"pyproject.toml": TABLE, "uv.lock": LOCK},
    "30 uv.lock of 100": {
        f"packages/p{number}/{name}": text
        for number in range(30)
        for name, text in (("pyproject.toml", TABLE), ("uv.lock", LOCK))
    },
}
CONFIGURATION = """\
repos:
- repo: local
  hooks:
  - {{id: empty, name: empty, entry: python -c pass, language: python, pass_filenames: false}}
- repo: {hooks}
  rev: {revision}
  hooks: [{{id: sslfix}}]
"""


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as scratch:
        hooks = Path(scratch, "sslfix")
        _git(ROOT, "clone", "-q", str(ROOT), str(hooks))
        print(f"{'runner':<14}{'repository':<30}{'ratio':>7}{'more, ms':>10}")
        for runner in ("pre-commit", "prek"):
            for kind, files in KINDS.items():
                folder = Path(scratch, f"{runner}-{kind.partition(' ')[0]}-{len(files)}")
                _make(folder, files, hooks)
                ratio, more = _measure(runner, folder, Path(scratch), rounds)
                print(f"{runner:<14}{kind:<30}{ratio:>7.2f}{more * 1000:>10.0f}", flush=True)


def _make(folder: Path, files: dict[str, str], hooks: Path) -> None:
    folder.mkdir()
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    revision = _git(hooks, "rev-parse", "HEAD").strip()
    text = CONFIGURATION.format(hooks=hooks, revision=revision)
    (folder / ".pre-commit-config.yaml").write_text(text)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder / ".venv"], check=True)
    (folder / ".gitignore").write_text(".venv\n")
    _git(folder, "init", "-q")
    _git(folder, "add", ".")


def _measure(runner: str, folder: Path, scratch: Path, rounds: int) -> tuple[float, float]:
    stores = {"PRE_COMMIT_HOME": str(scratch / "store"), "PREK_HOME": str(scratch / "prek")}
    variables = {**os.environ, **stores}

    def seconds(hook: str) -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        command = [runner, "run", "--all-files", hook]
        done = subprocess.run(
            command, cwd=folder, env=variables, capture_output=True, text=True, check=False
        )
        if done.returncode:
            sys.exit(done.stdout + done.stderr)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    for hook in ("empty", "sslfix"):
        seconds(hook)  # builds the environment
    pairs = [(seconds("empty"), seconds("sslfix")) for _ in range(rounds)]
    ratio = statistics.median(own / empty for empty, own in pairs)
    return ratio, statistics.median(own - empty for empty, own in pairs)


def _git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments], cwd=folder, check=True, capture_output=True, text=True
    )
    return done.stdout


if __name__ == "__main__":
    main()
