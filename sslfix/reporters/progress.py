"""What is being done, while it lasts: a line a step, on a terminal with the time it takes."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Callable


@contextmanager
def steps() -> Iterator[Callable[[str], None]]:
    """What says a step on stderr; on a terminal the last one is shown as going on.

    rich is imported only for a terminal (50 ms).
    """
    if not sys.stderr.isatty():
        yield _say
        return
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    console = Console(stderr=True, highlight=False)
    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("")

        def say(step: str) -> None:
            console.print(f"sslfix: {step}", markup=False, soft_wrap=True)
            progress.reset(task, description=step.partition("\n")[0])

        yield say


def _say(step: str) -> None:
    print(f"sslfix: {step}", file=sys.stderr, flush=True)
