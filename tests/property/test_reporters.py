"""Whatever a repository writes into names, paths and messages, a report stays what it is."""

from __future__ import annotations

import json
from xml.etree import ElementTree as ET

from hypothesis import given, settings
from hypothesis import strategies as st

from sslfix.reporters import github, gitlab, junit, markdown, rdjson, sarif
from tests.reporters.samples import hostile

PIECES = ["@a", "#1", "::error ::", "##[", "%0A", "\n", "\r", "<a>", "]]>", "&", "`", "[x](y)", "|"]
TEXTS = st.lists(
    st.one_of(st.sampled_from(PIECES), st.text(st.characters(exclude_categories=()), max_size=5)),
    max_size=6,
).map("".join)


@settings(max_examples=60)
@given(text=TEXTS)
def test_every_format_can_be_read_back(text: str) -> None:
    one = hostile(text)
    for module in (sarif, gitlab, rdjson):
        json.loads(module.render(one).encode("utf-8"))
    ET.fromstring(junit.render(one).encode("utf-8"))
    assert "\x00" not in markdown.render(one).encode("utf-8").decode()
    lines = github.render(one).encode("utf-8").decode().split("\n")
    commands = [line for line in lines if line.lstrip().startswith("::")]
    assert len(commands) == 5  # two stand, one is fixed, two could not be checked
    assert not [line for line in lines if "##[" in line and line not in commands]
