"""Hints: where a project itself says on which Python it will run.

Only what is plain is read: a line in a file of a known name. Nothing is run, no template is
expanded beyond a default that stands beside it, and nothing here raises for bad content.

What deploys (images, runtimes) fails closed: a Python there that is no known target is a problem,
and so the exit code is 2. What only tests (GitHub's matrix, the images of pipelines) often names
macOS and Windows as well: what is no known target there is a note, which fails nothing.
"""

from __future__ import annotations

import fnmatch
import json
import posixpath
import re
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterator, Mapping, Sequence
from typing import Callable, NamedTuple

from sslfix import formats
from sslfix.collect import projects, targets
from sslfix.errors import UsageError
from sslfix.formats.dockerfile import FORMAT as DOCKERFILE
from sslfix.language import say as _
from sslfix.model import DependencyFile, Interpreter, Problem
from sslfix.patterns import matches

AUTO = "auto"


class Hint(NamedTuple):
    """What a file says of where the project runs.

    `name` is looked up among the targets. `python` is the full version where the file says one.
    `certain` says that the project runs there on a Python, so that a name that is no known target
    is a problem; else it is a note.
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


class Choice(NamedTuple):
    """What `--target` came to: who judges, what can't be judged, and notes on what is not."""

    interpreters: tuple[Interpreter, ...]
    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()


def choose(
    names: Sequence[str],
    folders: Sequence[str],
    exclude: Sequence[str] = (),
    files: Sequence[DependencyFile] = (),
) -> Choice:
    """The interpreters of the targets named, and with `auto` of those that the project names.

    The first of the folders that says something counts, and what it names is judged once for
    each Python and SSL library. Where several folders below it say something, each judges the
    files at or below it that no nearer one does. Raises UsageError for a name that is none, and
    where `auto` finds nothing.
    """
    named = [targets.find(name, "") for name in dict.fromkeys(names) if name != AUTO]
    near = [folder for folder in dict.fromkeys(folders) if AUTO in names]
    every = ((folder, read(folder, exclude)) for folder in near)
    top, hints = next((one for one in every if one[1]), ("", ()))
    problems, notes = _unknown(hints, certain=True), _unknown(hints, certain=False)
    judges = _judges([one for one in hints if one.certain or _target(one)], files, top)
    hinted = list(_interpreters(hints, judges))
    if AUTO in names and not any(map(_target, hints)):
        raise UsageError(_nothing(folders[-1], [*problems, *notes]))
    alike = {(one.version, one.ssl) for one in named}
    found = [*named, *(one for one in hinted if (one.version, one.ssl) not in alike)]
    if not named:
        problems += tuple(_uncovered(judges, files))
    return Choice(
        tuple(one._replace(id=f"i{at}") for at, one in enumerate(found, 1)),
        problems,
        tuple(f"{one.path}:{one.line}: {one.message}" for one in notes),
    )


def _interpreters(hints: Sequence[Hint], judges: Judges | None) -> Iterator[Interpreter]:
    """One for each Python and SSL library, which judges the files of all hints that mean it."""
    alike: dict[object, list[tuple[Hint, Interpreter]]] = {}
    for hint in hints:
        target = _target(hint)
        if target is not None:
            one = target.interpreter("", hint.place)
            alike.setdefault((one.version, one.ssl), []).append((hint, one))
    for same in alike.values():
        own = {hint for hint, _one in same}
        paths = judges and frozenset(path for path, its in judges.items() if own & its)
        if paths is None or paths:
            yield same[0][1]._replace(judges=paths)


def _target(hint: Hint) -> targets.Target | None:
    target = targets.named(hint.name)
    return target.of(hint.python) if target and hint.python else target


def _unknown(hints: Sequence[Hint], *, certain: bool) -> tuple[Problem, ...]:
    """One problem for each line that names what is no known target."""
    lines: dict[tuple[str, int], list[str]] = {}
    for one in hints:
        if one.certain is certain and not _target(one):
            lines.setdefault((one.path, one.line), []).append(one.said)
    return tuple(
        Problem(path, line, _no_target(list(dict.fromkeys(said))))
        for (path, line), said in lines.items()
    )


def _no_target(said: Sequence[str]) -> str:
    if len(said) == 1:
        return _("{said} is no known target: not judged").format(said=said[0])
    return _("{said} are no known targets: not judged").format(said=", ".join(said))


