"""What several threads share, and what only looks like it."""

from __future__ import annotations

import pytest

from sslfix.model import Document
from sslfix.source.scopes import Scopes
from sslfix.source.syntax import parse
from sslfix.source.threads import Threads

HEAD = """
import asyncio, threading, functools
from concurrent.futures import ThreadPoolExecutor, ProcessPoolExecutor
from multiprocessing.pool import ThreadPool
from lib import Session
"""


def shared(source: str) -> int:
    tree = parse(Document("app.py", HEAD + source))
    assert tree is not None
    return len(list(Threads(Scopes(tree)).shared(["lib.Session"])))


WORK = "s = Session()\ndef work(u):\n    s.get(u)\n"
SILENT = {
    "one of its own": "def work(u):\n    s = Session()\n    s.get(u)\nThreadPool(4).map(work, x)\n",
    "one thread": WORK + "threading.Thread(target=work).start()\n",
    "one worker": WORK + "with ThreadPoolExecutor(max_workers=1) as p:\n    p.map(work, x)\n",
    "processes": WORK + "with ProcessPoolExecutor() as p:\n    p.map(work, x)\n",
    "an unknown pool": WORK + "def f(p):\n    p.map(work, x)\n",
    "plain map": WORK + "list(map(work, x))\n",
    "another function": WORK + "def other(u): pass\nThreadPool(4).map(other, x)\n",
    "made in the loop": (
        "for u in x:\n    s = Session()\n    threading.Thread(target=f, args=(s,)).start()\n"
    ),
    "one local of threads": (
        "l = threading.local()\nl.s = Session()\ndef work(u):\n    l.s.get(u)\n"
        "ThreadPool(4).map(work, x)\n"
    ),
    "made in two ways": WORK + "s = other()\nThreadPool(4).map(work, x)\n",
    "a parameter": "s = Session()\ndef work(s):\n    s.get(u)\nThreadPool(4).map(work, x)\n",
    "submitted once": WORK + "with ThreadPoolExecutor() as p:\n    p.submit(work, 1)\n",
    "one result after the other": (
        WORK
        + "with ThreadPoolExecutor() as p:\n    for u in x:\n        p.submit(work, u).result()\n"
    ),
    "one thread after the other": (
        WORK + "for u in x:\n    t = threading.Thread(target=work)\n    t.start()\n    t.join()\n"
    ),
    "one await after the other": (
        WORK + "async def f():\n    for u in x:\n        await asyncio.to_thread(work, u)\n"
    ),
    "another class": "s = X()\ndef work(u):\n    s.get(u)\nThreadPool(4).map(work, x)\n",
    "each object its own": (
        "class W(threading.Thread):\n    def __init__(self):\n        self.s = Session()\n"
        "    def run(self):\n        self.s.get(u)\nfor u in x:\n    W().start()\n"
    ),
}
FOUND = {
    "map": WORK + "with ThreadPoolExecutor() as p:\n    p.map(work, x)\n",
    "submit in a loop": WORK + "p = ThreadPoolExecutor(8)\nfor u in x:\n    p.submit(work, u)\n",
    "submit in a comprehension": WORK + "p = ThreadPool()\n[p.apply_async(work, u) for u in x]\n",
    "threads in a comprehension": WORK + "[threading.Thread(target=work) for u in x]\n",
    "two threads": WORK + "threading.Thread(target=work)\nthreading.Thread(target=work)\n",
    "to_thread": WORK + "async def f():\n    for u in x:\n        asyncio.to_thread(work, u)\n",
    "run_in_executor": (
        WORK + "async def f(l):\n    [l.run_in_executor(None, work, u) for u in x]\n"
    ),
    "its own method": "s = Session()\nwith ThreadPool(4) as p:\n    p.map(s.get, x)\n",
    "as an argument": (
        "def work(s, u): pass\ns = Session()\nwith ThreadPoolExecutor() as p:\n"
        "    for u in x:\n        p.submit(work, s, u)\n"
    ),
    "args": "s = Session()\nfor u in x:\n    threading.Thread(target=f, args=(s, u))\n",
    "partial": "s = Session()\nThreadPool(4).map(functools.partial(f, s), x)\n",
    "a lambda": "s = Session()\nThreadPool(4).map(lambda u: s.get(u), x)\n",
    "a function in between": WORK + "def go(u):\n    work(u)\nThreadPool(4).map(go, x)\n",
    "with": "def f():\n    with Session() as s:\n        ThreadPool(4).map(s.get, x)\n",
    "inside a function": (
        "def f():\n    s = Session()\n    def work(u):\n        s.get(u)\n"
        "    ThreadPool(4).map(work, x)\n"
    ),
    "an attribute": (
        "class A:\n    def __init__(self):\n        self.s = Session()\n    def work(self, u):\n"
        "        self.s.get(u)\n    def go(self):\n        ThreadPool(4).map(self.work, x)\n"
    ),
}


@pytest.mark.parametrize("source", SILENT.values(), ids=SILENT)
def test_is_silent(source: str) -> None:
    assert shared(source) == 0


@pytest.mark.parametrize("source", FOUND.values(), ids=FOUND)
def test_finds_what_is_shared(source: str) -> None:
    assert shared(source) == 1
