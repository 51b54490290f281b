"""The modules of a project that lead to no patch: run once, whichever programs import them.

All that matters of one is what it holds of ssl, and what its names stand for.
"""

from __future__ import annotations

import ast
from collections.abc import Collection

from sslfix.source import holders
from sslfix.source.meanings import Meanings, Names
from sslfix.source.modules import Modules
from sslfix.source.program import Place
from sslfix.source.statements import DEPTH, Statements
from sslfix.source.syntax import parse

Held = tuple[Place, str]
# In place of an effect: the project's own module of that path is imported there.
_IMPORTS, _TRIES = "imports", "tries"
# Here as well: something is imported that may not be there.
RISKS = "risks"


class Quiet:
    """What such modules do, for the programs that start in the folder `home`.

    `leading` are the paths that may lead to a patch: these are not quiet.
    """

    def __init__(
        self,
        modules: Modules,
        effects: holders.Holders,
        python: tuple[int, ...],
        leading: Collection[str],
        home: str,
    ) -> None:
        self.modules, self.effects, self.python = modules, effects, python
        self.leading, self.home = leading, home
        self.names: dict[str, Names] = {}
        self._steps: dict[str, list[Held]] = {}
        self._held: dict[str, tuple[tuple[Held, ...], frozenset[str]]] = {}

    def has(self, path: str) -> bool:
        """Whether the module is one of these."""
        return path not in self.leading

    def held(self, path: str, depth: int) -> tuple[tuple[Held, ...], frozenset[str]]:
        """What a module holds with all that it imports, and the paths of these.

        Of what it holds, the first of each effect: no other is ever told.
        """
        if path not in self._held:
            first: dict[str, Held] = {}
            seen: set[str] = set()
            self._collect(path, (), depth, first, seen)
            self._held[path] = tuple(first.values()), frozenset(seen)
        return self._held[path]

    def _collect(
        self,
        path: str,
        via: tuple[Place, ...],
        depth: int,
        first: dict[str, Held],
        seen: set[str],
        *,
        is_tried: bool = False,
    ) -> bool:
        """Note what is held; False where it may be left before its end, and something goes on."""
        if path in seen:
            return True
        seen.add(path)
        for place, effect in self.run(path, depth + len(via)):
            way = via + place.via
            if effect in {_IMPORTS, _TRIES}:
                tried = is_tried or effect == _TRIES
                ends = self._collect(place.what, way, depth, first, seen, is_tried=tried)
                if is_tried and not ends:
                    return False
            elif effect == RISKS and is_tried:
                return False
            else:
                first.setdefault(effect, (place._replace(via=way), effect))
        return True

    def run(self, path: str, depth: int) -> list[Held]:
        """What a module does itself, in its order; the others that it imports are run as well."""
        if path not in self._steps and depth <= DEPTH:
            alone = _Alone(self, depth)
            self._steps[path] = alone.held
            document = self.modules.documents.get(path)
            tree = parse(document) if document else None
            if document and tree:
                names = self.names.setdefault(path, {})
                if not alone.run(tree.body, document, names):
                    alone.held.append((Place(document, tree.body[-1], path), RISKS))
        return self._steps.get(path, [])


class _Alone(Statements):
    """One quiet module, with what it imports left as steps."""

    def __init__(self, quiet: Quiet, depth: int) -> None:
        meanings = Meanings(quiet.modules, quiet.home, quiet.names)
        super().__init__(meanings, quiet.effects, quiet.python)
        self.quiet, self.above = quiet, depth

    def run_path(self, path: str) -> None:
        """Leave the import of a module as a step, after its names are known."""
        self.quiet.run(path, self.depth)
        if not self.doubts:
            last = self.via[-1]
            step = _TRIES if self.guards else _IMPORTS
            self.held.append((Place(last.document, last.node, path, self.via), step))

    def risk(self, place: Place) -> None:
        """Leave to who imports the module what is left then."""
        super().risk(place)
        if not self.guards and not self.doubts:
            self.held.append((place, RISKS))

    def hand_on(self, statement: ast.stmt, names: Names) -> None:
        """Nothing that patches is known here."""

    def patch(self, place: Place, *, patches_ssl: bool | None) -> None:
        """Nothing patches here."""
