"""A project's modules by their paths, and which of them an import runs."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from functools import cache

from sslfix.model import Document
from sslfix.source.syntax import Import

# The words of import statements, wherever they stand: too many at worst, never too few.
_IMPORTS = re.compile(
    r"^[^\S\n]*(?:from[^\S\n]+(\S+)[^\S\n]+)?import[^\S\n]+(\([^)]*\)|(?:[^\n]*\\\r?\n)*[^\n]*)"
    r"|(?:import_module|__import__)\(([^)\n]*)\)"
    r"|;[^\S\n]*(?:import|from)([^\n;]*)",
    re.MULTILINE,
)
_WORD = re.compile(r"\w+")


class Modules:
    """The Python sources of a project.

    An absolute name is looked for as Python does: in the folder of the program, then where the
    importing file's packages stand, nearest first, and in `src` there.
    """

    def __init__(self, documents: Iterable[Document]) -> None:
        self.documents = {one.path: one for one in documents if is_python(one)}
        self.folders = {folder for path in self.documents for folder in above(path)}
        self.find = cache(self._find)

    def roots(self, path: str, program: str) -> Iterator[str]:
        """The folders in which a file's absolute imports are looked for, in their order."""
        yield folder_of(program)
        for folder in above(path):
            if join(folder, "__init__.py") not in self.documents:
                yield folder
                if join(folder, "src") in self.folders:
                    yield join(folder, "src")

    def _find(self, name: str, level: int, path: str, program: str) -> str | None:
        """The folder below which the module `name` stands that a file imports."""
        if level:
            return next(iter(list(above(path))[level - 1 : level]), None)
        roots = self.roots(path, program)
        return next((root for root in roots if any(self.paths(root, name))), None)

    def paths(self, root: str, name: str) -> Iterator[str]:
        """The files that an import of a name below a folder runs, packages first."""
        place = root
        for part in filter(None, name.split(".")):
            place = join(place, part)
            path = self.path(place)
            if path:
                yield path

    def path(self, place: str) -> str:
        """The file of a module, "" where it has none (a namespace) or is not there."""
        ends = (join(place, "__init__.py"), f"{place}.py")
        return next((path for path in ends if path in self.documents), "")

    def is_known(self, place: str) -> bool:
        """Whether a module or a namespace of the project stands there."""
        return bool(self.path(place)) or place in self.folders

    def loaded(self, statement: Import, path: str) -> Iterator[str]:
        """The files that an import statement of a file may run, wherever that is started from."""
        level, names = 0, [alias.name for alias in statement.names]
        if isinstance(statement, ast.ImportFrom):
            level, module = statement.level, statement.module or ""
            names = [module, *(f"{module}.{name}".lstrip(".") for name in names)]
        for name in names:
            root = self.find(name, level, path, path)
            if root is not None:
                yield from self.paths(root, name)

    def leading_to(self, paths: Iterable[str]) -> set[str]:
        """The files that may reach any of `paths` by imports, and these: by words, none parsed."""
        by_word: dict[str, list[str]] = {}
        for path, document in self.documents.items():
            for word in _imported_words(document.text):
                by_word.setdefault(word, []).append(path)
        waiting, found = list(paths), set(paths)
        while waiting:
            new = {path for path in by_word.get(stem(waiting.pop()), ()) if path not in found}
            found |= new
            waiting += new
        return found


def is_python(document: Document) -> bool:
    """Whether a document is Python, by its name or the first line of a script."""
    head = document.text.partition("\n")[0]
    return document.path.endswith((".py", ".pyw")) or (head[:2] == "#!" and "python" in head)


def is_test(path: str) -> bool:
    """Whether a file is a test or stands among tests, by its path."""
    return any(part.startswith(("test", "conftest")) for part in path.split("/"))


def _imported_words(text: str) -> set[str]:
    return {word for groups in _IMPORTS.findall(text) for part in groups for word in words(part)}


def words(text: str) -> list[str]:
    """The names in a piece of source."""
    return _WORD.findall(text)


def stem(path: str) -> str:
    """The last part of a module's name: that of the package for `__init__.py`."""
    place = path.rpartition("/__init__.py")[0] or path.rpartition(".")[0]
    return place.rpartition("/")[2]


def folder_of(path: str) -> str:
    """The folder of a file, "" for the working directory."""
    return path.rpartition("/")[0]


def above(path: str) -> Iterator[str]:
    """The folders above a file, nearest first; "" is the working directory."""
    while path:
        path = path.rpartition("/")[0]
        yield path


def join(folder: str, name: str) -> str:
    """A path below a folder; of the parts that may be "", the others."""
    return f"{folder}/{name}" if folder and name else folder or name
