"""A torch dataset of pictures as an image set: nothing is copied, labels are read without decoding where possible."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch.utils.data import ConcatDataset, Dataset, Subset
from torchvision.datasets import DatasetFolder
from torchvision.datasets.folder import default_loader
from tqdm import tqdm

from embedding_transfer.errors import EmbeddingTransferError, InputError, reason
from embedding_transfer.images.any_picture import AnyPicture
from embedding_transfer.images.image_set import ImageSet

KNOWN_LABELS = ("targets", "labels")
"""Attributes in which datasets keep the labels of all pictures."""


class DatasetPictures:
    """The pictures of a torch dataset, whose items are pictures or begin with one.

    Args:
        dataset: The dataset.
    """

    def __init__(self, dataset: Dataset[Any]) -> None:
        self.dataset = dataset

    def __len__(self) -> int:
        return len(self.dataset)  # type: ignore[arg-type]

    def __getitem__(self, index: int) -> AnyPicture:
        item = self.dataset[index]
        return item[0] if isinstance(item, (tuple, list)) else item


def image_set_of(dataset: Dataset[Any], name: str, start: int = 0) -> ImageSet:
    """The pictures of a torch dataset, with labels if its items are (picture, label).

    Args:
        dataset: Gives Pillow pictures or uint8 pixels, alone or with whole numbers as labels. Files of an
            ``ImageFolder`` without transforms are read as all files are; other pictures are called by their number.
        name: Of the image set.
        start: The number of the first picture in the whole set.

    Raises:
        InputError: If it is empty, its items are neither, or labels are no whole numbers.

    Example::

        image_set_of(CIFAR10("data", train=True), "cifar/train")
    """
    if len(dataset) == 0:  # type: ignore[arg-type]
        raise InputError(f"{name} has no images")
    labels = _labels(dataset, name)
    numbers = np.arange(start, start + len(dataset))  # type: ignore[arg-type]
    if labels is None:
        return ImageSet(name, _pictures(dataset), numbers=numbers)
    classes, labels = np.unique(labels, return_inverse=True)
    return ImageSet(name, _pictures(dataset), labels, _class_names(dataset, classes), numbers=numbers)


def _pictures(dataset: Any) -> Any:
    """Files where the dataset only opens them, else its items."""
    is_plain = isinstance(dataset, DatasetFolder) and dataset.loader is default_loader and dataset.transforms is None
    return [path for path, _ in dataset.samples] if is_plain else DatasetPictures(dataset)


def _labels(dataset: Dataset[Any], name: str) -> np.ndarray | None:
    """(n,) whole numbers; ``None`` if the items are pictures alone."""
    try:
        first = dataset[0]
    except EmbeddingTransferError:
        raise
    except Exception as error:  # it may come from anywhere
        raise InputError(f"cannot read item 0 of {name}: {type(error).__name__}: {reason(error)}") from error
    if isinstance(first, dict):
        raise InputError(
            f"{name} gives dictionaries, not (picture, label); the images 'hf' with a root are a Hugging Face dataset"
        )
    if not isinstance(first, (tuple, list)) or len(first) == 1:
        return None
    known = _known_labels(dataset)
    labels = known if known is not None else _read_labels(dataset, name)
    if labels.shape != (len(dataset),) or labels.dtype.kind not in "iub":  # type: ignore[arg-type]
        raise InputError(
            f"{name} has labels {labels.shape} of {labels.dtype} for {len(dataset):,} images: "  # type: ignore[arg-type]
            "a label is one whole number"
        )
    return labels


def _known_labels(dataset: Any) -> np.ndarray | None:
    """What a dataset, or the one that it is a part of, knows without decoding; ``None`` if it does not know."""
    if isinstance(dataset, Subset):
        whole = _known_labels(dataset.dataset)
        return None if whole is None else whole[np.asarray(dataset.indices, dtype=np.int64)]
    if isinstance(dataset, ConcatDataset):
        parts = [_known_labels(part) for part in dataset.datasets]
        return np.concatenate(parts) if all(part is not None for part in parts) else None  # type: ignore[arg-type]
    if getattr(dataset, "target_transform", None) is not None:
        return None
    for attribute in KNOWN_LABELS:
        known = getattr(dataset, attribute, None)
        if known is not None and len(known) == len(dataset):
            labels = np.asarray(known)
            return labels if labels.ndim == 1 and labels.dtype.kind in "iub" else None
    return None


def _read_labels(dataset: Any, name: str) -> np.ndarray:
    """One pass over all items, which decodes their pictures for nothing."""
    labels = []
    for index in tqdm(range(len(dataset)), desc=f"read labels of {name}", unit="img", leave=False, disable=None):
        try:
            label = dataset[index][1]
            labels.append(label.item() if isinstance(label, (torch.Tensor, np.ndarray)) else label)
        except Exception as error:  # it may come from anywhere
            raise InputError(f"cannot read item {index} of {name}: {type(error).__name__}: {reason(error)}") from error
    try:
        return np.asarray(labels)
    except ValueError:
        return np.asarray(labels, dtype=object)


def _class_names(dataset: Any, classes: np.ndarray) -> tuple[str, ...]:
    """What the dataset calls its classes, if it numbers them from 0; else their numbers."""
    while isinstance(dataset, Subset):
        dataset = dataset.dataset
    names = getattr(dataset, "classes", None)
    if isinstance(names, (list, tuple)) and classes[0] >= 0 and classes[-1] < len(names):
        return tuple(str(names[label]) for label in classes)
    return tuple(str(label) for label in classes)
