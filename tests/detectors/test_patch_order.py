"""SSL601: the order of imports and patch, as a program runs it."""

from __future__ import annotations

import pytest

from sslfix.detectors import SOURCE_WORDS, all_detectors, patch_order
from sslfix.model import Document, Facts, Hit, Interpreter

HERE = Interpreter("i1", "python3", "3.9.18", "cpython", {}, None)
GEVENT = "from gevent import monkey; monkey.patch_all()\n"
EVENTLET = "import eventlet; eventlet.monkey_patch()\n"


def detect(files: dict[str, str]) -> tuple[Hit, ...]:
    documents = tuple(Document(path, text) for path, text in files.items())
    return patch_order.DETECTOR.detect(Facts(sources=documents), HERE)


@pytest.mark.parametrize(
    "source",
    [
        GEVENT + "import requests\n",
        EVENTLET + "import requests\n",
        "import grequests\nimport requests\n",
        "import locust\nimport requests\n" + GEVENT,
        # Harmless before the patch.
        "import ssl, http.client, urllib.request, asyncio, httpx, redis, aiohttp\n" + GEVENT,
        "import botocore\nfrom botocore.exceptions import ClientError\n" + GEVENT,
        "from google.oauth2 import service_account\n" + GEVENT,
        "import my.requests\nimport requestsx\n" + GEVENT,
        # ssl is left out.
        "import requests\nfrom gevent import monkey\nmonkey.patch_all(ssl=False)\n",
        "import requests\nfrom gevent.monkey import patch_all as p\np(1, 1, 1, 1, 1, 1, False)\n",
        "import requests\nfrom gevent import monkey\nmonkey.patch_socket()\n",
        "import requests\nimport eventlet\neventlet.monkey_patch(socket=False)\n",
        "import requests\nimport eventlet\neventlet.monkey_patch(os=True, thread=True)\n",
        "import requests\nimport eventlet\neventlet.monkey_patch(all=False, time=True)\n",
        # Nobody can tell.
        "import requests\nfrom gevent import monkey\nmonkey.patch_all(**settings)\n",
        "import requests\nfrom gevent import monkey\nmonkey.patch_all(ssl=wanted)\n",
        # Only may run, or runs for nobody.
        "if fast:\n    import requests\n" + GEVENT,
        "try:\n    pass\nexcept ValueError:\n    import requests\n" + GEVENT,
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import requests\n" + GEVENT,
        "import requests\ndef main():\n    " + GEVENT,
        "def main():\n    import requests\n" + GEVENT,
        "import requests\n# gevent\nmonkey.patch_all()\n",
        # Nothing to judge.
        "import requests\n",
        "import requests\nprint 'gevent'\n",
        "import requests\x00gevent\n",
        "",
    ],
)
def test_is_silent(source: str) -> None:
    assert detect({"app.py": source}) == ()


@pytest.mark.parametrize(
    ("source", "patch", "holder"),
    [
        ("import requests\n" + GEVENT, 2, 1),
        ("import requests\n" + EVENTLET, 2, 1),
        ("import json\nimport boto3\nimport sys\n" + GEVENT, 4, 2),
        ("from urllib3.util import ssl_\n" + GEVENT, 2, 1),
        ("from google.cloud import storage\n" + GEVENT, 2, 1),
        ("import botocore.session as s\n" + GEVENT, 2, 1),
        ("import os, requests as r\n" + GEVENT, 2, 1),
        ("import requests\nimport gevent.monkey\ngevent.monkey.patch_all()\n", 3, 1),
        ("import requests\nimport gevent.monkey as m\nm.patch_ssl()\n", 3, 1),
        ("import requests\nfrom gevent.monkey import patch_all as go\ngo(thread=False)\n", 3, 1),
        ("import requests\nfrom gevent.monkey import *\npatch_all()\n", 3, 1),
        ("import requests\nfrom gevent import monkey\nx = monkey.patch_all()\n", 3, 1),
        ("import requests\nimport eventlet.patcher as p\np.monkey_patch()\n", 3, 1),
        ("import requests\nfrom eventlet import monkey_patch\nmonkey_patch(socket=True)\n", 3, 1),
        ("import requests\nimport eventlet\neventlet.monkey_patch(all=True, os=False)\n", 3, 1),
        ("import requests\nimport grequests\n", 2, 1),
        ("import requests\nfrom locust import HttpUser\n", 2, 1),
        ("try:\n    import requests\nexcept ImportError:\n    requests = None\n" + GEVENT, 5, 2),
        ("with x:\n    import requests\nclass A:\n    " + GEVENT, 4, 2),
        ("import requests\nif fast:\n    " + GEVENT, 3, 1),
        ("import requests\nif __name__ == '__main__':\n    " + GEVENT, 3, 1),
        ("if fast:\n    import requests\n    " + GEVENT, 3, 2),
        ("import ssl\r\nimport requests\r\n" + GEVENT, 3, 2),
    ],
)
def test_points_at_the_patch_and_at_the_import_before_it(
    source: str, patch: int, holder: int
) -> None:
    (hit,) = detect({"app.py": source})
    assert hit.rule == "SSL601"
    assert [location.line for location in hit.locations] == [patch, holder]


