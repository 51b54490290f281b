from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import tomli
from hypothesis import given
from hypothesis import strategies as st

from sslfix.collect import configuration, shape
from sslfix.collect.configuration import BotSettings, Settings
from sslfix.errors import UsageError
from sslfix.patterns import matches
from tests.conftest import ROOT

SCHEMA: Mapping[str, Any] = dict(configuration.schema())
VALIDATOR = jsonschema.Draft7Validator(
    SCHEMA, format_checker=jsonschema.Draft7Validator.FORMAT_CHECKER
)


@pytest.fixture(autouse=True)
def _inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def settings_of(text: str) -> Settings:
    Path("own.toml").write_text(text)
    return configuration.read(["."], "own.toml")


# --------------------------------------------------------------------------- which file


def test_the_nearest_file_counts(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".sslfix.toml").write_text('ignore = ["SSL102"]\n')
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "pyproject.toml").write_text('[project]\nname = "sslfix-user"\n')
    settings = configuration.read([str(tmp_path / "inner")], None)
    assert settings.ignore == ("SSL102",)
    (tmp_path / "inner" / "pyproject.toml").write_text('[tool.sslfix]\nfail-on = "warning"\n')
    settings = configuration.read([str(tmp_path / "inner")], None)
    assert (settings.ignore, settings.fail_on) == ((), "warning")


def test_a_repository_is_where_the_search_ends(tmp_path: Path) -> None:
    (tmp_path / ".sslfix.toml").write_text('ignore = ["SSL102"]\n')
    (tmp_path / "repository" / ".git").mkdir(parents=True)
    folder = str(tmp_path / "repository")
    assert configuration.read([folder], None) == Settings(top=folder)


def test_a_project_that_is_no_toml_is_reported_where_it_is_read_as_one(tmp_path: Path) -> None:
    Path("pyproject.toml").write_text('name = "sslfix-user\n')
    assert configuration.read(["."], None) == Settings(top=str(tmp_path))
    with pytest.raises(UsageError, match=r"pyproject\.toml:1: is not valid TOML"):
        configuration.read(["."], "pyproject.toml")


@pytest.mark.parametrize("header", ["[tool.sslfix]", "[[tool.sslfix.ignore]]", 'tool."sslfix".x'])
def test_settings_are_not_lost_in_a_project_that_is_no_toml(header: str) -> None:
    """Without its targets another Python would be judged."""
    Path("pyproject.toml").write_text(f'name = "x\n{header}\n')
    with pytest.raises(UsageError, match=r"^pyproject\.toml:1: is not valid TOML"):
        configuration.read(["requirements.txt"], None)


