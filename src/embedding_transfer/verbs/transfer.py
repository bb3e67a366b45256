"""Transfer: a target network learns from a frozen source network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from embedding_transfer.build import merged
from embedding_transfer.grid.methods import method_of
from embedding_transfer.training.transfer_options import TransferOptions

if TYPE_CHECKING:
    from embedding_transfer.training.result import TrainingResult


def transfer(source: Any, method: str | None = None, **options: Any) -> TrainingResult:
    """Hand the knowledge of a source network on to a target network; the defaults are the paper's settings.

    Args:
        source: Run directory (its best network is taken) or file of the source network.
        method: A name for options that belong together, as ``reproduce`` knows them (``RKD``, ``CRD-tuned``, ...), or
            ``best``: what led in our trials for such a target, with or without a backbone and weights of its own
            (without both it starts as its source). Options given beside it win; config.yaml holds what it stood for.
            Default: relaxed contrastive, as published.
        **options: See :class:`~embedding_transfer.training.transfer_options.TransferOptions`; ``output`` is required.

    Returns:
        The best and the last line of metrics.jsonl. The best network is ``OUTPUT/best.safetensors``.

    Raises:
        UsageError: If options contradict each other or the images, or name what is not there.
        InputError: If an image or the source cannot be read.
        TrainingError: If the loss is no longer finite.

    Example::

        transfer(source="runs/source", images="glyphs", embedding_dim=8, output="runs/short")
    """
    if method is not None:
        options = {**merged([method_of(method, options)], {"loss": None}), **options}
    chosen = TransferOptions.of({"source": source, **options})

    from embedding_transfer.training.train_target import train_target_network  # imports torch

    return train_target_network(chosen)
