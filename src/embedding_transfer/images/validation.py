"""Validation classes: some of the training classes, held out, so that test images choose nothing."""

from __future__ import annotations

import numpy as np

from embedding_transfer.errors import UsageError
from embedding_transfer.images.image_set import ImageSet, ImageSplits


def hold_out_classes(splits: ImageSplits, share: float, seed: int) -> tuple[ImageSplits, ImageSet | None]:
    """Hold out whole classes of the training images, drawn at random.

    Args:
        splits: Training and test images.
        share: Of the training classes that is held out; 0: none.
        seed: Of the draw.

    Returns:
        The splits with fewer training classes, and the images of the others; ``None`` if ``share`` is 0.

    Raises:
        UsageError: If fewer than two classes would be held out, or fewer than two would be left.
    """
    if share == 0:
        return splits, None
    classes = len(splits.train.class_names)
    held_out = round(share * classes)
    if not 2 <= held_out <= classes - 2:
        raise UsageError(
            f"validation {share} holds out {held_out} of {classes} training classes; 2 to {classes - 2} do"
        )
    drawn = np.random.default_rng(seed).permutation(classes)[:held_out]
    is_held_out = np.isin(splits.train.labels, drawn)
    train = splits.train.subset(~is_held_out)
    validation = splits.train.subset(is_held_out, splits.train.name.replace("train", "validation"))
    return ImageSplits(train, splits.test), validation
