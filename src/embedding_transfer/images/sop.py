"""Stanford Online Products: photos of things sold on eBay, ``Ebay_train.txt`` and ``Ebay_test.txt``."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from embedding_transfer.images.image_set import ImageSet, ImageSplits
from embedding_transfer.images.listed import find_place, read_rows
from embedding_transfer.images.published_counts import published_splits

PLACES = ("Ebay_train.txt", "Stanford_Online_Products/Ebay_train.txt")
COLUMNS = ("image_id", "class_id", "super_class_id", "path")


def load_sop(root: str | Path, allow_incomplete: bool = False) -> ImageSplits:
    """Read Stanford Online Products (Song et al. 2016) with its own split.

    Args:
        root: The folder ``Stanford_Online_Products`` or the one that holds it.
        allow_incomplete: Warn instead of raising where numbers are not the published ones or images are missing.

    Raises:
        UsageError: If ``root`` is no folder.
        InputError: If the lists are not there or not as published, or images in them are missing.
    """
    home = find_place(root, PLACES, "sop").parent
    train, test = (read_rows(home / f"Ebay_{split}.txt", COLUMNS) for split in ("train", "test"))
    rows = train + test
    ids, first_rows, labels = np.unique([row[1] for row in rows], return_index=True, return_inverse=True)
    kinds = [rows[first][-1].split("/")[0].removesuffix("_final") for first in first_rows]
    names = tuple(f"{kind} {class_id}" for kind, class_id in zip(kinds, ids, strict=True))  # e.g. "bicycle 1"
    images = ImageSet("sop", [home / path for *_, path in rows], labels, names)
    return published_splits("sop", images, np.arange(len(rows)) < len(train), root, allow_incomplete)
