"""Interpreters: which ones to judge and why, and all that can be known about one."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Callable, NamedTuple

from sslfix.collect import distributions, environments, lifetimes, probe, repository, soundness
from sslfix.collect.projects import show
from sslfix.detectors import project_python, stale_environment
from sslfix.errors import ProbeError, UsageError
from sslfix.language import say as _
from sslfix.model import Environment, Interpreter

_VERSION = re.compile(r"\d+(\.\d+){0,2}")
ask, answer = probe.ask, probe.answer


class Choice(NamedTuple):
    """An interpreter to judge: its executable, why it was chosen, and its environment's folder.

    `project` is the folder of its project, where the environment does not lie in that.
    """

    executable: str
    because: str
    environment: str | None = None
    project: str = ""


# --------------------------------------------------------------------------- asking


def inspect(
    choice: Choice,
    id_: str,
    *,
    installed: bool = True,
    answer: Callable[[str], probe.Answer] = probe.answer,
) -> Interpreter:
    """All that can be known about the chosen interpreter, and its environment if it is one's.

    Distributions are read of environments only, and if `installed` asks for them: what a base
    interpreter has is not the project's. `answer` asks an executable; one that knows the answer
    already need not run it.

    An environment whose own interpreter cannot run is described all the same, with the failure,
    and so is an interpreter that this machine cannot start: from their files. ProbeError is raised
    for any other interpreter outside an environment, and where it cannot be told whether it works:
    it does not answer in time, or its files are of a kind that is not known.
    """
    root, failure = choice.environment, ""
    try:
        said = answer(choice.executable)
    except probe.UndecidedError:
        raise
    except ProbeError as error:
        if root is None:
            return _unstarted(choice, id_, error)
        asked, folders, failure = None, [], error.reason
    else:
        asked, folders = probe.interpreter(said), said["site_packages"]
        root = root or (asked.prefix if asked.prefix != asked.base_prefix else None)
    environment = _environment(choice, root, asked, failure, answer) if root else None
    found = asked or _read(choice.executable, failure) or _unasked(choice, environment)
    found = found._replace(
        id=id_,
        chosen_because=choice.because,
        environment=environment,
        ended=lifetimes.ended(found.implementation, found.version),
    )
    if root and installed:
        # A dead or stale environment has its distributions where its Python does not look.
        there = [one for one in folders if os.path.isdir(one)] or environments.site_packages(root)
        found = _filled(found, there, asked)
    return _diagnosed(found)


def _environment(
    choice: Choice,
    root: str,
    asked: Interpreter | None,
    failure: str,
    answer: Callable[[str], probe.Answer],
) -> Environment:
    # The choice may be a shim, which is not the environment's own file.
    executable = asked.executable if asked is not None else choice.executable
    return environments.read(
        root,
        executable,
        asked,
        failure,
        lambda path: probe.interpreter(answer(path)),
        project=choice.project,
    )


def _filled(found: Interpreter, folders: Iterable[str], asked: Interpreter | None) -> Interpreter:
    """The interpreter with what is installed in its environment, and what is wrong with that."""
    assert found.environment is not None, "what a base interpreter has is not the project's"
    installed = distributions.read(show(folder) for folder in folders)
    lost = soundness.unloadable(installed, asked.executable, os.environ) if asked else ()
    environment = found.environment._replace(
        pip_failure=soundness.pip_failure(installed), unloadable=lost
    )
    return found._replace(environment=environment, distributions=installed)


def _diagnosed(interpreter: Interpreter) -> Interpreter:
    if interpreter.environment is None:
        return interpreter
    state, reasons = stale_environment.diagnose(interpreter)
    notes = project_python.reasons(interpreter)
    environment = interpreter.environment._replace(state=state, reasons=reasons, notes=notes)
    return interpreter._replace(environment=environment)


def answer_unrun(executable: str) -> probe.Answer:
    """What the interpreter would answer, read from its files; ProbeError says why it can't be."""
    from sslfix.collect import binaries

    return binaries.answer(executable, os.environ)


