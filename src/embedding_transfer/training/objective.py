"""Everything that learns, in one module, so that optimizer, processes and checkpoints see it without naming a loss."""

from __future__ import annotations

from torch import Tensor, nn

from embedding_transfer.networks import Embedded, EmbeddingNetwork


class Objective(nn.Module):
    """A network and what it is trained for.

    ``forward(images, labels, index, source)`` takes images (views * n, 3, h, w) in [0, 1], rows [all view 1, all view
    2, ...], the labels and image indices of these rows, and what the source makes of the images (``None`` without a
    source). It returns ``{"loss": scalar, ...}``: what is minimized, then the parts worth logging.
    """

    def __init__(self, network: EmbeddingNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: Tensor, labels: Tensor, index: Tensor, source: Embedded | None) -> dict[str, Tensor]:
        raise NotImplementedError

    def label_parameters(self) -> list[nn.Parameter]:
        """What a metric loss learns itself (proxies, a classifier): at ``loss_lr_factor`` times the learning rate."""
        raise NotImplementedError
