"""The command lines in a Procfile, a Dockerfile, a unit or a script that start a Python program.

In YAML (compose, Kubernetes, workflows) one may go on over several lines; uWSGI has a file of its
own for the options of one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from sslfix.model import Document, Span

# Files that tell how a project's programs are started.
NAMES = (
    "Procfile*", "Dockerfile*", "*.dockerfile", "Containerfile*", "*.yaml", "*.yml", "*.service",
    "*.sh", "*.ini", "supervisord*.conf", "Makefile", "pyproject.toml", "setup.cfg",
)  # fmt: skip
_LINE = re.compile(r"(?:[^\n\\]|\\(?:\r?\n|.))+", re.DOTALL)
# In YAML a folded text is one line, and so are the items of a list and what `args:` adds to them.
_YAML_LINE = re.compile(
    r"^(?P<at>[ ]*)(?:-[ ]+)?[\w.-]+:[ ]*>[-+\d]*[ ]*$(?:\n(?P=at)[ ]+[^\n]*)+"
    r"|^[ ]*(?:-[ ]+)?(?:command|entrypoint):[ ]*(?:\[[^]]*\])?[ ]*$"
    r"(?:\n[ ]*-[ ]+[^\n]*)*(?:\n[ ]*args:[ ]*(?:\[[^]]*\])?[ ]*$(?:\n[ ]*-[ ]+[^\n]*)*)?"
    rf"|{_LINE.pattern}",
    re.MULTILINE,
)
_COMMENT = re.compile(r"(?:^|(?<=\s))#[^\n]*", re.MULTILINE)
_SETTING = re.compile(r"^[ \t]*([\w-]+)[ \t]*=[ \t]*([^\n]*?)[ \t\r]*$", re.MULTILINE)
_UWSGI = re.compile(r"^\[uwsgi\]\s*$(.*?)(?=^\[|\Z)", re.MULTILINE | re.DOTALL)
_TOKEN = re.compile(
    r"""(?:[^\s"',\[\];&|\\=]|=(?:"[\w.:/-]*"|'[\w.:/-]*')?)+|[;&|]""",
)
_PROGRAM = re.compile(
    r"(?:.*/)?(?P<name>gunicorn|python|celery|locust|uwsgi|uvicorn|daphne|hypercorn|flask)[\d.]*"
)
# gunicorn's options that take no value (https://docs.gunicorn.org/en/stable/settings.html).
_FLAGS = frozenset((
    "--preload", "--reload", "--daemon", "-D", "--check-config", "--print-config", "--spew",
    "--no-sendfile", "--reuse-port", "--capture-output", "--enable-stdio-inheritance",
    "--initgroups", "--log-syslog", "--proxy-protocol", "-R", "--do-handshake-on-connect",
    "--suppress-ragged-eofs", "--strip-header-spaces",
    # uWSGI's that matter here
    "--gevent-monkey-patch", "--gevent-early-monkey-patch", "--master", "--lazy-apps",
))  # fmt: skip
_LONG = {
    "-k": "--worker-class",
    "-c": "--config",
    "-P": "--pool",
    "-A": "--app",
    "-f": "--locustfile",
}
_MODULE = re.compile(r"[A-Za-z_][\w.]*(?::[\w.()]+)?")


class Command(NamedTuple):
    """A program that a line starts: its first file or module, the options, where the line stands.

    `by_name` says that `target` is a dotted name. `is_patched` says that what starts it patches
    before it imports it.
    """

    program: str
    target: str
    options: Mapping[str, str]
    span: Span
    by_name: bool = True
    is_patched: bool = False


def commands(document: Document) -> Iterator[Command]:
    """The commands of a file that start a Python program, as far as they are written out."""
    name = document.path.rpartition("/")[2]
    if name.endswith(".ini"):
        yield from _of_uwsgi(document)
    lines = _YAML_LINE if name.endswith((".yaml", ".yml")) else _LINE
    for line in lines.finditer(document.text):
        text = _COMMENT.sub(lambda comment: " " * len(comment[0]), line[0])
        tokens = [one for one in _TOKEN.finditer(text) if one[0] not in {"-", "args:"}]
        for number, token in enumerate(tokens):
            program = _PROGRAM.fullmatch(token[0])
            if program:
                words = _rest([one[0] for one in tokens[number + 1 :]])
                last = tokens[number + len(words)]
                place = Span(line.start() + token.start(), line.start() + last.end())
                yield from _understood(program["name"], words, place)
                break


def _of_uwsgi(document: Document) -> Iterator[Command]:
    """The options of uWSGI in its section of an INI file."""
    for section in _UWSGI.finditer(document.text):
        found = {one[1]: one for one in _SETTING.finditer(section[1])}
        patch = next((found[name] for name in found if name.endswith("monkey-patch")), None)
        if patch is not None:
            start = section.start(1)
            options = {f"--{name}": one[2] for name, one in found.items() if one[2] != "false"}
            yield Command("uwsgi", "", options, Span(start + patch.start(1), start + patch.end()))


def _rest(words: list[str]) -> list[str]:
    """The words of this command."""
    ends = [number for number, word in enumerate(words) if word in {";", "&", "|"}]
    return words[: ends[0]] if ends else words


def _understood(program: str, words: list[str], place: Span) -> Iterator[Command]:
    if program == "python":
        yield from _python(words, place)
        return
    options, others = _options(words)
    names = [word for word in others if _MODULE.fullmatch(word)]
    if program == "gunicorn":
        yield Command(program, names[-1] if names else "", options, place)
    elif program == "uwsgi" and any(one.endswith("monkey-patch") for one in options):
        yield Command(program, "", options, place)
    elif program == "celery" and re.search("gevent|eventlet", options.get("--pool", "")):
        yield Command(program, options.get("--app", ""), options, place, is_patched=True)
    elif program == "locust" and "--locustfile" in options:
        yield Command(program, options["--locustfile"], options, place, False, is_patched=True)
    elif program in {"uvicorn", "daphne", "hypercorn"} and names and ":" in names[-1]:
        yield Command(program, names[-1], options, place)
    elif program == "flask" and "--app" in options:
        yield Command(program, options["--app"], options, place)


def _python(words: list[str], place: Span) -> Iterator[Command]:
    """A script, a module, or a program that gevent patches before it runs it."""
    rest = list(words)
    while rest and rest[0].startswith("-") and rest[0] not in {"-m", "-c"}:
        del rest[: 2 if rest[0] in {"-W", "-X"} else 1]
    if rest[:2] == ["-m", "gevent.monkey"]:
        script = next((word for word in rest[2:] if word.endswith(".py")), "")
        yield Command("python", script, {}, place, by_name=False, is_patched=True)
    elif rest[:2] in (["-m", "gunicorn"], ["-m", "celery"], ["-m", "flask"], ["-m", "uvicorn"]):
        yield from _understood(rest[1], rest[2:], place)
    elif rest[:1] == ["-m"] and len(rest) > 1:
        yield Command("python", rest[1], {}, place)
    elif rest and rest[0].endswith(".py"):
        yield Command("python", rest[0], {}, place, by_name=False)


def _options(words: list[str]) -> tuple[dict[str, str], list[str]]:
    """The options with their values by their long names, and the other words."""
    options: dict[str, str] = {}
    others: list[str] = []
    waiting = list(words)
    while waiting:
        word = waiting.pop(0)
        name, equals, value = word.partition("=")
        value = value.strip("\"'")
        if not word.startswith("-"):
            others.append(word)
        elif equals or name in _FLAGS:
            options[_LONG.get(name, name)] = value
        elif not name.startswith("--") and len(name) > 2 and name[:2] in _LONG:
            options[_LONG[name[:2]]] = name[2:]
        elif waiting and not waiting[0].startswith("-"):
            options[_LONG.get(name, name)] = waiting.pop(0)
        else:
            options[_LONG.get(name, name)] = ""
    return options, others
