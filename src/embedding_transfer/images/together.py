"""Both halves of an image set as one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from embedding_transfer.images.image_set import ImageSet, ImageSplits
from embedding_transfer.images.path_list import PathList
from embedding_transfer.images.stored_pictures import joined


def whole_set(splits: ImageSplits) -> ImageSet:
    """The images of both halves, training images first, without queries and gallery; classes of one name are one."""
    train, test = splits
    names = tuple(dict.fromkeys((*train.class_names, *test.class_names)))
    number = {name: place for place, name in enumerate(names)}
    labels: Any = train.labels
    if train.is_labeled:
        parts = [np.array([number[name] for name in part.class_names])[part.labels] for part in splits]
        labels = np.concatenate(parts)
    numbers = [np.arange(len(part)) if part.numbers is None else part.numbers for part in splits]
    return replace(
        train,
        name=train.name.removesuffix("/train"),
        images=joined(train.images, test.images),
        labels=labels,
        class_names=names,
        is_query=None,
        is_gallery=None,
        numbers=None if isinstance(train.images, PathList) else np.concatenate(numbers),
    )
