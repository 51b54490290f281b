"""Where pip and uv look for their settings, and what stands there.

https://pip.pypa.io/en/stable/topics/configuration/#location
https://docs.astral.sh/uv/concepts/configuration-files/
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping

from sslfix.errors import ReadError
from sslfix.language import say as _
from sslfix.model import Document
from sslfix.pip_hook import ENVIRONMENT, GLOBAL, LEVELS, USER, File, Place, judging, pip_conf

_MACHINE = "/etc"


def places(prefix: str, environ: Mapping[str, str]) -> dict[str, Place]:
    """The hook's place at each level, for the interpreter with that prefix."""
    paths = _settings_paths(prefix, environ)
    found: dict[str, Place] = {}
    lower: list[File] = []
    for level in (GLOBAL, USER, ENVIRONMENT):
        files = [_file(path) for path in paths[level]]
        settings = files[-1]  # pip takes it last, and `pip config` writes there
        uv = None if level == ENVIRONMENT else _file(_uv_path(level, environ))
        path = os.path.join(os.path.dirname(settings.path), pip_conf.NAME)
        found[level] = Place(level, settings, _file(path), (*lower, *files[:-1]), uv)
        lower += files
    return {level: found[level] for level in LEVELS}


def in_effect(prefix: str, environ: Mapping[str, str]) -> tuple[File, ...]:
    """The settings that pip reads with these variables, in the order in which they replace."""
    special = environ.get(judging.FILE_VARIABLE)
    if special == os.devnull:
        return ()
    paths = _settings_paths(prefix, environ)
    if special and os.path.exists(special):
        levels: tuple[str, ...] = (GLOBAL, ENVIRONMENT)  # the user's own file is left out then
        return (*(_file(path) for level in levels for path in paths[level]), _file(special))
    return tuple(_file(path) for level in (GLOBAL, USER, ENVIRONMENT) for path in paths[level])


def lost(named: Iterable[str]) -> tuple[str, ...]:
    """Those of the paths in a setting that are local, absolute and not there."""
    return tuple(one for one in dict.fromkeys(named) if not _may_exist(one))


def _may_exist(named: str) -> bool:
    from urllib.parse import unquote_to_bytes

    if named.startswith("file:///"):
        return os.path.exists(unquote_to_bytes(named[len("file://") :]))
    return not os.path.isabs(named) or os.path.exists(named)


def is_externally_managed(stdlib: str) -> bool:
    """Whether pip refuses to install there (PEP 668)."""
    return os.path.isfile(os.path.join(stdlib, "EXTERNALLY-MANAGED"))


# --------------------------------------------------------------------------- paths


def _settings_paths(prefix: str, environ: Mapping[str, str]) -> dict[str, list[str]]:
    """For each level the files of pip, the one that counts most last."""
    home = os.path.expanduser("~")
    if sys.platform == "darwin":
        support = os.path.join(home, "Library/Application Support/pip")
        user = support if os.path.isdir(support) else os.path.join(home, ".config/pip")
        machine = ["/Library/Application Support/pip"]
    else:
        user = os.path.join(environ.get("XDG_CONFIG_HOME") or f"{home}/.config", "pip")
        folders = environ.get("XDG_CONFIG_DIRS") or "/etc/xdg"
        machine = [*(os.path.join(one, "pip") for one in folders.split(os.pathsep)), _MACHINE]
    found = {GLOBAL: machine, USER: [os.path.join(home, ".pip"), user], ENVIRONMENT: [prefix]}
    return {
        level: [os.path.join(folder, pip_conf.FILE_NAME) for folder in folders]
        for level, folders in found.items()
    }


def _uv_path(level: str, environ: Mapping[str, str]) -> str:
    if level == USER:
        home = environ.get("XDG_CONFIG_HOME") or os.path.expanduser("~/.config")
        return os.path.join(home, "uv/uv.toml")
    folders = (environ.get("XDG_CONFIG_DIRS") or "/etc/xdg").split(os.pathsep)
    known = (os.path.join(folder, "uv/uv.toml") for folder in folders)
    return next(filter(os.path.isfile, known), os.path.join(_MACHINE, "uv/uv.toml"))


def _file(path: str) -> File:
    """The file as it is, bytes that are no UTF-8 kept; ReadError where it cannot be opened."""
    try:
        with open(path, "rb") as stream:
            data = stream.read()
    except (FileNotFoundError, NotADirectoryError):
        return File(Document(path, ""), exists=False)
    except OSError as error:
        reason = _("cannot be read: {reason}").format(reason=error.strerror)
        raise ReadError(path, reason) from None
    return File(Document(path, data.decode("utf-8", "surrogateescape")), exists=True)
