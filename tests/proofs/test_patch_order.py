"""Patching late ends in a RecursionError after these imports, and is harmless after those."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Callable

import pytest

from sslfix import rules
from sslfix.detectors.code import patch_order
from sslfix.explain import explain
from sslfix.model import Distribution, Document, Facts, Interpreter
from tests.conftest import run

from .installed import Shelf, execute

pytestmark = [pytest.mark.proof, pytest.mark.network]

HERE = Interpreter("i1", "python3", "3.9.18", "cpython", {}, None)
PATCHES = {
    "gevent": "from gevent import monkey; monkey.patch_all()\n",
    "eventlet": "import eventlet; eventlet.monkey_patch()\n",
}
USES = {
    "pymongo": "pymongo.MongoClient('mongodb://127.0.0.1:1', tls=True, connect=False)\n",
    "": "import ssl; ssl.create_default_context().options |= 0\n",
}
CLIENTS = ("requests", "boto3", "pymongo", "httpx", "praw", "python-swiftclient", "google-auth")
BESIDE = ("gevent", "eventlet", *CLIENTS)
INJECTS = "from urllib3.contrib import pyopenssl; pyopenssl.inject_into_urllib3()\n"
MAKES_CONTEXT = "from urllib3.util.ssl_ import create_urllib3_context; create_urllib3_context()\n"


def test_gevent_1_2_1_recurses_unannounced_when_it_patches_late(
    python: Callable[[str], str], shelf: Shelf
) -> None:
    interpreter = python("3.6")
    folder = shelf.install(interpreter, "gevent==1.2.1", "greenlet==0.4.17", "requests==2.14.2")
    use = "requests.packages.urllib3.util.ssl_.create_urllib3_context()\n"
    early = execute(interpreter, folder, PATCHES["gevent"] + "import requests\n" + use)
    late = execute(interpreter, folder, "import requests\n" + PATCHES["gevent"] + use)
    assert early.returncode == 0, early.stderr
    assert "RecursionError" in late.stderr
    assert "MonkeyPatchWarning" not in late.stderr
    assert explain(late.stderr, rules.load())[0].rule.id == "SSL601"


@pytest.mark.parametrize("patcher", PATCHES)
@pytest.mark.parametrize(
    ("module", "use", "recurses"),
    [
        ("urllib3", MAKES_CONTEXT, True),
        ("requests", MAKES_CONTEXT, True),
        ("boto3", MAKES_CONTEXT, True),
        ("botocore.config", MAKES_CONTEXT, True),
        ("pymongo", USES["pymongo"], True),
        ("praw", MAKES_CONTEXT, True),
        ("swiftclient", MAKES_CONTEXT, True),
        ("google.auth.transport.requests", MAKES_CONTEXT, True),
        ("google.auth", MAKES_CONTEXT, False),
        ("botocore", MAKES_CONTEXT, False),
        ("botocore.exceptions", MAKES_CONTEXT, False),
        ("httpx", MAKES_CONTEXT, False),
        ("ssl", MAKES_CONTEXT, False),
        ("http.client", USES[""], False),
        ("urllib.request", USES[""], False),
        ("asyncio", USES[""], False),
    ],
)
def test_the_table_of_early_modules_is_true(
    *,
    module: str,
    use: str,
    recurses: bool,
    patcher: str,
    python: Callable[[str], str],
    shelf: Shelf,
) -> None:
    interpreter = python("3.12")
    folder = shelf.install(interpreter, *BESIDE)
    source = f"import {module}\n{PATCHES[patcher]}"
    done = execute(interpreter, folder, source + use)
    assert ("RecursionError" in done.stderr) is recurses, done.stderr
    assert (done.returncode != 0) is recurses, done.stderr
    facts = Facts(sources=(Document("app.py", source),))
    assert bool(patch_order.DETECTOR.detect(facts, HERE)) is recurses


@pytest.mark.parametrize("module", ["aiohttp", "jwt", "redis"])
def test_a_module_that_only_holds_the_class_makes_gevent_warn(
    module: str, python: Callable[[str], str], shelf: Shelf
) -> None:
    interpreter = python("3.12")
    folder = shelf.install(interpreter, "gevent", "aiohttp", "pyjwt[crypto]", "redis")
    source = f"import {module}\n{PATCHES['gevent']}"
    done = execute(interpreter, folder, source + USES[""])
    assert done.returncode == 0, done.stderr
    assert "MonkeyPatchWarning" in done.stderr
    assert _rules(source, folder) == ["SSL614"]


def _rules(source: str, folder: Path) -> list[str]:
    """The rules that name a program beside what is installed there."""
    names = (one.stem.split("-") for one in folder.glob("*.dist-info"))
    installed = tuple(Distribution(name, version, "") for name, version in names)
    facts = Facts(sources=(Document("app.py", source),))
    here = HERE._replace(distributions=installed)
    return [hit.rule for hit in patch_order.DETECTOR.detect(facts, here)]


@pytest.mark.parametrize(
    ("requests", "first", "rule"),
    [
        ("2.23.0", "", "SSL614"),
        ("2.24.0", "", "SSL601"),
        ("2.24.0", INJECTS, "SSL614"),
    ],
)
def test_pyopenssl_makes_contexts_that_do_not_recurse(
    requests: str, first: str, rule: str, python: Callable[[str], str], shelf: Shelf
) -> None:
    interpreter = python("3.9")
    beside = ("urllib3==1.25.11", "pyopenssl==20.0.1", "cryptography==3.4.8")
    folder = shelf.install(interpreter, "gevent", f"requests=={requests}", *beside)
    source = f"{first}import requests\n{PATCHES['gevent']}"
    done = execute(interpreter, folder, source + MAKES_CONTEXT)
    assert "MonkeyPatchWarning" in done.stderr
    assert (done.returncode != 0) is (rule == "SSL601"), done.stderr
    assert _rules(source, folder) == [rule]


@pytest.mark.parametrize("beside", [(), ("requests",)])
def test_what_is_imported_only_where_it_is_installed(
    beside: tuple[str, ...], python: Callable[[str], str], shelf: Shelf
) -> None:
    interpreter = python("3.12")
    folder = shelf.install(interpreter, "eventlet", "python-socketio", *beside)
    source = "import socketio\n" + PATCHES["eventlet"]
    done = execute(interpreter, folder, source + (MAKES_CONTEXT if beside else USES[""]))
    assert ("RecursionError" in done.stderr) is bool(beside), done.stderr
    assert _rules(source, folder) == ["SSL601"] * len(beside)


APPLICATION = """
import os, signal, threading
import requests
from urllib3.util.ssl_ import create_urllib3_context

