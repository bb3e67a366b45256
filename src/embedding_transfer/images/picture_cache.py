"""What is made of a picture before every use of it, kept on the disk: the file is decoded once, not in every epoch."""

from __future__ import annotations

import os
from collections.abc import Callable
from hashlib import blake2b
from pathlib import Path

import numpy as np
from PIL import Image

from embedding_transfer.errors import InputError, UsageError, reason
from embedding_transfer.files import whole_file
from embedding_transfer.images.decode import read_rgb
from embedding_transfer.images.printable import printable

Make = Callable[[Image.Image], Image.Image]
VERSION = 1
"""To be raised when decoding or shrinking gives other pixels: entries of an earlier version are not found then."""


class PictureCache:
    """A folder of pixels: one PPM file for each picture and each thing that is made of it.

    An entry is found by the path, the size and the time of change of the picture's file, so one that has changed is
    decoded anew. Entries are written whole or not at all, and one of the wrong length is made anew: any number of
    processes may share a folder.

    Args:
        folder: Where; made when the first picture is kept.

    Raises:
        UsageError: If there is a file in its place.

    Example::

        cache = PictureCache(Path("cache"))
        cache.pixels(Path("photo.jpg"), "short-side-448", shrunk(448)).shape  # (448, 597, 3)
    """

    def __init__(self, folder: Path) -> None:
        if folder.exists() and not folder.is_dir():
            raise UsageError(f"{folder} is a file: --cache must be a folder")
        self.folder = folder

    def pixels(self, path: Path, made: str, make: Make) -> np.ndarray:
        """Pixels (h, w, 3) uint8 of ``make(picture)``.

        Args:
            path: File of the picture.
            made: Name of what ``make`` makes: all that its pixels depend on besides the picture.
            make: Called where no entry is found.

        Raises:
            InputError: If the picture cannot be read or the entry cannot be written; the message names the picture.
        """
        if not path.is_file():
            return np.array(make(read_rgb(path)))  # which says what is there instead
        try:
            entry = self._entry(path, made)
            pixels = _read(entry)
            if pixels is None:
                pixels = np.array(make(read_rgb(path)))
                _write(entry, pixels)
        except OSError as error:
            raise InputError(
                f"cannot keep {printable(path)} in the cache {self.folder}: {error.strerror or reason(error)}; "
                "make room there, or leave out --cache"
            ) from error
        return pixels

    def _entry(self, path: Path, made: str) -> Path:
        file = path.stat()
        key = f"{VERSION}|{file.st_size}|{file.st_mtime_ns}|{os.path.abspath(path)}"
        name = blake2b(os.fsencode(key), digest_size=16).hexdigest()
        return self.folder / made / name[:2] / f"{name[2:]}.ppm"


def shrunk(side: int) -> Make:
    """What makes the shorter side of a picture ``side`` pixels; a smaller picture stays as it is."""

    def make(picture: Image.Image) -> Image.Image:
        scale = side / min(picture.size)
        if scale >= 1:
            return picture
        width, height = (round(scale * length) for length in picture.size)
        return picture.resize((width, height), Image.Resampling.LANCZOS)

    return make


def _write(entry: Path, pixels: np.ndarray) -> None:
    height, width, _ = pixels.shape
    with whole_file(entry, lasting=False) as unfinished, unfinished.open("wb") as file:
        file.write(b"P6 %d %d 255\n" % (width, height))
        file.write(pixels.tobytes())


def _read(entry: Path) -> np.ndarray | None:
    """(h, w, 3), or ``None`` where nothing was kept, or not all of it."""
    try:
        with entry.open("rb") as file:
            _, width, height, _ = file.readline(64).split()
            pixels = np.fromfile(file, dtype=np.uint8)
        return pixels.reshape(int(height), int(width), 3)
    except (FileNotFoundError, ValueError):
        return None
