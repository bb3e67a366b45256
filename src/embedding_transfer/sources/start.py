"""A target that starts as its source, instead of at random weights."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from embedding_transfer.errors import UsageError
from embedding_transfer.networks import EmbeddingNetwork
from embedding_transfer.networks.at_image_size import at_image_size
from embedding_transfer.sources.principal_components import principal_components


@torch.no_grad()
def start_as_source(
    target: EmbeddingNetwork, source: EmbeddingNetwork, embeddings: Callable[[], Tensor], turned: bool = False
) -> Tensor:
    """Give a target the weights of its source, and to a shorter vector the principal components of the source's.

    The components are those of the source's embeddings, as it returns them; they are taken of what its embedding layer
    gives, before any normalization: with directions D (d, d') and the layer W x + b, the target begins with
    (D^T W) x + D^T b.

    Args:
        target: Gets the weights.
        source: The source as it was trained.
        embeddings: Gives what the target learns from: the source's embeddings (n, d) of the training images, which may
            be those of larger pictures; called for a shorter vector, or if ``turned``.
        turned: A vector of the source's length becomes all its principal components, the largest first, so that it can
            be cut; its distances stay.

    Returns:
        The directions D (d, d') of the source's space that are the target's coordinates; without ``turned``, the
        identity for d' = d.

    Raises:
        UsageError: If the target has another backbone or a longer vector, or pools in another way.
    """
    require_startable(target, source)
    as_large = at_image_size(source, target.image_size)  # embeddings of positions are interpolated
    target.backbone.load_state_dict(as_large.backbone.state_dict())
    target.pool.load_state_dict(source.pool.state_dict())
    weight, bias = source.head.weight.detach(), source.head.bias.detach()  # (d, features), (d,)
    directions = torch.eye(source.embedding_dim).to(weight)
    if turned or target.embedding_dim < source.embedding_dim:
        _, directions = principal_components(embeddings(), target.embedding_dim)  # (d, d')
        directions = directions.to(weight)
        weight, bias = directions.T @ weight, directions.T @ bias
    target.head.weight.copy_(weight)
    target.head.bias.copy_(bias)
    return directions


def require_startable(target: EmbeddingNetwork, source: EmbeddingNetwork) -> None:
    """Refuse a target that cannot have its source's weights.

    Raises:
        UsageError: If it has another backbone or a longer vector, or pools in another way.
    """
    if target.backbone_name != source.backbone_name or target.embedding_dim > source.embedding_dim:
        raise UsageError(
            f"a target {target.backbone_name} of {target.embedding_dim} dimensions cannot start from a source "
            f"{source.backbone_name} of {source.embedding_dim}, as it needs the same backbone and at most its length: "
            "leave out --start-from-source"
        )
    if target.pooling != source.pooling:
        raise UsageError(
            f"a target that pools by {target.pooling} cannot start from a source that pools by {source.pooling}: leave "
            "out --pooling or --start-from-source"
        )