def go():
    import time
    time.sleep(2)
    try:
        create_urllib3_context()
        print("worked", flush=True)
    except RecursionError:
        print("recursed", flush=True)
    os.kill(os.getppid(), signal.SIGTERM)

def post_worker_init(worker):
    threading.Thread(target=go).start()

def app(environ, start_response):
    return []
"""


@pytest.mark.parametrize("preload", [True, False])
def test_gunicorn_patches_after_a_preloaded_application(
    *, preload: bool, python: Callable[[str], str], shelf: Shelf, tmp_path: Path
) -> None:
    interpreter = python("3.12")
    folder = shelf.install(interpreter, "gevent", "gunicorn", "packaging", "requests")
    (tmp_path / "app.py").write_text(APPLICATION)
    (tmp_path / "hook.py").write_text(
        "def post_worker_init(w):\n    import app; app.post_worker_init(w)\n"
    )
    options = ["--preload"] if preload else []
    command = [interpreter, "-m", "gunicorn", "-k", "gevent", *options, "-b", "127.0.0.1:0"]
    command += ["-c", "hook.py", "--chdir", str(tmp_path), "app:app"]
    env = {**os.environ, "PYTHONPATH": str(folder)}
    done = run(*command, env=env, cwd=tmp_path)
    assert ("recursed" in done.stdout) is preload, done.stderr
    assert ("worked" in done.stdout) is not preload, done.stderr
    procfile = Document("Procfile", f"web: gunicorn -k gevent {' '.join(options)} app:app\n")
    facts = Facts(sources=(Document("app.py", APPLICATION), procfile))
    assert bool(patch_order.DETECTOR.detect(facts, HERE)) is preload


@pytest.mark.parametrize(
    ("call", "recurses"),
    [
        ("from gevent import monkey; monkey.patch_ssl()", True),
        ("from gevent import monkey; monkey.patch_all(ssl=False)", False),
        ("from gevent.monkey import patch_all; patch_all(1, 1, 1, 1, 1, 1, False)", False),
        ("import eventlet; eventlet.monkey_patch(socket=True)", True),
        ("import eventlet; eventlet.monkey_patch(all=False, socket=True)", True),
        ("import eventlet; eventlet.monkey_patch(socket=False)", False),
        ("import eventlet; eventlet.monkey_patch(all=True, socket=False)", False),
        ("import eventlet; eventlet.monkey_patch(os=True, thread=True)", False),
    ],
)
def test_the_arguments_of_a_patch_mean_what_the_detector_thinks(
    call: str, recurses: bool, python: Callable[[str], str], shelf: Shelf
) -> None:
    interpreter = python("3.12")
    folder = shelf.install(interpreter, *BESIDE)
    source = f"import requests\n{call}\n"
    done = execute(interpreter, folder, source + MAKES_CONTEXT)
    assert ("RecursionError" in done.stderr) is recurses, done.stderr
    facts = Facts(sources=(Document("app.py", source),))
    assert bool(patch_order.DETECTOR.detect(facts, HERE)) is recurses
