"""Environments whose Python is not one that their project says it is for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from sslfix import specifiers
from sslfix.language import say as _
from sslfix.model import Detector, Facts, Hit, Interpreter, PythonWish

NOT_ADMITTED, NOT_THE_ONE_NAMED = "SSL532", "SSL533"
_MINORS, _PATCHES = 30, 30  # more than there are
_CLAUSE = re.compile(r"(>=|<|!=|==)\s*(\d+(?:\.\d+)*)(\.\*)?")


def reasons(interpreter: Interpreter) -> tuple[str, ...]:
    """What the project says of its Python that does not hold for the environment's."""
    return tuple(_reason(interpreter, wish) for wish in _unmet(interpreter))


def detect(facts: Facts, interpreter: Interpreter) -> tuple[Hit, ...]:
    """A hit for each file of the project that asks for another Python."""
    del facts
    environment = interpreter.environment
    path = environment.path if environment else ""
    binding = _("{path} has Python {version}, which this project does not admit")
    other = _("{path} has Python {version}, and this file names another")
    return tuple(
        Hit(
            NOT_ADMITTED if wish.binding else NOT_THE_ONE_NAMED,
            (wish.location,),
            (binding if wish.binding else other).format(path=path, version=interpreter.version),
            _reason(interpreter, wish),
            words=_words(path, wish, interpreter.version),
        )
        for wish in _unmet(interpreter)
    )


def _reason(interpreter: Interpreter, wish: PythonWish) -> str:
    text = _("its Python is {version}, but {file} asks for {text}")
    return text.format(version=interpreter.version, file=wish.location.path, text=wish.text)


def _unmet(interpreter: Interpreter) -> Iterator[PythonWish]:
    environment = interpreter.environment
    for wish in environment.wishes if environment else ():
        if interpreter.version and not any(
            _admits(one, interpreter.version) for one in wish.accepts
        ):
            yield wish


def _words(path: str, wish: PythonWish, version: str) -> dict[str, str]:
    from shlex import quote

    nearest = _nearest(wish.accepts, version)
    return {"PATH": quote(path), **({"VERSION": nearest} if nearest else {})}


def _nearest(accepts: Sequence[str], version: str) -> str:
    """The Python 3 that is asked for and nearest to this version, the newer of two; "" for none.

    A minor version, or a release where not any of the minor version will do.
    """
    major, own = (int(number) for number in version.split(".")[:2])
    if major != 3:
        own = 0

    def admitted(release: str) -> bool:
        return any(_admits(one, release) for one in accepts)

    for minor in sorted(range(_MINORS), key=lambda one: (abs(one - own), -one)):
        if minor != own and admitted(f"3.{minor}.{_PATCHES}"):
            return f"3.{minor}"
        for patch in range(_PATCHES):
            if admitted(f"3.{minor}.{patch}"):
                return f"3.{minor}.{patch}"
    return ""


def _admits(accepted: str, version: str) -> bool:
    """Whether the version is in the specifier; what is no specifier says nothing.

    As pip does, a pre-release of Python is taken for its release. The usual specifiers are decided
    without packaging, which takes 20 ms to import.
    """
    release = ".".join(re.findall(r"\d+", version)[:3])
    numbers = tuple(int(number) for number in release.split("."))
    clauses = [_CLAUSE.fullmatch(clause.strip()) for clause in accepted.split(",") if clause]
    if all(one and _plain(one, numbers) for one in clauses):
        return True
    return specifiers.parse(accepted) is None or specifiers.holds(release, accepted)


def _plain(clause: re.Match[str], numbers: tuple[int, ...]) -> bool:
    """Whether a clause holds for a release for sure; False leaves it to packaging."""
    operator, text, prefix = clause.groups()
    wanted = tuple(int(number) for number in text.split("."))
    wanted += (0,) * (3 - len(wanted))
    if prefix:
        same = numbers[: text.count(".") + 1] == wanted[: text.count(".") + 1]
        return same if operator == "==" else operator == "!=" and not same
    return (operator == ">=" and numbers >= wanted) or (operator == "<" and numbers < wanted)


DETECTOR = Detector(name="project-python", detect=detect)