def _nothing(folder: str, problems: Sequence[Problem]) -> str:
    looked = ", ".join(dict.fromkeys(label for label, _patterns, _read in _READERS))
    text = _(
        "--target auto: nothing in {folder} names a known deployment target; looked at {looked}; "
        "name one with --target ({command} lists them)"
    ).format(folder=folder, looked=looked, command="sslfix targets")
    return "; ".join([text, *(f"{one.path}:{one.line}: {one.message}" for one in problems)])


# --------------------------------------------------------------------------- who judges what

Judges = Mapping[str, "set[Hint]"]
"""The dependency files by path, with the hints that each is judged by."""


def _judges(hints: Sequence[Hint], files: Sequence[DependencyFile], top: str) -> Judges | None:
    """The hints of each file: its own, those of the nearest folder, those of what includes it.

    None if all judge all. A hint in a folder without dependency files (docker/, infra/) counts
    for the folder above it.
    """
    own: dict[str, set[Hint]] = {}
    for hint in hints:
        own.setdefault(hint.path, set()).add(hint)
    paths = [one.document.path for one in files]
    others = [path for path in (*paths, *_dependency_files(top)) if path not in own]
    homes: dict[str, set[Hint]] = {}
    for hint in hints:
        homes.setdefault(_home(hint.path, others), set()).add(hint)
    if len(homes) < 2 or not files:
        return None
    known = {one.document.path: one for one in files}
    near = {path: own.get(path) or _nearest(path, homes) for path in paths}
    judges = {path: set(its) for path, its in near.items()}
    for path, its in near.items():
        for included in _included(path, known):
            judges[included] |= its
    return judges


def _dependency_files(folder: str) -> Iterator[str]:
    """The files of a project that are its own, whether or not this run reads them."""
    for path in projects.listed(folder) if folder else ():
        format_ = formats.for_path(path)
        if format_ is not None and not format_.elsewhere:
            yield path


def _home(path: str, files: Sequence[str]) -> str:
    """The nearest folder at or above a hint that has dependency files at or below it."""
    folder = posixpath.dirname(path)
    if _kind(path) == _WORKFLOWS:
        folder = posixpath.dirname(posixpath.dirname(folder))
    while folder and not any(one.startswith(folder + "/") for one in files):
        folder = _above(folder)
    return folder


def _nearest(path: str, homes: Mapping[str, set[Hint]]) -> set[Hint]:
    folder = posixpath.dirname(path)
    while folder and folder not in homes:
        folder = _above(folder)
    return homes.get(folder, set())


def _above(folder: str) -> str:
    """The folder above, "" where there is none: a drive of Windows is above itself."""
    above = posixpath.dirname(folder)
    return "" if above == folder else above


def _included(path: str, files: Mapping[str, DependencyFile]) -> set[str]:
    """The files that a file includes, by itself or through others."""
    seen: set[str] = set()
    waiting = [path]
    while waiting:
        one = waiting.pop()
        folder = posixpath.dirname(one)
        for include in files[one].includes:
            other = posixpath.normpath(posixpath.join(folder, include.target))
            if other in files and other not in seen:
                seen.add(other)
                waiting.append(other)
    return seen


def _uncovered(judges: Judges | None, files: Sequence[DependencyFile]) -> Iterator[Problem]:
    text = _("nothing names a deployment target for it: not judged; name one with --target")
    for file in files:
        path = file.document.path
        if judges is not None and not judges[path] and file.declarations:
            yield Problem(path, None, text)


# --------------------------------------------------------------------------- reading


def read(folder: str, exclude: Sequence[str] = ()) -> tuple[Hint, ...]:
    """What the files at or below a folder say: what deploys first, then what tests."""
    listed = [path for path in projects.listed(folder) if not matches(path, exclude)]
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
_PACKAGE = re.compile(r"python3(?:\.?(\d+))?(?:-(?:dev|devel|full|minimal|pip|venv))?")
_MANYLINUX = re.compile(r"quay\.io/pypa/(manylinux\w+)_(?:x86_64|aarch64)(?::latest)?")
_INSTALLS = re.compile(r"\b(?:pip3?|uv|uv pip|poetry|pipenv|pdm)\s+(?:install|sync)\b")
_MANYLINUX_PYTHON = re.compile(r"/opt/python/cp(\d)(\d+)-")
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
            written = image or stage[1]
            hint = Hint(image, f"FROM {written.partition('@')[0]}", path, number)
            is_stage = written.lower() in stages
            stages.append((stage[2] or "").lower())
            system = None if is_stage or _is_python(written) else hint
            if not is_stage and not system:
                yield hint
        elif system:
            yield from [*_put_in(system, line), *_used(system, line)] or _unheard(system, line)


