"""The documentation site: its pages, its links, and the build."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Callable, ClassVar

import pytest

from docs.site import generate, links
from sslfix import rules
from sslfix.model import Applicability, Case, Level, Remedy, Rule, Symptom, When

from .conftest import ROOT, run

MESSAGE = "ImportError: cannot import name 'no_such_name' | from 'ssl' <unknown>"
PLACES = {
    "README.md": "index.md",
    "docs/architecture.md": "architecture.md",
    "sslfix/rules/SSL102-x.md": "rules/SSL102.md",
}


def rule() -> Rule:
    """A rule with one case and a remedy of each kind."""
    remedies = (
        Remedy({"urllib3": ">=2.0.3"}, "it only warns about {library}"),
        Remedy(
            {},
            "cures it",
            action="use another Python",
            commands=("uv python install 3.12",),
            applicability=Applicability.DISPLAY,
        ),
    )
    when = When(ssl="not OpenSSL")
    case = Case(when, {"urllib3": ">=2.0.0a1,<2.0.3"}, {"requests": ">=2.30"}, remedies, "", "")
    evidence = {"how": "source", "proof": "", "note": "seen in __init__.py"}
    symptoms = (Symptom("cannot import name 'no_such_name'", MESSAGE),)
    references = ("https://github.com/urllib3/urllib3/issues/2168",)
    title = "a title"
    return Rule(
        "SSL101",
        "x",
        title,
        Level.ERROR,
        "0.1.0",
        (case,),
        symptoms,
        (),
        evidence,
        references,
    )


# --------------------------------------------------------------------------- a rule's page


@pytest.mark.parametrize(
    "line",
    [
        "# SSL101: a title",
        "| Affected | SSL library | Also if brought by |",
        "| `urllib3>=2.0.0a1,<2.0.3` | any but OpenSSL | `requests>=2.30` |",
        "1. `urllib3>=2.0.3` (safe: `sslfix --apply` does it): it only warns about the SSL library",
        "2. **use another Python**: cures it",
        "    uv python install 3.12",
        MESSAGE,
        "Read in the source of the releases. seen in &#95;&#95;init&#95;&#95;.py",
        "- <https://github.com/urllib3/urllib3/issues/2168>",
        "Because.",
    ],
)
def test_a_page_says_what_the_head_says(line: str) -> None:
    assert line in generate.page(rule(), "## Why\n\nBecause.\n").splitlines()


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        (When(), []),
        (
            When(ssl="OpenSSL", ssl_version="<1.1.1"),
            [("SSL library", "OpenSSL"), ("Its version", "`<1.1.1`")],
        ),
        (When(python=">=3.12"), [("Python", "`>=3.12`")]),
        (When(beside=("urllib3>=2", "botocore")), [("Together with", "`urllib3>=2` or botocore")]),
        (When(platform="darwin"), [("Platform", "darwin")]),
    ],
)
def test_conditions_are_put_in_words(when: When, expected: list[tuple[str, str]]) -> None:
    assert generate.conditions(when) == expected


@pytest.mark.parametrize(
    ("text", "example", "shown"),
    [
        ("no {} in _ssl{}.so", "no x in _ssl.so", "no x in _ssl.so"),
        ("no {} in _ssl{}.so", "no 1 in _ssl1.so", "no … in _ssl….so"),
        ("no HAS_SNI", "no HAS_SNI", "no HAS_SNI"),
    ],
)
def test_a_message_shows_its_gaps_where_it_has_no_example(
    text: str, example: str, shown: str
) -> None:
    assert generate.message(Symptom(text, example)) == shown


# --------------------------------------------------------------------------- links


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("it warns (SSL102)", "it warns ([SSL102](SSL102.md))"),
        ("gone: SSL999", "gone: [SSL999](SSL999.md)"),
        ("| SSL102 |", "| [SSL102](SSL102.md) |"),
        ("[how](../../docs/architecture.md#layers)", "[how](../architecture.md#layers)"),
        ("[warns](SSL102-x.md)", "[warns](../rules/SSL102.md)"),
        ("[gone](SSL999-x.md)", "[gone](SSL999-x.md)"),
        ("[code](../../LICENSE)", f"[code]({generate.REPOSITORY}/blob/main/LICENSE)"),
    ],
)
def test_links_lead_to_the_site_s_pages(text: str, expected: str) -> None:
    assert generate.linked(text, "sslfix/rules/SSL101-x.md", PLACES) == expected


@pytest.mark.parametrize(
    "text",
    [
        "SSL101 itself",
        "`sslfix rule SSL102`",
        "```\nSSL102\n```",
        "````text\nSSL102\n```\nSSL102\n````",
        "    SSL102",
        "# SSL102",
        "<https://docs.example/SSL102>",
        "[SSL102](https://docs.example/)",
        "SSL_ERROR_SYSCALL, SSLV3_ALERT, SSL1020",
    ],
)
def test_what_is_no_mention_of_a_rule_stays(text: str) -> None:
    assert generate.linked(text, "sslfix/rules/SSL101-x.md", PLACES) == text


def test_a_page_outside_the_rules_links_into_their_folder() -> None:
    assert generate.linked("see SSL101", "README.md", PLACES) == "see [SSL101](rules/SSL101.md)"


@pytest.mark.parametrize(
    ("text", "complaints"),
    [
        ("<https://docs.example/a#b> [x](https://docs.example) [y](z.md)", 0),
        ("`<http://docs.example/>` says http://, and no link", 0),
        ("<http://docs.example/>", 1),
        ("[x](http://docs.example/)", 1),
        ("<https://localhost/>", 1),
        ("<https://pypi." + "org/project/urllib3/>", 1),
        ("<https://files.pythonhosted." + "org/x>", 1),
        (f"<{generate.REPOSITORY}/blob/main/README.md>", 0),
        (f"<{generate.REPOSITORY}/blob/main/tests/no_such_test.py>", 1),
    ],
)
def test_external_links_are_judged_by_their_form(text: str, complaints: int) -> None:
    assert len(list(generate.wrong_links(text))) == complaints


def test_a_link_of_a_wrong_form_fails_and_names_the_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(rules, "load", lambda: (rule(),))
    monkeypatch.setattr(rules, "prose", lambda _: "see <http://docs.example/>\n")
    assert generate.main(str(tmp_path)) == 1
    assert "rules/SSL101.md: http://docs.example/" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


class Host(BaseHTTPRequestHandler):
    """Answers with the status that the path names; with 503 once before /later answers."""

    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        status = 200 if self.path == "/later" else int(self.path[1:])
        self.send_response(503 if self.asked == ["/later"] else status)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base class's name
        pass


@pytest.fixture
def host() -> Iterator[str]:
    Host.asked = []
    with ThreadingHTTPServer(("127.0.0.1", 0), Host) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize(
    ("path", "state", "times"),
    [
        ("/200", "alive", 1),
        ("/404", "dead", 1),
        ("/410", "dead", 1),
        ("/403", "unclear", 3),
        ("/500", "unclear", 3),
        ("/later", "alive", 2),
    ],
)
def test_a_link_is_dead_only_if_its_host_says_so(
    host: str, path: str, state: str, times: int
) -> None:
    assert links.ask(host + path, pause=0).state == state
    assert len(Host.asked) == times


def test_a_host_that_cannot_be_reached_is_unclear() -> None:
    assert links.ask("http://127.0.0.1:9/", pause=0).state == "unclear"


def test_all_links_are_asked_for(host: str) -> None:
    urls = [f"{host}/200", f"{host}/404", "http://127.0.0.1:9/"]
    answers = {answer.url: answer.state for answer in links.ask_all(urls, pause=0)}
    assert [answers[url] for url in urls] == ["alive", "dead", "unclear"]


# --------------------------------------------------------------------------- the site


@pytest.fixture
def build(tool: Callable[[str], str], tmp_path: Path) -> Callable[[], tuple[int, str]]:
    """Build the site in tmp_path as `python3 dev.py docs` does; its exit code and output."""
    program = tool("zensical")

    def build() -> tuple[int, str]:
        settings = str(tmp_path / "zensical.toml")
        done = run(program, "build", "--strict", "--clean", "--config-file", settings, cwd=tmp_path)
        return done.returncode, done.stdout + done.stderr

    return build


def test_every_rule_has_its_page_and_every_message_is_found_by_the_search(
    build: Callable[[], tuple[int, str]], tmp_path: Path
) -> None:
    assert generate.main(str(tmp_path)) == 0
    code, output = build()
    assert code == 0, output
    items = json.loads((tmp_path / "site/search.json").read_text("utf-8"))["items"]
    known = rules.load()
    for page in known:
        assert (tmp_path / f"site/rules/{page.id}/index.html").is_file()
        found = " ".join(
            item["text"] for item in items if item["location"].startswith(f"rules/{page.id}/")
        )
        for symptom in page.symptoms:
            assert _in_html(generate.message(symptom)) in " ".join(found.split())
    index = (tmp_path / "site/rules/index.html").read_text("utf-8")
    assert all(f'href="{page.id}/"' in index for page in known)


def _in_html(text: str) -> str:
    for sign, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
        text = text.replace(sign, entity)
    return " ".join(text.split())


@pytest.mark.parametrize("prose", ["As SSL999 says.\n", "[how](../../docs/architecture.md#no)\n"])
def test_a_link_to_what_is_not_there_fails_the_build(
    prose: str,
    build: Callable[[], tuple[int, str]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    known = rules.load()
    own = rules.prose
    monkeypatch.setattr(rules, "prose", lambda one: prose if one is known[0] else own(one))
    assert generate.main(str(tmp_path)) == 0
    code, output = build()
    assert code != 0
    assert f"rules/{known[0].id}.md" in output


def test_the_settings_name_the_repository_that_links_lead_to() -> None:
    settings = (ROOT / "docs/site/zensical.toml").read_text("utf-8")
    assert f'repo_url = "{generate.REPOSITORY}"' in settings
