"""What a network makes of images on the way to their embeddings."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

HALF = (torch.float16, torch.bfloat16)


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

    def at_least_32_bits(self) -> Embedded:
        """Tensors of 16 bits as float32, all others as they are: what losses are computed from."""
        return Embedded([_wide(stage) for stage in self.maps], _wide(self.pooled), _wide(self.embedding))


def _wide(tensor: Tensor) -> Tensor:
    return tensor.float() if tensor.dtype in HALF else tensor
