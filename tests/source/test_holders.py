"""What an import does to ssl, by the releases that were tried."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sslfix.model import (
    Declaration,
    DependencyFile,
    Distribution,
    Document,
    Interpreter,
    Kind,
    Span,
)
from sslfix.source import holders

from .holders import table

HERE = Span(0, 0)
TRIED = {"1.0": "quiet", "2.0": "quiet", "4.0": "recurses", "5.0": "recurses"}


@pytest.mark.parametrize(
    ("effects", "version", "expected"),
    [
        (TRIED, "2.0", "quiet"),
        (TRIED, "1.5", "quiet"),
        (TRIED, "3.0", ""),
        (TRIED, "4.9.1", "recurses"),
        (TRIED, "6.0", "recurses"),
        (TRIED, "0.9", ""),
        (TRIED, "", "recurses"),
        ({"9.0": "quiet", "10.0": "holds", "8.0": "holds"}, "", ""),
        ({"": "holds"}, "", "holds"),
        ({"": "holds"}, "1.0", "holds"),
        ({"2.0": "holds", "10.0": "holds"}, "", "holds"),
        ({"2.0": "holds", "10.0": "holds"}, "1.0", "holds"),
        ({"9.0": "quiet", "10.0": "holds"}, "10.0.post1", "holds"),
        (TRIED, "of my own", ""),
    ],
)
def test_both_neighbours_have_to_agree(
    effects: dict[str, str], version: str, expected: str
) -> None:
    assert holders.decide(effects, version) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("urllib3.util.ssl_", "recurses"),
        ("requests", "recurses"),
        ("boto3.session", "recurses"),
        ("docker", "recurses"),
        ("pymongo", "recurses"),
        ("google.cloud.storage", "recurses"),
        ("google.auth.transport.requests", "recurses"),
        ("swiftclient", "recurses"),
        ("keystoneauth1.session", "recurses"),
        ("web3", "recurses"),
        ("praw", "recurses"),
        ("oandapyV20", "recurses"),
        ("msrest", "recurses"),
        ("grequests", "patches"),
        ("locust.contrib", "patches"),
        ("httpx", ""),
        ("google.auth", ""),
        ("socketio", ""),
        ("http.client", ""),
        ("gevent.ssl", ""),
        ("eventlet.green.ssl", ""),
        ("requestsx", ""),
    ],
)
def test_the_table_knows_modules_by_the_packages_above_them(name: str, expected: str) -> None:
    assert holders.Holders({}).effect(name) == expected


@pytest.mark.parametrize(
    ("name", "versions", "expected"),
    [
        ("discord", {"aiohttp": "3.14.5"}, "holds"),
        ("discord", {"aiohttp": "2.3.9"}, ""),
        ("discord", {}, "holds"),
        # What is only imported where it is installed.
        ("socketio", {"requests": "2.32.0"}, "recurses"),
        ("flask_socketio", {"requests": ""}, "recurses"),
        ("engineio.client", {"requests-oauthlib": "1.3.0"}, ""),
        # requests before 2.24 lets pyOpenSSL make the contexts of urllib3, and of nothing else.
        ("requests", {"requests": "2.23.0", "pyopenssl": "19.1.0"}, "holds"),
        ("docker", {"requests": "2.14.2", "pyopenssl": ""}, "holds"),
        ("pymongo", {"requests": "2.23.0", "pyopenssl": "19.1.0"}, "recurses"),
        ("boto3", {"requests": "2.23.0", "pyopenssl": "19.1.0"}, "recurses"),
        ("requests", {"requests": "2.24.0", "pyopenssl": "19.1.0"}, "recurses"),
        ("requests", {"requests": "2.23.0"}, "recurses"),
        ("requests", {"requests": "", "pyopenssl": "19.1.0"}, "recurses"),
    ],
)
def test_what_else_is_installed_decides(name: str, versions: dict[str, str], expected: str) -> None:
    assert holders.Holders(versions).effect(name) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import urllib3.contrib.pyopenssl\nurllib3.contrib.pyopenssl.inject_into_urllib3()\n", 1),
        ("try:\n    import x\n    x.inject_into_urllib3()\nexcept ImportError:\n    pass\n", 1),
        ("def off():\n    inject_into_urllib3()\n", 0),
        ("if old:\n    inject_into_urllib3()\n", 0),
        ("from urllib3.contrib.pyopenssl import inject_into_urllib3\n", 0),
        ("inject_into_urllib3(\n", 0),
    ],
)
def test_a_module_that_lets_pyopenssl_make_contexts_is_known(source: str, expected: int) -> None:
    assert holders.injects([Document("a.py", ""), Document("b.py", source)]) is bool(expected)
    effect = holders.Holders({}, injected=bool(expected)).effect("requests")
    assert effect == ("holds" if expected else "recurses")


def test_versions_are_known_by_what_is_installed_pinned_or_surely_needed() -> None:
    def declares(path: str, *declarations: Declaration) -> DependencyFile:
        return DependencyFile(Document(path, ""), "requirements.txt", declarations)

    files = (
        declares(
            "requirements.txt",
            Declaration("Requests", "", HERE, extras=("security",)),
            Declaration("a", "", HERE, version="1.0"),
            Declaration("b", "", HERE, version="1.0"),
            Declaration("on-windows", "", HERE, marker="sys_platform == 'win32'"),
            Declaration("limited", "", HERE, kind=Kind.CONSTRAINT),
            Declaration("for-developers", "", HERE, section="dev"),
            Declaration("installed", "", HERE, version="1.0"),
        ),
        declares("b.txt", Declaration("a", "", HERE), Declaration("b", "", HERE, version="2.0")),
        declares(
            "requirements-dev.txt",
            Declaration("pytest", "", HERE),
            Declaration("pinned-there", "", HERE, version="3.0"),
        ),
    )
    here = Interpreter("i1", "python3", "3.9.18", "cpython", {}, None)
    here = here._replace(distributions=(Distribution("Installed", "2.0", ""),))
    assert holders.known_versions(here, files) == {
        "requests": "",
        "pyopenssl": "",
        "a": "1.0",
        "b": "",
        "pinned-there": "3.0",
        "installed": "2.0",
    }


def test_every_word_of_the_table_has_a_meaning() -> None:
    tried = [one for found in holders.table().values() for one in found]
    words = {word.partition(" with ")[0] for one in tried for word in one.effects.values()}
    assert len(tried) > 300
    assert words <= {"patches", "recurses", "holds", "quiet", *holders.table()}


def test_the_table_is_made_of_what_was_found(tmp_path: Path) -> None:
    def keep(name: str, python: str, version: str, *found: tuple[str, str, str, str]) -> None:
        entries = [
            {"module": module, "effect": effect, "makes": makes.split(), "beside": beside}
            for module, effect, makes, beside in found
        ]
        entries = [{**one, "version": version} for one in entries]
        (tmp_path / f"{name}-{python}.json").write_text(json.dumps(entries))

    own, foreign = "urllib3.util.ssl_", "requests.packages.urllib3.util.ssl_ urllib3.util.ssl_"
    keep("urllib3", "3.12", "2.0", ("urllib3", "recurses", own, ""))
    keep(
        "Client_",
        "3.12",
        "10.0",
        ("client", "nothing", "", ""),
        ("client.web", "recurses", foreign, ""),
        ("client._web", "recurses", foreign, ""),
        ("client.some", "recurses", foreign, "requests"),
        ("client.broken", "fails", "", ""),
        ("client.vendored", "recurses", "client.ssl_", ""),
    )
    older = [(version, ("client.some", "imports", "", "")) for version in ("8.0", "9.0", "9.1")]
    for (version, found), python in zip(older, ("3.6", "3.8", "3.10")):
        keep("Client_", python, version, found, ("client.web", "recurses", own, ""))
    assert "".join(table(tmp_path, ["Client_", "urllib3"])).partition("\n\n")[2] == (
        '["client-"]  # 8.0, 9.0, 9.1, 10.0\n'
        '"recurses" = ["client.vendored"]\n'
        '"urllib3" = ["client.web"]\n'
        '"client.some" = { "8.0" = "quiet", "9.1" = "quiet", "10.0" = "urllib3 with requests" }\n'
        '\n["urllib3"]  # 2.0\n'
        '"recurses" = ["urllib3"]\n'
    )
