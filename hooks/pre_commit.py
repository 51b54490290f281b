"""The entries of .pre-commit-hooks.yaml: argv to sslfix to exit code, and nothing more."""

from __future__ import annotations

import os
import sys

from sslfix.cli import main

# Stages at which git has done its work already: a failing hook would only break a script that
# goes on after it (`git checkout X && make`), so these report and pass. prek names the stage,
# pre-commit sets variables of its own for each.
CHECKOUT = "PRE_COMMIT_CHECKOUT_TYPE"
AFTERWARDS = (CHECKOUT, "PRE_COMMIT_IS_SQUASH_MERGE", "PRE_COMMIT_REWRITE_COMMAND")


def fix() -> int:
    """Fix the dependency files that are committed; changed files fail the hook, as fixers do."""
    return main(["check", "--apply", "--only", "pins", *sys.argv[1:]])


def environment() -> int:
    """Check the project's environment; after a checkout, merge or rebase only report it."""
    if os.environ.get(CHECKOUT) == "0":  # single files: `git checkout -- FILE`
        return 0
    code = main(["check", "--only", "environment", "--quiet", *sys.argv[1:]])
    after = os.environ.get("PREK_HOOK_STAGE", "").startswith("post-")
    return 0 if after or any(name in os.environ for name in AFTERWARDS) else code


def source() -> int:
    """Check the sources of the project, all of them: an import chain crosses files."""
    return main(["check", "--only", "source", "--quiet", *sys.argv[1:]])
