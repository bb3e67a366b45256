"""What a network makes of images on the way to their embeddings."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor


class Embedded(NamedTuple):
    """What a network makes of n images on the way to their embeddings.

    Attributes:
        maps: Stage maps [(n, c, h, w)], early stages first, at most four.
        pooled: (n, features), what the network pools, such as global average plus global maximum of the final map.
        embedding: (n, embedding_dim).
    """

    maps: list[Tensor]
    pooled: Tensor
    embedding: Tensor
