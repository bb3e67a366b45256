"""How many images and classes the published results are on, so that nobody trains on another edition unknowingly."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from embedding_transfer.images.image_set import ImageSet, ImageSplits
from embedding_transfer.images.listed import complain, train_and_test, without_missing_files

PUBLISHED = {
    "cub": {"training images": 5864, "training classes": 100, "test images": 5924, "test classes": 100},
    "cars": {"training images": 8054, "training classes": 98, "test images": 8131, "test classes": 98},
    "sop": {"training images": 59551, "training classes": 11318, "test images": 60502, "test classes": 11316},
    "inshop": {
        "training images": 25882,
        "training classes": 3997,
        "test images": 26830,
        "test classes": 3985,
        "queries": 14218,
        "gallery images": 12612,
    },
}
"""CUB-200-2011 and Cars-196 by the first and the second half of their classes; the others by their own lists."""

OTHER_EDITIONS = {
    "cub": {
        6033: "CUB-200 of 2010, an older and smaller set: get CUB-200-2011 with its 11,788 images",
        5994: "the training half of the classification split alone; all 11,788 images are needed",
        5794: "the test half of the classification split alone; all 11,788 images are needed",
    },
    "cars": {
        8144: "cars_train alone, the training half of the classification split; cars_test is needed, too",
        8041: "cars_test alone, the test half of the classification split; cars_train is needed, too",
    },
}
"""What else goes by the name, by its number of images."""


def published_splits(
    name: str, images: ImageSet, is_train: np.ndarray, root: str | Path, allow_incomplete: bool
) -> ImageSplits:
    """Training and test images of a published image set, after a check that it is all there.

    Args:
        name: Of the image set, a key of :data:`PUBLISHED`.
        images: All its images.
        is_train: (n,) bool, which of them train.
        root: Where they are, for messages.
        allow_incomplete: Warn where a number is wrong or files are missing, and go on with what is there.

    Raises:
        InputError: If a number is not the published one or files are missing, unless ``allow_incomplete``.
    """
    found, expected = _counts(images, is_train), PUBLISHED[name]
    wrong = [
        f"{found[what]:,} {what} instead of {expected[what]:,}" for what in expected if found[what] != expected[what]
    ]
    if wrong:
        complain(f"{root} is not the published {name!r}: {', '.join(wrong)}; {_likely(name, found)}", allow_incomplete)
    return train_and_test(*without_missing_files(images, is_train, allow_incomplete))


def _counts(images: ImageSet, is_train: np.ndarray) -> dict[str, int]:
    everything = np.ones(len(images), dtype=bool)
    queries = everything if images.is_query is None else images.is_query
    gallery = everything if images.is_gallery is None else images.is_gallery
    return {
        "training images": int(is_train.sum()),
        "training classes": len(np.unique(images.labels[is_train])),
        "test images": int((~is_train).sum()),
        "test classes": len(np.unique(images.labels[~is_train])),
        "queries": int((queries & ~is_train).sum()),
        "gallery images": int((gallery & ~is_train).sum()),
    }


def _likely(name: str, found: dict[str, int]) -> str:
    """What the images probably are, by their number."""
    total = found["training images"] + found["test images"]
    expected = PUBLISHED[name]["training images"] + PUBLISHED[name]["test images"]
    editions = OTHER_EDITIONS.get(name, {})
    nearest = min(editions, key=lambda n_images: abs(n_images - total), default=0)
    if abs(nearest - total) <= nearest // 100:  # within one percent: some files may be missing from it
        return f"this looks like {editions[nearest]}"
    if total < expected:
        return f"{expected - total:,} images are missing: unpack or copy the set again"
    if total > expected:
        return f"{total - expected:,} images do not belong to it: unpack the set into a folder of its own"
    return "its classes are named or split differently: unpack the set again"
