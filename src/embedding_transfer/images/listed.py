"""Image sets that annotation files list: finding the files, reading their rows, and saying what is not there."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from embedding_transfer.errors import InputError, UsageError
from embedding_transfer.images.find_files import find_files
from embedding_transfer.images.image_set import ImageSet, ImageSplits
from embedding_transfer.images.left_out import ImagesNote
from embedding_transfer.images.path_list import PathList
from embedding_transfer.images.printable import printable
from embedding_transfer.images.text_file import read_text


class IncompleteImages(UserWarning):
    """An image set is not the published one, and the user goes on with it."""


def complain(fault: str, allow_incomplete: bool) -> None:
    """Raise ``fault`` as an InputError, or warn of it where the user goes on all the same."""
    if not allow_incomplete:
        raise InputError(f"{fault} (--allow-incomplete goes on all the same)")
    warnings.warn(fault, IncompleteImages, stacklevel=2)


def find_place(root: str | Path, places: Sequence[str], name: str) -> Path:
    """The first of ``root/place`` that is there.

    Raises:
        UsageError: If ``root`` is no folder.
        InputError: If none is there; the message says what was looked for and what ``root`` holds instead.
    """
    root = Path(root)
    if not root.is_dir():
        raise UsageError(f"no folder {root}: --root must be the folder of the image set {name!r}")
    for place in places:
        if (root / place).exists():
            return root / place
    raise no_such_layout(root, places, name)


def no_such_layout(root: Path, places: Sequence[str], name: str) -> InputError:
    """The error that says what was looked for in ``root`` and what it holds instead."""
    held = sorted(entry.name for entry in root.iterdir() if not entry.name.startswith("."))
    holds = ", ".join(held[:6]) + (f" and {len(held) - 6} more" if len(held) > 6 else "") or "nothing"
    return InputError(f"{root} does not hold {name!r}: looked for {' or '.join(places)}; found {holds}")


def read_rows(path: Path, columns: tuple[str, ...], skipped: int = 0) -> list[list[str]]:
    """The rows below the header of a file whose columns are set apart by spaces.

    Args:
        path: Of the file.
        columns: What the header must be.
        skipped: Lines above the header.

    Raises:
        InputError: If the file cannot be read, has another header, or a row has more or fewer columns.
    """
    lines = read_text(path).splitlines()[skipped:]
    header, rows = lines[0] if lines else "", [line.split() for line in lines[1:]]
    if header.split() != list(columns):
        raise InputError(f"{path}: line {skipped + 1} should be {' '.join(columns)!r}; it is {header[:80]!r}")
    for number, row in enumerate(rows, start=skipped + 2):
        if row and len(row) != len(columns):
            raise InputError(f"{path}: line {number} has {len(row)} columns instead of {len(columns)}")
    return [row for row in rows if row]


def without_missing_files(
    images: ImageSet, is_train: np.ndarray, allow_incomplete: bool
) -> tuple[ImageSet, np.ndarray]:
    """The images whose files are there, and ``is_train`` (n,) of these.

    Paths with backslashes, or with accents composed otherwise, are found, too.

    Raises:
        InputError: If files are missing and ``allow_incomplete`` is not given, or a half has none left; the message
            has the first of them.
    """
    listed = images.images
    assert isinstance(listed, PathList)
    found = find_files(listed.strings())
    there = np.fromiter((path is not None for path in found), dtype=bool, count=len(found))
    _warn_of_backslashes(images.name, listed, found)
    if found == list(listed.strings()):  # the rule: nothing is built anew
        return images, is_train
    paths = PathList(path for path in found if path is not None)
    if there.all():
        return replace(images, images=paths), is_train
    fault = (
        f"{images.name}: {int((~there).sum()):,} of {len(found):,} listed images are missing, "
        f"the first is {images.describe(int(there.argmin()))}"
    )
    for half, rows in (("training", is_train), ("test", ~is_train)):
        if not there[rows].any():
            raise InputError(f"{fault}; no {half} images are left: check where paths begin, or unpack the images there")
    complain(fault, allow_incomplete)
    kept = images.subset(there)
    return replace(kept, images=paths), is_train[there]


def _warn_of_backslashes(name: str, listed: PathList, found: Sequence[str | None]) -> None:
    pairs = zip(found, listed.strings(), strict=True)
    turned = [path for path, written in pairs if path and path != written and "\\" in written]
    if turned:
        warnings.warn(
            f"{name}: {len(turned):,} of {len(found):,} paths with backslashes are missing as they are written, "
            f"but there with slashes, the first is {printable(turned[0])}",
            ImagesNote,
            stacklevel=3,
        )


def train_and_test(images: ImageSet, is_train: np.ndarray) -> ImageSplits:
    """The images where ``is_train`` (n,) holds, and the others; only these keep their queries and gallery."""
    train, test = images.split(is_train)
    return ImageSplits(replace(train, is_query=None, is_gallery=None), test)
