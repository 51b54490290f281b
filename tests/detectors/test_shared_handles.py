"""curl handles and client certificates that threads share."""

from __future__ import annotations

import pytest

from sslfix.detectors import all_detectors
from sslfix.detectors.code import shared_handles
from sslfix.model import Distribution, Document, Facts, Hit, Interpreter

HERE = Interpreter("i1", "python3", "3.9.18", "cpython", {}, None)


def detect(source: str, *installed: tuple[str, str]) -> tuple[Hit, ...]:
    there = tuple(Distribution(*one, path=f"{one[0]}.dist-info") for one in installed)
    facts = Facts(sources=(Document("app.py", source),))
    return shared_handles.DETECTOR.detect(facts, HERE._replace(distributions=there))


@pytest.mark.parametrize(
    "source",
    [
        "from curl_cffi import requests\nrequests.Session()\n",
        "from curl_cffi import requests\nrequests.Session(use_thread_local_curl=True)\n",
        "from curl_cffi import requests\nrequests.Session(use_thread_local_curl=wanted)\n",
        "from curl_cffi.requests import AsyncSession\nAsyncSession(use_thread_local_curl=False)\n",
        "import curl_cffi, requests\nrequests.Session(use_thread_local_curl=False)\n",
        "from curl_cffi import requests\nrequests.Session(use_thread_local_curl=False\n",
        "# curl_cffi: use_thread_local_curl=False\n",
        "from curl_cffi import Session\nwith lock:\n s = Session(use_thread_local_curl=False)\n",
    ],
)
def test_is_silent(source: str) -> None:
    assert detect(source) == ()


@pytest.mark.parametrize(
    "source",
    [
        "from curl_cffi import requests\nrequests.Session(use_thread_local_curl=False)\n",
        "from curl_cffi import requests as r\ndef f():\n r.Session(use_thread_local_curl=False)\n",
        "from curl_cffi.requests import Session as S\nwith S(use_thread_local_curl=False): pass\n",
        "import curl_cffi.requests\ncurl_cffi.requests.Session(use_thread_local_curl=False)\n",
        "from curl_cffi import Session\nx = [Session(1, use_thread_local_curl=False)]\n",
    ],
)
def test_points_at_the_session(source: str) -> None:
    (hit,) = detect(source)
    place = hit.locations[0]
    found = place.snippet[place.column - 1 : place.end_column - 1]
    assert hit.rule == "SSL602"
    assert found.endswith("use_thread_local_curl=False)")


POOL = "from concurrent.futures import ThreadPoolExecutor\n"
RUN = "with ThreadPoolExecutor() as pool:\n    pool.map(work, urls)\n"
CURL = (
    POOL
    + "from curl_cffi import requests\ns = requests.Session({})\ndef work(u):\n    s.get(u)\n"
    + RUN
)


LOCKED = CURL.replace("    s.get(u)", "    with lock:\n        s.get(u)")


@pytest.mark.parametrize(
    ("source", "installed", "found"),
    [
        (CURL.format(""), (), []),
        (CURL.format(""), (("curl-cffi", "0.5.6"),), []),
        (CURL.format("") + "s = None\n", (("curl-cffi", "0.5.5"),), ["SSL625"]),
        (CURL.format(""), (("curl-cffi", "0.5.5"),), ["SSL625"]),
        (CURL.format("use_thread_local_curl=False"), (("curl-cffi", "0.5.5"),), ["SSL625"]),
        (CURL.format("use_thread_local_curl=False"), (), ["SSL625"]),
        (LOCKED.format(""), (("curl-cffi", "0.5.5"),), []),
        (LOCKED.format("use_thread_local_curl=False"), (), ["SSL602"]),
        (CURL.format("").replace("requests.Session", "requests.AsyncSession"), (), []),
        (
            POOL + "import curl_cffi\nc = curl_cffi.Curl()\ndef work(u):\n    c.perform()\n" + RUN,
            (),
            ["SSL626"],
        ),
    ],
)
def test_sessions_and_handles_in_threads(
    source: str, installed: tuple[tuple[str, str], ...], found: list[str]
) -> None:
    hits = detect(source, *installed)
    assert [hit.rule for hit in hits] == found
    if hits:
        assert "Session(" in hits[0].locations[0].snippet or "Curl(" in hits[0].locations[0].snippet
        assert found == ["SSL602"] or "pool.map" in hits[0].locations[2].snippet


CERT = POOL + "import requests\n{}def work(u):\n    {}\n" + RUN
BAD = ("requests", "2.32.3")


@pytest.mark.parametrize(
    ("source", "release", "found"),
    [
        (CERT.format("", "requests.get(u)"), BAD, 0),
        (CERT.format("", "requests.get(u, cert=c)"), ("requests", "2.32.5"), 0),
        (CERT.format("", "requests.get(u, cert=c)"), ("urllib3", "2.2.3"), 0),
        (CERT.format("", "requests.get(u, cert=None)"), BAD, 0),
        (CERT.format("", "requests.get(u, cert=c, verify=p)"), BAD, 0),
        (CERT.format("", "requests.get(u, cert=c, **more)"), BAD, 0),
        (CERT.format("", "other.get(u, cert=c)"), BAD, 0),
        (CERT.format("", "requests.get(u, cert=c)").replace("pool.map", "map"), BAD, 0),
        (CERT.format("s = requests.Session()\n", "s.get(u)"), BAD, 0),
        (CERT.format("s = requests.Session()\ns.cert = c\ns.verify = p\n", "s.get(u)"), BAD, 0),
        (CERT.format("", "requests.get(u, cert=c)"), BAD, 1),
        (CERT.format("", "requests.get(u, cert=c, verify=True)"), BAD, 1),
        (CERT.format("s = requests.Session()\ns.cert = c\n", "s.get(u)"), BAD, 1),
        (CERT.format("s = requests.Session()\n", "s.post(u, cert=c)"), BAD, 1),
        (CERT.format("", "s = requests.Session(); s.cert = c; s.get(u)"), BAD, 1),
    ],
)
def test_certificates_in_threads(source: str, release: tuple[str, str], found: int) -> None:
    hits = detect(source, release)
    assert [hit.rule for hit in hits] == ["SSL627"] * found
    if hits:
        assert hits[0].locations[-1].path == "requests.dist-info"


def test_it_is_found_by_its_name() -> None:
    assert all_detectors()["shared-handles"] is shared_handles.DETECTOR
