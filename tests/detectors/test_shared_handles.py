"""SSL602: a curl_cffi Session that shares its handle between threads."""

from __future__ import annotations

import pytest

from sslfix.detectors import all_detectors, shared_handles
from sslfix.model import Document, Facts, Hit, Interpreter

HERE = Interpreter("i1", "python3", "3.9.18", "cpython", {}, None)


def detect(source: str) -> tuple[Hit, ...]:
    return shared_handles.DETECTOR.detect(Facts(sources=(Document("app.py", source),)), HERE)


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


def test_it_is_found_by_its_name() -> None:
    assert all_detectors()["shared-handles"] is shared_handles.DETECTOR
