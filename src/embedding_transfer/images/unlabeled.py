"""Pictures without labels: a folder of any depth."""

from __future__ import annotations

import os
from pathlib import Path

from embedding_transfer.errors import InputError, UsageError
from embedding_transfer.images.folder_tree import list_folder, pictures_below, pictures_of
from embedding_transfer.images.hash_split import is_for_training
from embedding_transfer.images.image_set import ImageSet, ImageSplits
from embedding_transfer.images.layout import given_halves, home_of
from embedding_transfer.images.left_out import LeftOutFiles
from embedding_transfer.images.printable import printable

OUTSIDE = "outside of the two halves"


def load_unlabeled(root: str | Path) -> ImageSplits:
    """Read all pictures of a folder and of the folders in it; what the folders are called means nothing.

    Args:
        root: With folders ``train`` and ``test`` (or ``val``, ``Training``, ...), these are the halves. Otherwise about
            one tenth of the pictures, at least 2 and at most 5,000, is for evaluation (see
            :func:`~embedding_transfer.images.hash_split.is_for_training`).

    Raises:
        UsageError: If ``root`` is no folder.
        InputError: If there are no pictures, or too few for two halves.

    Example::

        splits = load_unlabeled("photos")
        print(splits.train.summary())  # photos/train: 9,001 images without labels
    """
    root = Path(root)
    if not root.is_dir():
        raise UsageError(f"no folder {root}: --root must be the folder that holds the pictures, or a CSV file of them")
    home, left_out = home_of(root), LeftOutFiles(root)
    name = os.path.basename(os.path.abspath(home))
    top = list_folder(home, left_out)
    if halves := given_halves(home, top.folders):
        for picture in top.pictures:
            left_out.add(OUTSIDE, picture)
        found = {half: pictures_below(folder, left_out) for half, folder in zip(("train", "test"), halves, strict=True)}
        left_out.warn()
        for folder, pictures in zip(halves, found.values(), strict=True):
            if not pictures:
                raise InputError(f"{printable(folder)} holds no pictures that are read{left_out.remedy()}")
        return ImageSplits(*(ImageSet(f"{name}/{half}", pictures) for half, pictures in found.items()))
    pictures = pictures_of(top, left_out)
    left_out.warn()
    if not pictures:
        raise InputError(f"{printable(root)} holds no pictures that are read{left_out.remedy()}")
    images = ImageSet(name, pictures, root=root)
    return images.split(is_for_training(images))
