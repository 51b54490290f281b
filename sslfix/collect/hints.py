"""Hints: where a project itself says on which Python it will run.

Only what is plain is read: a line in a file of a known name. Nothing is run, no template is
expanded beyond a default that stands beside it, and nothing here raises for bad content.
"""

from __future__ import annotations

import fnmatch
import json
import posixpath
import re
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterator, Mapping, Sequence
from typing import Callable, NamedTuple

from sslfix.collect import projects, targets
from sslfix.errors import UsageError
from sslfix.formats.dockerfile import FORMAT as DOCKERFILE
from sslfix.language import say as _
from sslfix.model import Interpreter, Problem

AUTO = "auto"


class Hint(NamedTuple):
    """What a file says of where the project runs.

    `name` is looked up among the targets. `python` is the full version where the file says one.
    `certain` says that a Python is meant, so that a name that is no known target is a problem.
    """

    name: str
    said: str
    path: str
    line: int
    python: str = ""
    certain: bool = True

    @property
    def place(self) -> str:
        """What is said and where: "FROM python:3.9-slim in Dockerfile:1"."""
        return _("{said} in {path}:{line}").format(said=self.said, path=self.path, line=self.line)


Texts = Mapping[str, str]
"""The files that may hold hints, by path as reports show it."""

Reader = Callable[[str, str, Texts], Iterator[Hint]]
"""Path and text of a file, and all texts, to the hints in it."""


# --------------------------------------------------------------------------- choosing


def choose(
    names: Sequence[str], folders: Sequence[str], exclude: Sequence[str] = ()
) -> tuple[tuple[Interpreter, ...], tuple[Problem, ...]]:
    """The interpreters of the targets named, and with `auto` of those that the project names.

    The first of the folders that says something counts, and what it names is judged once for
    each Python and SSL library. A Python that is no known target is a problem. Raises UsageError
    for a name that is none, and where `auto` finds nothing.
    """
    named = [targets.find(name, "") for name in dict.fromkeys(names) if name != AUTO]
    every = (read(folder, exclude) for folder in dict.fromkeys(folders) if AUTO in names)
    hints = next(filter(None, every), ())
    problems = tuple(_unknown(one) for one in hints if one.certain and not _target(one))
    hinted = list(_interpreters(hints))
    if AUTO in names and not hinted:
        raise UsageError(_nothing(folders[-1], problems))
    alike = {(one.version, one.ssl): one for one in reversed([*named, *hinted])}
    found = [*named, *(one for one in hinted if alike[one.version, one.ssl] is one)]
    return tuple(one._replace(id=f"i{at}") for at, one in enumerate(found, 1)), problems


def _interpreters(hints: Sequence[Hint]) -> Iterator[Interpreter]:
    for hint in hints:
        target = _target(hint)
        if target is not None:
            yield target.interpreter("", hint.place)


def _target(hint: Hint) -> targets.Target | None:
    target = targets.named(hint.name)
    return target.of(hint.python) if target and hint.python else target


def _unknown(hint: Hint) -> Problem:
    text = _("{said} is no known target: not judged").format(said=hint.said)
    return Problem(hint.path, hint.line, text)


def _nothing(folder: str, problems: Sequence[Problem]) -> str:
    looked = ", ".join(dict.fromkeys(label for label, _patterns, _read in _READERS))
    text = _(
        "--target auto: nothing in {folder} names a known deployment target; looked at {looked}; "
        "name one with --target ({command} lists them)"
    ).format(folder=folder, looked=looked, command="sslfix targets")
    return "; ".join([text, *(f"{one.path}:{one.line}: {one.message}" for one in problems)])


# --------------------------------------------------------------------------- reading


def read(folder: str, exclude: Sequence[str] = ()) -> tuple[Hint, ...]:
    """What the files at or below a folder say: what deploys first, then what tests."""
    listed = [path for path in projects.listed(folder) if not projects.excluded(path, exclude)]
    found = [(at, path) for path in listed for at in [_kind(path)] if at is not None]
    texts = {path: _text(path) for _at, path in found}
    return tuple(
        hint for at, path in sorted(found) for hint in _READERS[at][2](path, texts[path], texts)
    )


