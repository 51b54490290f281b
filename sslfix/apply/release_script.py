"""Run with a pip wheel on PYTHONPATH: prints a release and the hashes of its files as JSON.

It is a command of pip's own, so that pip's settings, credentials and index pages are used as
`pip install` does. A digest that the index does not tell is made from the file.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterable, Iterator
from optparse import Values
from typing import Callable

from pip._internal.cli.cmdoptions import make_target_python
from pip._internal.commands.index import IndexCommand
from pip._internal.exceptions import DistributionNotFound, InstallationError
from pip._internal.index.package_finder import LinkEvaluator, PackageFinder
from pip._internal.models.candidate import InstallationCandidate
from pip._internal.models.link import Link
from pip._internal.network.session import PipSession
from pip._internal.network.utils import HEADERS, raise_for_status, response_chunks
from pip._vendor.packaging.requirements import Requirement
from pip._vendor.packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    canonicalize_name,
    parse_sdist_filename,
    parse_wheel_filename,
)


class Release(IndexCommand):
    """`release REQUIREMENT ALGORITHM`: the newest release that `pip install` would take."""

    def handler_map(self) -> dict[str, Callable[[Values, list[str]], None]]:
        """The actions, which pip calls by their name."""
        return {"release": self.release}

    def release(self, options: Values, args: list[str]) -> None:
        """Print the release and the hashes of all its files that are not yanked."""
        requirement, algorithm = Requirement(args[0]), args[1]
        with self._build_session(options) as session:
            finder = self._build_package_finder(
                options=options, session=session, target_python=make_target_python(options)
            )
            links = recorded(finder)
            found = finder.find_best_candidate(requirement.name, requirement.specifier)
            best = found.best_candidate
            if best is None or best.version.is_prerelease:
                raise DistributionNotFound(f"No release for {requirement}")
            identity = (canonicalize_name(requirement.name), str(best.version))
            files = {one.filename: one for one in links if release_of(one) == identity}
            digests = {digest(one, algorithm, session) for one in files.values()}
        print(json.dumps({"version": str(best.version), "hashes": sorted(digests)}))


def recorded(finder: PackageFinder) -> list[Link]:
    """The list that the finder's links are added to, those for other platforms with them."""
    found: list[Link] = []
    evaluate = finder.evaluate_links

    def record(link_evaluator: LinkEvaluator, links: Iterable[Link]) -> list[InstallationCandidate]:
        own = list(links)
        found.extend(own)
        return evaluate(link_evaluator, own)

    finder.evaluate_links = record  # type: ignore[method-assign]
    return found


def release_of(link: Link) -> tuple[str, str] | None:
    """The normalised name and the version of a file, None for one that pip does not install."""
    try:
        if link.is_wheel:
            name, version = parse_wheel_filename(link.filename)[:2]
        else:
            name, version = parse_sdist_filename(link.filename)
    except (InvalidSdistFilename, InvalidWheelFilename):
        return None
    return None if link.is_yanked else (str(name), str(version))


def digest(link: Link, algorithm: str, session: PipSession) -> str:
    """`sha256:...` as the index says it, else made from the file, which is checked on the way."""
    known = dict(link._hashes)  # noqa: SLF001 - all that the index says, not the strongest only
    if algorithm not in known:
        made = {one: hashlib.new(one) for one in {algorithm, *known}}
        for chunk in contents(link, session):
            for one in made.values():
                one.update(chunk)
        told = {name: one.hexdigest() for name, one in made.items()}
        if any(told[name] != value for name, value in known.items()):
            raise InstallationError(f"{link.filename} is not what its index says")
        known = told
    return f"{algorithm}:{known[algorithm]}"


def contents(link: Link, session: PipSession) -> Iterator[bytes]:
    """The bytes of a file."""
    response = session.get(link.url_without_fragment, headers=HEADERS, stream=True)
    raise_for_status(response)
    yield from response_chunks(response)


if __name__ == "__main__":
    # By this name pip reads the settings that are for `pip install` alone as well.
    sys.exit(Release("install", "").main(["release", *sys.argv[1:]]))
