"""Everything that learns, in one module, so that optimizer, processes and checkpoints see it without naming a loss."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from embedding_transfer.networks import Embedded, EmbeddingNetwork

NetworkState = tuple[dict[str, Tensor], dict[str, Any]]
"""Weights of a network, and its description."""


class Objective(nn.Module):
    """A network and what it is trained for."""

    def __init__(self, network: EmbeddingNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: Tensor, labels: Tensor, index: Tensor, source: Embedded | None) -> dict[str, Tensor]:
        """Embed images, and compare.

        Args:
            images: (views * n, 3, h, w) in [0, 1], rows [all view 1, all view 2, ...].
            labels: (views * n,), the class of each row.
            index: (views * n,), the image of each row.
            source: What the source makes of the images; ``None`` without a source.

        Returns:
            ``{"loss": scalar, ...}``: what is minimized, then the parts worth logging.
        """
        return self.losses(self.network.embed_all(images), labels, index, source)

    def losses(self, embedded: Embedded, labels: Tensor, index: Tensor, source: Embedded | None) -> dict[str, Tensor]:
        """What :meth:`forward` returns, from what the network makes of the images; never in 16 bits."""
        with torch.autocast(embedded.embedding.device.type, enabled=False):
            taught = None if source is None else source.at_least_32_bits()
            return self.compare(embedded.at_least_32_bits(), labels, index, taught)

    @abstractmethod
    def compare(self, target: Embedded, labels: Tensor, index: Tensor, source: Embedded | None) -> dict[str, Tensor]:
        """The losses of a step (see :meth:`forward`)."""

    @property
    def looks_at_maps(self) -> bool:
        """Whether stage maps have a part in the losses, or embeddings alone."""
        return False

    def in_source_space(self, state: Mapping[str, Tensor]) -> NetworkState | None:
        """The network of a state of this module as one with vectors in its source's space, if it learned the way there.

        Args:
            state: As :meth:`state_dict` gives it.
        """
        return None

    @abstractmethod
    def label_parameters(self) -> list[nn.Parameter]:
        """What a metric loss learns itself (proxies, a classifier): at ``loss_lr_factor`` times the learning rate."""
