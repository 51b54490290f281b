"""Patching late ends in a RecursionError after these imports, and is harmless after those."""

from __future__ import annotations

from typing import Callable

import pytest

from sslfix import rules
from sslfix.detectors import patch_order
from sslfix.explain import explain
from sslfix.model import Document, Facts, Interpreter

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
    beside = ("requests", "boto3", "pymongo", "httpx")
    folder = shelf.install(interpreter, "gevent", "eventlet", *beside)
    source = f"import {module}\n{PATCHES[patcher]}"
    done = execute(interpreter, folder, source + use)
    assert ("RecursionError" in done.stderr) is recurses, done.stderr
    assert (done.returncode != 0) is recurses, done.stderr
    facts = Facts(sources=(Document("app.py", source),))
    assert bool(patch_order.DETECTOR.detect(facts, HERE)) is recurses


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
    folder = shelf.install(
        interpreter, "gevent", "eventlet", "requests", "boto3", "pymongo", "httpx"
    )
    source = f"import requests\n{call}\n"
    done = execute(interpreter, folder, source + MAKES_CONTEXT)
    assert ("RecursionError" in done.stderr) is recurses, done.stderr
    facts = Facts(sources=(Document("app.py", source),))
    assert bool(patch_order.DETECTOR.detect(facts, HERE)) is recurses