def _kind(path: str) -> int | None:
    """The place in _READERS of the reader of a file, None if it holds no hints."""
    name = posixpath.basename(path)
    for at, (_label, patterns, _reader) in enumerate(_READERS):
        if any(fnmatch.fnmatch(path if "/" in one else name, one) for one in patterns):
            return at
    return None


def _text(path: str) -> str:
    try:
        with open(path, "rb") as stream:
            data = stream.read()
    except OSError:
        return ""
    encoding = "utf-16" if data.startswith((BOM_UTF16_LE, BOM_UTF16_BE)) else "utf-8-sig"
    return data.decode(encoding, "replace")


_COMMENT = re.compile(r"\s#")


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """The lines that are no comment, with their numbers."""
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip() and not line.lstrip().startswith("#"):
            yield number, line


# --------------------------------------------------------------------------- docker

_FROM = re.compile(r"\s*FROM\s+(?:--\S+\s+)*(\S+)(?:\s+AS\s+(\S+))?", re.IGNORECASE)
_ARG = re.compile(r"\s*ARG\s+(\w+)=[\"']?([^\"'\s]*)", re.IGNORECASE)
_VARIABLE = re.compile(r"\$(?:(\w+)|\{(\w+)(?::?-([^}$]*))?\})")
_NAMES_PYTHON = re.compile(r"(?:.*/)?python(?:[:@]\S+)?")
_PYTHON_PACKAGES = frozenset(
    {"python3", "python3-dev", "python3-full", "python3-minimal", "python3-pip", "python3-venv"}
)
_COMPOSE = ("docker-compose*.y*ml", "compose*.y*ml")
_BUILD_ARGUMENT = re.compile(r"\s*(?:-\s*)?[\"']?(\w+)(?:=|[\"']?:\s+)[\"']?([\w.-]+)[\"']?\s*")


def _dockerfile(path: str, text: str, texts: Texts) -> Iterator[Hint]:
    """The images of the stages: those with a Python, those that a distribution's is put into."""
    values, given = dict[str, str](), _given(path, texts)
    stages: list[str] = []
    system: Hint | None = None
    for number, line in _lines(text):
        argument, stage = _ARG.match(line), _FROM.match(line)
        if argument and not stages:
            values[argument[1]] = given.get(argument[1]) or _expanded(argument[2], values)
        elif stage:
            image = _expanded(stage[1], values)
            hint = Hint(
                image, f"FROM {image.partition('@')[0]}", path, number, certain=_is_python(image)
            )
            system = hint if image and image.lower() not in stages else None
            stages.append((stage[2] or "").lower())
            if system and system.certain:
                yield system
                system = None
        elif system and _installs_python(line):
            yield system
            system = None


def _installs_python(line: str) -> bool:
    """Whether a line is, or may be a part of, `apt-get install python3`."""
    words = [word for word in line.split() if word != "\\"]
    named = [at for at, word in enumerate(words) if word.partition("=")[0] in _PYTHON_PACKAGES]
    return bool(named) and (
        len(words) == 1 or bool({"add", "install"}.intersection(words[: named[-1]]))
    )


def _is_python(image: str) -> bool:
    return _NAMES_PYTHON.fullmatch(image) is not None


def _expanded(image: str, values: Mapping[str, str]) -> str:
    """The image with what ARG gives its variables, "" where one is not known."""
    known = True

    def value(found: re.Match[str]) -> str:
        nonlocal known
        word = values.get(found[1] or found[2]) or found[3] or ""
        known = known and bool(word)
        return word

    expanded = _VARIABLE.sub(value, image)
    return expanded if known and "$" not in expanded else ""


