"""A transfer loss that exists, and that source and images can serve: said before anything is loaded or trained."""

from __future__ import annotations

from typing import Any

import torch

from embedding_transfer import losses
from embedding_transfer.build import Spec, build
from embedding_transfer.errors import UsageError
from embedding_transfer.images import ImageSet
from embedding_transfer.images.labels import require_labels
from embedding_transfer.losses import Matryoshka, TransferLoss
from embedding_transfer.sources import Source
from embedding_transfer.training.auto_sigma import with_sigma
from embedding_transfer.training.transfer_options import TransferOptions

STAND_IN: dict[str, Any] = {
    "target_dim": 2,
    "source_dim": 2,
    "target_channels": [1],
    "source_channels": [1],
    "n_images": 2,
    "image_labels": torch.arange(2),
    "num_classes": 2,
    "embedding_size": 2,
    "views": 1,
}
"""Sizes to try a loss with, before the real ones are known."""


def new_transfer_loss(loss: Spec, sizes: dict[str, Any]) -> TransferLoss:
    """The transfer loss that is named.

    Raises:
        UsageError: If there is no such loss, it is none for transfer, or it asks for what no step has.
    """
    built = build(loss, losses, sizes)
    if not isinstance(built, TransferLoss):
        raise UsageError(
            f"{type(built).__name__} is no TransferLoss: a loss on class labels is given as --metric-loss; "
            f"losses for transfer are {', '.join(name for name in losses.__all__ if name.endswith('Loss'))}"
        )
    return built


def require_what_loss_needs(loss: Spec, source: Source) -> None:
    """Refuse, before images are loaded, a loss that does not exist, or one on stage maps for a source without maps.

    Raises:
        UsageError: The message says which sources give maps, and which losses need none.
    """
    if needs_source_maps(loss) and not source.map_channels:
        name = type(new_transfer_loss(with_sigma(loss, 1.0), STAND_IN)).__name__
        raise UsageError(
            f"{name} needs the source's stage maps, which {source.name} does not give: take a network "
            "that was trained here as the source, or a loss on embeddings such as RelaxedContrastiveLoss"
        )


def needs_source_maps(loss: Spec) -> bool:
    """Whether a loss looks at the source's stage maps.

    Raises:
        UsageError: If there is no such loss.
    """
    return "source_maps" in new_transfer_loss(with_sigma(loss, 1.0), STAND_IN).fields


def learns_from_embeddings(options: TransferOptions) -> bool:
    """Whether embeddings have a part in the losses; where stage maps alone do, the head gets no gradient."""
    loss = new_transfer_loss(with_sigma(options.loss, 1.0), STAND_IN)
    return "target" in loss.fields or options.metric_loss is not None


def require_labels_if_asked(options: TransferOptions, images: ImageSet) -> None:
    """Refuse losses on labels for images that have none.

    Raises:
        InputError: The message names the loss.
    """
    if options.metric_loss is not None:
        require_labels(images, "--metric-loss")
    loss = new_transfer_loss(with_sigma(options.loss, 1.0), STAND_IN)
    if "labels" in loss.fields:
        require_labels(images, type(loss).__name__)


def shorter_lengths(loss: TransferLoss, length: int) -> tuple[int, ...]:
    """The lengths below ``length``, the target's, that a loss trains it for, longest first.

    Raises:
        UsageError: The longest length that the loss knows is another than the target's.
    """
    dims = [dim for module in loss.modules() if isinstance(module, Matryoshka) for dim in module.dims]
    if dims and max(dims) != length:
        raise UsageError(
            f"the longest of Matryoshka's dims is {max(dims)}, and the target's vector is {length} long: make them "
            f"equal, by --embedding-dim {max(dims)} or by {length} among the dims"
        )
    return tuple(sorted({dim for dim in dims if dim < length}, reverse=True))
