"""What goes wrong at each call, one by one: the next run mends it, and nothing is opened twice."""

from __future__ import annotations

import itertools
import random
import time
from collections.abc import Callable, Iterator
from functools import partial

import pytest

from sslfix.bot import client

from . import bots, faults
from .bots import BROKEN, FILES, FINE, SETTINGS, state
from .github import GitHub
from .repository import Repository
from .server import Token

pytestmark = pytest.mark.proof

BOT = "sslfix[bot]"
PEOPLE = '[tool.sslfix.bot]\nassignees = ["bob"]\nreviewers = ["alice"]\n'
START = {**FILES, "pyproject.toml": SETTINGS + PEOPLE}
API = {**FILES, "pyproject.toml": f'{SETTINGS}{PEOPLE}commit = "api"\n'}


def opens(_forge: GitHub, _token: Token, _one: Repository) -> None:
    """Nothing is there yet."""


def updates(forge: GitHub, token: Token, one: Repository) -> None:
    """The fix is another one than that which was requested."""
    bots.run(forge, token, one.name)
    one.commit({"requirements.txt": "# all\nurllib3==2.0.1\n"})


def closes(forge: GitHub, token: Token, one: Repository) -> None:
    """Somebody else made the fix."""
    bots.run(forge, token, one.name)
    one.commit({"requirements.txt": FINE})


def supersedes(forge: GitHub, token: Token, one: Repository) -> None:
    """One request takes the place of two."""
    bots.run(forge, token, one.name)
    settings = f'{SETTINGS}{PEOPLE}group = "all"\n'
    one.commit({"pyproject.toml": settings, "other/requirements.txt": BROKEN})


def meets_others(forge: GitHub, token: Token, one: Repository) -> None:
    """Somebody else has pushed to the branch."""
    bots.run(forge, token, one.name)
    one.commit({"notes.txt": "mine\n"}, branch=bots.BRANCH)


Prepare = Callable[[GitHub, Token, Repository], None]
LIVES = {
    "opens": (opens, START),
    "opens by the API": (opens, API),
    "updates": (updates, START),
    "updates by the API": (updates, API),
    "closes": (closes, START),
    "supersedes": (supersedes, START),
    "meets others": (meets_others, START),
}


class Stage:
    """The same life again and again, each time in a new repository."""

    def __init__(self, forge: GitHub, prepare: Prepare, files: dict[str, str]) -> None:
        self.forge = forge
        self.names = (f"octo/r{number}" for number in itertools.count())
        self.prepared = forge.repository("octo/prepared", files)
        prepare(forge, forge.app(BOT), self.prepared)
        repository, token = self.set()
        ran = bots.run(forge, token, repository.name)
        assert ran.code == 0, ran.text
        self.calls = forge.calls()
        self.clean = state(repository)
        assert self.mended(repository, token) == self.clean
        assert forge.writes == []

    def set(self) -> tuple[Repository, Token]:
        """A repository as it is before the run, and a token."""
        made = self.forge.copy(self.prepared, next(self.names))
        self.forge.forget()
        return made, self.forge.app(BOT)

    def mended(self, repository: Repository, token: Token) -> object:
        """What a maintainer sees after an undisturbed run."""
        self.forge.forget()
        ran = bots.run(self.forge, token, repository.name)
        assert ran.code == 0, ran.text
        return state(repository)


@pytest.fixture(params=LIVES)
def stage(forge: GitHub, request: pytest.FixtureRequest) -> Stage:
    return Stage(forge, *LIVES[request.param])


def faulty(stage: Stage) -> Iterator[int]:
    """The number of each call of an undisturbed run."""
    assert len(stage.calls) > 2
    yield from range(1, len(stage.calls) + 1)


@pytest.mark.parametrize("when", ["before", "after"])
def test_the_connection_is_cut_once(stage: Stage, when: str) -> None:
    _cut(stage, when)


@pytest.mark.parametrize("stage", ["opens", "closes"], indirect=True)
def test_an_answer_is_cut(stage: Stage) -> None:
    _cut(stage, "within")


def _cut(stage: Stage, when: str) -> None:
    for number in faulty(stage):
        repository, token = stage.set()
        stage.forge.faults.add(faults.Cut(when), number=number)
        ran = bots.run(stage.forge, token, repository.name)
        assert ran.code in {0, 2}, ran.text
        assert stage.mended(repository, token) == stage.clean, (number, stage.calls[number - 1])


@pytest.mark.parametrize("when", ["before", "after"])
def test_the_forge_is_gone_from_a_call_on(stage: Stage, when: str) -> None:
    for number in faulty(stage):
        repository, token = stage.set()
        stage.forge.faults.add(faults.Cut(when), number=number)
        stage.forge.faults.add(faults.Cut("before"), since=number + 1, times=99)
        ran = bots.run(stage.forge, token, repository.name)
        assert ran.code == 2 or number == len(stage.calls), ran.text
        assert "Traceback" not in ran.text
        assert stage.mended(repository, token) == stage.clean, (number, stage.calls[number - 1])


@pytest.mark.parametrize("seed", range(4))
def test_run_after_run_is_cut(stage: Stage, seed: int) -> None:
    chance = random.Random(seed)
    repository, token = stage.set()
    for _run in range(3):
        stage.forge.forget()
        first = chance.randint(2, len(stage.calls))
        stage.forge.faults.add(faults.Cut(chance.choice(["before", "after"])), number=first)
        stage.forge.faults.add(faults.Cut("before"), since=first + 1, times=99)
        bots.run(stage.forge, token, repository.name)
    assert stage.mended(repository, token) == stage.clean


@pytest.mark.parametrize("stage", ["opens", "opens by the API", "closes"], indirect=True)
def test_a_server_error_at_each_call(stage: Stage) -> None:
    for number in faulty(stage):
        repository, token = stage.set()
        stage.forge.faults.add(faults.BUSY, number=number)
        bots.run(stage.forge, token, repository.name)
        assert stage.mended(repository, token) == stage.clean, (number, stage.calls[number - 1])


def test_the_token_expires_at_each_call(stage: Stage) -> None:
    for number in faulty(stage):
        repository, token = stage.set()
        stage.forge.faults.add(faults.Expire(token), number=number)
        ran = bots.run(stage.forge, token, repository.name)
        assert ran.code == 2, ran.text
        assert "expired" in ran.text
        assert token.text not in ran.text
        fresh = stage.forge.app(BOT)
        assert stage.mended(repository, fresh) == stage.clean, (number, stage.calls[number - 1])


@pytest.mark.parametrize("stage", ["opens", "closes"], indirect=True)
def test_an_answer_that_comes_too_late(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "TIMEOUT", 0.5)
    for number, call in enumerate(stage.calls, 1):
        if call.startswith("GET") or "/repos/" not in call:
            continue
        repository, token = stage.set()
        stage.forge.faults.add(faults.Meanwhile(partial(time.sleep, 0.7)), number=number)
        bots.run(stage.forge, token, repository.name)
        time.sleep(0.3)  # what was given up is carried out
        assert stage.mended(repository, token) == stage.clean, (number, call)


def test_it_waits_where_the_forge_asks_for_it(stage: Stage) -> None:
    for number, call in enumerate(stage.calls, 1):
        if "octo/r" in call and "/repos/" not in call:
            continue  # git's own: GitHub counts them elsewhere
        repository, token = stage.set()
        stage.forge.faults.add(faults.SECONDARY_LIMIT, number=number)
        ran = bots.run(stage.forge, token, repository.name)
        assert ran.code == 0, ran.text
        assert sum(ran.naps) == 1
        assert state(repository) == stage.clean, (number, call)
