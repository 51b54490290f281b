"""The programs of a project: what its files are called, and what says how they are started."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from sslfix.language import say as _
from sslfix.model import Document, Span
from sslfix.source.commands import Command, commands
from sslfix.source.modules import Modules, folder_of, is_test, join
from sslfix.source.patches import HOOKS, is_configuration, is_green, mentions_patch, of_worker
from sslfix.source.program import Place, Start

_GUARD = re.compile(
    r"^if\s*\(?\s*(?:__name__\s*==|[\"']__main__[\"']\s*==\s*__name__)", re.MULTILINE
)
# No script can do that: it is started by its name.
_RELATIVE = re.compile(r"^from \.", re.MULTILINE)
_TASKS = re.compile(r"^(?:from|import) locust\b", re.MULTILINE)
IMPORTED = ("wsgi.py", "asgi.py")
# Often programs, but not where another module imports them.
MAYBE = ("app.py", "application.py", "main.py", "run.py", "server.py", "celery_app.py", "worker.py")


class Told(NamedTuple):
    """A start that a file tells of; `is_patched` where the program that starts it patches first."""

    start: Start
    is_patched: bool


def starts(modules: Modules, others: Iterable[Document]) -> list[Start]:
    """The programs of a project; `others` are the files that say how they are started."""
    setups = [one for path, one in modules.documents.items() if path.endswith("setup.py")]
    told = [one for document in (*others, *setups) for one in _told(document, modules)]
    served = {one.start.configuration for one in told}
    for document in modules.documents.values():
        if document not in served:
            told += _configured(document, modules)
    patched = {one.start.document.path for one in told if one.is_patched}
    plain = [one.start for one in told if not one.is_patched]
    known = {one.document.path for one in plain}
    named = [
        start
        for document in modules.documents.values()
        for start in _by_itself(document, modules)
        if start.document.path not in known
        if start.is_sure or start.document.path not in patched
    ]
    return [*plain, *named]


def _by_itself(document: Document, modules: Modules) -> Iterator[Start]:
    """How a file is started, if its name or its text says that it is.

    Tests are, but by something that has imported other modules before, unless they patch.
    """
    name, text = document.path.rpartition("/")[2], document.text
    is_task = "locust" in text and _TASKS.search(text) is not None
    if is_test(document.path) and not mentions_patch(document):
        return
    if name == "__main__.py":
        yield Start(document, in_package=True)
    elif name in IMPORTED:
        yield Start(document, is_script=False, in_package=True, is_sure=False)
    elif name == "manage.py" or ("__name__" in text and _GUARD.search(text)):
        yield Start(document, in_package=_RELATIVE.search(text) is not None)
    elif text.startswith("#!"):
        yield Start(document, is_sure=not is_task)
    elif is_task:
        return  # the locust command starts it, which has patched by then
    elif is_configuration(name) and mentions_patch(document):
        hooks = HOOKS if "gevent" in _settings(document).get("worker_class", "") else ()
        yield Start(document, is_sure=False, configuration=document, hooks=hooks)
    elif name in MAYBE or mentions_patch(document):
        package = join(folder_of(document.path), "__init__.py")
        in_package = package in modules.documents and not is_test(document.path)
        yield Start(document, in_package=in_package, is_sure=False)


# --------------------------------------------------------------------------- what files tell


def _told(document: Document, modules: Modules) -> Iterator[Told]:
    name = document.path.rpartition("/")[2]
    if name in {"pyproject.toml", "setup.cfg", "setup.py"}:
        for module, function in _entry_points(document.text):
            found = _module(module, document, modules)
            if found:
                start = Start(found, is_script=False, in_package=True, function=function)
                yield Told(start, is_patched=False)
    if name not in {"pyproject.toml", "setup.py"}:
        for command in commands(document):
            yield from _command(command, document, modules)


_SECTION = re.compile(
    r"^\[(?:project|tool\.poetry)\.(?:gui-)?scripts\](.*?)(?=^\[|\Z)"
    r"|(?:console|gui)_scripts[\"']?\s*[:=](.*?)(?=^\[|^\S[^\n]*=\s*$|\]|\Z)"
    r"|\[(?:console|gui)_scripts\]\s*$(.*?)(?=^\s*\[|[\"']{3}|\Z)",
    re.MULTILINE | re.DOTALL,
)
_ENTRY = re.compile(r"=\s*[\"']?\s*([A-Za-z_][\w.]*):([A-Za-z_][\w.]*)")


def _entry_points(text: str) -> Iterator[tuple[str, str]]:
    """The modules and functions of the console scripts that a project declares."""
    for section in _SECTION.finditer(text):
        yield from _ENTRY.findall(section[1] or section[2] or section[3] or "")


def _command(command: Command, document: Document, modules: Modules) -> Iterator[Told]:
    """The start that a command line is, if it names a module of the project."""
    if command.program in {"gunicorn", "uwsgi"}:
        imported = _gunicorn if command.program == "gunicorn" else _uwsgi
        yield from imported(command, document, modules)
        return
    name = command.target
    found = _module(name, document, modules) if command.by_name else _file(name, document, modules)
    if found is None or not name:
        return
    is_script = command.program == "python"
    yield Told(Start(found, is_script=is_script, in_package=command.by_name), command.is_patched)


def _gunicorn(command: Command, document: Document, modules: Modules) -> Iterator[Told]:
    """What gunicorn imports before its workers patch, or after.

    The workers of gevent patch when they were forked: its configuration and a preloaded application
    were imported before, and hooks of it called. Those of eventlet do so when their module is
    imported from gunicorn 25 on, after the configuration (tried with 23 and 25).
    """
    name = command.options.get("--config", "gunicorn.conf.py").replace("file:", "")
    configuration = _file(name, document, modules)
    settings = _settings(configuration)
    found = _module(command.target or settings.get("wsgi_app", ""), document, modules)
    named = command.options.get("--worker-class", "")
    worker = named or settings.get("worker_class", "")
    is_preloaded = "--preload" in command.options or settings.get("preload_app") == "True"
    after = Place(document, command.span, of_worker(worker)) if named else None
    hooks = HOOKS if "gevent" in worker else ()
    start = Start(found or document, False, True, configuration=configuration, hooks=hooks)
    if found and is_green(worker) and is_preloaded and "gevent" in worker:
        yield Told(start._replace(after=after), is_patched=False)
        return
    if found:
        yield Told(start, is_patched=is_green(worker))
    if configuration and is_green(worker):
        alone = Start(configuration, False, configuration=configuration, hooks=hooks, after=after)
        yield Told(alone, is_patched=False)


def _configured(document: Document, modules: Modules) -> Iterator[Told]:
    """What gunicorn's configuration tells by itself."""
    if is_configuration(document.path) and "wsgi_app" in _settings(document):
        options = {"--config": document.path.rpartition("/")[2]}
        yield from _gunicorn(Command("gunicorn", "", options, Span(0, 0)), document, modules)