def _read(executable: str, failure: str) -> Interpreter | None:
    """What the files of an interpreter that does not run tell of it, if they do.

    Where they have no SSL library for it either, the failure is the reason that counts.
    """
    from sslfix.collect import binaries

    try:
        found = binaries.read(executable, os.environ, partly=True)
    except ProbeError:
        return None
    return found if found.ssl else found._replace(ssl_error=failure)


def _unstarted(choice: Choice, id_: str, error: ProbeError) -> Interpreter:
    """An interpreter that was made for another machine, as its files describe it."""
    found = None
    if isinstance(error, probe.CannotStartError):
        found = _read(choice.executable, error.reason)
    if found is None:
        raise error
    text = _("{because}; read from its files, as it {reason}")
    because = text.format(because=choice.because, reason=error.reason)
    return found._replace(id=id_, chosen_because=because)


def _unasked(choice: Choice, environment: Environment | None) -> Interpreter:
    """What an environment on disk tells of its dead interpreter."""
    assert environment is not None, "only an environment's interpreter is described unasked"
    version = environments.version_of(environment)
    name = environment.config.get("implementation", "CPython")
    system, _, release, kernel, machine = os.uname()
    return Interpreter(
        id="",
        executable=os.path.abspath(choice.executable),
        version=version,
        implementation=name.lower(),
        markers={
            "implementation_name": name.lower(),
            "implementation_version": version,
            "os_name": os.name,
            "platform_machine": machine,
            "platform_python_implementation": name,
            "platform_release": release,
            "platform_system": system,
            "platform_version": kernel,
            "python_full_version": version,
            "python_version": ".".join(version.split(".")[:2]),
            "sys_platform": sys.platform,
        },
        ssl=None,
        ssl_error=environment.failure,
        source="binary",
        prefix=os.path.abspath(environment.path),
    )


# --------------------------------------------------------------------------- choosing


def choose(
    project: str, requested: Sequence[str], environ: Mapping[str, str], *, no_exec: bool = False
) -> tuple[Choice, ...]:
    """The interpreters to judge, by the contract: those requested, or else the project's one.

    UsageError if one that is asked for cannot be found; nothing is returned where no Python is.
    With `no_exec` nothing is run to find out: no interpreter, and neither poetry nor pipenv.
    """
    if requested:
        words = dict.fromkeys(requested)
        return tuple(_requested(word, environ, no_exec=no_exec) for word in words)
    searches = (
        _in_project(project),
        _active(environ),
        iter(()) if no_exec else _of_tools(project, environ),
        _above(project),
        _of_version_file(project, environ, no_exec=no_exec),
        _on_path(environ, no_exec=no_exec),
    )
    first = next((choice for search in searches for choice in search), None)
    return () if first is None else (first,)


def _requested(word: str, environ: Mapping[str, str], *, no_exec: bool) -> Choice:
    """What `--python` names: a version, an environment's folder, a path, or a command on PATH."""
    because = f"--python {word}"
    wanted = word
    named = _which(word, environ.get("PATH", "")) or ""
    if word.startswith("python") and os.path.basename(os.path.dirname(named)) == "shims":
        wanted = word[len("python") :]  # pyenv's shim, which answers by the folder it is run in
    if _VERSION.fullmatch(wanted):
        found = find_version(wanted, environ, no_exec=no_exec)
        if found is None:
            text = _(
                "--python {word}: no Python {wanted} was found on PATH, among pyenv's versions or "
                "where python-discovery looks; give the path of its executable"
            )
            raise UsageError(text.format(word=word, wanted=wanted))
        return _choice(found, because)
    path = os.path.expanduser(word)
    if os.path.isdir(path):
        return _choice(environments.executable_of(path), because)
    if not os.path.lexists(path) and os.sep not in word:
        path = _which(word, environ.get("PATH", "")) or path
    if not os.path.lexists(path):
        text = _("--python {word}: no such file; give a path or a version such as 3.9")
        raise UsageError(text.format(word=word))
    return _choice(_behind_shim(path, environ) if no_exec else path, because)


def _choice(executable: str, because: str) -> Choice:
    return Choice(os.path.abspath(executable), because, environments.root_of(executable))


