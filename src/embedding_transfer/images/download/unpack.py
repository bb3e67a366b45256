"""Unpacking a .tgz or .zip archive that may be hostile: plain files and folders, below one folder, nothing else."""

from __future__ import annotations

import gzip
import lzma
import shutil
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path, PureWindowsPath
from typing import IO, NamedTuple

from embedding_transfer.errors import EmbeddingTransferError, InputError, reason
from embedding_transfer.images.download.progress import Progress

DAMAGED = (
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    gzip.BadGzipFile,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,
)
"""What the standard library raises of an archive that is cut off, damaged, encrypted or packed in an unknown way."""

CLASHES = (FileExistsError, IsADirectoryError, NotADirectoryError)


class Member(NamedTuple):
    """A file, a folder or something else in an archive; ``open`` reads a file."""

    name: str
    is_file: bool
    is_folder: bool
    open: Callable[[], IO[bytes]]


def unpack(archive: Path, folder: str, into: Path) -> None:
    """Unpack what an archive holds in one of its folders. Modes and owners are not kept.

    Args:
        archive: A ``.tgz`` or ``.zip`` file, whatever it is called.
        folder: The folder in it. What lies beside it is left out.
        into: What ``folder`` becomes, an empty folder.

    Raises:
        InputError: If the archive is damaged or has no such folder, or if any member has an absolute path, leads out
            with ``..``, or is a link or a device. Some files may be unpacked by then.
    """
    n_files = 0
    try:
        with archive.open("rb") as file, Progress(f"unpacking {archive.name}", archive.stat().st_size) as progress:
            for member in _members(file):
                path = _checked(member, archive)
                if path.parts[:1] == (folder,):
                    n_files += _write(member, into.joinpath(*path.parts[1:]))
                progress.at(max(progress.position, file.tell()))
    except EmbeddingTransferError:
        raise
    except CLASHES as error:
        raise InputError(f"{archive} holds {error.filename} twice, as a file and as a folder") from error
    except DAMAGED as error:
        raise InputError(f"{archive} is damaged or cut off ({reason(error)})") from error
    if not n_files:
        raise InputError(f"{archive} holds no folder {folder}/: it is another archive")


def _write(member: Member, target: Path) -> int:
    """How many files were written."""
    if member.is_folder:
        target.mkdir(parents=True, exist_ok=True)
        return 0
    target.parent.mkdir(parents=True, exist_ok=True)
    with member.open() as packed, target.open("wb") as unpacked:
        shutil.copyfileobj(packed, unpacked, 1 << 18)
    return 1


def _checked(member: Member, archive: Path) -> PureWindowsPath:
    """The path of a member that stays where it belongs, on any system: both slashes part, drives are known."""
    path = PureWindowsPath(member.name)
    if path.drive or path.root or ".." in path.parts or "\0" in member.name:
        raise InputError(f"{archive} is not safe to unpack: {member.name!r} leads out of its folder")
    if not member.is_file and not member.is_folder:
        raise InputError(f"{archive} is not safe to unpack: {member.name!r} is a link or a device")
    return path


def _members(file: IO[bytes]) -> Iterator[Member]:
    kind = file.read(2)
    file.seek(0)
    if kind not in READERS:
        raise tarfile.ReadError("it does not begin like a .tgz or .zip file")
    yield from READERS[kind](file)


def _tar_members(file: IO[bytes]) -> Iterator[Member]:
    with tarfile.open(fileobj=file, mode="r:gz") as tar:
        for info in tar:

            def packed(info: tarfile.TarInfo = info) -> IO[bytes]:
                content = tar.extractfile(info)
                if content is None:
                    raise tarfile.ReadError(f"{info.name} has no content")
                return content

            yield Member(info.name, info.isreg(), info.isdir(), packed)
        while tar.fileobj and tar.fileobj.read(1 << 18):  # to the end, where gzip keeps its checksum
            pass


def _zip_members(file: IO[bytes]) -> Iterator[Member]:
    with zipfile.ZipFile(file) as archive:
        for info in archive.infolist():
            kind = stat.S_IFMT(info.external_attr >> 16)  # 0 where the archive was not made on Unix

            def packed(info: zipfile.ZipInfo = info) -> IO[bytes]:
                return archive.open(info)

            is_file = not info.is_dir() and kind in (0, stat.S_IFREG)
            yield Member(info.filename, is_file, info.is_dir() and kind in (0, stat.S_IFDIR), packed)


READERS = {b"\x1f\x8b": _tar_members, b"PK": _zip_members}
"""By the first two bytes of an archive."""
