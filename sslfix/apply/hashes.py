"""Hashed pins that people wrote get another release with its hashes, which uv asks the index for.

pip has no command that says the hashes of all files of a release.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping

from sslfix import formats, specifiers
from sslfix.apply import children
from sslfix.errors import ApplyError
from sslfix.language import say as _
from sslfix.match import marker_holds
from sslfix.model import DependencyFile, Edit, Interpreter, Relock


def repin(action: Relock, file: DependencyFile, interpreter: Interpreter | None) -> bytes:
    """The file with releases that keep the bounds of `action`, and the hashes of all their files.

    Raises ApplyError where uv is missing or fails, or where the file would contradict itself.
    """
    uv = shutil.which("uv")
    if uv is None:
        text = _("uv is not installed, which gets the hashes for {path}")
        raise ApplyError(text.format(path=action.path))
    python = interpreter.version if interpreter else ""
    with tempfile.TemporaryDirectory(prefix="sslfix-") as scratch:
        compiling = _Compiling(uv, python, scratch)
        edits = list(_edits(action, file, compiling, interpreter))
        old = text = file.document.text
        for edit in sorted(edits, key=lambda one: one.span, reverse=True):
            text = text[: edit.span.start] + edit.text + text[edit.span.end :]
        compiling.agrees(old, text)
    return file.document.encode(text)


class _Compiling:
    """`uv pip compile` for one Python, in a folder of its own."""

    def __init__(self, uv: str, python: str, scratch: str) -> None:
        version = ("--python-version", python) if python else ()
        compiling = (uv, "pip", "compile", "--quiet", "--no-header", "--no-annotate")
        self._command = (*compiling, *version)
        self._scratch = scratch

    def _run(self, text: str, *options: str) -> str:
        with open(os.path.join(self._scratch, "requirements.in"), "w", encoding="utf-8") as stream:
            stream.write(text)
        return children.run((*self._command, *options, "requirements.in"), self._scratch)

    def release(self, requirement: str) -> tuple[str, list[str]]:
        """The newest version that a requirement admits, and the hashes of its files."""
        output = self._run(requirement + "\n", "--no-deps", "--generate-hashes")
        version = re.search(r"==([^\s;\\]+)", output)
        if version is None:
            text = _("uv finds no release for {requirement}")
            raise ApplyError(text.format(requirement=requirement))
        return version[1], re.findall(r"--hash=(\S+)", output)

    def agrees(self, old: str, new: str) -> None:
        """ApplyError if what is required no longer fits together, and did before."""
        if re.search(r"^\s*-", re.sub(r"\\\r?\n", " ", new), re.MULTILINE):
            return  # options and other files: uv would need them too
        try:
            self._run(new)
        except ApplyError as error:
            try:
                self._run(old)
            except ApplyError:
                return
            raise error from None


def _edits(
    action: Relock,
    file: DependencyFile,
    compiling: _Compiling,
    interpreter: Interpreter | None,
) -> Iterator[Edit]:
    format_ = formats.by_name(file.format)
    assert format_ is not None
    assert format_.repin is not None, "the plan asks for what the format can do"
    markers: Mapping[str, str] = interpreter.markers if interpreter else {}
    for name, bound in action.constraint.items():
        version, hashes = compiling.release(name + bound)
        for one in file.declarations:
            if one.name != name or not one.version or specifiers.holds(one.version, bound):
                continue
            if markers and not marker_holds(one.marker, markers, extras=False):
                continue
            edit = format_.repin(file.document, one, version, hashes)
            if edit is None:
                text = _("the hashes of {name} in {path} cannot be replaced in the style they have")
                raise ApplyError(text.format(name=name, path=action.path))
            yield edit
