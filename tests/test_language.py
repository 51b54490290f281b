# ruff: noqa: RUF001  full-width punctuation is what Chinese has
"""Languages: which one is spoken, that it reaches every report, and that the catalogs are true."""

from __future__ import annotations

import ast
import gettext
import json
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sslfix import language, rules
from sslfix.cli import main
from sslfix.model import Document, Span
from sslfix.reporters import text

from . import catalogs
from .conftest import ROOT, run

CODES = language.known()[1:]
every_catalog = pytest.mark.parametrize("code", CODES)
# What people meet most: their texts are in every catalog.
MOST_MET = {
    *("SSL101", "SSL102", "SSL201", "SSL202", "SSL203", "SSL301", "SSL312", "SSL353", "SSL401"),
    *("SSL402", "SSL403", "SSL501", "SSL502", "SSL503", "SSL504", "SSL509", "SSL515", "SSL601"),
    *("SSL602", "SSL603", "SSL701", "SSL702", "SSL711", "SSL801", "SSL901", "SSL902", "SSL904"),
    *("SSL906", "SSL907", "SSL909", "SSL910", "SSL911", "SSL914"),
}
UPDATE = (
    "the catalogs are out of date: run `python3 dev.py messages`, translate what is empty in "
    "sslfix/locale/*/LC_MESSAGES/sslfix.po, run it again and commit both files"
)
CHINESE = re.compile("[\u4e00-\u9fff]")
REFUSED = (
    "ImportError: urllib3 v2.0 only supports OpenSSL 1.1.1+, currently the 'ssl' module is compiled"
    " with LibreSSL 2.8.3. See: https://github.com/urllib3/urllib3/issues/2168\n"
)


@pytest.fixture(autouse=True)
def _english_afterwards() -> Iterator[None]:
    yield
    language.choose(None, {})


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("requirements.txt").write_text("urllib3==2.0.2\n")
    Path("log").write_text(REFUSED)
    return tmp_path


CHECK = ("check", "--target", "macos-python3.9")

# --------------------------------------------------------------------------- which one is spoken


@pytest.mark.parametrize(
    ("wanted", "environ", "spoken"),
    [
        (None, {}, "en"),
        (None, {"LANG": "C.UTF-8"}, "en"),
        (None, {"LANG": "POSIX", "LANGUAGE": "zh"}, "en"),
        (None, {"LANG": "en_GB.UTF-8"}, "en"),
        (None, {"LANG": "fr_FR.UTF-8"}, "en"),
        (None, {"LANG": "../zh"}, "en"),
        (None, {"LANG": "zh_CN.UTF-8"}, "zh"),
        (None, {"LANG": "zh_CN.GBK"}, "zh"),
        (None, {"LANG": "zh_TW"}, "zh"),
        (None, {"LANG": "zh-Hans_CN"}, "zh"),
        (None, {"LANG": "zh_CN", "LC_MESSAGES": "en_US.UTF-8"}, "en"),
        (None, {"LANG": "en_US", "LC_MESSAGES": "zh_CN", "LC_ALL": ""}, "zh"),
        (None, {"LC_ALL": "C", "LC_MESSAGES": "zh_CN", "LANG": "zh_CN"}, "en"),
        (None, {"LANG": "en_US.UTF-8", "LANGUAGE": "fr:zh_CN:en"}, "zh"),
        (None, {"LANG": "zh_CN.UTF-8", "LANGUAGE": "en:zh"}, "en"),
        ("zh", {"LC_ALL": "en_US.UTF-8"}, "zh"),
        ("zh-Hans", {}, "zh"),
        ("en", {"LC_ALL": "zh_CN.UTF-8"}, "en"),
    ],
)
def test_the_option_decides_then_the_locale(
    wanted: str | None, environ: dict[str, str], spoken: str
) -> None:
    language.choose(wanted, environ)
    assert language.spoken() == spoken
    assert bool(CHINESE.search(language.say("nothing found"))) is (spoken == "zh")


@pytest.mark.parametrize("name", ["fr", "", "..", "zz_CN"])
def test_an_unknown_language_is_a_usage_error(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["rules", "--lang", name]) == 2
    assert capsys.readouterr().err.startswith(f"sslfix: --lang {name}: no such language; there are")


