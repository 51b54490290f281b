"""The Pythons of this machine that an environment can be made anew with."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Callable

from sslfix.apply import children
from sslfix.apply.installed import inside
from sslfix.errors import ApplyError, ProbeError
from sslfix.language import say as _
from sslfix.model import Environment, Interpreter

Ask = Callable[[str], Interpreter]
Suits = Callable[[Interpreter], bool]


def find_base(
    environment: Environment, wanted: str, ask: Ask, suits: Suits = lambda _: True
) -> str:
    """The executable of a Python `wanted` ("3.9") that imports ssl, to make `environment` with.

    The recorded base comes first, then releases installed beside it, then what python-discovery
    finds. `suits` may refuse a candidate, as one whose SSL library the pins cannot use.
    """
    look = _Look(environment, wanted, ask)
    for executable in _candidates(environment, wanted):
        answer = look.at(executable)
        if answer is not None and suits(answer):
            return executable
    found = look.further(suits)
    if found is None:
        raise _no_base(environment, wanted)
    return found


def suitable(
    environment: Environment, wanted: str, ask: Ask, suits: Suits
) -> tuple[Interpreter, ...]:
    """All Pythons `wanted` of this machine whose SSL library suits, the best to choose first.

    For a report that offers one of them beside changing the pins: it takes as long as asking all.
    """
    look = _Look(environment, wanted, ask)
    for executable in _candidates(environment, wanted):
        look.at(executable)
    look.further(lambda _: False)
    return tuple(one for one in look.found if suits(one))


class _Look:
    """Asks each executable once; `found` are those that can be a base, each installation once."""

    def __init__(self, environment: Environment, wanted: str, ask: Ask) -> None:
        self.environment, self.wanted, self.ask = environment, wanted, ask
        self.found: list[Interpreter] = []
        self._seen: dict[str, Interpreter | None] = {}

    def at(self, executable: str | None) -> Interpreter | None:
        """What the executable answers if it can be a base of the environment."""
        if not executable or inside(executable, self.environment.path):
            return None
        if executable not in self._seen:
            answer = self._seen[executable] = self._base(executable)
            if answer is not None and answer.prefix not in {one.prefix for one in self.found}:
                self.found.append(answer)
        return self._seen[executable]

    def further(self, enough: Suits) -> str | None:
        """The first executable that python-discovery finds and that is `enough`."""
        from python_discovery import get_interpreter

        def fits(executable: str | None) -> bool:
            answer = self.at(executable)
            return answer is not None and enough(answer)

        found = get_interpreter(
            self.wanted,
            env=children.variables(),
            predicate=lambda info: fits(info.system_executable),
        )
        return found.system_executable if found else None

    def _base(self, executable: str) -> Interpreter | None:
        try:
            answer = self.ask(executable)
        except ProbeError:
            return None
        real = not answer.base_prefix or answer.prefix == answer.base_prefix
        same = answer.version.split(".")[:2] == self.wanted.split(".")
        return answer if real and same and answer.ssl is not None else None


def _candidates(environment: Environment, wanted: str) -> Iterator[str]:
    """Where the base was, and where pyenv, uv and Homebrew put the other patch releases."""
    import re
    from glob import escape, glob

    def release(path: str) -> list[int]:
        return [int(number) for number in re.findall(r"\d+", path)]

    base = environment.base_executable
    if base and os.path.exists(base):
        yield base
    homes = [os.environ.get("PYENV_ROOT", os.path.expanduser("~/.pyenv")) + "/versions"]
    if base:
        homes.insert(0, os.path.dirname(os.path.dirname(os.path.dirname(base))))
    for home in homes:
        found = glob(f"{escape(home)}/*{wanted}*/bin/python{wanted}")
        yield from sorted(found, key=release, reverse=True)


def _no_base(environment: Environment, wanted: str) -> ApplyError:
    from shutil import which

    tools = {"uv": f"uv python install {wanted}", "pyenv": f"pyenv install {wanted}"}
    text = _(
        "{path} needs a Python {wanted} that can import ssl, and none was found "
        "(recorded: {base}); nothing was changed. Install one, "
        "for example from your system's packages, python.org, uv or pyenv, and run sslfix again"
    )
    base = environment.base_executable or _("none")
    return ApplyError(
        text.format(path=environment.path, wanted=wanted, base=base),
        next((command for tool, command in tools.items() if which(tool)), ""),
    )