def _put_in(system: Hint, line: str) -> Iterator[Hint]:
    """The Pythons that a line puts into a distribution's image."""
    image = targets.named(system.name)
    for minor in dict.fromkeys(_installed(line)):
        if not minor or (image and image.minor == minor):
            yield system._replace(certain=image is not None)
        else:
            name = f"{image.name if image else system.name}-python{minor}"
            said = _("{image} with Python {python}").format(image=system.said, python=minor)
            yield system._replace(name=name, said=said, certain=image is not None)


def _used(system: Hint, line: str) -> Iterator[Hint]:
    """The Pythons that a line uses in an image of manylinux, which has all of them."""
    image = _MANYLINUX.fullmatch(system.name)
    if image is None:
        return
    for major, minor in dict.fromkeys(_MANYLINUX_PYTHON.findall(line)):
        python = f"{major}.{minor}"
        said = _("{image} with Python {python}").format(image=system.said, python=python)
        yield system._replace(name=f"{image[1]}-python{python}", said=said)


def _unheard(system: Hint, line: str) -> Iterator[Hint]:
    """An image that is not known, where a line installs distributions: it has some Python."""
    if _INSTALLS.search(line) and targets.named(system.name) is None:
        yield system._replace(certain=False)


def _installed(line: str) -> Iterator[str]:
    """The Pythons that a line, or a part of one, installs: "3.11", "" for the distribution's."""
    words = [word.partition("=")[0] for word in line.split() if word != "\\"]
    packages = [_PACKAGE.fullmatch(word) for word in words]
    verbs = [at for at, word in enumerate(words) if word in {"add", "install"}]
    first = 0 if all(packages) else min(verbs, default=len(words))
    for package in filter(None, packages[first:]):
        yield f"3.{package[1]}" if package[1] else ""


def _is_python(image: str) -> bool:
    """Whether an image is called after Python: python:3.9, ubi8/python-39, uv:python3.12-alpine."""
    name = image.partition("@")[0].rpartition("/")[2].lower()
    return "python" in name or "pypy" in name


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
    """The images that a compose file runs, or a pipeline; only those of a Python count."""
    for number, line in _lines(text):
        image = _IMAGE.fullmatch(line)
        if image and (_TAGGED_PYTHON.fullmatch(image[1]) or _is_known_image(image[1])):
            yield Hint(image[1], f"image {image[1]}", path, number)


def _pipeline(path: str, text: str, texts: Texts) -> Iterator[Hint]:
    """The images that tests run in."""
    return (one._replace(certain=False) for one in _images(path, text, texts))


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
        if python and line.strip().startswith("python-"):
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

_RUNNER = re.compile(r"\b(?:ubuntu|macos|windows)-(?:latest|\d+(?:\.\d+)?)")
_KEY = re.compile(r"([\s-]*)[\"']?(?:python-version|python)s?[\"']?\s*:\s*(.*)")
_CELL = re.compile(r"(?<![\w.<>=~^-])((?:pypy|graalpy)-?\d[\w.]*|\d\.(?:\d+|x)[\w.-]*)")
_CPYTHON = re.compile(r"(\d\.\d+)(?:\.(?:\d+|x))?")


def _workflow(path: str, text: str, texts: Texts) -> Iterator[Hint]:
    """What setup-python installs on the runners of a workflow, and its containers."""
    yield from _pipeline(path, text, texts)
    runners = dict.fromkeys(_RUNNER.findall("\n".join(line for _at, line in _lines(text))))
    if "setup-python" in text:
        for number, python in _matrix(text):
            for runner in runners or ("",):
                said = _("{runner} with Python {python}").format(runner=runner, python=python)
                name = f"github-{runner}-python{python}"
                said = said if runner else f"Python {python}"
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
            for cell in _CELL.findall(_COMMENT.split(key[2] if key else line, 1)[0]):
                plain = _CPYTHON.fullmatch(cell)
                yield number, plain[1] if plain else cell


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
    (".gitlab-ci.yml", (".gitlab-ci.yml",), _pipeline),
    ("bitbucket-pipelines.yml", ("bitbucket-pipelines.yml",), _pipeline),
    ("app.json", (*_HEROKU, "uv.lock"), _mark),
)
_WORKFLOWS = next(at for at, one in enumerate(_READERS) if one[2] is _workflow)