def _given(path: str, texts: Texts) -> dict[str, str]:
    """The build arguments that compose files beside or above a Dockerfile give."""
    found: dict[str, str] = {}
    for other, text in texts.items():
        folder = posixpath.dirname(other)
        if _is_compose(other) and (not folder or path.startswith(folder + "/")):
            inside: int | None = None
            for _number, line in _lines(text):
                indent = len(line) - len(line.lstrip())
                argument = _BUILD_ARGUMENT.fullmatch(line)
                if inside is not None and indent > inside and argument:
                    found.setdefault(argument[1], argument[2])
                else:
                    inside = indent if line.strip() == "args:" else None
    return found


def _is_compose(path: str) -> bool:
    return any(fnmatch.fnmatch(posixpath.basename(path), one) for one in _COMPOSE)


_TAGGED_PYTHON = re.compile(r"(?:.*/)?python:\d\S*")
_IMAGE = re.compile(
    r"\s*(?:-\s*)?(?:image|container|name)\s*:\s*[\"']?([\w./:@-]+)[\"']?\s*(?:#.*)?"
)


def _images(path: str, text: str, _texts: Texts) -> Iterator[Hint]:
    """The images that a compose file or a pipeline runs in; only those of a Python count."""
    for number, line in _lines(text):
        image = _IMAGE.fullmatch(line)
        if image and (_TAGGED_PYTHON.fullmatch(image[1]) or _is_known_image(image[1])):
            yield Hint(image[1], f"image {image[1]}", path, number)


def _is_known_image(word: str) -> bool:
    return ":" in word and targets.named(word) is not None


# --------------------------------------------------------------------------- functions

# runtime: python3.9, "runtime": "python3.9", runtime = "python3.9", ${env:RUNTIME, python3.9}
_RUNTIME = re.compile(
    r"(?<!\w)runtime[\"']?\s*[:=]\s*(?:\$\{[^}#]{0,99},\s*)?[\"']?(python\d\.\d+)\b", re.IGNORECASE
)
_OTHER_CLOUD = re.compile(r"^\s+name:\s*[\"']?(?:azure|google|openwhisk|scaleway)", re.MULTILINE)


def _serverless(path: str, text: str, _texts: Texts) -> Iterator[Hint]:
    """The Lambda runtimes of a Serverless project."""
    return iter(()) if _OTHER_CLOUD.search(text) else _runtimes(path, text)


def _cloudformation(path: str, text: str, _texts: Texts) -> Iterator[Hint]:
    """The Lambda runtimes of a SAM or CloudFormation template."""
    return _runtimes(path, text) if "AWS::" in text else iter(())


def _lambda(path: str, text: str, _texts: Texts) -> Iterator[Hint]:
    """The Lambda runtimes of Zappa's settings or a Terraform module."""
    return _runtimes(path, text) if "lambda" in text or path.endswith(".json") else iter(())


def _runtimes(path: str, text: str) -> Iterator[Hint]:
    for number, line in _lines(text):
        for runtime in _RUNTIME.findall(_COMMENT.split(line, 1)[0]):
            yield Hint(f"lambda-{runtime.lower()}", f"runtime {runtime}", path, number)


_APP_ENGINE = re.compile(r"runtime:\s*[\"']?(python\d+)")


def _app_engine(path: str, text: str, _texts: Texts) -> Iterator[Hint]:
    """The runtime of App Engine; its SSL library is not known."""
    for number, line in _lines(text):
        runtime = _APP_ENGINE.match(line)
        if runtime:
            yield Hint(f"app-engine-{runtime[1]}", f"runtime {runtime[1]}", path, number)


# --------------------------------------------------------------------------- Heroku and uv

_HEROKU = ("Procfile", "app.json", "heroku.yml")
_HEROKU_STACK = "heroku-24"  # what new apps get, where app.json does not say
_PYTHON = re.compile(r"(?:c?python-?)?(\d\.\d+)(\.\d+)?")


def _runtime_txt(path: str, text: str, texts: Texts) -> Iterator[Hint]:
    """Heroku's runtime.txt."""
    for number, line in _lines(text):
        python = _PYTHON.fullmatch(line.strip())
        if python and line.startswith("python-"):
            stack = _stack(posixpath.dirname(path), texts)
            yield _exact(Hint(f"{stack}-python{python[1]}", line.strip(), path, number), python)
        return


