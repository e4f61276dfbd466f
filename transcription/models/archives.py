"""A model out of an archive or a folder that somebody carried here: checked member by member before anything is written."""

import lzma
import shutil
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from transcription.models.shelf import NEEDED, WANTED, ModelError, make_room, require

MOST_MEMBERS = 1000
_RATIO = 100
"""Weights hardly shrink; DEFLATE can reach 1032 to 1 with nothing in it."""
_RATIO_FROM = 64 << 20
_BLOCK = 1 << 20


@dataclass(frozen=True)
class _Member:
    """A file in an archive; `size` in bytes, as its header says."""

    path: PurePosixPath
    size: int
    open: Callable[[], IO[bytes]]


def unpack(source: Path, target: Path) -> None:
    """Put the model's files from a .tar, .tar.gz, .zip or folder into `target`; raises ModelError, OSError.

    Refused are names that lead out of the folder, links and devices, what unpacks to far more than a model, and what
    is not exactly one model.  Other files are left where they are.
    """
    if source.is_dir():
        _copy(_in_folder(source), target, packed=0)
        return
    if not source.is_file():
        raise ModelError(f"{source} is not there")
    try:
        with _opened(source) as members:
            _copy(members, target, packed=source.stat().st_size)
    except (tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError) as error:
        raise ModelError(f"the archive is damaged or not complete ({type(error).__name__})") from None


@contextmanager
def _opened(source: Path) -> Iterator[Iterator[_Member]]:
    if zipfile.is_zipfile(source):
        with zipfile.ZipFile(source) as opened:
            yield _in_zip(opened)
    elif tarfile.is_tarfile(source):
        with tarfile.open(source) as opened_tar:
            yield _in_tar(opened_tar)
    else:
        raise ModelError(f"{source.name} is neither a .tar, .tar.gz or .zip archive nor a folder, or it is damaged")


def _in_zip(archive: zipfile.ZipFile) -> Iterator[_Member]:
    for item in archive.infolist():
        path = _inside(item.filename)
        if item.is_dir():
            continue
        kind = stat.S_IFMT(item.external_attr >> 16)
        if kind not in (0, stat.S_IFREG):
            raise ModelError(f"{item.filename} is a link or a device")
        if item.flag_bits & 1:
            raise ModelError("the archive is encrypted")
        yield _Member(path, item.file_size, lambda item=item: archive.open(item))  # type: ignore[misc]


def _in_tar(archive: tarfile.TarFile) -> Iterator[_Member]:
    for item in archive:
        path = _inside(item.name)
        if item.isdir():
            continue
        if not item.isreg():
            raise ModelError(f"{item.name} is a link or a device")
        yield _Member(path, item.size, lambda item=item: archive.extractfile(item))  # type: ignore[misc, arg-type]


def _in_folder(folder: Path) -> Iterator[_Member]:
    for name in WANTED:
        path = folder / name
        if path.is_symlink():
            raise ModelError(f"{name} is a link: copy the folder with cp -rL first")
        if path.is_file():
            yield _Member(PurePosixPath(name), path.stat().st_size, lambda path=path: path.open("rb"))  # type: ignore[misc]


def _inside(name: str) -> PurePosixPath:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name or "\0" in name:
        raise ModelError(f"{name!r} leads out of the archive")
    return path


def _copy(members: Iterator[_Member], target: Path, packed: int) -> None:
    files = _model(_counted(members, target, packed))
    for name, member in files.items():
        with member.open() as given, (target / name).open("wb") as file:
            _copy_exactly(given, file, member)


def _counted(members: Iterator[_Member], target: Path, packed: int) -> list[_Member]:
    """All members; raises ModelError as soon as they are too many or too large, before the next is unpacked."""
    found: list[_Member] = []
    total = 0
    for member in members:
        found.append(member)
        total += member.size
        if len(found) > MOST_MEMBERS:
            raise ModelError(f"the archive has more than {MOST_MEMBERS} files")
        make_room(target, total)
        if packed and total > max(_RATIO_FROM, _RATIO * packed):
            raise ModelError("the archive unpacks to far more than a model")
    return found


def _model(members: list[_Member]) -> dict[str, _Member]:
    """The files of the one model in the archive, by their names."""
    needed = [member for member in members if member.path.name in NEEDED]
    weights = [member for member in needed if member.path.name == "model.bin"]
    roots = {member.path.parent for member in weights or needed}
    if len(roots) > 1:
        raise ModelError("there is more than one model in it")
    own: dict[str, _Member] = {}
    for member in members:
        if member.path.parent in roots and member.path.name in WANTED:
            if member.path.name in own:
                raise ModelError(f"{member.path.name} is in it twice")
            own[member.path.name] = member
    require(list(own))
    return own


def _copy_exactly(given: IO[bytes], file: IO[bytes], member: _Member) -> None:
    left = member.size
    while block := given.read(_BLOCK):
        left -= len(block)
        if left < 0:
            break
        file.write(block)
    if left:
        raise ModelError(f"{member.path.name} has not the size that the archive says")


def empty(folder: Path) -> None:
    """Take everything out of a folder."""
    for path in folder.iterdir():
        shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
