"""Whether an environment that was made anew is as good as the old one that stands aside."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence

from sslfix.apply import children, installers
from sslfix.apply.installed import SEEDS, name, own, python, sites
from sslfix.apply.refill import Job
from sslfix.errors import ApplyError
from sslfix.language import say as _
from sslfix.model import Distribution, Interpreter

IMPORT_TIMEOUT = 30
"""Seconds that the import of one module may take."""

_CRASHES = 3  # so many modules may end the child that imports them


def check(job: Job, old: str) -> None:
    """ApplyError if ssl does not work in the new one, or anything is missing or newly broken."""
    job.report(_("checking {path}").format(path=job.target.path))
    answer = job.ask(job.target.executable)
    if answer.ssl is None:
        text = _("the new one can't import ssl either: {reason}")
        raise ApplyError(text.format(reason=answer.ssl_error))
    _require_the_same(job, answer)
    _require_consistent(job, old)
    _require_imports(job, answer, old)


def _require_the_same(job: Job, answer: Interpreter) -> None:
    there = {name(one): one for one in own(answer, job.target.path)}
    lost = sorted({name(one) for one in job.before} - set(there) - (SEEDS - {"pip"}))
    if lost:
        raise ApplyError(_("not installed in the new one: {names}").format(names=", ".join(lost)))
    if job.exact:
        changed = [one for one in job.before if not _same(one, there.get(name(one)))]
        if changed:
            names = ", ".join(map(name, changed))
            raise ApplyError(_("changed in the new one: {names}").format(names=names))


def _same(old: Distribution, new: Distribution | None) -> bool:
    """Whether what is installed again is what was: the version, or the folder it comes from.

    A project folder may have moved on since (versions from git), so its version does not count.
    """
    if new is None or name(old) in SEEDS:
        return True
    if old.editable:
        return os.path.realpath(old.editable) == os.path.realpath(new.editable or os.devnull)
    return bool(old.direct_url) or old.version == new.version


# --------------------------------------------------------------------------- pip's own check

# Without `site`, so that the old environment is judged as well when its Python is dead.
_PIP = """
import runpy, sys
sys.path[:0], sys.argv = sys.argv[1:], ["pip", "check", "--disable-pip-version-check"]
runpy.run_module("pip", run_name="__main__", alter_sys=True)
"""
_COMPLAINT = re.compile(r"\S+ \S+ (?:requires|has requirement|is not supported) ")


def _require_consistent(job: Job, old: str) -> None:
    """ApplyError if pip has a complaint that it had not before.

    One that the lock file brings is told and no more: what it says was asked for.
    """
    now = complaints(job, job.target.path)
    new = now - complaints(job, old) if now else now
    if new and job.exact:
        raise ApplyError("; ".join(sorted(new)))
    for complaint in sorted(new):
        job.report(_("pip check: {complaint}").format(complaint=complaint))


def complaints(job: Job, environment: str) -> set[str]:
    """The lines of `pip check` on what is installed in an environment; empty if it cannot run."""
    embedded = installers.embedded_pip(job.target.python)
    paths = [*([embedded] if embedded else []), *sites(environment)]
    command = [job.target.executable, "-I", "-S", "-c", _PIP, *paths]
    code, output = children.finish(command, job.folder)
    found = {line for line in output.splitlines() if _COMPLAINT.match(line)}
    if code and not found:
        job.report(_("pip check could not be run"))
    return found if code else set()


# --------------------------------------------------------------------------- top-level imports

# It says each name before it is imported, as that may be the last thing that this process does.
_IMPORT = """
import os, signal, sys
said = os.fdopen(os.dup(1), "w")
for number in (1, 2):
    os.dup2(os.open(os.devnull, os.O_WRONLY), number)
for name in sys.argv[2:]:
    said.write("? " + name + "\\n")
    said.flush()
    signal.alarm(int(sys.argv[1]))
    try:
        __import__(name)
    except BaseException as error:
        text = "%s: %s" % (type(error).__name__, error)
        said.write("! " + " ".join(text.split()) + "\\n")
    else:
        said.write("+\\n")
said.flush()
os._exit(0)
"""
# What an import would fetch or send, it cannot; and tests are no part of what works for a person.
_NO_NETWORK = dict.fromkeys(("http_proxy", "https_proxy", "all_proxy"), "http://127.0.0.1:9")
_NOT_IMPORTED = frozenset(
    {"antigravity", "benchmarks", "conftest", "docs", "examples", "setup", "test", "tests", "this"}
)


def _require_imports(job: Job, answer: Interpreter, old: str) -> None:
    """ApplyError if a module cannot be imported that could be in the old environment.

    Where it could not, or the old Python is dead, it is told and no more.
    """
    names = [one for found in own(answer, job.target.path) for one in modules(found)]
    now = failing(job, job.target.executable, names)
    before = failing(job, python(old), list(now)) if now else {}
    broken = [f"{one} ({reason})" for one, reason in now.items() if one not in before]
    if broken:
        text = _("worked and can't be imported in the new one: {names}")
        raise ApplyError(text.format(names=", ".join(broken)))
    for one, reason in now.items():
        text = _("{name} cannot be imported, as before: {reason}")
        job.report(text.format(name=one, reason=reason))


def modules(distribution: Distribution) -> Iterator[str]:
    """The top-level modules of an installed distribution, by its RECORD; no editable one's."""
    record = os.path.join(distribution.path, "RECORD")
    if name(distribution) in SEEDS or not os.path.isfile(record):
        return
    found = set()
    with open(record, encoding="utf-8") as lines:
        for line in lines:
            first, slash, rest = line.strip().strip('"').split(",")[0].partition("/")
            if slash and rest == "__init__.py":
                found.add(first)
            elif not slash and first.endswith((".py", ".so")):
                found.add(first.split(".")[0])
    yield from sorted(
        one for one in found if one.isidentifier() and one[0] != "_" and one not in _NOT_IMPORTED
    )


def failing(job: Job, executable: str, names: Sequence[str]) -> dict[str, str]:
    """The names that an interpreter cannot import, with why; all, if it does not even run."""
    failed: dict[str, str] = {}
    left = list(names)
    for _try in range(_CRASHES):
        if not left:
            break
        command = [executable, "-I", "-B", "-c", _IMPORT, str(IMPORT_TIMEOUT), *left]
        code, output = children.finish(command, job.folder, _NO_NETWORK)
        told = [line for line in output.splitlines() if line[:1] in {"?", "+", "!"}]
        if not told:
            return {**failed, **dict.fromkeys(left, output.strip()[-200:])}
        done = list(zip(told[::2], told[1::2]))
        failed.update((one[2:], why[2:]) for one, why in done if why[0] == "!")
        left = left[len(done) :]
        if left:
            text = _("ended Python with exit code {code}, or took more than {number} s")
            failed[left.pop(0)] = text.format(code=code, number=IMPORT_TIMEOUT)
    return failed