def _version_file(path: str, text: str, texts: Texts) -> Iterator[Hint]:
    """.python-version: Heroku's in a Heroku project, uv's in one of uv; else it names no target."""
    folder = posixpath.dirname(path)
    is_heroku = any(posixpath.join(folder, name) in texts for name in _HEROKU)
    is_uv = posixpath.join(folder, "uv.lock") in texts
    for number, line in _lines(text):
        python = _PYTHON.fullmatch(line.strip())
        if python and (is_heroku or is_uv):
            home = _stack(folder, texts) if is_heroku else "uv"
            said = f"Python {line.strip()}"
            yield _exact(Hint(f"{home}-python{python[1]}", said, path, number), python)
        return


def _exact(hint: Hint, python: re.Match[str]) -> Hint:
    return hint._replace(python=python[1] + python[2]) if python[2] else hint


def _stack(folder: str, texts: Texts) -> str:
    try:
        stack = json.loads(texts.get(posixpath.join(folder, "app.json"), "{}"))["stack"]
    except (ValueError, LookupError, TypeError, RecursionError):
        stack = _HEROKU_STACK
    return str(stack)


def _mark(_path: str, _text: str, _texts: Texts) -> Iterator[Hint]:
    """Nothing: the file only says what others mean."""
    return iter(())


# --------------------------------------------------------------------------- GitHub

_RUNNER = re.compile(r"\bubuntu-(?:latest|\d\d\.04)\b")
_KEY = re.compile(r"([\s-]*)[\"']?(?:python-version|python)s?[\"']?\s*:\s*(.*)")
_QUOTED_VERSION = re.compile(r"(?<![\w.<>=-])(\d\.\d+)(?:\.\d+)?(?![\w.])")


def _workflow(path: str, text: str, texts: Texts) -> Iterator[Hint]:
    """What setup-python installs on the Ubuntu runners of a workflow, and its containers."""
    yield from _images(path, text, texts)
    runners = dict.fromkeys(_RUNNER.findall("\n".join(line for _at, line in _lines(text))))
    if "setup-python" in text:
        for number, python in _matrix(text):
            for runner in runners:
                name, said = f"github-{runner}-python{python}", f"{runner} and Python {python}"
                yield Hint(name, said, path, number, certain=False)


def _matrix(text: str) -> Iterator[tuple[int, str]]:
    """The Python versions under the keys that name them, in brackets or line by line."""
    indent = -1
    for number, line in _lines(text):
        key = _KEY.match(line)
        here = len(line) - len(line.lstrip())
        goes_on = indent >= 0 and (here > indent or line.lstrip().startswith(("- ", "]")))
        if key:
            indent = len(key[1]) if not key[2] or key[2].startswith("[") else -1
        elif not goes_on:
            indent = -1
        if key or indent >= 0:
            for version in _QUOTED_VERSION.findall(key[2] if key else line):
                yield number, version


_READERS: tuple[tuple[str, tuple[str, ...], Reader], ...] = (
    ("Dockerfile", DOCKERFILE.patterns, _dockerfile),
    ("compose.yaml", _COMPOSE, _images),
    ("serverless.yml", ("serverless*.yml", "serverless*.yaml"), _serverless),
    (
        "SAM and CloudFormation templates",
        ("*template*.yaml", "*template*.yml", "*template*.json", "cloudformation*.y*ml"),
        _cloudformation,
    ),
    ("Terraform", ("*.tf",), _lambda),
    ("zappa_settings.json", ("zappa_settings.json",), _lambda),
    ("runtime.txt", ("runtime.txt",), _runtime_txt),
    (".python-version", (".python-version",), _version_file),
    ("app.yaml", ("app.yaml",), _app_engine),
    ("GitHub workflows", (".github/workflows/*.y*ml", "*/.github/workflows/*.y*ml"), _workflow),
    (".gitlab-ci.yml", (".gitlab-ci.yml",), _images),
    ("bitbucket-pipelines.yml", ("bitbucket-pipelines.yml",), _images),
    ("app.json", (*_HEROKU, "uv.lock"), _mark),
)
