"""Ask for each URL that the site links to: `python3 dev.py docs --links`; never a part of CI.

Exit code 1: a link is dead. 2: none is known to be dead, but some host did not say.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby
from typing import NamedTuple
from urllib.error import HTTPError, URLError
from urllib.parse import urldefrag, urlsplit
from urllib.request import Request, urlopen

from docs.site import generate
from sslfix import rules

HOSTS_AT_A_TIME = 8
TIMEOUT = 20.0
TRIES = 3
PAUSE = 1.0
# Many hosts refuse urllib's own name.
AGENT = "Mozilla/5.0 (compatible; sslfix-docs; +https://github.com/sslfix/sslfix)"


class Answer(NamedTuple):
    """What became of a URL: "alive", "dead" (not there any more) or "unclear", and why."""

    url: str
    state: str
    why: str = ""


def main() -> int:
    """Ask for all links of the site and report those that are not alive."""
    pages = generate.site(rules.load(), generate.committed())
    where: dict[str, list[str]] = {}
    for path, text in pages.items():
        for url in generate.external_links(text):
            where.setdefault(urldefrag(url).url, []).append(path)
    answers = list(ask_all(where))
    for answer in answers:
        if answer.state != "alive":
            print(f"{answer.state}: {answer.url}: {answer.why} ({', '.join(where[answer.url])})")
    counts = {
        state: sum(answer.state == state for answer in answers)
        for state in ("alive", "dead", "unclear")
    }
    print(", ".join(f"{count} {state}" for state, count in counts.items()))
    return 1 if counts["dead"] else 2 if counts["unclear"] else 0


def ask_all(urls: Iterable[str], pause: float = PAUSE) -> Iterator[Answer]:
    """The answers to all URLs: several hosts at a time, each host one by one with a pause."""
    by_host = groupby(sorted(urls, key=_host), key=_host)
    hosts = [list(group) for _, group in by_host]
    with ThreadPoolExecutor(HOSTS_AT_A_TIME) as pool:
        for answers in pool.map(lambda group: _ask_host(group, pause), hosts):
            yield from answers


def _host(url: str) -> str:
    return urlsplit(url).netloc


def _ask_host(urls: list[str], pause: float) -> list[Answer]:
    answers = []
    for url in urls:
        answers.append(ask(url, pause))
        time.sleep(pause / 4)
    return answers


def ask(url: str, pause: float = PAUSE) -> Answer:
    """The answer to one URL; what may be a passing trouble is tried again."""
    why = ""
    for attempt in range(TRIES):
        time.sleep(pause * attempt)
        try:
            request = Request(url, headers={"User-Agent": AGENT})  # noqa: S310  https: wrong_links
            with urlopen(request, timeout=TIMEOUT):  # noqa: S310
                return Answer(url, "alive")
        except HTTPError as error:
            why = f"{error.code} {error.reason}"
            error.close()
            if error.code in (404, 410):
                return Answer(url, "dead", why)
        except (URLError, OSError) as error:
            why = str(getattr(error, "reason", error))
    return Answer(url, "unclear", why)


if __name__ == "__main__":
    sys.exit(main())
