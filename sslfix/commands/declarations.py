"""`sslfix declarations`: what sslfix reads in a dependency file."""

from __future__ import annotations

import argparse

from sslfix.collect import projects
from sslfix.errors import ReadError
from sslfix.model import DependencyFile, Document, Problem

EXAMPLES = (
    ("sslfix declarations requirements.txt", ""),
    ("sslfix declarations --as requirements.txt deps.list", ""),
    ("sslfix declarations --format json poetry.lock", ""),
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("files", metavar="FILE", nargs="+", help="a dependency file")
    parser.add_argument("--as", dest="read_as", metavar="FORMAT", help="read FILE as this format")
    parser.add_argument("--format", choices=("text", "json"), default="text")


def run(arguments: argparse.Namespace) -> int:
    """Print the declarations in file order; exit 2 if a file could not be read whole."""
    from sslfix.reporters import declarations

    read = [_read(path, arguments.read_as) for path in arguments.files]
    render = declarations.as_json if arguments.format == "json" else declarations.as_text
    print(render(read))
    return 2 if any(file.problems for file in read) else 0


def _read(path: str, read_as: str | None) -> DependencyFile:
    shown = projects.show(path)
    format_ = projects.format_of(shown, read_as)
    if format_ is None:
        problem = Problem(shown, None, projects.unknown_format())
        return DependencyFile(Document(shown, ""), "unknown", problems=(problem,))
    try:
        return projects.read_file(shown, format_)
    except ReadError as error:
        problem = Problem(error.path, error.line, error.message)
        return DependencyFile(Document(shown, ""), format_.name, problems=(problem,))
