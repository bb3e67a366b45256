"""The maps from a target into its source's space that transfer losses learn: how they start."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from torch import Tensor, nn

from embedding_transfer.errors import UsageError
from embedding_transfer.images import ImageSet
from embedding_transfer.losses import Matryoshka, TransferLoss, WeightedSum
from embedding_transfer.losses.aligned_loss import AlignedLoss
from embedding_transfer.losses.relation_loss import RelationLoss
from embedding_transfer.losses.source_projection import SourceProjection

LOOKED_AT = 10_000
"""Training pictures at most that the source is shown."""


def projections(loss: nn.Module) -> list[SourceProjection]:
    """The maps within a loss, that of the target's whole vector first."""
    return [module for module in loss.modules() if isinstance(module, SourceProjection)]


def is_free_to_turn(loss: nn.Module) -> bool:
    """Whether a target may be turned in its space: all that a loss looks at are relations, or it maps the target.

    A loss that compares the target's coordinates with the source's own would have to turn them back.
    """
    parts = [part for part in loss.modules() if isinstance(part, TransferLoss)]
    leaves = [part for part in parts if not isinstance(part, (Matryoshka, WeightedSum))]
    return all(
        isinstance(leaf, RelationLoss) and not (isinstance(leaf, AlignedLoss) and leaf.projection is None)
        for leaf in leaves
    )


def start_projections(
    loss: nn.Module, images: ImageSet, embed: Callable[[ImageSet], Tensor], directions: Tensor | None
) -> None:
    """Begin them as the source's principal components, or as the directions that the target began as.

    Args:
        loss: The transfer loss.
        images: Training pictures; the source is shown some of them, evenly spread, if there is a map.
        embed: The source's vectors (n, d) of an image set.
        directions: (d, d') of the source's space, along which the target's coordinates are already.
    """
    maps = projections(loss)
    if maps and directions is None:
        some = np.unique(np.linspace(0, len(images) - 1, LOOKED_AT).astype(int))
        vectors = embed(images.subset(some, f"{images.name} for the projection"))
    for each in maps:
        if directions is None:
            each.start(vectors)
        else:
            each.start_along(directions)


def require_foldable(loss: nn.Module, l2_normalize: bool) -> None:
    """Refuse a map with a constant part behind a network that normalizes: no one network could give its vectors.

    Raises:
        UsageError: The message says what to leave out.
    """
    if l2_normalize and any(each.bias is not None for each in projections(loss)):
        raise UsageError("a projection with a bias does not go with --l2-normalize: leave out one of the two")
