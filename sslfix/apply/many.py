"""Making many environments anew, one after the other."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import Callable, NamedTuple

from sslfix.apply.bases import Ask
from sslfix.apply.recreation import Say, environment_of, recreate
from sslfix.apply.refill import LockInstall
from sslfix.errors import ApplyError
from sslfix.language import counted
from sslfix.language import say as _
from sslfix.model import Interpreter


class Result(NamedTuple):
    """How it went with one environment; `error` is None if it works again."""

    path: str
    error: ApplyError | None
    seconds: float


def recreate_all(
    interpreters: Sequence[Interpreter],
    ask: Ask,
    base_of: Callable[[Interpreter], str],
    *,
    lock_of: Callable[[Interpreter], LockInstall | None] = lambda _: None,
    project_of: Callable[[Interpreter], str] = lambda _: "",
    offline: bool = False,
    report: Say = lambda _: None,
) -> tuple[Result, ...]:
    """How it went with each environment; one that cannot be made anew leaves the others theirs.

    An environment that is met under two paths is made anew once.
    """
    from time import monotonic

    results: dict[str, Result] = {}
    for number, one in enumerate(interpreters, 1):
        environment = environment_of(one)
        key = os.path.realpath(environment.path)
        if key in results:
            continue
        text = _("{number} of {all}: {path}")
        report(text.format(number=number, all=len(interpreters), path=environment.path))
        began, error = monotonic(), None
        try:
            recreate(
                one,
                base_of(one),
                ask,
                lock=lock_of(one),
                project=project_of(one),
                offline=offline,
                report=report,
            )
        except ApplyError as failure:
            error = failure
        results[key] = Result(environment.path, error, monotonic() - began)
    return tuple(results.values())


def summary(results: Iterable[Result]) -> str:
    """How many work again and in what time, then each that does not, with the reason."""
    results = tuple(results)
    failed = [one for one in results if one.error is not None]
    made = len(results) - len(failed)
    line = counted(
        "{number} environment was made anew", "{number} environments were made anew", made
    )
    seconds = sum(one.seconds for one in results)
    head = _("{line}, {failed} could not be, in {seconds} s")
    lines = [head.format(line=line, failed=len(failed), seconds=round(seconds))]
    return "\n".join([*lines, *(f"{one.path}: {one.error}" for one in failed)])
