"""Distributions whose extension modules lack their SSL library."""

from __future__ import annotations

from sslfix.detectors.ssl_extensions import DETECTOR
from sslfix.model import Environment, Facts, Interpreter, Unloadable

LOST = Unloadable("/x/a.dist-info", "a", "1.0", error="ImportError: libssl.so.1.1: cannot open")
FOREIGN = Unloadable("/x/b.dist-info", "b", "1.0", machine="aarch64")


def test_each_distribution_is_named_and_other_causes_are_left_to_their_rule() -> None:
    interpreter = Interpreter(
        id="i1",
        executable=".venv/bin/python",
        version="3.11.7",
        implementation="cpython",
        markers={},
        ssl=None,
        environment=Environment(".venv", unloadable=(LOST, FOREIGN)),
    )
    (hit,) = DETECTOR.detect(Facts(), interpreter)
    assert (hit.rule, hit.distribution, hit.version) == ("SSL536", "a", "1.0")
    assert hit.message == "a 1.0 lacks the SSL library that it was built for"
    assert hit.detail.endswith("ImportError: libssl.so.1.1: cannot open")
    assert hit.locations[0].path == "/x/a.dist-info"
    assert DETECTOR.detect(Facts(), interpreter._replace(environment=None)) == ()
