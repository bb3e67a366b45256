"""Pictures that are fetched one at a time, from wherever they are."""

from __future__ import annotations

from collections.abc import Sized
from typing import Protocol

import numpy as np
from PIL import Image

from embedding_transfer.errors import EmbeddingTransferError, InputError, reason
from embedding_transfer.images.any_picture import AnyPicture, any_to_rgb


class PictureSequence(Sized, Protocol):
    """What an image set can hold in place of files and pixels: its length, and its pictures by number.

    Worker processes get a copy, so it must be possible to pickle it.

    Example::

        class Frames:
            def __len__(self):
                return 1000

            def __getitem__(self, index):
                return np.full((32, 32, 3), index % 256, dtype=np.uint8)

        ImageSet("frames", Frames())
    """

    def __getitem__(self, index: int, /) -> AnyPicture:
        """Picture ``index`` (see :func:`~embedding_transfer.images.any_picture.any_to_rgb`)."""
        ...


class SomePictures:
    """Some pictures of a sequence, in any order; nothing is fetched before it is asked for.

    Args:
        pictures: The sequence.
        rows: (n,) which of them.

    Example::

        len(SomePictures(Frames(), np.array([5, 3])))  # 2
    """

    def __init__(self, pictures: PictureSequence, rows: np.ndarray) -> None:
        self.pictures: PictureSequence = pictures
        self.rows: np.ndarray = rows
        if isinstance(pictures, SomePictures):  # one step from the row to the picture, however often some are taken
            self.pictures, self.rows = pictures.pictures, pictures.rows[rows]

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> AnyPicture:
        return self.pictures[int(self.rows[index])]


class JoinedPictures:
    """The pictures of one sequence after those of another.

    Example::

        len(JoinedPictures(Frames(), Frames()))  # 2000
    """

    def __init__(self, first: PictureSequence, second: PictureSequence) -> None:
        self.first, self.second = first, second

    def __len__(self) -> int:
        return len(self.first) + len(self.second)

    def __getitem__(self, index: int) -> AnyPicture:
        return self.first[index] if index < len(self.first) else self.second[index - len(self.first)]


def fetch_rgb(pictures: PictureSequence, index: int, name: str) -> Image.Image:
    """Picture ``index`` of a sequence as 8-bit RGB.

    Args:
        pictures: The sequence.
        index: Which picture.
        name: What messages call it.

    Raises:
        InputError: If the sequence fails to give it, whatever it raises, or gives no picture.
    """
    try:
        return any_to_rgb(pictures[index], name)
    except EmbeddingTransferError:
        raise
    except Exception as error:  # it may come from anywhere
        raise InputError(f"cannot read image {name}: {type(error).__name__}: {reason(error)}") from error
