"""What every backbone is: normalized images in, maps of its stages and what is pooled out."""

from __future__ import annotations

from abc import abstractmethod
from typing import Literal, NamedTuple

from torch import Tensor, nn

from embedding_transfer.networks.checkpointing import checkpoint_blocks
from embedding_transfer.networks.features import Features
from embedding_transfer.networks.pooling import Pooling


class Normalization(NamedTuple):
    """How a network wants its pictures: ``(image[channel_order] * value_range - mean) / std``.

    Args:
        mean: One number per channel, in ``channel_order``.
        std: One number per channel, in ``channel_order``.
        channel_order: ``"rgb"`` or ``"bgr"``.
        value_range: The value of white: 1 or 255.
    """

    mean: tuple[float, float, float] = (0.5, 0.5, 0.5)
    std: tuple[float, float, float] = (0.5, 0.5, 0.5)
    channel_order: Literal["rgb", "bgr"] = "rgb"
    value_range: float = 1.0


class Backbone(nn.Module):
    """The convolutional or attention part of a network, without head.

    Attributes:
        map_channels: Channels of each stage map, early stages first; at most four stages.
        pooling: What is pooled of its :class:`Features`; never left open.
        features: Length of the pooled vector.
        reduction: Pixels of the picture per pixel of the final map, in each direction.
        normalization: What the backbone's weights expect of pictures.
    """

    map_channels: list[int]
    pooling: Pooling = "average+maximum"
    features: int
    reduction: int
    normalization: Normalization

    @abstractmethod
    def forward(self, images: Tensor) -> Features:
        """Normalized images (n, 3, h, w) to stage maps, final map and what else may be pooled."""

    def forget_blocks(self) -> int:
        """Let blocks compute again what the gradient needs (see :func:`checkpoint_blocks`); returns how many."""
        return checkpoint_blocks(self.weights_module)

    @property
    def weights_module(self) -> nn.Module:
        """The module whose parameters are named as in published files of this backbone's weights."""
        return self
