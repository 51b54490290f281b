"""SSL601: the order of imports and patch, as a program runs it."""

from __future__ import annotations

import pytest

from sslfix import rules
from sslfix.detectors import PROJECT_WORDS, all_detectors
from sslfix.detectors.code import patch_order
from sslfix.model import Distribution, Document, Example, Facts, Hit, Interpreter
from sslfix.source import holders, late, patches

HERE = Interpreter("i1", "python3", "3.9.18", "cpython", {}, None)
GEVENT = "from gevent import monkey; monkey.patch_all()\n"
EVENTLET = "import eventlet; eventlet.monkey_patch()\n"
TRIED = "try:\n    import docker\nexcept ImportError:\n    docker = None\n" + GEVENT


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
        "import ssl, http.client, urllib.request, asyncio, httpx\n" + GEVENT,
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
        "import requests\nif fast:\n    " + GEVENT,
        "if fast:\n    import requests\n    " + GEVENT,
        "import requests\nif fast:\n    import grequests\n",
        "import requests\nif 'nose' in modules or hasattr(sys, 'x'):\n    " + GEVENT,
        "import requests\nfor x in y:\n    " + GEVENT,
        "import requests\ndef f():\n    if x:\n        return\n    " + GEVENT + "f()\n",
        # Whoever got the function may have called it.
        "from gevent import monkey as m\nx = {'a': m.patch_ssl}\nimport requests\nm.patch_all()\n",
        "from gevent import monkey as m\ng(m.patch_all)\nimport requests, grequests\n",
        "from gevent import monkey as m\ng(p=m.patch_all)\nimport requests, grequests\n",
        "from gevent import monkey as m\nfor p in (m.patch_ssl,): p()\nimport boto3, grequests\n",
        # What may not be there fails, and the program goes on.
        "try:\n    import fancy\n    import requests\nexcept ImportError:\n    pass\n" + GEVENT,
        "try:\n    from .v import v\n    import requests\nexcept OSError:\n    v = 0\n" + GEVENT,
        "import requests\ntry:\n    import fancy\n    "
        + GEVENT
        + "except ImportError:\n    pass\n",
        "import contextlib\nwith contextlib.suppress(OSError):\n    import fancy, requests\n"
        + GEVENT,
        # The program ends before.
        "import requests, sys\nsys.exit()\n" + GEVENT,
        "import requests\nif True:\n    exit(1)\n" + GEVENT,
        # A decorator, or who sets it anew, decides what a function does.
        "import requests\ndef d(f):\n    return int\n@d\ndef go():\n    " + GEVENT + "go()\n",
        "import requests\ndef d():\n    return d\n@d()\ndef go():\n    " + GEVENT + "go()\n",
        # Something before may have patched, in a way that is not followed.
        *(
            "from gevent import monkey as m\n" + before + "\nimport requests, grequests\n"
            for before in (
                "class A:\n    def __init__(self):\n        m.patch_all()\nA()",
                "class A:\n    @staticmethod\n    def go():\n        m.patch_all()\nA.go()",
                "class A:\n    def __enter__(self):\n        m.patch_all()\nwith A(): pass",
                "def f():\n    m.patch_all()\n    yield\nlist(f())",
                "async def f():\n    m.patch_all()\nrun(f())",
                "def f():\n    def g():\n        m.patch_all()\n    return g\nf()()",
                "def f():\n    import gevent.monkey\n    gevent.monkey.patch_all()\nrun(f)",
                "f = lambda: m.patch_all()\nf()",
                "def f(x=m.patch_all()): pass",
                "x = m.patch_all() if y else None",
                "[m.patch_all() for _ in (1,)]",
                "x and m.patch_all()",
                "while m.patch_all(): pass",
                "for x in [m.patch_all()]: pass",
                "assert m.patch_all()",
                "import importlib\nimportlib.import_module('gr' + 'een')",
                "import runpy\nrunpy.run_path('green.py')",
                "exec('import green')",
            )
        ),
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
        ("import requests\nfrom locust import HttpUser\nif __name__ == '__main__':\n  x\n", 2, 1),
        ("try:\n    import requests\nexcept ImportError:\n    requests = None\n" + GEVENT, 5, 2),
        ("with x:\n    import requests\nclass A:\n    " + GEVENT, 4, 2),
        ("import requests\nif __name__ == '__main__':\n    " + GEVENT, 3, 1),
        ("import sys\nimport requests\nif sys.version_info > (3,):\n    " + GEVENT, 4, 2),
        ("import requests\nfrom gevent import monkey as m\np = m.patch_all\np()\n", 4, 1),
        ("import ssl\r\nimport requests\r\n" + GEVENT, 3, 2),
        ("class A:\n    def f(self):\n        " + GEVENT + "import requests, grequests\n", 4, 4),
        ("from gevent import monkey as m\nf(m.patch_socket)\nimport requests\n" + GEVENT, 4, 3),
        ("from gevent import monkey as m\nx and m.patch_all(ssl=0)\nimport boto3\n" + GEVENT, 4, 3),
        ("import requests\nif '__main__' == __name__:\n    " + GEVENT, 3, 1),
        ("try:\n    import fancy\nexcept OSError:\n    pass\nimport requests\n" + GEVENT, 6, 5),
        ("try:\n    import fancy, requests\nexcept OSError:\n    raise\n" + GEVENT, 5, 2),
        ("try:\n    import fancy, requests\nexcept OSError:\n    exit(1)\n" + GEVENT, 5, 2),
        ("try:\n    import fancy, requests\nfinally:\n    pass\n" + GEVENT, 5, 2),
        ("import requests\ntry:\n    " + GEVENT + "except ImportError:\n    pass\n", 3, 1),
        ("import requests\nif x:\n    exit(1)\n" + GEVENT, 4, 1),
        (
            "import requests, sys\ntry:\n    sys.exit(0)\nexcept SystemExit:\n    pass\n" + GEVENT,
            6,
            1,
        ),
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
            ["app.py:2", "app.py:1", "client.py:1"],
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
                "src/app/__main__.py:1",
                "src/app/net/__init__.py:1",
                "src/app/net/http.py:1",
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
            ["patch.py:1", "app.py:1", "app.py:2"],
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
            ["patch.py:1", "manage.py:1", "manage.py:2"],
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
            ["a.py:2", "a.py:1", "b.py:2"],
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
    patching = [name for name, tried in holders.table().items() if "patches" in str(tried)]
    assert {"grequests", "locust"} <= set(patching)
    for name in (*patches.PATCHES, *patching):
        assert any(word in name.encode() for word in PROJECT_WORDS)
        assert any(word in name for word in patches.WORDS)


