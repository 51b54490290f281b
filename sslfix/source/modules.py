"""A project's modules by their paths, and which of them an import runs."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from functools import cache

from sslfix.model import Document
from sslfix.source.syntax import Import

# Where an import may be written out: too many places at worst, never too few. A pattern that begins
# with plain letters is found several times faster than one that begins with a line.
_IMPORTS = re.compile(r"import(?![a-z])[^\S\n]*(\([^)]*\)|(?:[^\n]*\\\r?\n)*[^\n]*)")
_FROM = re.compile(r"\bfrom\s+(\.*)\s*([\w.]*)\s*$")
_NAME = re.compile(r"#[^\n]*|([^\W\d][\w.]*)")
_WRITTEN_OUT = re.compile(r"_(?:module|_)\(\s*[\"']([\w.]+)[\"']")


class Modules:
    """The Python sources of a project.

    An absolute name is looked for as Python does: in the folder of the program (`home`), then where
    the importing file's packages stand, nearest first, and in `src` there.
    """

    def __init__(self, documents: Iterable[Document]) -> None:
        self.documents = {one.path: one for one in documents if is_python(one)}
        self.folders = {folder for path in self.documents for folder in above(path)}
        self._find = cache(self._found)
        self._roots = cache(self._rooted)
        self.path = cache(self._path)
        self.anywhere = cache(self._anywhere)
        self.by_stem: dict[str, list[str]] = {}
        for path in self.documents:
            self.by_stem.setdefault(stem(path), []).append(path)

    def find(self, name: str, level: int, path: str, home: str) -> str | None:
        """The folder below which the module `name` stands that a file imports."""
        return self._find(name, level, folder_of(path), home)

    def _found(self, name: str, level: int, folder: str, home: str) -> str | None:
        if level:
            return next(iter([folder, *above(folder)][level - 1 : level]), None)
        roots = (home, *self._roots(folder))
        found = next((root for root in roots if any(self.paths(root, name))), None)
        first = name.partition(".")[0]
        if found is None and name != first and any(self._is_spread(root, first) for root in roots):
            others = {path[: -len(end)].rstrip("/") for path, end in self._ends(name)}
            found = others.pop() if len(others) == 1 else None
        return found

    def _is_spread(self, root: str, name: str) -> bool:
        """Whether a package stands there that may go on in other folders."""
        return bool(name) and not self.path(join(root, name)) and join(root, name) in self.folders

    def _ends(self, name: str) -> Iterator[tuple[str, str]]:
        """The files that a whole absolute name may be in any folder, with the part that names."""
        place = name.replace(".", "/")
        for path in self.anywhere(name):
            for end in (f"{place}.py", f"{place}/__init__.py"):
                if f"/{path}".endswith(f"/{end}"):
                    yield path, end

    def _rooted(self, folder: str) -> tuple[str, ...]:
        """The folders at and above one in which its files' absolute imports may be found."""
        found = []
        for one in (folder, *above(folder)):
            if join(one, "__init__.py") not in self.documents:
                found += [one, *([join(one, "src")] if join(one, "src") in self.folders else [])]
        return tuple(found)

    def paths(self, root: str, name: str) -> Iterator[str]:
        """The files that an import of a name below a folder runs, packages first."""
        place = root
        for part in filter(None, name.split(".")):
            place = join(place, part)
            path = self.path(place)
            if path:
                yield path

    def _path(self, place: str) -> str:
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
            root = self.find(name, level, path, folder_of(path))
            if root is not None:
                yield from self.paths(root, name)

    def leading_to(self, paths: Iterable[str]) -> set[str]:
        """The files that may reach any of `paths` by imports, and these; none is parsed."""
        importers: dict[str, list[str]] = {}
        for path, document in self.documents.items():
            for one in self._reached(document):
                importers.setdefault(one, []).append(path)
        waiting, found = list(paths), set(paths)
        while waiting:
            new = {path for path in importers.get(waiting.pop(), ()) if path not in found}
            found |= new
            waiting += new
        return found

    def _reached(self, document: Document) -> set[str]:
        """The files that a module may import, whatever program runs it."""
        found: set[str] = set()
        for level, name in _imported(document.text):
            if level:
                root = self.find(name, level, document.path, "")
                found.update(self.paths(root, name) if root is not None else ())
            else:
                found.update(self.anywhere(name))
        return found

    def _anywhere(self, name: str) -> tuple[str, ...]:
        """The files that an absolute name and the packages in it may be, in any folder."""
        parts = name.split(".")
        ends = [(part, "/".join(parts[: n + 1])) for n, part in enumerate(parts)]
        return tuple(
            path
            for part, end in ends
            for path in self.by_stem.get(part, ())
            if f"/{path}".endswith((f"/{end}.py", f"/{end}/__init__.py"))
        )


def _imported(text: str) -> Iterator[tuple[int, str]]:
    """The names that a source may import, with the dots before them."""
    for one in _IMPORTS.finditer(text):
        head = _FROM.search(text, text.rfind("\n", 0, one.start()) + 1, one.start())
        names = [name for name in _NAME.findall(one[1]) if name]
        if head is not None:
            level, module = len(head[1]), head[2]
            yield level, module
            yield from ((level, f"{module}.{name}".lstrip(".")) for name in names)
        elif one[1].startswith("_"):
            written = _WRITTEN_OUT.match(one[1])
            yield from [(0, written[1])] if written else ()
        else:
            yield from ((0, name) for name in names)


def is_python(document: Document) -> bool:
    """Whether a document is Python, by its name or the first line of a script."""
    head = document.text.partition("\n")[0]
    return document.path.endswith((".py", ".pyw")) or (head[:2] == "#!" and "python" in head)


def is_test(path: str) -> bool:
    """Whether a file is a test or stands among tests, by its path."""
    return any(part.startswith(("test", "conftest")) for part in path.split("/"))


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
