"""Loads the views of a training's batches, in worker processes."""

from __future__ import annotations

from typing import Any

import torch
from torch.utils.data import DataLoader

from embedding_transfer.images import Batches
from embedding_transfer.images.views import TrainingViews, training_view
from embedding_transfer.training.options import TrainingOptions

ENOUGH = 2
"""Sides of a view that the shorter side of a cached picture has: a crop of a quarter of the area still fills a view."""


def training_loader(batches: Batches, size: int, options: TrainingOptions, device: torch.device) -> DataLoader[Any]:
    """Batches of views (n, v, 3, size, size) uint8, labels (n,) and image indices (n,).

    Args:
        batches: Which images make a batch.
        size: Side of the views in pixels.
        options: The augmentation, what resizes, the number of views, the seed and the workers.
        device: Where the batches will go.
    """
    transform = training_view(str(options.augmentation), size)
    return DataLoader(
        TrainingViews(batches.images, transform, options.views, options.seed, options.resize, ENOUGH * size),
        batch_sampler=batches,
        num_workers=options.workers,
        persistent_workers=options.workers > 0,
        pin_memory=device.type == "cuda",
    )
