"""What the settings of linters and sorters say of imports after code."""

from __future__ import annotations

import pytest

from sslfix.source.moving_style import Style, style_of

BOTH = Style(e402=True, sorts=True)
E402, SORTS, FLOATS = Style(e402=True), Style(sorts=True), Style(sorts=True, floats=True)
OTHERS = "[project]\nname = 'x'\n[tool.black]\nline-length = 99\n"
HOOK = "repos:\n  - repo: x\n    hooks:\n      - id: {}\n        args: [--fix]\n"


@pytest.mark.parametrize(
    ("name", "text", "style"),
    [
        ("pyproject.toml", "", Style()),
        ("pyproject.toml", OTHERS, Style()),
        ("pyproject.toml", "[tool.ruff", Style()),
        ("pyproject.toml", "[tool.ruff]\nline-length = 99\n", E402),
        ("pyproject.toml", "[tool.ruff]\n[tool.isort]\n", BOTH),
        ("ruff.toml", "", E402),
        ("pyproject.toml", "[tool.ruff.lint]\nselect = ['ALL']\n", BOTH),
        ("pyproject.toml", "[tool.ruff.lint]\nselect = ['F', 'I']\n", SORTS),
        ("pyproject.toml", "[tool.ruff.lint]\nextend-select = ['I001']\n", BOTH),
        ("pyproject.toml", "[tool.ruff]\nselect = ['E']\nignore = ['E501']\n", E402),
        ("pyproject.toml", "[tool.ruff.lint]\nignore = ['E402']\n", Style()),
        ("pyproject.toml", "[tool.ruff.lint]\nselect = ['E402']\nignore = ['E']\n", E402),
        ("pyproject.toml", "[tool.ruff.lint]\nselect = ['E']\nignore = ['E']\n", Style()),
        ("ruff.toml", "[lint.per-file-ignores]\n'app/*.py' = ['E402']\n", Style()),
        ("ruff.toml", "[lint.per-file-ignores]\n'run.py' = ['E402']\n", Style()),
        ("ruff.toml", "[lint.per-file-ignores]\n'test_*.py' = ['E402']\n", E402),
        (".ruff.toml", "[lint]\nselect = ['I']\n", SORTS),
        ("pyproject.toml", "[tool.isort]\nprofile = 'black'\n", SORTS),
        ("pyproject.toml", "[tool.isort]\nfloat_to_top = true\n", FLOATS),
        (".isort.cfg", "[settings]\nprofile=black\n", SORTS),
        (".isort.cfg", "[settings]\nfloat_to_top=True\n", FLOATS),
        ("setup.cfg", "[isort]\nline_length=99\n", SORTS),
        ("setup.cfg", "[settings]\nfloat_to_top=True\n", Style()),
        ("setup.cfg", "[metadata]\nname = isort\n", Style()),
        ("tox.ini", "[tox]\n[flake8]\nmax-line-length = 99\n", E402),
        ("tox.ini", "[flake8]\nextend-ignore = E203, E402\n", Style()),
        ("setup.cfg", "[flake8]\nselect = F,W\n", Style()),
        ("setup.cfg", "[flake8]\nselect = C,E,F\nignore =\n    # black\n    E203\n", E402),
        (".flake8", "[flake8]\nper-file-ignores =\n    run.py: E402\n    a.py:F401\n", Style()),
        (".flake8", "[flake8]\nper-file-ignores =\n    a.py: E402\n", E402),
        (".flake8", "flake8]\n[flake8]\n", Style()),
        (".pre-commit-config.yaml", HOOK.format("isort"), SORTS),
        (".pre-commit-config.yaml", HOOK.format("ruff"), E402),
        (".pre-commit-config.yaml", HOOK.format("ruff-check"), E402),
        (".pre-commit-config.yaml", HOOK.format("ruff-format"), Style()),
        (".pre-commit-config.yaml", HOOK.format("'flake8'"), E402),
    ],
)
def test_settings_say_what_is_reported_and_sorted(name: str, text: str, style: Style) -> None:
    assert style_of({name: text}, "app/run.py") == style
    assert style_of({f"/src/{name}": text}, "/src/app/run.py") == style
    assert style_of({f"other/{name}": text}, "app/run.py") == Style()


def test_ruff_takes_the_nearest_settings_alone() -> None:
    settings = {
        "pyproject.toml": "[tool.ruff.lint]\nselect = ['E', 'I']\n",
        "app/ruff.toml": "lint.select = ['F']\n",
        "app/web/pyproject.toml": OTHERS,
    }
    assert style_of(settings, "app/web/run.py") == Style()
    assert style_of(settings, "run.py") == BOTH


def test_what_a_hook_runs_obeys_its_settings() -> None:
    hooks = HOOK.format("ruff") + HOOK.format("flake8")
    settings = {
        ".pre-commit-config.yaml": hooks,
        "ruff.toml": "lint.select = ['I']\n",
        ".flake8": "[flake8]\nignore = E402\n",
    }
    assert style_of(settings, "run.py") == SORTS


def test_settings_above_the_working_directory_count() -> None:
    assert style_of({"../../ruff.toml": ""}, "a/run.py") == E402
    assert style_of({"../../ruff.toml": "", "../ruff.toml": "lint.select = ['F']\n"}, "run.py") == (
        Style()
    )