def test_settings_that_cannot_be_read_are_not_passed_over(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    Path(".sslfix.toml").symlink_to("gone.toml")
    with pytest.raises(UsageError, match=r"^\.sslfix\.toml: cannot be read: No such file"):
        configuration.read(["inner"], None)


@pytest.mark.parametrize("text", ["", '[project]\nname = "sslfix"\n', "[tool.ruff]\n"])
def test_a_project_that_is_named_must_have_settings(text: str) -> None:
    Path("pyproject.toml").write_text(text)
    with pytest.raises(UsageError, match=r"^pyproject\.toml: has no settings of sslfix"):
        configuration.read(["."], "pyproject.toml")


def test_a_file_that_is_named_must_be_there() -> None:
    with pytest.raises(UsageError, match=r"gone\.toml: cannot be read: No such file"):
        configuration.read(["."], "gone.toml")


# --------------------------------------------------------------------------- what it says


def test_every_key_arrives(tmp_path: Path) -> None:
    settings = settings_of(EVERYTHING)
    assert settings.targets == ("lambda-python3.9", "auto")
    assert settings.python == ("3.9", ".venv/bin/python")
    assert settings.select == ("SSL1", "urllib3-openssl-too-old")
    assert settings.ignore == ("SSL102",)
    assert (settings.fail_on, settings.baseline) == ("warning", "known.json")
    assert settings.bot == BotSettings(
        "all", 3, ("tls",), ("me",), ("you",), "chore: {title}", "bot/", "develop", "api"
    )
    assert [matches("tests/data/a/requirements.txt", (one,)) for one in settings.exclude] == [True]
    exception, path = settings.ignores
    assert (exception.rule, exception.distribution) == ("SSL101", "urllib3")
    assert (exception.reason, exception.until) == ("until the image is new", "2027-01-31")
    assert exception.place is not None
    assert (exception.place.path, exception.place.line) == ("own.toml", 8)
    assert (path.rule, matches("legacy/a/b.txt", (path.path,))) == ("SSL1", True)
    assert not matches("new/legacy", (path.path,))


EVERYTHING = """\
targets = ["lambda-python3.9", "auto"]
python = ["3.9", ".venv/bin/python"]
select = ["SSL1", "urllib3-openssl-too-old"]
ignore = [
    "SSL102",
    # a table with a date

    { rule = "SSL101", distribution = "URLlib3", path = "a/*", until = 2027-01-31, reason = "until the image is new" },
]
exclude = ["tests/data"]
fail-on = "warning"
baseline = "./known.json"
[per-path-ignores]
"legacy/**" = ["SSL1"]
[bot]
group = "all"
limit = 3
labels = ["tls"]
assignees = ["me"]
reviewers = ["you"]
title = "chore: {title}"
branch = "bot/"
base = "develop"
commit = "api"
"""  # noqa: E501


def test_paths_mean_the_same_wherever_sslfix_is_started(monkeypatch: pytest.MonkeyPatch) -> None:
    Path(".sslfix.toml").write_text('baseline = "./b.json"\nexclude = ["a/b"]\npython = ["x/py"]\n')
    Path("a/b").mkdir(parents=True)
    os.chdir("a")
    settings = configuration.read(["."], None)
    assert (settings.baseline, settings.python) == ("../b.json", ("../x/py",))
    assert matches("b/requirements.txt", settings.exclude)
    assert not matches("c/requirements.txt", settings.exclude)


# --------------------------------------------------------------------------- what it may not say

# Text, the message of the reader, and whether the schema sees it too.
BAD = [
    ('target = ["x"]', "own.toml:1: unknown key target; did you mean targets?", True),
    ('fail_on = "error"', "own.toml:1: unknown key fail_on; did you mean fail-on?", True),
    ("\n\ncolour = 1", "own.toml:3: unknown key colour; there are targets, python, select", True),
    ('targets = "x"', "own.toml:1: targets is a list of strings, not 'x'", True),
    ('exclude = [\n"a",\n1,\n]', "own.toml:3: exclude[2] is a string, not 1", True),
    ('exclude = [""]', "own.toml:1: exclude[1] is empty", True),
    ('fail-on = "note"', "own.toml:1: fail-on is one of error, warning, not 'note'", True),
    ("bot = 1", "own.toml:1: bot is a table, not 1", True),
    ("[bot]\nlimt = 1", "own.toml:2: unknown key bot.limt; did you mean limit?", True),
    ('[bot]\nlimit = "1"', "own.toml:2: bot.limit is a whole number, not '1'", True),
    ("[bot]\nlimit = true", "own.toml:2: bot.limit is a whole number, not true", True),
    ('exclude = ["!a"]', "own.toml:1: exclude[1] is a pattern without !, not '!a'", True),
    (
        '[per-path-ignores]\n"!a" = ["SSL1"]',
        "own.toml:2: per-path-ignores.!a is a pattern without !, not '!a'",
        True,
    ),
    (
        '[[ignore]]\nrule = "SSL101"\nreason = "x"\npath = "!a"',
        "own.toml:4: ignore[1].path is a pattern without !, not '!a'",
        True,
    ),
    ('\n[tool.sslfix]\nignore = ["SSL1"]', "own.toml:2: [tool.sslfix] is for pyproject.toml", True),
    ("[bot]\nlimit = -1", "own.toml:2: bot.limit is at least 0, not -1", True),
    ('[bot]\ngroup = "files"', "own.toml:2: bot.group is one of file, all, not 'files'", True),
    ("ignore = [1]", "own.toml:1: ignore[1] is a string or a table, not 1", True),
    ('[[ignore]]\nrule = "SSL101"', "own.toml:1: ignore[1] lacks reason", True),
    (
        '[[ignore]]\nrule = "SSL101"\nreason = "x"\nuntil = "soon"',
        "own.toml:4: ignore[1].until is a date such as 2027-01-31, not 'soon'",
        True,
    ),
    (
        '[[ignore]]\nrule = "SSL101"\nreason = "x"\nuntil = "2027-02-30"',
        "own.toml:4: ignore[1].until is a date such as 2027-01-31, not '2027-02-30'",
        True,
    ),
    (
        '[[ignore]]\nrule = "SSL101"\nreason = "x"\nuntil = 2027-01-31T10:00:00',
        "own.toml:4: ignore[1].until is a date such as 2027-01-31, not '2027-01-31T10:00:00'",
        True,
    ),
    (
        '[[ignore]]\nrule = "SSL101"\nreason = "x"\nuntil = 10:00:00',
        "own.toml:4: ignore[1].until is a date such as 2027-01-31, not '10:00:00'",
        True,
    ),
    (
        '[[ignore]]\nrule = "SSL101"\nreason = "x"\nuntill = 1',
        "own.toml:4: unknown key ignore[1].untill; did you mean until?",
        True,
    ),
    ('[per-path-ignores]\n"a/**" = "SSL1"', "own.toml:2: per-path-ignores.a/** is a list of", True),
    # Which rules and targets there are is no matter of the schema.
    ('ignore = [\n"SLS101"]', "own.toml:2: no rule is called SLS101; did you mean SSL101?", False),
    ('select = ["zzz"]', "own.toml:1: no rule is called zzz; sslfix rules lists them", False),
    (
        '[[ignore]]\nrule = "SSL1010"\nreason = "x"',
        "own.toml:2: no rule is called SSL1010; did you mean SSL101?",
        False,
    ),
    (
        '[per-path-ignores]\n"a" = ["urllib3-openssl-to-old"]',
        "own.toml:2: no rule is called urllib3-openssl-to-old; did you mean urllib3-openssl-too-",
        False,
    ),
    (
        'targets = ["lambda-pyton3.9"]',
        "own.toml:1: no target is named lambda-pyton3.9; did you mean lambda-python3.9?",
        False,
    ),
]


@pytest.mark.parametrize(("text", "message", "in_schema"), BAD, ids=[one[0] for one in BAD])
def test_what_cannot_be_meant_is_said_with_its_line(
    text: str, message: str, in_schema: bool
) -> None:
    with pytest.raises(UsageError) as raised:
        settings_of(text)
    assert str(raised.value).startswith(message)
    assert is_valid(text) is not in_schema


def test_what_is_not_toml_has_its_line_too() -> None:
    with pytest.raises(UsageError, match=r"^own\.toml:2: is not valid TOML: "):
        settings_of("\n= 1")


def test_all_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(UsageError) as raised:
        settings_of("[bot]\nlimit = -1\nbase = 1\n")
    assert [line[:11] for line in str(raised.value).splitlines()] == ["own.toml:2:", "own.toml:3:"]


def test_in_a_project_keys_are_named_in_full() -> None:
    Path("pyproject.toml").write_text("[tool.sslfix.bot]\nlimt = 1\n")
    with pytest.raises(UsageError) as raised:
        configuration.read(["."], None)
    message = "pyproject.toml:2: unknown key tool.sslfix.bot.limt; did you mean limit?"
    assert str(raised.value) == message
    Path("pyproject.toml").write_text("[tool]\nsslfix = 1\n")
    with pytest.raises(UsageError, match=r"^pyproject\.toml:2: tool\.sslfix is a table, not 1$"):
        configuration.read(["."], None)


# --------------------------------------------------------------------------- the page


def page() -> str:
    return (ROOT / "docs/configuration.md").read_text("utf-8")


def examples() -> list[str]:
    texts = [page(), (ROOT / "README.md").read_text("utf-8")]
    found = [one for text in texts for one in re.findall(r"```toml\n(.*?)```", text, re.DOTALL)]
    return [one for one in found if "tool.sslfix" in one]


@pytest.mark.parametrize("text", examples())
def test_every_example_is_valid(text: str) -> None:
    Path("pyproject.toml").write_text(text)
    Path(".sslfix-baseline.json").touch()
    assert configuration.read(["."], None).table
    assert VALIDATOR.is_valid(_as_json(tomli.loads(text))["tool"]["sslfix"])


def test_the_page_names_every_key_with_its_default() -> None:
    rows = re.findall(r"^\| `([a-z-]+)` \| `(.*?)` \|", page(), re.MULTILINE)
    keys = [*SCHEMA["properties"].items(), *SCHEMA["properties"]["bot"]["properties"].items()]
    assert rows == [(key, json.dumps(one["default"])) for key, one in keys]


# --------------------------------------------------------------------------- the schema


def is_valid(text: str) -> bool:
    data = _as_json(tomli.loads(text))
    return bool(VALIDATOR.is_valid(data))


def _as_json(value: Any) -> Any:
    """What an editor's TOML tool hands to the schema: dates are texts."""
    if isinstance(value, dict):
        return {key: _as_json(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_as_json(one) for one in value]
    return value.isoformat() if hasattr(value, "isoformat") else value


KEYS = sorted({*SCHEMA["properties"], *SCHEMA["definitions"]["exception"]["properties"], "limt"})
BOT = sorted({*SCHEMA["properties"]["bot"]["properties"], "limt"})
TEXTS = st.sampled_from(["", "SSL101", "error", "file", "api", "2027-01-31", "2027-13-01"])


def tables(keys: list[str], values: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.dictionaries(st.sampled_from(keys), values, max_size=3)


VALUES = st.recursive(
    TEXTS | st.integers(-1, 3) | st.booleans() | st.just(1.5),
    lambda inner: st.lists(inner, max_size=2) | tables(KEYS, inner) | tables(BOT, inner),
    max_leaves=6,
)


@given(tables(KEYS, VALUES) | tables(["bot"], tables(BOT, VALUES)))
def test_the_reader_takes_exactly_what_the_schema_takes(data: dict[str, Any]) -> None:
    faults = [one for one in shape.read(SCHEMA, data) if isinstance(one, shape.Fault)]
    assert VALIDATOR.is_valid(data) is not bool(faults)


def test_the_schema_is_one_and_takes_what_the_reader_takes() -> None:
    jsonschema.Draft7Validator.check_schema(SCHEMA)
    assert is_valid(EVERYTHING)


def test_every_key_is_described_and_nothing_else_is_taken() -> None:
    tables = [SCHEMA, SCHEMA["properties"]["bot"], SCHEMA["definitions"]["exception"]]
    for table in tables:
        assert table["additionalProperties"] is False
        for key, one in table["properties"].items():
            assert one.get("description") or one.get("$ref"), key


def test_the_defaults_of_the_schema_are_those_of_the_program() -> None:
    bot = SCHEMA["properties"]["bot"]["properties"]
    assert list(bot) == list(BotSettings._fields)
    own_bot = BotSettings()._asdict().items()
    program = {key: list(value) if isinstance(value, tuple) else value for key, value in own_bot}
    assert {key: one["default"] for key, one in bot.items()} == program
    own = {key.replace("_", "-"): value for key, value in Settings()._asdict().items()}
    texts = {key: one["default"] for key, one in SCHEMA["properties"].items()}
    assert (texts.pop("bot"), texts.pop("per-path-ignores")) == ({}, {})
    assert texts == {key: list(own[key]) if own[key] == () else own[key] for key in texts}
    assert own.keys() - texts.keys() == {"bot", "document", "ignores", "table", "top"}


def test_the_examples_of_the_schema_are_valid() -> None:
    for one in SCHEMA["properties"].values():
        for example in one.get("examples", ()):
            jsonschema.Draft7Validator({**SCHEMA, **one}).validate(example)
