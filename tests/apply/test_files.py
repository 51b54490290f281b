"""Files are replaced all or none, whatever the system refuses and whenever it is interrupted."""

from __future__ import annotations

import errno
import io
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import NamedTuple

import pytest

from sslfix.apply import files
from sslfix.errors import ApplyError


def test_contents_are_replaced_and_the_old_ones_returned(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.write_bytes(b"1\r\n")
    two.write_bytes(b"2")
    old = files.replace({str(one): b"new", str(two): b"also new"})
    assert (one.read_bytes(), two.read_bytes()) == (b"new", b"also new")
    files.replace(old)
    assert (one.read_bytes(), two.read_bytes()) == (b"1\r\n", b"2")
    assert sorted(os.listdir(tmp_path)) == ["one", "two"]


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o755, 0o444, 0o4755])
def test_permissions_and_links_survive(tmp_path: Path, mode: int) -> None:
    real, link = tmp_path / "real", tmp_path / "link"
    real.write_bytes(b"old")
    real.chmod(mode)
    link.symlink_to("real")
    files.replace({str(link): b"new"})
    assert link.is_symlink()
    assert real.read_bytes() == b"new"
    assert stat.S_IMODE(real.stat().st_mode) == mode


def test_a_link_into_another_folder_is_staged_there(tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    real, link = tmp_path / "shared/real", tmp_path / "link"
    real.write_bytes(b"old")
    link.symlink_to(real)
    files.replace({str(link): b"new"})
    assert real.read_bytes() == b"new"
    assert sorted(str(one.relative_to(tmp_path)) for one in tmp_path.rglob("*")) == [
        "link",
        "shared",
        "shared/real",
    ]


def test_another_hard_link_keeps_the_old_contents(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    one.write_bytes(b"old")
    os.link(one, other)
    files.replace({str(one): b"new"})
    assert (one.read_bytes(), other.read_bytes()) == (b"new", b"old")


def test_a_name_as_long_as_the_system_allows(tmp_path: Path) -> None:
    path = tmp_path / ("r" * 251 + ".txt")
    path.write_bytes(b"old")
    files.replace({str(path): b"new"})
    assert path.read_bytes() == b"new"


@pytest.mark.skipif(os.getuid() != 0, reason="only root gives files away")
def test_the_owner_survives(tmp_path: Path) -> None:
    path = tmp_path / "path"
    path.write_bytes(b"old")
    os.chown(path, 12345, 23456)
    path.chmod(0o640)
    files.replace({str(path): b"new"})
    found = path.stat()
    assert (found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode)) == (12345, 23456, 0o640)


def test_extended_attributes_survive(tmp_path: Path) -> None:
    path = tmp_path / "path"
    path.write_bytes(b"old")
    try:
        os.setxattr(path, "user.why", b"because")
    except (AttributeError, OSError):
        pytest.skip("needs a file system with extended attributes")
    files.replace({str(path): b"new"})
    assert os.getxattr(path, "user.why") == b"because"


def test_one_that_cannot_be_staged_leaves_all_as_they_were(tmp_path: Path) -> None:
    good = tmp_path / "good"
    good.write_bytes(b"old")
    with pytest.raises(ApplyError, match=r"gone cannot be written: .*nothing changed"):
        files.replace({str(good): b"new", str(tmp_path / "gone"): b"new"})
    assert good.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["good"]


def test_what_somebody_else_edited_is_not_overwritten(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.write_bytes(b"1")
    two.write_bytes(b"edited meanwhile")
    expected = {str(one): b"1", str(two): b"2"}
    with pytest.raises(ApplyError, match="two was changed by somebody else"):
        files.replace({str(one): b"new", str(two): b"new"}, expected)
    assert (one.read_bytes(), two.read_bytes()) == (b"1", b"edited meanwhile")
    two.write_bytes(b"2")
    files.replace({str(one): b"new", str(two): b"new"}, expected)
    assert (one.read_bytes(), two.read_bytes()) == (b"new", b"new")


def test_an_edit_while_files_are_staged_is_not_overwritten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, real = tmp_path / "path", os.fsync
    path.write_bytes(b"old")

    def edit(descriptor: int) -> None:
        path.write_bytes(b"edited meanwhile")
        real(descriptor)

    monkeypatch.setattr(os, "fsync", edit)
    with pytest.raises(ApplyError, match="changed by somebody else"):
        files.replace({str(path): b"new"})
    assert path.read_bytes() == b"edited meanwhile"


def test_two_links_to_one_file_get_one_content_or_none(tmp_path: Path) -> None:
    real, one, two = tmp_path / "real", tmp_path / "one", tmp_path / "two"
    real.write_bytes(b"old")
    one.symlink_to(real)
    two.symlink_to(real)
    with pytest.raises(ApplyError, match="are one file"):
        files.replace({str(one): b"new", str(two): b"another"})
    assert real.read_bytes() == b"old"
    old = files.replace({str(one): b"new", str(two): b"new"})
    assert real.read_bytes() == b"new"
    files.replace(old)
    assert real.read_bytes() == b"old"


# --------------------------------------------------------------------------- faults

ERRORS = [OSError(code, os.strerror(code)) for code in (errno.ENOSPC, errno.EACCES, errno.EROFS)]
# Not `unlink`: what cannot be removed at the end stays.
CALLS = ("open", "fdopen", "fsync", "stat", "chown", "listxattr", "setxattr", "chmod", "replace")


class Fault(NamedTuple):
    """Which call fails, with what, and whether that comes after it did its work."""

    number: int
    error: BaseException
    after: bool = False


class Calls:
    """Counts the calls that `files` makes to the system, and lets some of them fail."""

    def __init__(self, patch: pytest.MonkeyPatch, fault: Fault | None = None) -> None:
        self.made: list[tuple[str, str]] = []
        self._fault = fault
        system = SimpleNamespace(**vars(os))
        system.fsync = lambda _descriptor: None  # slow, and nobody pulls the plug
        for name in CALLS:
            if hasattr(os, name):
                setattr(system, name, self._wrap(name, getattr(system, name)))
        patch.setattr(files, "os", system)
        patch.setattr(files, "open", self._wrap("read", open), raising=False)

    def _wrap(self, name: str, real: Callable[..., object]) -> Callable[..., object]:
        def call(*arguments: object, **named: object) -> object:
            # Files are told apart by their folders; a descriptor is that of the last path.
            path = arguments[0]
            folder = os.path.dirname(path) if isinstance(path, str) else self.made[-1][1]
            self.made.append((name, folder))
            failing = self._fault is not None and len(self.made) == self._fault.number
            if self._fault and failing and not self._fault.after:
                raise self._fault.error
            result = real(*arguments, **named)
            if self._fault and failing:
                if isinstance(result, io.IOBase):
                    result.close()
                raise self._fault.error
            if name == "fdopen":
                assert isinstance(result, io.BufferedWriter)
                result.write = self._wrap("write", result.write)  # type: ignore[assignment]
            return result

        return call


@pytest.fixture
def project(tmp_path: Path) -> list[Path]:
    found = [tmp_path / name / "requirements.txt" for name in "abc"]
    for path in found:
        path.parent.mkdir()
    fill(found)
    return found


def fill(project: list[Path]) -> None:
    for number, path in enumerate(project):
        path.write_bytes(b"old %d" % number)
        with suppress(AttributeError, OSError):
            os.setxattr(path, "user.why", b"because")


def faults(count: int) -> Iterator[Fault]:
    for number in range(1, count + 1):
        for error in ERRORS:
            yield Fault(number, error)
        yield Fault(number, KeyboardInterrupt())
        yield Fault(number, KeyboardInterrupt(), after=True)


def test_whatever_call_fails_all_files_are_old_or_all_are_new(project: list[Path]) -> None:
    old = {str(path): path.read_bytes() for path in project}
    new = {str(path): b"new" for path in project}
    with pytest.MonkeyPatch.context() as patch:
        made = Calls(patch).made
        files.replace(new)
    assert {name for name, _ in made} >= {"read", "open", "write", "fsync", "chmod", "replace"}
    for fault in faults(len(made)):
        fill(project)
        name, folder = made[fault.number - 1]
        result: object = None
        with pytest.MonkeyPatch.context() as patch:
            Calls(patch, fault)
            try:
                files.replace(new)
            except (ApplyError, KeyboardInterrupt) as error:
                result = error
        found = {str(path): path.read_bytes() for path in project}
        assert found == (old if result else new), (fault, name)
        assert all(os.listdir(path.parent) == [path.name] for path in project), (fault, name)
        if isinstance(result, ApplyError):
            assert isinstance(fault.error, OSError)
            wanted = f"{folder}/requirements.txt cannot be written: {fault.error.strerror}; "
            assert str(result) == wanted + "nothing changed"
        else:
            # Owner and attributes are kept as far as the system lets us.
            optional = name in {"chown", "listxattr", "setxattr"}
            assert isinstance(result, KeyboardInterrupt) or optional, (fault, name)


def test_what_cannot_be_put_back_is_said_with_where_it_is(
    project: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.replace
    done: list[str] = []

    def only_once(source: str, target: str) -> None:
        if done:
            raise OSError(errno.EROFS, os.strerror(errno.EROFS))
        done.append(target)
        real(source, target)

    monkeypatch.setattr(os, "replace", only_once)
    with pytest.raises(ApplyError) as caught:
        files.replace({str(path): b"new" for path in project})
    message = str(caught.value)
    assert message.startswith(f"{project[0]} is changed and cannot be put back; what it was is in ")
    assert "nothing changed" not in message
    assert Path(message.rpartition(" ")[2]).read_bytes() == b"old 0"
    assert [path.read_bytes() for path in project] == [b"new", b"old 1", b"old 2"]
    assert [len(os.listdir(path.parent)) for path in project] == [2, 1, 1]


def test_a_file_that_is_new_is_there_as_a_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = tmp_path / "link"
    link.symlink_to("new")

    def refuse(_source: str, _target: str) -> None:
        raise OSError(errno.EACCES, "refused")

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", refuse)
        with pytest.raises(ApplyError, match="link cannot be written"):
            files.write(str(link), b"text")
    assert os.listdir(tmp_path) == ["link"]
    files.write(str(link), b"text")
    assert (tmp_path / "new").read_bytes() == b"text"
    assert sorted(os.listdir(tmp_path)) == ["link", "new"]
    with pytest.raises(ApplyError, match="nowhere/new cannot be written: No such file"):
        files.write(str(tmp_path / "nowhere/new"), b"")
