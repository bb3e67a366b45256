"""Pictures that cannot be read are left out before anything starts, where the user wishes so."""

from __future__ import annotations

import warnings

import numpy as np

from embedding_transfer.errors import InputError
from embedding_transfer.images.examine import examine
from embedding_transfer.images.image_set import ImageSet, ImageSplits
from embedding_transfer.images.left_out import LeftOut

LISTED = 100
"""So many are named."""


def without_bad_images(images: ImageSet, workers: int = 2) -> ImageSet:
    """The pictures of a set that can be decoded; each is looked at once, and a warning names those that cannot.

    The same files always give the same set, so that a training that is resumed is the same training. A class of which
    nothing is left is left out, too.

    Args:
        images: The set; pixels in memory are not looked at.
        workers: Processes that decode.

    Raises:
        InputError: If no picture is left.

    Example::

        train, test = map(without_bad_images, load_images("folder", "photos"))
    """
    if isinstance(images.images, np.ndarray):
        return images
    bad = [(picture.row, picture.look.fault) for picture in examine(images, workers) if picture.look.fault is not None]
    if not bad:
        return images
    if len(bad) == len(images):
        raise InputError(f"none of the {len(bad):,} images of {images.name} can be read, the first: {bad[0][1]}")
    for _, fault in bad[:LISTED]:
        warnings.warn(f"left out: {fault}", LeftOut, stacklevel=2)
    more = f"; {LISTED} of them are named above" if len(bad) > LISTED else ""
    number = f"{len(bad):,} of {len(images):,} images of {images.name}"
    warnings.warn(f"left out {number} that cannot be read{more}", LeftOut, stacklevel=2)
    is_good = np.ones(len(images), dtype=bool)
    is_good[[row for row, _ in bad]] = False
    return images.subset(is_good)


def splits_without_bad_images(splits: ImageSplits, workers: int = 2) -> ImageSplits:
    """Both halves of an image set by :func:`without_bad_images`."""
    return ImageSplits(*(without_bad_images(part, workers) for part in splits))
