"""One run of the bot over one repository, or over many, one after the other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Callable, NamedTuple

from sslfix.collect import configuration
from sslfix.collect.configuration import Settings
from sslfix.errors import SslfixError, UsageError
from sslfix.model import Level

from . import body, carry, compose, git, work
from .decide import decide
from .model import (
    TRAILER,
    Action,
    Forge,
    ForgeError,
    Leave,
    OutdatedError,
    Repository,
    State,
    Token,
    Wanted,
)

_ROUNDS = 3
"""How often the forge is looked at because somebody was quicker."""

Show = Callable[[str], None]


class Order(NamedTuple):
    """What is asked for every repository; `base` is "" for the configured or the default branch.

    `near` is a checkout that may have the base already. `tell` is told what is being done, `show`
    what came of it.
    """

    token: Token
    show: Show
    tell: Show
    judged: work.Judged = work.Judged()
    base: str = ""
    dry: bool = False
    near: str = ""


class Result(NamedTuple):
    """How it went with one repository: a line for each branch and finding, and the exit code."""

    lines: tuple[str, ...]
    code: int


def run_all(forges: Iterable[tuple[str, Forge]], order: Order) -> int:
    """The exit code for all repositories, the worst of theirs; one that fails spoils no other."""
    import traceback

    codes = []
    for name, forge in forges:
        try:
            result = run_one(forge, order)
        except (SslfixError, OSError) as error:
            result = Result((f"could not: {error}",), 2)
        except Exception as error:  # noqa: BLE001  a bug of ours, which spoils no other repository
            traceback.print_exc()
            result = Result((f"a bug in sslfix, please report it: {error!r}",), 3)
        for line in result.lines:
            order.show(on_one_line(f"{name}: {line}"))
        codes.append(result.code)
    if len(codes) > 1:
        order.show(_summary(codes))
    return max(codes, default=0)


def on_one_line(text: str) -> str:
    """The text without what would begin a line: CI takes some of those for commands."""
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())


def _summary(codes: Sequence[int]) -> str:
    return (
        f"{len(codes)} repositories: {codes.count(0)} in order, {codes.count(1)} with findings "
        f"that are not requested, {sum(code > 1 for code in codes)} that could not be looked after"
    )


# --------------------------------------------------------------------------- one repository


class _Job(NamedTuple):
    """What the steps for one repository share."""

    forge: Forge
    order: Order
    clone: git.Clone
    base: str
    settings: Settings


def run_one(forge: Forge, order: Order) -> Result:
    """Bring the pull requests of one repository up to date."""
    repository = forge.repository()
    if repository.archived:
        return Result(("archived: nothing to do",), 0)
    remote = git.Remote(forge.url, forge.user, order.token.secret)
    try:
        return _looked_after(forge, order, repository, remote)
    except ForgeError as error:
        if git.NO_BRANCH in error.message and not git.heads(remote, "*"):
            return Result(("empty: nothing to do",), 0)
        raise


def _looked_after(forge: Forge, order: Order, repository: Repository, remote: git.Remote) -> Result:
    base = order.base or repository.default_branch
    with git.cloned(remote, base, order.near) as clone, work.inside(clone.folder):
        job = _Job(forge, order, clone, base, configuration.read((".",), None))
        configured = job.settings.bot.base
        if configured and not order.base and configured != base:
            job = job._replace(base=configured, clone=git.switched(clone, configured))
            job = job._replace(settings=configuration.read((".",), None))
        if not job.settings.bot.branch.strip("/"):
            raise UsageError("[tool.sslfix.bot] branch: a prefix of branches, not empty")
        asked = work.request(job.settings, order.judged)
        return _requested(job, work.done(asked, lambda: git.changed(job.clone), order.tell))


def _requested(job: _Job, done: work.Work) -> Result:
    """Decide and carry out, once more if somebody was quicker."""
    wanted = tuple(_wanted(job, done))
    for last in (False,) * (_ROUNDS - 1) + (True,):
        actions = decide(
            wanted,
            _state(job, wanted),
            base=job.base,
            limit=job.settings.bot.limit,
            left=compose.fingerprints(done.left, done.after),
            sure=not done.problems,
        )
        try:
            outcomes = list(_carrier(job).all(actions))
            break
        except OutdatedError as error:
            if last:
                raise
            job.order.tell(f"{error}: looking again")
    lines = [*(one.line for one in outcomes), *_left(done)]
    failed = any(one.failed for one in outcomes)
    return Result(tuple(lines) or ("nothing to do",), _code(actions, done, job, failed=failed))


def _carrier(job: _Job) -> carry.Carrier:
    bot = job.settings.bot
    publisher = job.forge.publisher(job.clone, job.base, bot)
    if job.order.dry:
        publisher = carry.Telling(job.clone, job.order.show)
    return carry.Carrier(job.forge, publisher, job.base, bot)


def _code(actions: Sequence[Action], done: work.Work, job: _Job, *, failed: bool) -> int:
    """0 all in order, 1 findings that are not requested, 2 something could not be done."""
    if failed:
        return 2
    if any(one.level >= Level[job.settings.fail_on.upper()] for one in done.left):
        return 1
    if any(isinstance(one, Leave) and not one.in_order for one in actions):
        return 1
    return 2 if done.problems else 0


def _left(done: work.Work) -> Iterator[str]:
    """Lines on what no request is about."""
    for one in done.left:
        place = one.locations[0]
        why = one.withheld.replace("\n", "; ")
        words = f"{one.message}: {why}" if why else one.message
        yield f"not fixed: {place.path}:{place.line}: {one.rule.id}: {' '.join(words.split())}"
    for problem in done.problems:
        at = problem.path if problem.line is None else f"{problem.path}:{problem.line}"
        yield f"not checked: {at}: {problem.message}"


# --------------------------------------------------------------------------- both sides


def _state(job: _Job, wanted: Sequence[Wanted]) -> State:
    """What is on the forge: two calls where there is nothing, one more for each branch."""
    forge = job.forge
    branches = forge.branches(job.settings.bot.branch)
    branches.pop(job.base, None)  # never one of the bot's, whatever the prefix is
    names = {*branches, *(one.branch for one in wanted)}
    pulls = {name: forge.pulls(name) for name in sorted(names)}
    commits = {one.commit for one in wanted}
    abandoned = frozenset(
        name
        for name, head in branches.items()
        if not pulls[name] and (head in commits or TRAILER in forge.message(head))
    )
    return State(branches, pulls, abandoned)


def _wanted(job: _Job, done: work.Work) -> Iterator[Wanted]:
    """The requests as they should stand, each with its commit in the clone."""
    prefix, groups = job.settings.bot.branch, done.groups
    bundles: list[tuple[work.Group, ...]] = [(one,) for one in groups]
    names = [compose.branch(one.main, prefix) for one in groups]
    if job.settings.bot.group == "all" and groups:
        bundles, names = [groups], [f"{prefix}all"]
    author = git.Author.of(job.settings.bot.author)
    updaters = git.present(job.clone, (*body.DEPENDABOT, *body.RENOVATE))
    place = job.settings.document
    table = "" if place and place.path.endswith(".sslfix.toml") else "tool.sslfix."
    for name, bundle in zip(names, bundles):
        fixed = [one for group in bundle for one in group.fixed]
        marks = compose.fingerprints(fixed, done.before)
        title = compose.title(bundle, done.before, job.settings.bot.title)
        paths = tuple(path for group in bundle for path in group.paths)
        message = compose.message(title, bundle, marks)
        steps = tuple(one for one in done.steps if any(f" {path} " in f" {one} " for path in paths))
        noun = job.forge.noun
        story = body.Story(bundle, done.before, done.after, noun, updaters, steps, table)
        commit = git.commit(job.clone, paths, message, author)
        yield Wanted(name, commit, marks, title, body.text(story))
