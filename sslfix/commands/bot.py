"""`sslfix bot github|gitlab`: pull requests with the fixes, opened, kept up to date and closed."""

from __future__ import annotations

import argparse
import os
import sys

from sslfix.errors import ReadError, UsageError

EXAMPLES = (
    ("sslfix bot github --repo owner/name --dry-run", "print what would be done"),
    ("sslfix bot gitlab --repo group/name", ""),
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("forge", choices=("github", "gitlab"))
    parser.add_argument(
        "--repo", metavar="OWNER/NAME", action="append", help="repeatable; default: that of the CI"
    )
    parser.add_argument("--repos", metavar="FILE", help="one OWNER/NAME on each line")
    parser.add_argument(
        "--checkout",
        metavar="FOLDER",
        default=".",
        help="where the repository may be checked out already (default: .)",
    )
    parser.add_argument("--dry-run", action="store_true", help="show what would be done")
    parser.add_argument("--base", metavar="BRANCH", help="default: the repository's default branch")
    parser.add_argument(
        "--target",
        metavar="NAME",
        action="append",
        help="judge for a known deployment target; default: the project's own (repeatable)",
    )
    parser.add_argument(
        "--python", metavar="PATH|VERSION", action="append", help="judge for this interpreter"
    )
    parser.add_argument("--api-url", metavar="URL", help="default: that of the CI or the server")
    parser.add_argument("--server-url", metavar="URL", help="default: that of the CI")
    parser.epilog = (
        "The token is taken from SSLFIX_TOKEN, or from GITHUB_TOKEN, GH_TOKEN or GITLAB_TOKEN.\n"
        "exit codes: 0 all in order, 1 findings that are not requested, 2 could not"
    )


def run(arguments: argparse.Namespace) -> int:
    """Look after each repository; the exit code is the worst of theirs."""
    from sslfix import language
    from sslfix.bot import doors, run, work

    language.choose(language.ENGLISH, {})  # as the requests are
    if arguments.target and arguments.python:
        raise UsageError("--target stands in for an interpreter; say it or --python, not both")
    with doors.secrets(arguments.forge, os.environ) as secret:
        doors.refuse_foreign(os.environ)
        names = _repositories(arguments)
        order = run.Order(
            token=secret,
            show=lambda text: print(text, flush=True),
            tell=lambda text: print(
                run.on_one_line(f"sslfix: {text}"), file=sys.stderr, flush=True
            ),
            judged=work.Judged(tuple(arguments.target or ()), tuple(arguments.python or ())),
            base=arguments.base or "",
            dry=arguments.dry_run,
            near=arguments.checkout if len(names) == 1 else "",
        )
        address = doors.address(
            arguments.forge, arguments.api_url, arguments.server_url, os.environ
        )
        return run.run_all(doors.forges(arguments.forge, address, names, order), order)


def _repositories(arguments: argparse.Namespace) -> list[str]:
    """The repositories asked for, each once, or that of the CI."""
    names = list(arguments.repo or ())
    if arguments.repos:
        try:
            with open(arguments.repos, encoding="utf-8-sig") as stream:
                lines = [line.partition("#")[0].strip() for line in stream]
        except (OSError, UnicodeDecodeError) as error:
            raise ReadError(arguments.repos, str(error)) from None
        names += filter(None, lines)
    if not names and not arguments.repos:
        own = os.environ.get("GITHUB_REPOSITORY") or os.environ.get("CI_PROJECT_PATH")
        if not own:
            raise UsageError("name a repository with --repo OWNER/NAME")
        names = [own]
    return list({name.casefold(): name for name in names}.values())