def _uwsgi(command: Command, document: Document, modules: Modules) -> Iterator[Told]:
    """An application that uWSGI imports: it patches after that, unless it is told to do so early.

    https://uwsgi-docs.readthedocs.io/en/latest/Gevent.html; tried with uWSGI 2.0.30.
    """
    options = command.options
    path = options.get("--wsgi-file") or options.get("--file") or ""
    name = options.get("--module") or options.get("--wsgi") or options.get("-w") or ""
    found = _file(path, document, modules) if path else _module(name, document, modules)
    if found is None or "--gevent" not in options:
        return
    start = Start(found, is_script=False, in_package=not path)
    if "--gevent-early-monkey-patch" in options:
        yield Told(start, is_patched=True)
    elif "--gevent-monkey-patch" in options:
        after = Place(document, command.span, _("uWSGI's monkey patch"))
        yield Told(start._replace(after=after), is_patched=False)


_SETTING = re.compile(
    r"^(worker_class|preload_app|wsgi_app)\s*=\s*[\"']?([\w.:]+)[\"']?\s*(?:#.*)?$", re.MULTILINE
)


def _settings(configuration: Document | None) -> dict[str, str]:
    """The settings of gunicorn's configuration that are written out."""
    return dict(_SETTING.findall(configuration.text)) if configuration else {}


def _module(name: str, near: Document, modules: Modules) -> Document | None:
    """The module of a dotted name, looked for where the file stands that names it, and below."""
    place = name.partition(":")[0].replace(".", "/")
    if not place:
        return None
    for ending in (f"{place}.py", f"{place}/__main__.py", f"{place}/__init__.py"):
        found = _file(ending, near, modules)
        if found:
            return found
    return None


def _file(path: str, near: Document, modules: Modules) -> Document | None:
    """The file of a path, seen from the file that names it; the only one of that ending else."""
    path = re.sub(r"^\./", "", path)
    folder = folder_of(near.path)
    for each in (folder, join(folder, "src"), ""):
        if join(each, path) in modules.documents:
            return modules.documents[join(each, path)]
    ending = "/" + path.lstrip("/")
    found = [one for own, one in modules.documents.items() if own.endswith(ending)]
    if not found and path.startswith("/"):  # a container's /app/run.py
        return _file(path.split("/", 2)[-1], near, modules) if path.count("/") > 1 else None
    return found[0] if len(found) == 1 else None