def test_columns_count_characters() -> None:
    (hit,) = detect(
        {"app.py": "import requests\nfrom gevent import monkey; 'é'; monkey.patch_all()\n"}
    )
    place = hit.locations[0]
    assert place.snippet[place.column - 1 : place.end_column - 1] == "monkey.patch_all()"
    assert hit.message == "gevent.monkey.patch_all() comes too late: requests is imported before it"


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        pytest.param(
            {"app.py": "import client\n" + GEVENT, "client.py": "import requests\n"},
            ["app.py:2", "client.py:1", "app.py:1"],
            id="own module beside",
        ),
        pytest.param(
            {
                "src/app/__main__.py": "from . import net\n" + GEVENT,
                "src/app/__init__.py": "",
                "src/app/net/__init__.py": "from .http import get\n",
                "src/app/net/http.py": "import requests\n",
            },
            [
                "src/app/__main__.py:2",
                "src/app/net/http.py:1",
                "src/app/__main__.py:1",
                "src/app/net/__init__.py:1",
            ],
            id="relative, through packages",
        ),
        pytest.param(
            {"lib.py": "import requests\nimport patch\n", "patch.py": GEVENT},
            None,
            id="a library is no program",
        ),
        pytest.param(
            {"app.py": "import requests\nimport patch\n", "patch.py": GEVENT},
            ["patch.py:1", "app.py:1"],
            id="app.py is a program",
        ),
        pytest.param(
            {
                "run.py": "import patch\nimport app\n",
                "app.py": "import requests\nimport patch\n",
                "patch.py": GEVENT,
            },
            None,
            id="app.py is no program where another imports it",
        ),
        pytest.param(
            {"manage.py": "import requests\nimport patch\n", "patch.py": GEVENT},
            ["patch.py:1", "manage.py:1"],
            id="the patch is in a module of its own",
        ),
        pytest.param(
            {"app.py": GEVENT + "import helper\n", "helper.py": "import requests\n" + GEVENT},
            None,
            id="patched before the module that patches late",
        ),
        pytest.param(
            {"helper.py": "import requests\n" + GEVENT, "app.py": GEVENT + "import helper\n"},
            None,
            id="the same in another order",
        ),
        pytest.param(
            {"p/__init__.py": GEVENT, "p/wsgi.py": "import requests\n" + GEVENT},
            None,
            id="the package patches first",
        ),
        pytest.param(
            {"a.py": "import b\n" + GEVENT, "b.py": "import a\nimport requests\n"},
            ["a.py:2", "b.py:2", "a.py:1"],
            id="a circle of imports",
        ),
        pytest.param(
            {"app.py": "import requests\n" + GEVENT, "requests.py": "import json\n"},
            None,
            id="a module of the project that is called requests",
        ),
        pytest.param(
            {"gunicorn.conf.py": 'import requests\nworker_class = "gevent"\n'},
            ["gunicorn.conf.py:2", "gunicorn.conf.py:1"],
            id="gunicorn's configuration",
        ),
        pytest.param(
            {"gunicorn.conf.py": GEVENT + 'import requests\nworker_class = "gevent"\n'},
            None,
            id="gunicorn's configuration patches first",
        ),
    ],
)
def test_follows_the_project_s_own_modules(
    files: dict[str, str], expected: list[str] | None
) -> None:
    hits = detect(files)
    found = [[f"{place.path}:{place.line}" for place in hit.locations] for hit in hits]
    assert found == ([expected] if expected else [])


def test_each_late_patch_is_named_once() -> None:
    patch = "import requests\n" + GEVENT
    hits = detect({"a/__main__.py": "import p\n", "b/__main__.py": "import p\n", "p.py": patch})
    assert len(hits) == 1


def test_it_is_found_by_its_name() -> None:
    assert all_detectors()["patch-order"] is patch_order.DETECTOR


def test_sources_are_read_wherever_something_patches() -> None:
    for name in (*patch_order.PATCHES, *patch_order.PATCHING_MODULES):
        assert any(word in name.encode() for word in SOURCE_WORDS)
        assert any(word in name for word in patch_order.WORDS)


def test_a_long_chain_of_imports_is_no_trouble() -> None:
    files = {f"m{n}.py": f"try:\n    import m{n + 1}\nfinally:\n    pass\n" for n in range(900)}
    assert len(detect({"app.py": "import m0, requests\n" + GEVENT, **files})) == 1


def test_modules_imported_in_branches_take_no_exponential_time() -> None:
    branches = "if a:\n    import m{0}\nelif b:\n    import m{0}\nelse:\n    import m{0}\n"
    files = {f"m{n}.py": branches.format(n + 1) for n in range(50)}
    assert len(detect({"app.py": "import m0, requests\n" + GEVENT, **files})) == 1
