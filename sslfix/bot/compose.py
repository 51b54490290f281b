"""Pull requests as they should stand, made of what the work in the clone gave."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Sequence

from sslfix.model import Facts, Finding, Interpreter

from . import body
from .model import TRAILER
from .work import Group

_LONGEST = 80
_TITLE = 200
_ACTING = re.compile(r"(?i)[@#!](?=\w)|\bGH(?=-\d)|\[(?=(skip|no|ci)[ -])")


def branch(path: str, prefix: str) -> str:
    """The branch for the file that a group is named after: the same in every run, for no other.

    A path that cannot be read back from it gets a digest behind it. git takes no name that ends
    with `.lock`.
    """
    slug = re.sub(r"\.lock$", "-lock", path.replace("/", "--"))
    safe = re.sub(r"[^A-Za-z0-9_.-]+|\.{2,}|^\.", "-", slug)[:_LONGEST]
    plain = safe == slug and "--" not in path and not path.endswith(("-lock", "."))
    return prefix + (safe if plain else f"{safe}-{_digest(path)[:6]}")


def _digest(words: str) -> str:
    return hashlib.sha256(words.encode()).hexdigest()


def fingerprints(findings: Iterable[Finding], facts: Facts) -> tuple[str, ...]:
    """What each finding is about: rule, file, distribution and who fails, not which version.

    So a request that a person closed is not opened again for the next release of the same thing.
    """
    people = {one.id: one for one in facts.interpreters}
    about = ((*one.key[:-1], *_kind(people[one.interpreter])) for one in findings)
    return tuple(sorted({_digest(json.dumps(one))[:8] for one in about}))


def _kind(one: Interpreter) -> tuple[str, str]:
    library = f"{one.ssl.name} {one.ssl.version}" if one.ssl else ""
    return ".".join(one.version.split(".")[:2]), library


def title(groups: Sequence[Group], facts: Facts, template: str) -> str:
    """The title: what is fixed, for which SSL library or Python, and where."""
    fixed = [one for group in groups for one in group.fixed]
    breaking = [one for one in fixed if not body.is_limit(one)]
    if breaking:
        about = f"Make {_names(breaking)} work with {_libraries(breaking, facts)}"
    else:
        about = f"Lift the limit on {_names(fixed)}, which no SSL library needs any more"
    files = sorted({group.main for group in groups})
    where = files[0] if len(files) == 1 else f"{len(files)} files"
    line = template.replace("{title}", tamed(f"{about} ({where})"))
    return line if len(line) <= _TITLE else f"{line[: _TITLE - 3]}..."


def tamed(words: str) -> str:
    """The words on one line, so that titles and commits call nobody, close nothing, skip no CI."""
    return _ACTING.sub("\\g<0>\u200b", " ".join(words.split()))


def _names(findings: Sequence[Finding]) -> str:
    return _few([one.distribution or one.rule.name for one in findings])


def _libraries(findings: Sequence[Finding], facts: Facts) -> str:
    """What the findings fail with: the SSL libraries if their rules ask for them, or Pythons."""
    people = {one.id: one for one in facts.interpreters}
    words = []
    for one in findings:
        person, when = people[one.interpreter], one.case.when
        about_ssl = person.ssl and (when.ssl or when.ssl_version or not when.python)
        if about_ssl and person.ssl:
            words.append(f"{person.ssl.name} {person.ssl.version}")
        else:
            words.append("Python " + ".".join(person.version.split(".")[:2]))
    return _few(words)


def _few(words: Sequence[str]) -> str:
    once = list(dict.fromkeys(words))
    if len(once) > 3:
        return f"{', '.join(once[:2])} and {len(once) - 2} more"
    return " and ".join(filter(None, [", ".join(once[:-1]), once[-1]]))


def message(title: str, groups: Sequence[Group], marks: Sequence[str]) -> str:
    """The commit's message: the title, what it cures, and the line that says whose it is."""
    lines = [
        tamed(f"- {one.rule.id} {one.locations[0].path}: {one.message}")
        for group in groups
        for one in group.fixed
    ]
    mark = _digest(" ".join(marks))[:16]
    return "\n".join([title, "", *dict.fromkeys(lines), "", f"{TRAILER} {mark}", ""])
