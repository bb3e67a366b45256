"""Pictures in a folder and in the folders below it; every folder is listed once, known endings are not opened."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from embedding_transfer.errors import InputError
from embedding_transfer.images.formats import (
    CAMERA_ENDINGS,
    OTHER_ENDINGS,
    looks_like_a_picture,
    picture_endings,
)
from embedding_transfer.images.left_out import LeftOutFiles
from embedding_transfer.images.printable import printable

SYSTEM_FOLDERS = frozenset(("__MACOSX", "@eaDir", "$RECYCLE.BIN", "System Volume Information", "lost+found"))
"""What archives and storage systems add beside folders of pictures."""


class Listing(NamedTuple):
    """What one folder holds, sorted by name: its pictures and its folders."""

    pictures: list[Path]
    folders: list[Path]


def list_folder(folder: Path, left_out: LeftOutFiles) -> Listing:
    """List one folder. Hidden files and folders, and files that are known to be no pictures, are left alone.

    Args:
        folder: Which.
        left_out: Takes all other files: pictures of a kind that is not read, unknown files, pipes, broken links.

    Raises:
        InputError: If it cannot be listed.
    """
    pictures: list[str] = []
    folders: list[str] = []
    for path, is_folder in _scan(folder, left_out):
        (folders if is_folder else pictures).append(path)
    return Listing([Path(path) for path in sorted(pictures)], [Path(path) for path in sorted(folders)])


def _scan(folder: Path, left_out: LeftOutFiles) -> Iterator[tuple[str, bool]]:
    """Pictures and folders in a folder as they come, with whether each is a folder."""
    endings = picture_endings()
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                name = entry.name
                if name.startswith("."):
                    continue
                ending = os.path.splitext(name)[1].lower()
                if entry.is_dir():
                    if name not in SYSTEM_FOLDERS:
                        yield entry.path, True
                elif not entry.is_file():
                    left_out.add("broken link" if entry.is_symlink() else "pipe or device", entry.path)
                elif ending in endings:
                    yield entry.path, False
                elif ending in OTHER_ENDINGS:
                    continue
                elif ending not in CAMERA_ENDINGS and looks_like_a_picture(entry.path):
                    yield entry.path, False
                else:
                    left_out.add(printable(ending) if len(ending) > 1 else "without an ending", entry.path)
    except OSError as error:
        raise InputError(f"cannot list folder {printable(folder)}: {error.strerror or error}") from error


def pictures_below(folder: Path, left_out: LeftOutFiles, _links: frozenset[str] = frozenset()) -> list[Path]:
    """All pictures of a folder, then those of the folders in it, however deep.

    A link to a folder that one is in already is counted as left out, so that no walk is endless.
    """
    return pictures_of(list_folder(folder, left_out), left_out, _links)


def pictures_of(listing: Listing, left_out: LeftOutFiles, _links: frozenset[str] = frozenset()) -> list[Path]:
    """All pictures of a folder that is listed already, then those of the folders in it."""
    pictures = list(listing.pictures)
    for folder in listing.folders:
        links = _links
        if folder.is_symlink():
            target = os.path.realpath(folder)
            if target in links or Path(os.path.realpath(folder.parent)).is_relative_to(target):
                left_out.add("link to a folder around it", folder)
                continue
            links = links | {target}
        pictures += pictures_below(folder, left_out, links)
    return pictures


def holds_only_folders(folder: Path) -> bool:
    """Whether there are folders and no pictures directly in a folder; it is listed up to the first picture."""
    are_folders = [is_folder for _, is_folder in _up_to_first_picture(folder)]
    return bool(are_folders) and all(are_folders)


def only_folder_in(folder: Path) -> Path | None:
    """The folder in a folder, if it holds one and no pictures; it is listed up to the first picture."""
    found = list(_up_to_first_picture(folder))
    return Path(found[0][0]) if len(found) == 1 and found[0][1] else None


def _up_to_first_picture(folder: Path) -> Iterator[tuple[str, bool]]:
    for path, is_folder in _scan(folder, LeftOutFiles(folder)):
        yield path, is_folder
        if not is_folder:
            return