def test_so_many_modules_are_followed_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    files = {f"a{n}.py": "import requests\n" + GEVENT + f"# {n}" for n in range(5)}
    assert len(detect(files)) == 5
    monkeypatch.setattr(late, "_MOST", 2)
    assert len(detect({**files, "b.py": ""})) == 3


def test_a_long_chain_of_imports_is_no_trouble() -> None:
    files = {f"m{n}.py": f"try:\n    import m{n + 1}\nfinally:\n    pass\n" for n in range(900)}
    assert len(detect({"app.py": "import m0, requests\n" + GEVENT, **files})) == 1


def test_modules_imported_in_branches_take_no_exponential_time() -> None:
    branches = "if a:\n    import m{0}\nelif b:\n    import m{0}\nelse:\n    import m{0}\n"
    files = {f"m{n}.py": branches.format(n + 1) for n in range(50)}
    assert len(detect({"app.py": "import m0, requests\n" + GEVENT, **files})) == 1


GUARD = "if __name__ == '__main__':\n    pass\n"
LATE = "import requests\n" + GEVENT


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        pytest.param(
            {"go.py": f"import requests\ndef main():\n    {GEVENT}\nmain()\n"},
            ["go.py:3", "go.py:1", "go.py:5"],
            id="a function that is called",
        ),
        pytest.param(
            {
                "go.py": "import client\nclient.setup()\n" + GEVENT,
                "client.py": "def setup():\n    import requests\n",
            },
            ["go.py:3", "go.py:2", "client.py:2"],
            id="a function of another module",
        ),
        pytest.param(
            {
                "go.py": f"from early import go\ngo()\nimport requests\n{GEVENT}",
                "early.py": f"def go():\n    {GEVENT}",
            },
            None,
            id="a function of another module patches first",
        ),
        pytest.param(
            {"go.py": "def lazily():\n    import requests\n    yield\nlazily()\n" + GEVENT},
            None,
            id="a generator runs nothing",
        ),
        pytest.param(
            {"go.py": "def d(f):\n    import requests\n@d\ndef f(): pass\n" + GEVENT},
            ["go.py:5", "go.py:3", "go.py:2"],
            id="a decorator",
        ),
        pytest.param(
            {
                "go.py": "import compat\nimport requests\ncompat.monkey.patch_all()\n# gevent",
                "compat.py": "from gevent import monkey\n",
            },
            ["go.py:3", "go.py:2"],
            id="the patch through a module of the project",
        ),
        pytest.param(
            {
                "go.py": "from compat import *\nimport requests\nmonkey.patch_all()\n# gevent",
                "compat.py": "from gevent import monkey\n",
            },
            ["go.py:3", "go.py:2"],
            id="the patch through a star",
        ),
        pytest.param(
            {
                "go.py": "import importlib\nimportlib.import_module('a.b')\n" + GEVENT,
                "a/b.py": "__import__('requests')\n",
            },
            ["go.py:3", "go.py:2", "a/b.py:1"],
            id="imports by a name that is written out, a namespace",
        ),
        pytest.param(
            {
                "src/p/__main__.py": "import p.net\n" + GEVENT,
                "src/p/net.py": "import requests\n",
                "src/p/__init__.py": "",
            },
            ["src/p/__main__.py:2", "src/p/__main__.py:1", "src/p/net.py:1"],
            id="src",
        ),
        pytest.param(
            {
                "p/go.py": GUARD + "import http\n" + GEVENT,
                "p/http.py": "import requests\n",
                "p/__init__.py": "",
                "q/go.py": GUARD + "import p.other\n" + GEVENT,
                "p/other.py": "import http\n",
            },
            ["p/go.py:4", "p/go.py:3", "p/http.py:1"],
            id="a name that only the script's own folder has",
        ),
        pytest.param(
            {"p/__init__.py": "import requests\n", "p/go.py": GUARD + GEVENT},
            None,
            id="nobody knows whether a script runs in its package",
        ),
        pytest.param(
            {"go.py": "import os\nif os.environ.get('X'):\n    " + GEVENT + LATE},
            None,
            id="it may be patched already",
        ),
        pytest.param(
            {"go.py": "import sys\nif sys.version_info < (3,):\n    import requests\n" + GEVENT},
            None,
            id="for another Python",
        ),
        pytest.param(
            {"go.py": "import sys\nif sys.version_info >= (3, 6):\n    import requests\n" + GEVENT},
            ["go.py:4", "go.py:3"],
            id="for this Python",
        ),
        pytest.param(
            {
                "go.py": "from typing import TYPE_CHECKING\nif not TYPE_CHECKING:\n"
                "    import requests\n" + GEVENT
            },
            ["go.py:4", "go.py:3"],
            id="whenever it runs",
        ),
        pytest.param(
            {"locustfile.py": "import requests\nfrom locust import HttpUser\n" + GUARD},
            None,
            id="locust starts its files patched",
        ),
        pytest.param(
            {
                "lib.py": "import x\n",
                "x.py": LATE,
                "setup.cfg": "[options.entry_points]\nconsole_scripts =\n    run = lib:main\n",
            },
            ["x.py:2", "lib.py:1", "x.py:1"],
            id="a console script of setup.cfg",
        ),
        pytest.param(
            {
                "p/lib.py": "import x\n",
                "x.py": LATE,
                "pyproject.toml": '[project.scripts]\nrun = "p.lib:main"\n',
            },
            ["x.py:2", "p/lib.py:1", "x.py:1"],
            id="a console script of pyproject.toml",
        ),
        pytest.param(
            {
                "lib.py": "import requests, x\n",
                "x.py": GEVENT,
                "Dockerfile": 'FROM python\nCMD ["python", "-u", "/srv/lib.py"]\n',
            },
            ["x.py:1", "lib.py:1", "lib.py:1"],
            id="a Dockerfile",
        ),
        pytest.param(
            {"lib.py": LATE, "Procfile": "web: python -m gevent.monkey lib.py\n"},
            None,
            id="gevent.monkey starts it",
        ),
        pytest.param(
            {"wsgi.py": LATE, "Procfile": "web: gunicorn -k gevent wsgi:app\n"},
            None,
            id="a worker patches first",
        ),
        pytest.param(
            {
                "wsgi.py": "import requests\n",
                "Procfile": "web: gunicorn --preload -k gevent wsgi:app\n",
            },
            ["Procfile:1", "wsgi.py:1"],
            id="a worker patches after a preloaded application",
        ),
        pytest.param(
            {
                "a/wsgi.py": "import requests\n",
                "run.sh": "exec gunicorn -c gunicorn.conf.py a.wsgi\n",
                "gunicorn.conf.py": 'worker_class = "gevent"\npreload_app = True\n',
            },
            ["gunicorn.conf.py:1", "a/wsgi.py:1"],
            id="preloaded by the configuration",
        ),
        pytest.param(
            {
                "a/wsgi.py": "import requests\n",
                "run.sh": "gunicorn -k sync --preload a.wsgi\n",
                "x.py": GEVENT,
            },
            None,
            id="another worker",
        ),
        pytest.param(
            {"tasks.py": LATE, "w.service": "ExecStart=/x/celery -A tasks worker -P gevent\n"},
            None,
            id="celery patches first",
        ),
        pytest.param(
            {
                "lib.py": f"import requests\ndef main():\n    {GEVENT}",
                "pyproject.toml": '[tool.poetry.scripts]\nrun = "lib:main"\n',
            },
            ["lib.py:3", "lib.py:1"],
            id="the function that a console script calls",
        ),
        pytest.param(
            {"bin/go": "#!/usr/bin/env python3\n" + LATE},
            ["bin/go:3", "bin/go:2"],
            id="a script without an ending",
        ),
        pytest.param(
            {"go.py": "def f():\n    if x: return\n    import requests\nf()\n" + GEVENT},
            None,
            id="a function that may have ended before",
        ),
        pytest.param(
            {"go.py": GUARD + "if x:\n    import late\n", "late.py": LATE},
            ["late.py:2", "go.py:4", "late.py:1"],
            id="a module that may be imported, and patches late whenever it is",
        ),
        pytest.param(
            {"go.py": GUARD + "import requests\nif x:\n    import p\n", "p.py": GEVENT},
            None,
            id="a module that patches, and may be imported",
        ),
        pytest.param(
            {
                "go.py": GUARD + "from p import patch\npatch()\nimport requests, grequests\n",
                "p.py": "def patch():\n    from gevent import monkey\n"
                "    for call in (monkey.patch_ssl, monkey.patch_socket):\n        call()\n",
            },
            None,
            id="a function of another module may have patched",
        ),
        pytest.param(
            {
                "load/client.py": "#!env/bin/python3\nimport requests\nfrom locust import User\n",
                "load/isa.py": "import client\nimport locust\n",
            },
            None,
            id="what locust's files share is no program, whatever its first line",
        ),
        pytest.param(
            {"p/__init__.py": "import requests\n", "p/news.py": "import grequests\n"},
            ["p/news.py:1", "p/__init__.py:1"],
            id="a module that its package comes before",
        ),
        pytest.param(
            {"tests/__init__.py": "import requests\n", "tests/test_x.py": "import grequests\n"},
            None,
            id="how a test is started nobody knows",
        ),
        pytest.param(
            {
                "lib/net.py": f"import requests\ndef main():\n    {GEVENT}",
                "setup.py": 'setup(entry_points={"console_scripts": ["x=lib.net:main"]})\n',
            },
            ["lib/net.py:3", "lib/net.py:1"],
            id="a console script of setup.py",
        ),
        pytest.param(
            {
                "wsgi.py": "import requests\n",
                "Procfile": 'web: gunicorn --preload --worker-class="gevent" wsgi:app\n',
            },
            ["Procfile:1", "wsgi.py:1"],
            id="an option's value in quotes",
        ),
        pytest.param(
            {"gunicorn.conf.py": 'import requests\nif x:\n    worker_class = "gevent"\n'},
            None,
            id="gunicorn's configuration under a condition",
        ),
        pytest.param(
            {
                "app/__init__.py": "import requests\n",
                "gunicorn.conf.py": "from app import webapp\n",
                "Procfile": "web: gunicorn -k gevent app:webapp\n",
            },
            ["Procfile:1", "gunicorn.conf.py:1", "app/__init__.py:1"],
            id="gunicorn's configuration imports the application",
        ),
        pytest.param(
            {
                "app.py": "import requests\n",
                "gunicorn.conf.py": 'worker_class = "gevent"\npreload_app = True\n'
                'wsgi_app = "app:webapp"\n',
            },
            ["gunicorn.conf.py:1", "app.py:1"],
            id="gunicorn's configuration names and preloads the application",
        ),
        pytest.param(
            {
                "app.py": "import requests\n",
                "gunicorn.conf.py": 'worker_class = "gevent"\nwsgi_app = "app:webapp"\n',
            },
            None,
            id="gunicorn's configuration names the application",
        ),
        pytest.param(
            {
                "gunicorn.conf.py": 'worker_class = "gevent"\n'
                "def post_fork(server, worker):\n    import requests\n",
            },
            ["gunicorn.conf.py:1", "gunicorn.conf.py:3"],
            id="a hook that gunicorn calls before the worker patches",
        ),
        pytest.param(
            {
                "gunicorn.conf.py": 'worker_class = "gevent"\n'
                "def post_worker_init(worker):\n    import requests\n",
            },
            None,
            id="a hook that gunicorn calls afterwards",
        ),
        pytest.param(
            {
                "gunicorn.conf.py": 'worker_class = "eventlet"\n'
                "def post_fork(server, worker):\n    import requests\n",
            },
            None,
            id="a hook that gunicorn calls afterwards with eventlet, in some releases",
        ),
        pytest.param(
            {
                "app.py": "import requests\n",
                "gunicorn.conf.py": "from app import webapp\n",
                "Procfile": "web: gunicorn -k eventlet app:webapp\n",
            },
            ["Procfile:1", "gunicorn.conf.py:1", "app.py:1"],
            id="gunicorn's configuration, and eventlet",
        ),
        pytest.param(
            {
                "app.py": "import requests\n",
                "uwsgi.ini": "[uwsgi]\nwsgi-file = app.py\ngevent = 9\ngevent-monkey-patch = 1\n",
            },
            ["uwsgi.ini:4", "app.py:1"],
            id="uWSGI patches after the application",
        ),
        pytest.param(
            {
                "app.py": "import requests\n",
                "run.sh": "uwsgi --gevent 9 --gevent-early-monkey-patch --module app:webapp\n",
            },
            None,
            id="uWSGI patches early",
        ),
        pytest.param(
            {"app.py": "import requests\n", "run.sh": "uwsgi --gevent 9 --module app:webapp\n"},
            None,
            id="uWSGI does not patch",
        ),
        pytest.param(
            {
                "lib/net.py": f"import requests\ndef main():\n    {GEVENT}",
                "setup.py": 'setup(entry_points="""\n    [console_scripts]\n    x = lib.net:main\n'
                '    [other]\n    y = z\n    """)\n',
            },
            ["lib/net.py:3", "lib/net.py:1"],
            id="a console script of setup.py in one text",
        ),
        pytest.param(
            {
                "one/ns/a/go.py": f"import ns.b.net\n{GEVENT}if __name__ == '__main__': pass\n",
                "two/ns/b/net.py": "import requests\n",
            },
            ["one/ns/a/go.py:2", "one/ns/a/go.py:1", "two/ns/b/net.py:1"],
            id="a namespace in two folders",
        ),
        pytest.param(
            {
                "p/__init__.py": "import requests\n",
                "p/go.py": f"from . import x\n{GEVENT}if __name__ == '__main__': pass\n",
            },
            ["p/go.py:2", "p/__init__.py:1"],
            id="a program with relative imports runs in its package",
        ),
        pytest.param(
            {
                "app.py": "import lib\n" + GEVENT,
                "lib/__init__.py": "from .types import T\nfrom . import tool\n",
                "lib/types.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n"
                "    import requests\n",
                "lib/tool.py": "if __name__ == '__main__':\n    import requests\n",
            },
            None,
            id="a package with modules that are guarded",
        ),
        pytest.param(
            {
                "app.py": "import util\nimport requests\n" + GEVENT,
                "tests/test_app.py": "import requests, app\nif __name__ == '__main__': main()\n",
                "util.py": "",
            },
            ["app.py:3", "app.py:2"],
            id="a test is no program of its own",
        ),
        pytest.param(
            {
                "app.py": "import a\n" + GEVENT,
                "a.py": "import b\n",
                "b.py": "import a\nimport c\n",
                "c.py": "if x:\n    import boto3\nimport json, a\nimport requests\n",
            },
            ["app.py:2", "app.py:1", "a.py:1", "b.py:2", "c.py:4"],
            id="modules in a circle that lead to no patch",
        ),
        pytest.param(
            {
                "app.py": "from a import set_up\nset_up()\n" + GEVENT,
                "a.py": "def set_up():\n    import b\n",
                "b.py": "import requests\n",
            },
            ["app.py:3", "app.py:2", "a.py:2", "b.py:1"],
            id="a function of a module that leads to no patch",
        ),
        pytest.param(
            {
                "app.py": "from a import monkey\nimport requests\nmonkey.patch_all()\n# gevent\n",
                "a.py": "from gevent import monkey\n",
            },
            ["app.py:3", "app.py:2"],
            id="a name handed on by a module that leads to no patch",
        ),
        pytest.param(
            {
                "app.py": "import compat\n" + GEVENT,
                "compat.py": "try:\n    import a\nexcept ImportError:\n    a = None\n",
                "a.py": "import b\nimport requests\n",
                "b.py": "import fancy\n",
            },
            None,
            id="a quiet module that may be left before its end",
        ),
        pytest.param(
            {
                "app.py": "try:\n    import a\nexcept ImportError:\n    a = None\n" + GEVENT,
                "a.py": "import b\nimport requests\n",
                "b.py": "import fancy\n",
            },
            None,
            id="a quiet module that may be left, tried by the program",
        ),
        pytest.param(
            {
                "app.py": "import compat\n" + GEVENT,
                "compat.py": "try:\n    import a\nexcept ImportError:\n    a = None\n",
                "a.py": "import requests\nimport fancy\n",
            },
            ["app.py:2", "app.py:1", "compat.py:2", "a.py:1"],
            id="what a quiet module does before it may be left",
        ),
        pytest.param(
            {
                "app.py": "try:\n    import a\nexcept ImportError:\n    pass\n" + GEVENT,
                "a.py": "import requests\nraise ImportError\n",
            },
            ["app.py:5", "app.py:2", "a.py:1"],
            id="a module that ends after what it imports",
        ),
        pytest.param(
            {
                "app.py": (
                    "try:\n    import a\n    import requests\nexcept ImportError:\n    pass\n"
                    + GEVENT
                ),
                "a.py": "raise ImportError\n",
            },
            None,
            id="a module that surely fails",
        ),
        pytest.param(
            {
                "app.py": (
                    "try:\n    import a\n    import requests\nexcept ImportError:\n    pass\n"
                    + GEVENT
                ),
                "a.py": "from gevent import monkey as patch_all\nraise ImportError\n",
            },
            None,
            id="a module that surely fails and may patch",
        ),
        pytest.param(
            {
                "app.py": "import requests\nimport green\ngreen.go = int\ngreen.go()\n",
                "green.py": "def go():\n    " + GEVENT,
            },
            None,
            id="a function of another module that is set anew",
        ),
        pytest.param(
            {"conftest.py": GEVENT, "tests/test_a.py": "import requests\n" + GEVENT},
            None,
            id="a test below a conftest that patches",
        ),
        pytest.param(
            {"tests/a/conftest.py": GEVENT, "tests/test_a.py": "import requests\n" + GEVENT},
            ["tests/test_a.py:2", "tests/test_a.py:1"],
            id="a test beside the folder of a conftest that patches",
        ),
        pytest.param(
            {"app.py": "import aiohttp\nimport requests\n" + GEVENT},
            ["app.py:3", "app.py:2"],
            id="what recurses counts before what only warns",
        ),
    ],
)
def test_follows_a_program_from_its_start(
    files: dict[str, str], expected: list[str] | None
) -> None:
    test_follows_the_project_s_own_modules(files, expected)