def _in_project(project: str) -> Iterator[Choice]:
    for name in (".venv", "venv"):
        root = _redirected(os.path.join(project, name))
        if environments.is_root(root):
            because = _("the project's {name}").format(name=name)
            yield _choice(environments.executable_of(root), because)._replace(project=project)


def _above(project: str) -> Iterator[Choice]:
    """Those of the folders that the project lies in, within its repository, the nearest first."""
    top, folder = repository.root(project), os.path.abspath(project)
    while folder != top and folder.startswith(top + os.sep):
        folder = os.path.dirname(folder)
        yield from _in_project(show(folder))


def _redirected(root: str) -> str:
    """The environment that a file `.venv` names, as virtualenv 21 writes it; else the path itself.

    https://peps.python.org/pep-0832/
    """
    if not os.path.isfile(root):
        return root
    line = distributions.text_of(root).rstrip("\r\n")
    return os.path.normpath(os.path.join(os.path.dirname(root), line)) if line else root


def _active(environ: Mapping[str, str]) -> Iterator[Choice]:
    """The activated environment.

    pre-commit and prek activate the hook's own, which is never meant; what was activated before
    is then the next entry of PATH.
    """
    own = _hook_prefix(environ)
    for name in ("VIRTUAL_ENV", "CONDA_PREFIX"):
        root = environ.get(name, "")
        if root and not _is_inside(root, own):
            yield _choice(environments.executable_of(root), name)
    folders = [one for one in _path(environ) if not _is_inside(one, own)]
    if own and folders:
        before = _choice(os.path.join(folders[0], "python"), _("activated before the hook ran"))
        if before.environment is not None:
            yield before


def _hook_prefix(environ: Mapping[str, str]) -> str:
    """The environment that a hook runs sslfix in, "" outside a hook."""
    active = environ.get("VIRTUAL_ENV", "")
    if "PRE_COMMIT" in environ and active and _is_inside(active, sys.prefix):
        return sys.prefix
    return ""


def _is_inside(path: str, folder: str) -> bool:
    if not folder:
        return False
    return f"{os.path.realpath(path)}{os.sep}".startswith(f"{os.path.realpath(folder)}{os.sep}")


def _which(name: str, path: str) -> str | None:
    from shutil import which  # not needed where the project has its .venv

    return which(name, path=path)


def _path(environ: Mapping[str, str]) -> list[str]:
    return [one for one in environ.get("PATH", "").split(os.pathsep) if one]


def _of_tools(project: str, environ: Mapping[str, str]) -> Iterator[Choice]:
    """The environment that poetry or pipenv keeps for the project elsewhere, if they say."""
    for command, is_used in (
        (("poetry", "env", "info", "--path"), _uses_poetry),
        (("pipenv", "--venv"), _uses_pipenv),
    ):
        executable = _which(command[0], environ.get("PATH", ""))
        if executable is None or not is_used(project):
            continue
        root = _said_by([executable, *command[1:]], project, environ)
        if root and environments.is_root(root):
            because = _("the {tool} environment of the project").format(tool=command[0])
            yield _choice(environments.executable_of(root), because)._replace(project=project)


def _uses_poetry(project: str) -> bool:
    if os.path.isfile(os.path.join(project, "poetry.lock")):
        return True
    try:
        with open(os.path.join(project, "pyproject.toml"), "rb") as file:
            return b"[tool.poetry" in file.read()
    except OSError:
        return False


def _uses_pipenv(project: str) -> bool:
    return os.path.isfile(os.path.join(project, "Pipfile"))