def test_english_reads_no_catalog(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        pytest.fail("a catalog was opened")

    monkeypatch.setattr(gettext, "GNUTranslations", refuse)
    language.choose(None, {"LANG": "en_US.UTF-8"})
    assert language.say("nothing found") == "nothing found"
    assert language.counted("{number} file", "{number} files", 2) == "2 files"


# --------------------------------------------------------------------------- what is said


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (
            CHECK,
            1,
            ["错误[SSL101]: urllib3 2.0.2 ", "= 修复：urllib3>=", "= 详情：sslfix rule SSL101"],
        ),
        (("explain", "log"), 0, ["SSL101", "确定", f"：{REFUSED}", "= 做法：urllib3>="]),
        (("explain", os.devnull), 1, ["未识别"]),
        (("env", "--python", sys.executable), 0, ["选择依据"]),
        (("rules", "urllib3"), 0, ["SSL101  错误     urllib3-openssl-too-old "]),
        (("rule", "SSL101"), 0, ["不接受当前 Python 的 SSL 库"]),
    ],
    ids=["check", "explain", "not recognised", "env", "rules", "rule"],
)
def test_every_command_speaks_the_language(
    arguments: tuple[str, ...],
    code: int,
    words: list[str],
    project: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main([*arguments, "--lang", "zh"]) == code
    out = capsys.readouterr().out
    assert [word for word in words if word not in out] == []
    assert main([*arguments]) == code
    assert not CHINESE.search(capsys.readouterr().out)


def test_errors_speak_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rule", "--lang", "zh", "SSL000"]) == 2
    assert capsys.readouterr().err.startswith("sslfix: 没有规则 'SSL000'；`sslfix rules`")


def test_run_takes_it_before_the_command(project: Path) -> None:
    failing = (sys.executable, "-c", f"import sys; sys.exit({REFUSED!r})")
    done = run(sys.executable, "-m", "sslfix", "run", "--lang", "zh", "--", *failing)
    assert done.returncode == 1
    assert "退出码 1" in done.stderr
    echoed = run(sys.executable, "-m", "sslfix", "run", "echo", "--lang", "zh")
    assert echoed.stdout == "--lang zh\n"


@pytest.mark.parametrize("arguments", [CHECK, ("explain", "log")], ids=["check", "explain"])
def test_json_is_english_unless_the_option_asks(
    arguments: tuple[str, ...],
    project: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    reports = []
    monkeypatch.delenv("LANGUAGE")
    for locale, option in (("C", ()), ("zh_CN.UTF-8", ()), ("C", ("--lang", "zh"))):
        monkeypatch.setenv("LC_ALL", locale)
        main([*arguments, "--format", "json", *option])
        reports.append(json.loads(capsys.readouterr().out))
    plain, by_locale, asked = reports
    assert plain == by_locale != asked
    assert asked.keys() == plain.keys()
    assert CHINESE.search(json.dumps(asked, ensure_ascii=False))


def test_rules_follow_a_change_of_language() -> None:
    titles = []
    for name in ("en", "zh", "en"):
        language.choose(name, {})
        titles.append(rules.load()[0].title)
    assert titles[0] == titles[2] != titles[1]
    assert rules.load() == rules.read()


# --------------------------------------------------------------------------- terminals


@pytest.mark.parametrize(
    ("encoding", "option", "expected"),
    [
        ("utf-8", (), "未识别"),
        ("gbk", (), "未识别"),
        ("ascii", (), "not recognised"),
        ("latin-1", (), "not recognised"),
        ("ascii", ("--lang", "zh"), "\\u672a\\u8bc6\\u522b"),
    ],
)
def test_what_the_terminal_cannot_show_is_not_printed(
    encoding: str, option: tuple[str, ...], expected: str, project: Path
) -> None:
    variables = {**os.environ, "LC_ALL": "zh_CN.UTF-8", "PYTHONIOENCODING": encoding}
    del variables["LANGUAGE"]
    done = output_of(("explain", *option, os.devnull), variables)
    assert (done[0], done[1].decode(encoding)[: len(expected)]) == (1, expected)


def test_evidence_that_the_terminal_cannot_show_is_escaped(project: Path) -> None:
    Path("log").write_text(f"한국어 {REFUSED}", encoding="utf-8")
    code, output = output_of(("explain", "log"), {**os.environ, "PYTHONIOENCODING": "gbk"})
    assert code == 0
    assert "\\ud55c" in output.decode("gbk")


def output_of(arguments: tuple[str, ...], variables: dict[str, str]) -> tuple[int, bytes]:
    import subprocess

    command = [sys.executable, "-m", "sslfix", *arguments]
    done = subprocess.run(command, env=variables, check=False, capture_output=True)
    return done.returncode, done.stdout


@pytest.mark.parametrize(
    ("line", "part", "below"),
    [
        ("urllib3==2.0.2  # 固定", "urllib3==2.0.2", "^^^^^^^^^^^^^^"),
        ('x = "证书"; patch()', "patch()", "            ^^^^^^^"),
        ("补丁.安装()", "补丁.安装()", "^^^^^^^^^^^"),
        ('"ｗｉｄｅ", "e\u0301", f()', "f()", "                 ^^^"),
        ("\tf()", "f()", " ^^^"),
    ],
)
def test_carets_stand_under_wide_characters(line: str, part: str, below: str) -> None:
    start = line.index(part)
    place = Document("a.py", line).locate(Span(start, start + len(part)))
    assert list(text._excerpt(place, "", 1))[2] == f"  | {below}"


def test_columns_line_up_in_chinese(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["rules", "--lang", "zh"])
    lines = capsys.readouterr().out.splitlines()
    titles = {rule.id: rule.title for rule in rules.load()}
    starts = {language.columns(line[: line.index(titles[line[:6]])]) for line in lines}
    assert len(starts) == 1


def test_chinese_labels_have_their_colours(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main([*CHECK, "--lang", "zh", "--color", "always"])
    out = capsys.readouterr().out
    assert "\x1b[1;31m错误[SSL101]:" in out
    assert "\x1b[1;36m修复\x1b[0m：" in out


# --------------------------------------------------------------------------- catalogs


@every_catalog
def test_nothing_obsolete_is_in_the_catalog(code: str) -> None:
    present = {message.id for message in catalogs.texts(catalogs.collected())}
    known = catalogs.read(code)
    assert not [one.id for one in catalogs.texts(known) if one.id not in present], UPDATE
    assert not known.obsolete, UPDATE


@every_catalog
def test_the_code_and_the_most_met_rules_are_translated(code: str) -> None:
    known = catalogs.read(code)
    wanted = {text for _, text in catalogs.of_code()}
    wanted |= {t for rule in rules.read() if rule.id in MOST_MET for t in catalogs.of_rule(rule)}
    found = {text: known.get(text if isinstance(text, str) else text[0]) for text in wanted}
    missing = [text for text, one in found.items() if not one or not catalogs.is_translated(one)]
    assert not missing, UPDATE


@every_catalog
def test_placeholders_and_code_agree(code: str) -> None:
    wrong = [
        translation
        for message in catalogs.texts(catalogs.read(code))
        for translation in filter(None, catalogs.translations(message))
        if fields(translation) != fields(catalogs.ids(message)[-1])
    ]
    assert not wrong


def fields(text: str) -> list[str]:
    return sorted(re.findall(r"\{\w*\}|`[^`]*`|--[a-z-]+", text))


@every_catalog
def test_what_is_compiled_is_what_is_written(code: str) -> None:
    path = catalogs.po_file(code).with_suffix(".mo")
    with path.open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    written = [one for one in catalogs.texts(catalogs.read(code)) if catalogs.is_translated(one)]
    for message in written:
        ids = catalogs.ids(message)
        plain = len(ids) == 1
        said = compiled.gettext(ids[0]) if plain else compiled.ngettext(ids[0], ids[1], 2)
        assert said == catalogs.translations(message)[0], UPDATE
    keys = {key if isinstance(key, str) else key[0] for key in compiled._catalog}  # type: ignore[attr-defined]
    assert len(keys - {""}) == len(written), UPDATE


def test_the_most_met_rules_exist_and_are_at_least_20() -> None:
    assert {rule.id for rule in rules.read()} >= MOST_MET
    assert len(MOST_MET) >= 20


def test_every_marked_text_is_found_by_the_extractor() -> None:
    """It passes over texts in f-strings, and over those that are put together."""
    found = {text for _, text in catalogs.of_code()}
    for path in (ROOT / "sslfix").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                place = f"{path}:{node.lineno}"
                if node.func.id == "_":
                    assert isinstance(node.args[0], ast.Constant), place
                    assert node.args[0].value in found, place
                elif node.func.id == "counted":
                    assert tuple(ast.literal_eval(one) for one in node.args[:2]) in found, place


def test_no_function_that_marks_texts_binds_the_mark() -> None:
    """`line, _ = ...` would hide it in the whole function."""
    for path in (ROOT / "sslfix").rglob("*.py"):
        for function in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(function, ast.FunctionDef):
                names = [one for one in ast.walk(function) if isinstance(one, ast.Name)]
                contexts = {type(one.ctx) for one in _without_comprehensions(function, names)}
                assert contexts != {ast.Load, ast.Store}, f"{path}: {function.name}"


def _without_comprehensions(function: ast.FunctionDef, names: list[ast.Name]) -> list[ast.Name]:
    """The names `_` of the function's own scope."""
    inner = (ast.GeneratorExp, ast.ListComp, ast.SetComp, ast.DictComp)
    scopes = [one for one in ast.walk(function) if isinstance(one, inner)]
    hidden = {id(name) for one in scopes for name in ast.walk(one)}
    return [one for one in names if one.id == "_" and id(one) not in hidden]
