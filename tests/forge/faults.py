"""What goes wrong on the way to the forge and back, planned by a test.

forge.faults.add(Cut("after"), number=5)              # done, but the answer never comes
forge.faults.add(SECONDARY_LIMIT, method="POST")      # the first POST is told to wait
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple, Union

if TYPE_CHECKING:
    from .server import Token


class Cut(NamedTuple):
    """The socket is closed: `before` or `after` the request is carried out, `within` the answer."""

    when: str


class Reply(NamedTuple):
    """The forge answers this and does nothing."""

    status: int
    body: Any
    headers: tuple[tuple[str, str], ...] = ()


class Expire(NamedTuple):
    """The token is no longer accepted, from this request on."""

    token: Token


class Meanwhile(NamedTuple):
    """Somebody is quicker: this is done before the request is carried out."""

    action: Callable[[], object]


Fault = Union[Cut, Reply, Expire, Meanwhile]

BUSY = Reply(502, {"message": "Server Error"})
_SECONDARY = (
    "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
)
TOO_MANY = Reply(429, {"message": "Too many requests"}, (("Retry-After", "1"),))
SECONDARY_LIMIT = Reply(403, {"message": _SECONDARY}, (("Retry-After", "1"),))


class _Planned(NamedTuple):
    fault: Fault
    number: int | None
    method: str | None
    path: re.Pattern[str] | None
    since: int


class Faults:
    """The faults that are still to come; each happens once, to the first request that fits."""

    def __init__(self) -> None:
        self._planned: list[_Planned] = []

    def add(
        self,
        fault: Fault,
        *,
        number: int | None = None,
        method: str | None = None,
        path: str | None = None,
        since: int = 1,
        times: int = 1,
    ) -> None:
        """Plan it for the request of that number (from 1), method and path (searched for).

        With `since` it meets `times` requests from that number on.
        """
        pattern = None if path is None else re.compile(path)
        self._planned += [_Planned(fault, number, method, pattern, since)] * times

    def take(self, number: int, method: str, path: str) -> Fault | None:
        """The fault that meets this request."""
        for planned in self._planned:
            if (
                planned.number in {None, number}
                and number >= planned.since
                and planned.method in {None, method}
                and (planned.path is None or planned.path.search(path))
            ):
                self._planned.remove(planned)
                return planned.fault
        return None

    def clear(self) -> None:
        self._planned.clear()