def _said_by(command: Sequence[str], project: str, environ: Mapping[str, str]) -> str:
    """The last line that a tool prints, "" if it fails: it was asked, and has no environment."""
    import subprocess

    # The activated environment was looked at already, and may be the hook's own.
    variables = {name: text for name, text in environ.items() if name != "VIRTUAL_ENV"}
    variables["PIPENV_IGNORE_VIRTUALENVS"] = "1"
    try:
        done = subprocess.run(
            command,
            cwd=project,
            env=variables,
            check=False,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=20,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    lines = done.stdout.split("\n") if done.returncode == 0 else []
    return next((line.strip() for line in reversed(lines) if line.strip()), "")


def _of_version_file(
    project: str, environ: Mapping[str, str], *, no_exec: bool
) -> Iterator[Choice]:
    """What `.python-version` asks for, in the project or a folder above it, as pyenv reads it.

    UsageError if that Python is not here: to judge another one would answer another question.
    """
    folder = os.path.abspath(project)
    while not os.path.isfile(os.path.join(folder, ".python-version")):
        if folder == os.path.dirname(folder):
            return
        folder = os.path.dirname(folder)
    path = os.path.join(folder, ".python-version")
    with open(path, encoding="utf-8", errors="replace") as file:
        words = [word for line in file for word in line.split("#")[0].split()]
    for word in words:
        if word == "system":
            return
        found = find_version(word, environ, no_exec=no_exec)
        if found is not None:
            yield _choice(found, _("{file} says {word}").format(file=".python-version", word=word))
            return
    if words:
        text = _(
            "{path}: asks for Python {version}, which was not found on PATH or among pyenv's "
            "versions; install it, or say --python"
        )
        raise UsageError(text.format(path=show(path), version=_(" or ").join(words)))


def _on_path(environ: Mapping[str, str], *, no_exec: bool) -> Iterator[Choice]:
    own = _hook_prefix(environ)
    for name in ("python3", "python"):
        for folder in _path(environ):
            executable = _which(name, folder)
            if executable is not None and not _is_inside(folder, own):
                path = _behind_shim(executable, environ) if no_exec else executable
                yield _choice(path, _("{name} on PATH").format(name=name))


def _behind_shim(executable: str, environ: Mapping[str, str]) -> str:
    """The interpreter that a shim of pyenv would start, by the files that pyenv reads.

    `.python-version` is looked at before. Anything else is returned as it is.
    """
    folder, name = os.path.split(executable)
    home = os.path.dirname(folder)
    if os.path.basename(folder) != "shims":
        return executable
    words = environ.get("PYENV_VERSION", "").replace(":", " ").split()
    for word in words or distributions.text_of(os.path.join(home, "version")).split():
        path = os.path.join(home, "versions", word, "bin", name)
        if os.path.isfile(path):
            return path
    return executable


# --------------------------------------------------------------------------- versions


def find_version(wanted: str, environ: Mapping[str, str], *, no_exec: bool = False) -> str | None:
    """An interpreter of that version ("3", "3.9", "3.9.18", or a name of pyenv's), or None."""
    answer = answer_unrun if no_exec else probe.answer
    for executable in _candidates(wanted, environ):
        if _answers(executable, wanted, answer):
            return executable
    if no_exec or not _VERSION.fullmatch(wanted):
        return None
    from python_discovery import get_interpreter

    # It begins with the Python that runs sslfix: the base of that is one of the machine's own.
    found = get_interpreter(wanted, env=environ)
    return None if found is None else found.system_executable


def _candidates(wanted: str, environ: Mapping[str, str]) -> Iterator[str]:
    """Executables that may be of that version: on PATH first, then pyenv's, the newest first."""
    from glob import escape, glob

    minor = ".".join(wanted.split(".")[:2])
    if _VERSION.fullmatch(wanted):
        own = _hook_prefix(environ)
        for folder in _path(environ):
            executable = _which(f"python{minor}", folder)
            if executable is not None and not _is_inside(folder, own):
                yield executable
    home = environ.get("PYENV_ROOT") or os.path.expanduser("~/.pyenv")
    name = escape(wanted) + ("*" if _VERSION.fullmatch(wanted) else "")
    found = glob(f"{escape(home)}/versions/{name}/bin/python")
    yield from sorted(found, key=lambda path: [int(n) for n in re.findall(r"\d+", path)])[::-1]


def _answers(executable: str, wanted: str, answer: Callable[[str], probe.Answer]) -> bool:
    """Whether it runs and is of that version; a pyenv shim may name one that is not active."""
    try:
        version = answer(executable)["version"]
    except ProbeError:
        return False
    return not _VERSION.fullmatch(wanted) or f"{version}.".startswith(f"{wanted}.")
