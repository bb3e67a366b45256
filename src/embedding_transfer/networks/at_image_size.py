"""A network for pictures of another size than it was trained with."""

from __future__ import annotations

import copy

from embedding_transfer.networks.embedding_network import EmbeddingNetwork
from embedding_transfer.networks.image_size import resize_input


def at_image_size(network: EmbeddingNetwork, size: int | None) -> EmbeddingNetwork:
    """The network itself if it is meant for pictures of that side, else a copy that is: positions are interpolated.

    Args:
        network: Left as it is.
        size: Side in pixels; ``None``: its own.

    Raises:
        UsageError: If such pictures are too small for the backbone, or do not fit it.

    Example::

        >>> at_image_size(EmbeddingNetwork("convnet-4", 8, image_size=16), 32).image_size
        32
    """
    if size in (None, network.image_size):
        return network
    other = copy.deepcopy(network)
    resize_input(other.backbone.weights_module, size)
    other.image_size = size
    other.check_image_size()
    return other
