"""GitLab with the token of a job only."""

from __future__ import annotations

import pytest

from sslfix.bot.job import brief

BODY = """### What breaks

- `requirements.txt`, line 1: urllib3 2.2.3 cannot be imported here (SSL101)

### What this changes

Why this:

- `urllib3`: no urllib3 2 works
"""


@pytest.mark.parametrize(
    "rest", ["", "\n### What it costs\n\n- much\n", "### How it was checked\n- x"]
)
def test_the_short_text_is_one_line_with_what_breaks_and_why(rest: str) -> None:
    assert brief(BODY + rest) == (
        "`requirements.txt`, line 1: urllib3 2.2.3 cannot be imported here (SSL101)"
        "<br>`urllib3`: no urllib3 2 works"
    )
