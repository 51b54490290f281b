"""Environments that a program made for itself: it makes them anew by its own commands.

Each is known by what the program leaves in it or by where it stands, as read in environments made
by pipx 1.16, uv 0.13, tox 4, nox 2026, pre-commit 4, prek 0.5, poetry 2.5, pipenv 2026 and hatch 1.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from sslfix.apply import children
from sslfix.errors import ApplyError
from sslfix.language import say as _

_BASE = "{base}"
# What pipenv and poetry append to the project's name.
_HASHED = re.compile(r".+-[\w-]{8}")
_HASHED_POETRY = re.compile(r".+-[\w-]{8}-py\d+\.\d+")


class Owner(NamedTuple):
    """The program that an environment belongs to, and the commands by which it makes it anew.

    They run in `folder`, "" where the project is not known. `in_place` says that they need the
    old environment to be there; `at_next_use`, that the program makes a missing one by itself;
    `as_it_was`, that nothing tells it what to install, so that what was there comes back.
    """

    tool: str
    commands: tuple[tuple[str, ...], ...]
    folder: str = ""
    variables: Mapping[str, str] = {}
    in_place: bool = False
    at_next_use: bool = False
    as_it_was: bool = False

    def typed(self, base: str) -> str:
        """The commands as they would be typed in a shell."""
        import shlex

        lines = [shlex.join(self._with(command, base)) for command in self.commands]
        return " && ".join([*([f"cd {shlex.quote(self.folder)}"] if self.folder else []), *lines])

    def require(self, path: str, base: str) -> None:
        """ApplyError with the commands if they can't be run here: no such tool, or no project."""
        from shutil import which

        if self.at_next_use:
            return
        if which(self.tool) is None:
            text = _("{path} is made by {tool}, which is not on PATH; nothing was changed")
        elif not self.folder:
            text = _("{path} is made by {tool} for a project that is not known here")
        else:
            return
        raise ApplyError(text.format(path=path, tool=self.tool), self.typed(base))

    def make(self, base: str) -> None:
        """Run the commands; ApplyError if one fails."""
        for command in self.commands:
            children.run(self._with(command, base), self.folder, self.variables)

    @staticmethod
    def _with(command: tuple[str, ...], base: str) -> list[str]:
        return [base if word == _BASE else word for word in command]


def maker_of(environment: str, project: str = "") -> Owner | None:
    """The owner that makes an environment anew, None for one to be made as it was."""
    owner = owner_of(environment, project)
    return None if owner is None or owner.as_it_was else owner


def owner_of(environment: str, project: str = "") -> Owner | None:
    """The program that an environment belongs to, None for one that is a person's own.

    `project` is the folder of the project it is used in, where that is known: poetry and hatch
    do not say it in the environment.
    """
    path = os.path.realpath(environment)
    home, name = os.path.split(path)
    if _has(path, "pipx_metadata.json"):
        command: tuple[str, ...] = ("pipx", "reinstall", "--python", _BASE, name)
        return Owner("pipx", (command,), home, {"PIPX_HOME": os.path.dirname(home)}, in_place=True)
    if _has(path, "uv-receipt.toml"):
        return _of_uv(path, home)
    if _has(path, ".tox-info.json") or os.path.basename(home) == ".tox":
        command = ("tox", "run", "-e", name, "--recreate", "--notest")
        return Owner("tox", (command,), os.path.dirname(home))
    if os.path.basename(home) == ".nox":
        return Owner("nox", (("nox", "--install-only", "-s", name),), os.path.dirname(home))
    return _of_a_cache(path, home, name) or _of_a_project(home, name, path, project)


def _of_uv(path: str, home: str) -> Owner:
    """The owner of a tool that uv installed: its receipt says what was asked for.

    `uv tool upgrade --reinstall` says "is not installed" where the Python is gone.
    """
    import tomli

    tool = tomli.loads(_text(os.path.join(path, "uv-receipt.toml"))).get("tool", {})
    first, *others = map(_requirement, tool.get("requirements", [{"name": os.path.basename(path)}]))
    command = ["uv", "tool", "install", "--force", "--python", _BASE]
    for other in others:
        command += ["--with", other]
    scripts = [os.path.dirname(one["install-path"]) for one in tool.get("entrypoints", ())]
    variables = {"UV_TOOL_DIR": home}
    if scripts:
        variables["UV_TOOL_BIN_DIR"] = scripts[0]
    return Owner("uv", ((*command, first),), home, variables)


def _requirement(entry: Mapping[str, Any]) -> str:
    """An entry of uv's receipt as a requirement."""
    extras = f"[{','.join(entry['extras'])}]" if entry.get("extras") else ""
    git = f"git+{entry['git']}" if entry.get("git") else ""
    place = git or entry.get("url") or entry.get("path") or entry.get("directory") or ""
    place = place or entry.get("editable") or ""
    name = f"{entry['name']}{extras}"
    return f"{name} @ {place}" if place else f"{name}{entry.get('specifier', '')}"


def _of_a_cache(path: str, home: str, name: str) -> Owner | None:
    """Environments that are made when they are missed, by a hook or in a run."""
    if name.startswith("py_env-") and _has(os.path.dirname(home), "db.db"):
        return Owner("pre-commit", (("pre-commit", "install-hooks"),), at_next_use=True)
    if _has(path, ".prek-hook.json"):
        return Owner("prek", (("prek", "install-hooks"),), at_next_use=True)
    if "/hatch/env/virtual/" in path:
        return Owner("hatch", (("hatch", "env", "create"),), at_next_use=True)
    return None


def _of_a_project(home: str, name: str, path: str, project: str) -> Owner | None:
    """Environments that poetry and pipenv keep apart from the project."""
    if _HASHED_POETRY.fullmatch(name):
        if project and _has(project, "pyproject.toml") and not _has(project, "poetry.lock"):
            return Owner("poetry", (), project, as_it_was=True)
        known = project if project and _has(project, "poetry.lock") else ""
        install = ("poetry", "install", "--no-root", "--no-interaction")
        commands = (("poetry", "env", "use", _BASE), install)
        return Owner("poetry", commands, known, {"POETRY_VIRTUALENVS_PATH": home})
    recorded = _text(os.path.join(path, ".project"))
    if recorded and _HASHED.fullmatch(name) and _has(recorded, "Pipfile.lock"):
        command = ("pipenv", "sync", "--python", _BASE)
        return Owner("pipenv", (command,), recorded, {"WORKON_HOME": home, "PIPENV_YES": "1"})
    return None


def _has(folder: str, name: str) -> bool:
    return os.path.isfile(os.path.join(folder, name))


def _text(path: str) -> str:
    try:
        with open(path, encoding="utf-8") as stream:
            return stream.read().strip()
    except (OSError, UnicodeDecodeError):
        return ""
