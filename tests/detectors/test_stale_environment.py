"""The verdict on an environment, from facts alone; tests/collect makes real sick ones."""

from __future__ import annotations

import pytest

from sslfix.detectors.stale_environment import DETECTOR, diagnose
from sslfix.explain import explain
from sslfix.model import Document, Environment, Facts, Interpreter, SslLibrary, Unloadable
from sslfix.rules import load

OPENSSL = SslLibrary.parse("OpenSSL 1.1.1w  11 Sep 2023")
TLS_1_3 = "ImportError: cannot import name 'HAS_TLSv1_3'"
NO_SSL = "ModuleNotFoundError: No module named '_ssl'"
BASE = "/usr/bin/python3.6"

CONFIG = Document(".venv/pyvenv.cfg", "include-system-site-packages = false\r\nhome = /usr/bin\r\n")
LINKED = Environment(".venv", base_executable=BASE, base_version="3.6.3", libraries=("3.6",))
COPIED = LINKED._replace(copied=True, base_ssl=OPENSSL)


def judged(
    environment: Environment | None, version: str = "3.6.3", error: str | None = None
) -> Interpreter:
    return Interpreter(
        id="i1",
        executable=".venv/bin/python",
        version=version,
        implementation="cpython",
        markers={"platform_machine": "x86_64"},
        ssl=None if error else OPENSSL,
        ssl_error=error,
        stdlib="/usr/lib/python3.6",
        environment=environment,
    )


DEAD = COPIED._replace(failure="is a link to /gone/python, which does not exist", base_ssl=None)
FOREIGN = Unloadable("/x", "a", "1.0", machine="aarch64")

