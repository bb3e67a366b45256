"""CUB-200-2011: 200 bird species, ``images/NNN.Name/*.jpg``; species 1 to 100 train, 101 to 200 test."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from embedding_transfer.errors import InputError
from embedding_transfer.images.folder import read_classes
from embedding_transfer.images.image_set import ImageSplits
from embedding_transfer.images.left_out import LeftOutFiles
from embedding_transfer.images.listed import find_place
from embedding_transfer.images.published_counts import published_splits

PLACES = ("images", "CUB_200_2011/images", "CUB-200-2011/images")


def load_cub(root: str | Path, allow_incomplete: bool = False) -> ImageSplits:
    """Read CUB-200-2011 (Wah et al. 2011), split by class as in Song et al. 2016.

    Args:
        root: The folder ``CUB_200_2011`` or the one that holds it.
        allow_incomplete: Warn instead of raising where numbers are not the published ones.

    Raises:
        UsageError: If ``root`` is no folder.
        InputError: If there is no ``images/NNN.Name/`` in it, or it is another edition such as CUB-200 of 2010.
    """
    folder = find_place(root, PLACES, "cub")
    left_out = LeftOutFiles(folder)
    images = read_classes(folder, "cub", left_out)
    left_out.warn()
    for name in images.class_names:
        if not re.match(r"\d{3}\.", name):
            raise InputError(
                f"class folder {folder / name} should be called NNN.Name, such as 001.Black_footed_Albatross"
            )
    numbers = np.array([int(name[:3]) for name in images.class_names])
    return published_splits("cub", images, numbers[images.labels] <= 100, root, allow_incomplete)
