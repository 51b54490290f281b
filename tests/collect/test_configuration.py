from __future__ import annotations

from pathlib import Path

import pytest

from sslfix.collect import configuration
from sslfix.errors import UsageError


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
    assert configuration.read([str(tmp_path / "repository")], None) == configuration.Settings()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('target = ["x"]', "unknown key target; did you mean targets"),
        ("colour = 1", "unknown key colour; the keys are"),
        ('targets = "x"', "targets is a list of strings"),
        ('fail-on = "note"', "fail-on is one of error, warning"),
        ("= 1", "line 1"),
    ],
)
def test_what_cannot_be_meant_is_said(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "own.toml"
    path.write_text(text)
    with pytest.raises(UsageError, match=message):
        configuration.read(["."], str(path))
