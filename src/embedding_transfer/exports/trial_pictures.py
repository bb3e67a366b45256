"""Pictures that an exported file is tried with: a user's own, or generated ones that look a little like photographs."""

from __future__ import annotations

import numpy as np
from PIL import Image

from embedding_transfer.images import ImageSet, ImageSplits
from embedding_transfer.images.views import EvaluationViews
from embedding_transfer.networks.exported_input import ExportedInput

COUNT = 16
"""How many pictures a file is tried with."""


def trial_views(view: ExportedInput, images: ImageSplits | None) -> tuple[np.ndarray, str]:
    """Views (n, 3, s, s) uint8 of the test half, or of generated pictures where there are none; and of which."""
    shown = generated_pictures(view.resize) if images is None else images.test
    return views_of(shown, view), shown.name


def views_of(images: ImageSet, view: ExportedInput, count: int = COUNT) -> np.ndarray:
    """Evaluation views (n, 3, s, s) uint8 of ``count`` pictures, or of all if there are fewer, spread over the set.

    Raises:
        InputError: If a picture cannot be read.
    """
    rows = np.unique(np.linspace(0, len(images) - 1, count).round().astype(np.int64))
    views = EvaluationViews(images, view.image_size, view.crop)
    return np.stack([views[int(row)].numpy() for row in rows])


def generated_pictures(side: int, count: int = COUNT) -> ImageSet:
    """Soft colors with some noise on them, the same ones every time.

    Example::

        >>> generated_pictures(32).summary()
        'generated: 16 images without labels'
    """
    rng = np.random.default_rng(0)
    colors = rng.integers(0, 256, (count, 4, 4, 3), dtype=np.uint8)
    soft = [np.asarray(Image.fromarray(few).resize((side, side), Image.Resampling.BICUBIC)) for few in colors]
    noisy = np.stack(soft) + rng.normal(0, 20, (count, side, side, 3))  # (n, s, s, 3)
    return ImageSet("generated", noisy.clip(0, 255).astype(np.uint8))
