"""Train a source: an embedding network, from images with class labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from embedding_transfer.training.source_options import SourceOptions

if TYPE_CHECKING:
    from embedding_transfer.training.result import TrainingResult


def train_source(**options: Any) -> TrainingResult:
    """Train an embedding network on images with class labels; the defaults are Proxy-Anchor's published settings.

    Args:
        **options: See :class:`~embedding_transfer.training.source_options.SourceOptions`; ``output`` is required.

    Returns:
        The best and the last line of metrics.jsonl. The best network is ``OUTPUT/best.safetensors``.

    Raises:
        UsageError: If options contradict each other or the images, or name what is not there.
        InputError: If an image cannot be read or a class is too small.
        TrainingError: If the loss is no longer finite.

    Example::

        train_source(images="glyphs", backbone="convnet-32", embedding_dim=64, image_size=28, output="runs/source")
    """
    chosen = SourceOptions.of(options)

    from embedding_transfer.training.train_source import train_source_network  # imports torch

    return train_source_network(chosen)