@pytest.mark.parametrize(
    ("distributions", "source", "rule"),
    [
        ({"aiohttp": "3.9"}, "import aiohttp\n" + GEVENT, "SSL614"),
        ({"pymongo": "3.6.1"}, "import bson.json_util\n" + GEVENT, "SSL601"),
        ({"pymongo": "4.20"}, "import bson.json_util\n" + GEVENT, None),
        ({}, "import bson.json_util\n" + GEVENT, None),
        ({}, "import aiohttp\n" + EVENTLET, None),
        ({"flask": "3"}, TRIED, None),
        ({"Docker": "7.1.0"}, TRIED, "SSL601"),
        ({}, TRIED, "SSL601"),
        ({"flask": "3"}, "import docker\n" + GEVENT, "SSL601"),
    ],
)
def test_the_installed_version_decides(
    distributions: dict[str, str], source: str, rule: str | None
) -> None:
    found = tuple(Distribution(name, version, "") for name, version in distributions.items())
    facts = Facts(sources=(Document("app.py", source),))
    hits = patch_order.DETECTOR.detect(facts, HERE._replace(distributions=found))
    assert [hit.rule for hit in hits] == ([rule] if rule else [])


@pytest.mark.parametrize(
    ("distributions", "patch", "detail"),
    [
        ({"gevent": "1.2.1"}, GEVENT, "RecursionError (gevent 1.2.1 on Python 3.9.18), without a"),
        ({"gevent": "26.9"}, GEVENT, "RecursionError (gevent 26.9 on Python 3.9.18)"),
        ({}, GEVENT, "RecursionError (gevent on Python 3.9.18)"),
        ({"eventlet": "0.41"}, EVENTLET, "(eventlet 0.41 on Python 3.9.18), without a warning"),
    ],
)
def test_the_detail_says_what_happens_with_these_versions(
    distributions: dict[str, str], patch: str, detail: str
) -> None:
    found = tuple(Distribution(name, version, "") for name, version in distributions.items())
    facts = Facts(sources=(Document("app.py", "import requests\n" + patch),))
    (hit,) = patch_order.DETECTOR.detect(facts, HERE._replace(distributions=found))
    assert detail in hit.detail


EXAMPLES = [
    pytest.param(rule.id, example, id=f"{rule.id}-{number}")
    for rule in rules.load()
    for number, example in enumerate(rule.examples)
    if rule.cases[0].when.detector == "patch-order"
]


@pytest.mark.parametrize(("rule", "example"), EXAMPLES)
def test_the_examples_of_the_pages(rule: str, example: Example) -> None:
    found = {hit.rule for hit in detect({"app.py": example.source})}
    assert (rule in found) is example.fires
