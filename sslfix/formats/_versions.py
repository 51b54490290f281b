"""Version constraints of poetry and pipenv, said in PEP 440.

https://python-poetry.org/docs/dependency-specification/#version-constraints
https://pipenv.pypa.io/en/latest/specifiers.html
"""

from __future__ import annotations

import re

from ._pep508 import RELEASE, SUFFIX, is_specifier

_ANY = re.compile(r"v?[xX*](?:\.[xX*])*")
_RANGE = re.compile(rf"(\^|~(?!=)|~=)\s*v?({RELEASE})({SUFFIX})", re.IGNORECASE)
_BASIC = re.compile(r"(===|==|=|!=|~=|<=|>=|<|>|)\s*([^<>=!~].*)")
_OPERATORS = {"": "==", "=": "=="}


def poetry(constraint: str) -> tuple[str, ...] | None:
    """The PEP 440 specifiers of which one has to hold, or None where poetry would not read it."""
    alternatives = []
    for alternative in re.split(r"\|\|?", constraint):
        glued = re.sub(r"([\^~=><!])\s+", r"\1", alternative)
        clauses = [_poetry_clause(clause) for clause in re.split(r"[,\s]+", glued.strip(" ,"))]
        if None in clauses:
            return None
        alternatives.append(",".join(filter(None, clauses)))
    return tuple(alternatives)


def _poetry_clause(clause: str) -> str | None:
    if _ANY.fullmatch(clause):
        return ""
    found = _RANGE.fullmatch(clause)
    if found and (found[1] != "~=" or "." not in found[2]):
        return f">={found[2]}{found[3]},<{_upper(found[1], found[2])}"
    basic = _BASIC.fullmatch(clause)
    if basic is None:
        return None
    operator, version = _OPERATORS.get(basic[1], basic[1]), basic[2]
    if operator[0] in "<>":
        version = re.sub(r"(?:\.\*)+$", "", version)
    specifier = operator + re.sub(r"(?:\.\*)+$", ".*", version)
    return specifier if is_specifier(specifier) else None


def _upper(operator: str, release: str) -> str:
    """The first version that a caret or tilde range leaves out."""
    epoch, _, numbers = release.rpartition("!")
    parts = [int(number) for number in numbers.split(".")]
    if operator == "^":
        # The leftmost part that is not zero may not change; of zeros alone the last one.
        last = next((at for at, part in enumerate(parts[:3]) if part), min(len(parts), 3) - 1)
    else:
        last = min(len(parts), 2) - 1
    upper = [*parts[:last], parts[last] + 1]
    return (f"{epoch}!" if epoch else "") + ".".join(map(str, upper))


def pipfile(specifier: str) -> tuple[str, ...] | None:
    """The PEP 440 specifier in a tuple, or None where pipenv would not read it.

    `*` is any version, a bare version an exact pin.
    """
    text = specifier.strip().lstrip("(").rstrip(")")
    if text in ("", "*", "==*"):
        return ("",)
    text = text if text[0] in "<>=!~" else f"=={text}"
    return (re.sub(r"\s+", "", text).rstrip(","),) if is_specifier(text) else None


def python_marker(constraint: str) -> str:
    """The marker that says poetry's `python = "~2.7 || ^3.6"`, "" for any version."""
    alternatives = []
    for specifier in poetry(constraint) or ():
        parts = []
        for clause in filter(None, specifier.split(",")):
            operator, version = re.findall(r"[<>=!~]+|[^<>=!~]+", clause)[:2]
            full = version.count(".") > 1 and not version.endswith("*")
            name = "python_full_version" if full else "python_version"
            parts.append(f'{name} {operator} "{version}"')
        alternatives.append(" and ".join(parts))
    return join_markers("or", alternatives) if all(alternatives) else ""


def platform_marker(constraint: str) -> str:
    """The marker that says poetry's `platform = "darwin || linux"`."""
    names = [name.strip() for name in re.split(r"\|\|?", constraint)]
    markers = [
        f'sys_platform {"!=" if name.startswith("!=") else "=="} "{name.lstrip("=!").strip()}"'
        for name in names
    ]
    return join_markers("or", markers)


def join_markers(operator: str, markers: list[str]) -> str:
    """The markers combined by `and` or `or`; each in brackets if there are several."""
    distinct = list(dict.fromkeys(markers))
    if len(distinct) < 2:
        return "".join(distinct)
    return f" {operator} ".join(f"({marker})" for marker in distinct)
