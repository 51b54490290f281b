"""Laws of pip.conf: the hook goes in beside everything else, and out again to the same bytes."""

from __future__ import annotations

from configparser import Error, RawConfigParser
from io import StringIO

from hypothesis import assume, given
from hypothesis import strategies as st

from sslfix.errors import ReadError
from sslfix.model import Document
from sslfix.pip_hook import pip_conf

OURS = "/venv/sslfix-constraints.txt"
SECTIONS = st.sampled_from(["global", "install", "download", "list", "DEFAULT"])
KEYS = st.sampled_from(["constraint", "Constraint", "--build_constraint", "index-url", "timeout"])
INDENTS = st.sampled_from(["", "", "", " ", "    ", "\t"])
VALUES = st.sampled_from(["", "/a.txt", "/a.txt /b.txt", "file:///c%20d.txt", "x ; y", "# z", "é"])
PLACES = st.tuples(
    st.sampled_from(["global", "install", "wheel"]),
    st.sampled_from([pip_conf.CONSTRAINT, pip_conf.BUILD]),
)
LOWER = st.dictionaries(PLACES, st.sampled_from([(), ("/u.txt",), ("/u.txt", "/v.txt")]))


@st.composite
def lines(draw: st.DrawFn) -> str:
    indent = draw(INDENTS)
    return draw(
        st.one_of(
            st.just(""),
            st.builds(lambda name: f"{indent}[{name}]", SECTIONS),
            st.builds(lambda key, sign, value: f"{indent}{key}{sign}{value}", KEYS,
                      st.sampled_from([" = ", "=", ": ", " ="]), VALUES),
            st.builds(lambda value: f"{indent}  {value}", VALUES),
            st.sampled_from([f"{indent}# comment", "; other"]),
        )
    )  # fmt: skip


@st.composite
def settings(draw: st.DrawFn) -> Document:
    newline = draw(st.sampled_from(["\n", "\r\n", "\r"]))
    text = newline.join(draw(st.lists(lines(), max_size=12)))
    parser = RawConfigParser()
    try:
        parser.read_file(StringIO(text, newline=None))
    except Error:
        assume(False)
    return Document("pip.conf", text)


@given(settings(), LOWER, st.booleans())
def test_it_goes_in_and_out_to_the_same_bytes(
    document: Document, lower: pip_conf.Values, builds: bool
) -> None:
    try:
        text = pip_conf.add(document, lower, OURS, builds=builds, new=False)
    except ReadError:
        return  # where it would change what else the file says
    added = document._replace(text=text)
    assert pip_conf.remove(added) == document.text
    assert pip_conf.add(added, lower, OURS, builds=builds, new=False) == text
    before = {**lower, **pip_conf.values(document)}
    after = {**lower, **pip_conf.values(added)}
    for command in pip_conf.COMMANDS:
        was = pip_conf.effective(before, command, pip_conf.CONSTRAINT)
        assert set(pip_conf.effective(after, command, pip_conf.CONSTRAINT)) == {*was, OURS}
