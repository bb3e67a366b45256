"""Validation classes: some of the training classes, held out, so that test images choose nothing.

Where there are no labels, some of the images are held out.
"""

from __future__ import annotations

import numpy as np

from embedding_transfer.errors import UsageError
from embedding_transfer.images.image_set import ImageSet, ImageSplits


def hold_out_classes(splits: ImageSplits, share: float, seed: int) -> tuple[ImageSplits, ImageSet | None]:
    """Hold out whole classes of the training images, drawn at random; single images where they have no labels.

    Args:
        splits: Training and test images.
        share: Of the training classes (or images) that is held out; 0: none.
        seed: Of the draw.

    Returns:
        The splits with fewer training classes, and the images of the others; ``None`` if ``share`` is 0.

    Raises:
        UsageError: If fewer than two classes (or images) would be held out, or fewer than two would be left.
    """
    if share == 0:
        return splits, None
    train = splits.train
    count, what = (len(train.class_names), "classes") if train.is_labeled else (len(train), "images")
    held_out = round(share * count)
    if not 2 <= held_out <= count - 2:
        raise UsageError(f"validation {share} holds out {held_out} of {count} training {what}; 2 to {count - 2} do")
    is_drawn = np.zeros(count, dtype=bool)
    is_drawn[np.random.default_rng(seed).permutation(count)[:held_out]] = True
    is_held_out = is_drawn[train.labels] if train.is_labeled else is_drawn
    validation = train.subset(is_held_out, train.name.replace("train", "validation"))
    return ImageSplits(train.subset(~is_held_out), splits.test), validation
