"""From a Hugging Face dataset on disk to an image set."""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from embedding_transfer.errors import InputError
from embedding_transfer.images.halves import two_halves
from embedding_transfer.images.hash_split import is_for_training
from embedding_transfer.images.hf.columns import label_column, labels_in, picture_column
from embedding_transfer.images.hf.dataset_pictures import DatasetPictures
from embedding_transfer.images.hf.open_datasets import open_datasets
from embedding_transfer.images.image_set import ImageSet, ImageSplits
from embedding_transfer.images.left_out import LeftOut

if TYPE_CHECKING:
    from datasets import Dataset


def load_hf(root: str | Path) -> ImageSplits:
    """Read a dataset that the library datasets wrote, or can read, without its network.

    Pictures stay on the disk and are read one at a time. They are in the column of the type ``Image``; labels in that
    of the type ``ClassLabel``, or in one that is called ``label``, ``class``, ... Without such a column the images have
    no labels.

    Args:
        root: A folder of ``save_to_disk``, of Parquet or Arrow files, or an ``imagefolder``; or one such file. The
            splits ``train`` and ``test`` (or ``validation``) are the halves. A single split is split by class, the
            first half of the classes trains; without labels, by a hash of the rows' numbers.

    Raises:
        UsageError: If there is no such folder, or the library is not installed.
        InputError: If it is no dataset, or columns or splits are not clear.

    Example::

        splits = load_hf("data/food101")
        print(splits.train.summary())
    """
    root = Path(root)
    name = os.path.basename(os.path.abspath(root))
    parts = open_datasets(root)
    halves = two_halves(list(parts), root)
    if halves is None:
        if len(parts) > 1:
            raise InputError(
                f"the dataset in {root} has the splits {', '.join(parts)}: call two of them train and test"
            )
        return _split(_image_set(next(iter(parts.values())), name, str(root), root), root)
    others = [part for part in parts if part not in halves]
    if others:
        warnings.warn(
            f"left out {', '.join(others)} of {root}: {halves[0]} trains and {halves[1]} is the test half",
            LeftOut,
            stacklevel=2,
        )
    train = _image_set(parts[halves[0]], f"{name}/train", f"{halves[0]} of {root}", root)
    test = _image_set(parts[halves[1]], f"{name}/test", f"{halves[1]} of {root}", root, len(train))
    if train.is_labeled != test.is_labeled:
        has, lacks = halves if train.is_labeled else halves[::-1]
        raise InputError(f"the split {has} of {root} has labels, but {lacks} has none: give both, or remove the column")
    return ImageSplits(train, test)


def _image_set(dataset: Dataset, name: str, where: str, root: Path, start: int = 0) -> ImageSet:
    """A split as an image set; ``where`` is what messages call it, ``start`` the number of its first row."""
    if len(dataset) == 0:
        raise InputError(f"{where} has no rows")
    pictures = DatasetPictures(dataset, picture_column(dataset.features, where))
    column = label_column(dataset.features, where)
    labels, names = (None, ()) if column is None else labels_in(dataset, column, where)
    numbers = np.arange(start, start + len(dataset))
    images = pictures.paths() or pictures
    return ImageSet(name, images, labels, names, root=root, numbers=numbers)  # type: ignore[arg-type]


def _split(images: ImageSet, root: Path) -> ImageSplits:
    if not images.is_labeled:
        return images.split(is_for_training(images))
    half = (len(images.class_names) + 1) // 2
    if half == len(images.class_names):
        raise InputError(f"{root} has one class, {images.class_names[0]}; a split by class needs two")
    return images.split(images.labels < half)
