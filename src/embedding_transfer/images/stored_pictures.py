"""What an image set holds: files, pixels, or pictures that are fetched one at a time; some of them, or two together."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from embedding_transfer.errors import InputError
from embedding_transfer.images.path_list import PathList
from embedding_transfer.images.picture_sequence import JoinedPictures, PictureSequence, SomePictures

Pictures = Sequence[str | Path] | np.ndarray | PictureSequence


def checked(name: str, pictures: Pictures) -> PathList | np.ndarray | PictureSequence:
    """Paths in little memory, pixels whose shape is one of pictures, or a sequence as it is.

    Args:
        name: Of the image set, for messages.
        pictures: What somebody gave.

    Raises:
        InputError: If it is empty, or an array that holds no pictures.
    """
    if len(pictures) == 0:
        raise InputError(f"{name} has no images")
    if isinstance(pictures, np.ndarray) and pictures.dtype.kind not in "UO":
        _check_pixels(name, pictures)
        return pictures
    if isinstance(pictures, PathList) or not isinstance(pictures, (list, tuple, np.ndarray)):
        return pictures
    return PathList(pictures) if isinstance(pictures[0], (str, os.PathLike)) else pictures


def taken(pictures: Pictures, rows: np.ndarray) -> PathList | np.ndarray | PictureSequence:
    """Pictures at some places (n,); none of them is fetched."""
    if isinstance(pictures, np.ndarray):
        return pictures[rows]
    return pictures.take(rows) if isinstance(pictures, PathList) else SomePictures(pictures, rows)


def joined(first: Pictures, second: Pictures) -> PathList | np.ndarray | PictureSequence:
    """The pictures of two image sets, one after the other; none of them is fetched.

    Example::

        joined(splits.train.images, splits.test.images)
    """
    if isinstance(first, PathList) and isinstance(second, PathList):
        return PathList(path for paths in (first, second) for path in paths.strings())
    if isinstance(first, np.ndarray) and isinstance(second, np.ndarray) and first.shape[1:] == second.shape[1:]:
        return np.concatenate([first, second])
    return JoinedPictures(first, second)


def _check_pixels(name: str, pixels: np.ndarray) -> None:
    if pixels.dtype != np.uint8 or pixels.ndim not in (3, 4) or (pixels.ndim == 4 and pixels.shape[3] != 3):
        raise InputError(
            f"{name} has an array {pixels.shape} of {pixels.dtype}: pictures are uint8, 0 to 255, in the shape "
            "(n, h, w) or (n, h, w, 3)"
        )
