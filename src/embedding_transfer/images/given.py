"""Image sets that are given as objects in Python, in place of a name."""

from __future__ import annotations

from typing import Any

from torch.utils.data import Subset

from embedding_transfer.errors import InputError, UsageError
from embedding_transfer.images.image_set import ImageSet, ImageSplits
from embedding_transfer.images.torch_dataset import image_set_of


def splits_of(images: Any) -> ImageSplits:
    """Two halves of an image set, of whatever was given.

    Args:
        images: ``ImageSplits``; or two of which each is an ``ImageSet`` or a torch dataset of (picture, label), or of
            pictures alone (see :func:`~embedding_transfer.images.torch_dataset.image_set_of`).

    Raises:
        UsageError: If it is something else.
        InputError: If a dataset does not give pictures and labels, or one half alone has labels.

    Example::

        splits_of((CIFAR10("data", train=True), CIFAR10("data", train=False)))
    """
    if isinstance(images, ImageSplits):
        return images
    if not isinstance(images, (tuple, list)) or len(images) != 2 or not all(map(_is_set, images)):
        raise UsageError(
            f"images are given by name, as ImageSplits, or as two datasets, (train, test); got {_kind(images)}"
        )
    train = _half(images[0], "train", 0)
    test = _half(images[1], "test", len(train))
    if train.is_labeled != test.is_labeled:
        with_labels, without = (train, test) if train.is_labeled else (test, train)
        raise InputError(f"{with_labels.name} has labels, but {without.name} has none: give labels to both or to none")
    return ImageSplits(train, test)


def _half(images: Any, half: str, start: int) -> ImageSet:
    return images if isinstance(images, ImageSet) else image_set_of(images, f"{_kind(images)}/{half}", start)


def _is_set(images: Any) -> bool:
    is_sequence = hasattr(images, "__len__") and hasattr(images, "__getitem__")
    return isinstance(images, ImageSet) or (is_sequence and not isinstance(images, (str, bytes, dict)))


def _kind(images: Any) -> str:
    while isinstance(images, Subset):
        images = images.dataset
    return type(images).__name__
