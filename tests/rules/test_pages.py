"""The knowledge base: every page is complete, and a malformed one is refused by name."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from packaging.specifiers import SpecifierSet

from sslfix import obsolete, rules
from sslfix.detectors import all_detectors
from sslfix.errors import ReadError
from sslfix.explain import explain
from sslfix.explain.phrases import Phrase, gate
from sslfix.model import Level, Rule, SslLibrary
from sslfix.rules.page import read_page
from sslfix.specifiers import split

RULES = rules.load()
ROOT = Path(__file__).parents[2]
SECTIONS = ["What happens", "Why", "What to do", "Fix safety"]
every_page = pytest.mark.parametrize("rule", RULES, ids=[rule.id for rule in RULES])

HEAD = """\
id = "SSL999"
name = "a-page"
title = "a page"
level = "note"
since = "0.1.0"
references = []
[evidence]
how = "source"
"""


def page(head: str) -> str:
    return f"```toml\n{head}```\n\nprose\n"


def test_ids_and_names_are_unique() -> None:
    assert len({rule.id for rule in RULES}) == len({rule.name for rule in RULES}) == len(RULES)
    assert [rule.id for rule in RULES] == sorted(rule.id for rule in RULES)


@every_page
def test_the_page_has_its_sections_and_references(rule: Rule) -> None:
    assert re.findall(r"^## (.+)$", rules.prose(rule), re.MULTILINE) == SECTIONS
    assert rule.references
    assert all(reference.startswith("https://") for reference in rule.references)
    assert re.fullmatch(r"SSL\d{3}", rule.id)
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", rule.name)
    assert all(case.remedies for case in rule.cases)


@every_page
def test_the_page_states_when_it_fires_and_when_not(rule: Rule) -> None:
    finds = any(case.affected for case in rule.cases)
    if finds or (rule.cases[0].when.detector and rule.examples):
        assert {example.fires for example in rule.examples} == {True, False}
    else:
        assert rule.symptoms or rule.cases[0].when.detector
    for case in rule.cases:
        assert not case.affected or case.message
        for words in (case.message, case.detail, *(remedy.why for remedy in case.remedies)):
            words.format(
                name="", version="", ssl="", python="", library="", interpreter="", beside=""
            )


@every_page
def test_the_page_names_what_exists(rule: Rule) -> None:
    for case in rule.cases:
        for specifier in (
            case.when.python,
            case.when.ssl_version,
            *case.affected.values(),
            *case.brought_by.values(),
            *(text for remedy in case.remedies for text in remedy.constraint.values()),
        ):
            SpecifierSet(specifier)
        for wanted in (*case.when.beside, *case.when.together):
            name, specifier = split(wanted)
            SpecifierSet(specifier)
            assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name)
        for name in (*case.affected, *case.brought_by, *case.when.draws):
            assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name)
        assert case.when.detector in {"", *obsolete.DETECTORS, *all_detectors()}
        for platform in (case.when.platform, *(remedy.platform for remedy in case.remedies)):
            assert platform in {"", "linux", "darwin", "win32"}
    for example in rule.examples:
        assert not example.ssl or SslLibrary.parse(example.ssl).version


@every_page
def test_a_remedy_is_not_itself_affected(rule: Rule) -> None:
    for case in rule.cases:
        for remedy in case.remedies:
            for name, specifier in remedy.constraint.items():
                affected = SpecifierSet(case.affected.get(name, "<0"))
                assert affected.is_disjoint(SpecifierSet(specifier))


@every_page
def test_a_reproduced_page_names_a_proof_that_exists(rule: Rule) -> None:
    if rule.evidence["how"] != "reproduced":
        assert rule.evidence["note"]
        return
    path, _, name = rule.evidence["proof"].partition("::")
    proof = (ROOT / path).read_text("utf-8")
    assert f"def {name}(" in proof if name else f'rule = "{rule.id}"' in proof


@every_page
def test_each_symptom_recognises_its_own_example_and_its_page_comes_first(rule: Rule) -> None:
    for symptom in rule.symptoms:
        needed = "\n".join(text.replace("{}", "") for text in symptom.needs[:1])
        found = explain(f"{symptom.example}\n{needed}", RULES)
        assert rule.id in [match.rule.id for match in found], symptom
        if not symptom.needs and symptom.confidence == "certain":
            # SSL931 says of some messages that SSL is not at fault, before the one that is
            before = "SSL931" if rule.id != "SSL931" else ""
            assert next(one.rule.id for one in found if one.rule.id != before) == rule.id, symptom


@every_page
def test_a_symptom_is_distinctive(rule: Rule) -> None:
    for symptom in rule.symptoms:
        phrase = Phrase.of(symptom.text)
        assert phrase.weight >= 6 if symptom.needs else phrase.weight >= 12, symptom
        assert len(gate(symptom.text)) >= 3, symptom


def test_a_rule_is_found_by_id_or_name_in_any_case() -> None:
    assert rules.find(RULES, "ssl101") == rules.find(RULES, "URLLIB3-openssl-too-old") == RULES[0]
    assert rules.find(RULES, "SSL000") is None


def test_the_least_page_is_read() -> None:
    rule = read_page("SSL999-a-page.md", page(HEAD))
    assert (rule.id, rule.level) == ("SSL999", Level.NOTE)
    assert len(rule.cases) == 1


def test_a_case_overrides_the_head() -> None:
    text = (
        HEAD + '[affected]\na = "<1"\n[[case]]\nmessage = "x"\n[[case]]\naffected = { b = "<2" }\n'
    )
    first, second = read_page("SSL999-a-page.md", page('message = "y"\n' + text)).cases
    assert (first.message, first.affected) == ("x", {"a": "<1"})
    assert (second.message, second.affected) == ("y", {"b": "<2"})


@pytest.mark.parametrize(
    ("head", "message"),
    [
        (HEAD.replace('title = "a page"\n', ""), "head: key 'title' is missing"),
        (HEAD.replace('"a page"', "1"), "head: 'title' must be a str, not 1"),
        (HEAD.replace('"note"', '"bad"'), "head: 'level' must be one of error, warning, note"),
        ('foo = "x"\n' + HEAD, "head: unknown key 'foo'"),
        (HEAD + '[when]\nsll = "x"\n', "[when]: unknown key 'sll'"),
        (HEAD + "[when]\nbeside = [1]\n", "[when]: 'beside' must be a list of strings"),
        (HEAD + '[[remedy]]\nwhy = "x"\n', "needs either 'constraint' or 'action'"),
        (HEAD + '[[symptom]]\nexample = "x"\n', "[[symptom]] 1: key 'text' is missing"),
        (HEAD + '[[example]]\nfires = "x"\n', "[[example]] 1: 'fires' must be a bool"),
        (HEAD + "[[case]]\nx = 1\n", "[[case]] 1: unknown key 'x'"),
        (HEAD.replace("SSL999", "SSL998"), "name must be SSL998-a-page.md"),
        ("id = \n", "head: "),
    ],
)
def test_a_malformed_page_is_refused_by_file_and_key(head: str, message: str) -> None:
    with pytest.raises(ReadError) as caught:
        read_page("SSL999-a-page.md", page(head))
    assert message in str(caught.value)
    assert str(caught.value).startswith("SSL999-a-page.md: ")


def test_a_page_without_a_head_is_refused() -> None:
    with pytest.raises(ReadError, match=r"a page begins with a TOML head"):
        read_page("x.md", "# hello\n")


def test_a_folder_of_pages_is_loaded(tmp_path: Path) -> None:
    (tmp_path / "SSL999-a-page.md").write_text(page(HEAD))
    assert [rule.id for rule in rules.load(str(tmp_path))] == ["SSL999"]