CASES = {
    # What must stay silent comes first.
    "no environment": (judged(None), "ok", "", ""),
    "a link to its base": (judged(LINKED), "ok", "", ""),
    "a copy of the same release": (judged(COPIED), "ok", "", ""),
    "an old version in pyvenv.cfg": (
        judged(LINKED._replace(config={"version": "3.6.2", "home": "/usr/bin"})), "ok", "", "",
    ),
    "a left-over library": (judged(LINKED._replace(libraries=("3.5", "3.6"))), "ok", "", ""),
    "a base that did not answer": (
        judged(COPIED._replace(base_version="", base_failure="no answer", base_unheard=True)),
        "ok", "", "",
    ),
    "the seed case": (
        judged(COPIED, "3.6.2", TLS_1_3), "stale", "SSL501",
        f"its base, /usr/lib/python3.6, is 3.6.3: import ssl fails with {TLS_1_3}",
    ),
    "the same, the base as sick": (
        judged(COPIED._replace(base_version="3.6.2", base_ssl=None), "3.6.2", TLS_1_3),
        "stale", "SSL501", "its copied python is 3.6.2 and does not fit /usr/lib/python3.6",
    ),
    "the standard library tells": (
        judged(COPIED._replace(base_version="3.6.2", stdlib_version="3.6.3"), "3.6.2"),
        "stale", "SSL504", "its copied python is 3.6.2, but",
    ),
    "a copy that lost its libssl": (
        judged(COPIED, "3.6.3", "ImportError: libssl.so.1.1: cannot open shared object file"),
        "stale", "SSL501", "import ssl fails with ImportError: libssl.so.1.1",
    ),
    "an older copy that works": (judged(COPIED, "3.6.2"), "stale", "SSL504", "is 3.6.3"),
    "a newer copy that works": (judged(COPIED, "3.6.9"), "stale", "SSL504", "is 3.6.3"),
    "another minor version": (
        judged(LINKED, "3.7.1"), "stale", "SSL501", "its distributions are in lib/python3.6",
    ),
    "moved": (
        judged(LINKED._replace(moved_from="/old")), "stale", "SSL504", "it was made at /old",
    ),
    "dead": (judged(DEAD, "3.6.2", DEAD.failure), "broken", "SSL502", "/gone/python"),
    "dead, and no base": (
        judged(DEAD._replace(base_failure="does not exist"), "3.6.2", DEAD.failure),
        "broken", "SSL502", f"its base interpreter {BASE} does not exist",
    ),
    "alive without a base": (
        judged(COPIED._replace(base_version="", base_failure="does not exist")),
        "broken", "SSL502", "its python runs with /usr/lib/python3.6 instead",
    ),
    "built without ssl": (judged(None, error=NO_SSL), "ok", "SSL515", NO_SSL),
    "a base without ssl": (
        judged(LINKED, error=NO_SSL), "broken", "SSL515", f"cannot import ssl: {NO_SSL}",
    ),
    "libssl is gone": (
        judged(LINKED, error="ImportError: libssl.so.1.1: cannot open shared object file: No such"),
        "broken", "SSL509", "libssl.so.1.1",
    ),
    "libssl is gone on musl": (
        judged(None, error="ImportError: Error loading shared library libssl.so.1.1: No such"),
        "ok", "SSL509", "libssl.so.1.1",
    ),
    "libssl is gone on macOS": (
        judged(None, error="ImportError: dlopen(_ssl.so): Library not loaded: /opt/libssl.3.dylib"),
        "ok", "SSL510", "libssl.3.dylib",
    ),
    "another libssl": (
        judged(None, error="ImportError: /x/libssl.so.3: version `OPENSSL_3.0.0' not found"),
        "ok", "SSL511", "OPENSSL_3.0.0",
    ),
    "a symbol of OpenSSL": (
        judged(LINKED, error="ImportError: /x/_ssl.so: undefined symbol: SSLv3_method"),
        "broken", "SSL511", "SSLv3_method",
    ),
    "a symbol of Python": (
        judged(LINKED, error="ImportError: /x/_ssl.so: undefined symbol: _PyModule_Add"),
        "broken", "SSL531", "_PyModule_Add",
    ),
    "a name that is not there": (judged(LINKED, error=TLS_1_3), "broken", "SSL531", TLS_1_3),
    "another failure": (judged(None, error="OSError: odd"), "ok", "SSL503", "OSError: odd"),
    "libpython is gone": (
        judged(LINKED._replace(failure="exits with 127: libpython3.6m.so.1.0: cannot open"), "3.6"),
        "broken", "SSL507", "libpython3.6m.so.1.0",
    ),
    "another kind of machine": (
        judged(LINKED._replace(failure="cannot run on this machine", machine="aarch64")),
        "broken", "SSL529", "its python is made for aarch64",
    ),
    "modules for another kind of machine": (
        judged(LINKED._replace(unloadable=(FOREIGN, *[FOREIGN._replace(distribution="b")] * 4))),
        "stale", "SSL530", "made for aarch64, while its python is for x86_64: a and b and b and 2",
    ),
    "a module that lacks its libssl": (
        judged(LINKED._replace(unloadable=(FOREIGN._replace(machine="", error="x"),))),
        "ok", "", "",
    ),
    "dead first lines": (
        judged(LINKED._replace(dead_scripts=("black", "pip"), dead_python="/old/bin/python")),
        "stale", "SSL504", "bin/black and bin/pip names /old/bin/python, which does not exist",
    ),
    "a pip that is not whole": (
        judged(LINKED._replace(pip_failure="its pip 23.0 is not whole")), "stale", "SSL534", "23.0",
    ),
    "two at once, the gravest first": (
        judged(LINKED._replace(pip_failure="its pip", moved_from="/old"), error=NO_SSL),
        "broken", "SSL515", "it was made at /old, where its scripts still look for it; its pip",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_the_verdict(name: str) -> None:
    interpreter, state, rule, words = CASES[name]
    assert diagnose(interpreter)[0] == state
    assert bool(diagnose(interpreter)[1]) == (state != "ok")
    hits = DETECTOR.detect(Facts(), interpreter)
    assert [hit.rule for hit in hits] == ([rule] if rule else [])
    assert words in "".join(f"{hit.message}; {hit.detail}" for hit in hits)


def test_the_line_that_names_the_base_is_the_place() -> None:
    interpreter = judged(COPIED._replace(document=CONFIG), "3.6.2", TLS_1_3)
    (hit,) = DETECTOR.detect(Facts(), interpreter)
    assert hit.locations[0][:5] == (".venv/pyvenv.cfg", 2, 1, 2, 16)
    assert hit.locations[0].snippet == "home = /usr/bin"
    (hit,) = DETECTOR.detect(Facts(), judged(COPIED, "3.6.2", TLS_1_3))
    assert hit.locations[0][:3] == (".venv/bin/python", 1, 1)


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ("ImportError: cannot import name HAS_TLSv1_3", "SSL501"),
        ("ImportError: cannot import name 'HAS_TLSv1_3' from '_ssl' (unknown location)", "SSL501"),
        ("ImportError: cannot import name 'HAS_SNI' from 'urllib3.util.ssl_' (x.py)", ""),
        ("ImportError: cannot import name 'DEFAULT_CIPHERS' from 'urllib3.util.ssl_' (x.py)", ""),
        ("ImportError: No module named _ssl", "SSL515"),
        ("ImportError: libffi.so.7: cannot open shared object file", ""),
    ],
)
def test_symptoms_tell_it_from_its_neighbours(line: str, rule: str) -> None:
    pages = tuple(page for page in load() if page.id.startswith("SSL5"))
    assert [match.rule.id for match in explain(line, pages)] == ([rule] if rule else [])
