"""Batches that the images can fill, where nobody said how large they are."""

from __future__ import annotations

import dataclasses

import numpy as np

from embedding_transfer.images import ImageSet
from embedding_transfer.training.options import AUTO, Options

STEPS, SMALLEST = 4, 8
"""An epoch has at least so many steps, unless a batch would have fewer pictures than this."""


def fit_batches(options: Options, images: ImageSet, processes: int = 1) -> Options:
    """The options with numbers for ``batch_size`` and ``images_per_class`` in place of ``auto``.

    The published numbers, if the images can fill such batches at least four times an epoch. Otherwise images are
    shuffled where a class has too few for pairs, or there are no labels, and a batch is as large as classes and images
    allow.

    Args:
        options: Of the training; numbers in them stay as they are.
        images: Training images.
        processes: Among which a batch is shared out.

    Example: 240 images of 12 classes, 2 of each class in a batch: batches of 24.
    """
    batch_size, images_per_class = options.published_batch
    sizes = np.bincount(images.labels, minlength=len(images.class_names)) if images.is_labeled else np.zeros(1, int)
    if options.images_per_class != AUTO:
        images_per_class = options.images_per_class
    elif images_per_class is not None and sizes.min() < images_per_class:
        images_per_class = None
    if options.batch_size != AUTO:
        batch_size = options.batch_size
    else:
        unit = int(np.lcm(images_per_class or 1, processes))
        if options.images_per_class == AUTO and images_per_class and unit > images_per_class * len(sizes):
            images_per_class, unit = None, processes  # each process would need more classes than there are
        most = min(batch_size, max(len(images) // STEPS, SMALLEST), len(images))
        if images_per_class is not None:
            most = min(most, images_per_class * len(sizes))
        batch_size = max(most // unit, 1) * unit
    return dataclasses.replace(options, batch_size=batch_size, images_per_class=images_per_class)
