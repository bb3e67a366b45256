"""Image sets without classes: a folder, a list of files, or both halves of a set together."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from embedding_transfer.errors import InputError, UsageError
from embedding_transfer.images import ImageSet
from embedding_transfer.images.folder_tree import pictures_below
from embedding_transfer.images.left_out import LeftOutFiles
from embedding_transfer.images.printable import printable
from embedding_transfer.images.text_file import read_text

Pictures = ImageSet | str | Path | Sequence[str | Path] | np.ndarray
"""What can be embedded: an image set, a folder, a picture, a list of these, or uint8 pixels (n, h, w, 3)."""


def picture_set(pictures: Pictures, name: str = "pictures", root: Path | None = None) -> ImageSet:
    """Pictures as an image set, without labels unless they are one already.

    Args:
        pictures: An image set, which stays as it is; a folder (all pictures in it, however deep); a picture's file; a
            list of folders and files; or uint8 pixels (n, h, w) or (n, h, w, 3).
        name: What messages call them.
        root: The folder that their keys are relative to; default: the folder that was given, or none.

    Raises:
        UsageError: If there is nothing at a path.
        InputError: If there are no pictures.

    Example::

        picture_set("photos").keys  # ['2023/1.jpg', '2023/2.jpg', ...]
    """
    if isinstance(pictures, ImageSet):
        return pictures
    if isinstance(pictures, np.ndarray) and pictures.dtype.kind not in "UO":
        return ImageSet(name, pictures)
    if isinstance(pictures, (str, Path)):
        only = Path(pictures)
        name, root = only.name or name, root or (only if only.is_dir() else None)
        pictures = [only]
    paths = [found for path in pictures for found in _pictures_at(Path(path))]
    if not paths:
        raise InputError(f"{name}: no pictures were given")
    return ImageSet(name, paths, root=root)


def listed_pictures(pictures: Sequence[Path]) -> list[Path]:
    """Files and folders, with what a ``.txt`` file lists, a path a line, in its place.

    Raises:
        InputError: If such a file cannot be read or lists nothing.
    """
    found: list[Path] = []
    for path in pictures:
        if path.suffix.lower() != ".txt" or not path.is_file():
            found.append(path)
            continue
        lines = [line.strip() for line in read_text(path).splitlines() if line.strip()]
        if not lines:
            raise InputError(f"{path} lists no pictures: write a path a line")
        found += [Path(line) for line in lines]
    return found


def _pictures_at(path: Path) -> list[Path]:
    if path.is_dir():
        left_out = LeftOutFiles(path)
        found = pictures_below(path, left_out)
        left_out.warn()
        if not found:
            raise InputError(f"{printable(path)} holds no pictures: give a folder that does, or the files themselves")
        return found
    if not path.exists():
        raise UsageError(f"no picture or folder {printable(path)}")
    return [path]
