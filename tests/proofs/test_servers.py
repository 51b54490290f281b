"""When gunicorn's and uWSGI's gevent patches, as the real ones do it and as their files tell."""

from __future__ import annotations

import os
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Callable

import pytest

from sslfix.detectors.code import patch_order
from sslfix.model import Document, Facts, Interpreter

from .installed import Shelf

pytestmark = [pytest.mark.proof, pytest.mark.network]

HERE = Interpreter("i1", "python3", "3.12.1", "cpython", {}, None)
APPLICATION = """
import requests
from urllib3.util.ssl_ import create_urllib3_context

def application(environ, start_response):
    start_response("200 OK", [])
    try:
        create_urllib3_context()
        return [b"worked"]
    except RecursionError:
        return [b"recursed"]
"""
WORKER = 'worker_class = "gevent"\n'
NAMED = WORKER + 'wsgi_app = "app"\n'
CONFIGURATIONS = [
    pytest.param("from app import application\n", "-k gevent app", True, id="imports it"),
    pytest.param(NAMED + "preload_app = True\n", "", True, id="preloads it"),
    pytest.param(NAMED, "", False, id="names it"),
    pytest.param("import requests\n" + NAMED, "", True, id="imports requests"),
    pytest.param(NAMED + "def post_fork(s, w):\n    import requests\n", "", True, id="post_fork"),
    pytest.param(
        NAMED + "def post_worker_init(w):\n    import requests\n", "", False, id="post_worker_init"
    ),
]
OPTIONS = [
    ("--gevent 9 --gevent-monkey-patch --wsgi-file app.py", True),
    ("--gevent 9 --gevent-monkey-patch --lazy-apps --module app", True),
    ("--gevent 9 --gevent-early-monkey-patch --module app", False),
    ("--gevent 9 --module app", False),
]


@pytest.mark.parametrize(("configuration", "options", "recurses"), CONFIGURATIONS)
def test_gunicorn_reads_its_configuration_before_the_worker_patches(
    *,
    configuration: str,
    options: str,
    recurses: bool,
    python: Callable[[str], str],
    shelf: Shelf,
    tmp_path: Path,
) -> None:
    interpreter = python("3.12")
    folder = shelf.install(interpreter, "gevent", "gunicorn", "packaging", "requests")
    files = {"gunicorn.conf.py": configuration, "Procfile": f"web: gunicorn {options}\n"}
    command = [interpreter, "-m", "gunicorn", *options.split(), "-b"]
    assert _answer(command, files, folder, tmp_path) == ("recursed" if recurses else "worked")
    assert _finds(files) is recurses


@pytest.mark.parametrize("in_file", [False, True])
@pytest.mark.parametrize(("options", "recurses"), OPTIONS)
def test_uwsgi_patches_after_the_application_unless_told_early(
    *,
    options: str,
    recurses: bool,
    in_file: bool,
    python: Callable[[str], str],
    shelf: Shelf,
    tmp_path: Path,
) -> None:
    interpreter = python("3.12")
    folder = shelf.install(interpreter, "gevent", "pyuwsgi", "requests")
    server = [interpreter, "-c", "import sys, pyuwsgi; pyuwsgi.run(sys.argv[1:])", "--master"]
    words = options.replace(" --", "\n").replace("--", "").replace(" ", " = ").split("\n")
    lines = "".join(one + ("\n" if "=" in one else " = true\n") for one in words)
    files = {"uwsgi.ini": f"[uwsgi]\n{lines}"} if in_file else {"run.sh": f"uwsgi {options}\n"}
    chosen = ["--ini", "uwsgi.ini"] if in_file else options.split()
    answer = _answer([*server, *chosen, "--http-socket"], files, folder, tmp_path)
    assert answer == ("recursed" if recurses else "worked")
    assert _finds(files) is recurses


def _answer(command: list[str], files: dict[str, str], folder: Path, place: Path) -> str:
    """What the application says when the server runs it; `command` lacks the address alone."""
    for name, text in {"app.py": APPLICATION, **files}.items():
        (place / name).write_text(text)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    env = {**os.environ, "PYTHONPATH": f"{folder}{os.pathsep}{place}"}
    log = place / "log.txt"
    with log.open("w") as stream:
        server = subprocess.Popen(
            [*command, address], cwd=place, env=env, stdout=stream, stderr=stream
        )
    try:
        return _asked(f"http://{address}/") or log.read_text()
    finally:
        server.kill()
        server.wait()


def _asked(url: str) -> str:
    """What a server that is starting answers; "" if it never does."""
    for _ in range(100):
        try:
            with urllib.request.urlopen(url, timeout=20) as answer:
                return str(answer.read().decode())
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.1)
    return ""


def _finds(files: dict[str, str]) -> bool:
    every = {"app.py": APPLICATION, **files}
    facts = Facts(sources=tuple(Document(name, text) for name, text in every.items()))
    return bool(patch_order.DETECTOR.detect(facts, HERE))
