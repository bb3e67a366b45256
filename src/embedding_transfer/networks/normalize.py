"""The first layer of every network: pictures as all networks get them, to values as this one wants them."""

from __future__ import annotations

import warnings

import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensor

from embedding_transfer.errors import InputError
from embedding_transfer.networks.backbone import Normalization

DARKEST, BRIGHTEST = -0.01, 1.01
"""Values that rounding and resizing may reach; what lies beyond is not a picture in [0, 1]."""


class Normalize(nn.Module):
    """Images (n, 3, h, w), RGB in [0, 1], to the channel order, value range, mean and std of a network.

    Mean and std move with the module but are no part of its state dict: the network's description holds them. Images
    of another floating point type become the module's.

    Whole numbers are refused. Values clearly outside [0, 1] are warned of once; where looking at them would mean
    waiting for a GPU, only the first batch is looked at.

    Example::

        >>> normalize = Normalize(Normalization(mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5)))
        >>> normalize(torch.ones(1, 3, 1, 1)).flatten()
        tensor([1., 1., 1.])
    """

    mean: Tensor
    std: Tensor

    def __init__(self, normalization: Normalization) -> None:
        super().__init__()
        self.normalization = normalization
        self.register_buffer(
            "mean", torch.tensor(normalization.mean, dtype=torch.float32).view(3, 1, 1), persistent=False
        )
        self.register_buffer(
            "std", torch.tensor(normalization.std, dtype=torch.float32).view(3, 1, 1), persistent=False
        )
        self._looks_at_values = True

    def forward(self, images: Tensor) -> Tensor:
        if not images.is_floating_point():
            raise InputError(
                f"networks take pictures as floats in [0, 1]; got {images.dtype}: give images.float() / 255"
            )
        if self._looks_at_values and not _without_values(images):
            self._look_at(images)
        if self.normalization.channel_order == "bgr":
            images = images.flip(1)
        return (images.to(self.mean.dtype) * self.normalization.value_range - self.mean) / self.std  # (n, 3, h, w)

    def _look_at(self, images: Tensor) -> None:
        """Once the values were wrong, or were to be waited for, they are looked at no more."""
        least, largest = (value.item() for value in images.detach().aminmax()) if images.numel() else (0, 0)
        is_wrong = least < DARKEST or largest > BRIGHTEST
        self._looks_at_values = not is_wrong and images.device.type == "cpu"
        if is_wrong:
            warnings.warn(
                f"pictures in [0, 1] are expected, as the network normalizes them itself; got values from {least:.3g} "
                f"to {largest:.3g}, so its embeddings will be wrong: leave out Normalize, or give images / 255",
                stacklevel=2,
            )


def _without_values(images: Tensor) -> bool:
    """Whether a graph is being recorded, by a compiler or an export, rather than pictures embedded."""
    recorded = torch.compiler.is_compiling() or torch._C._get_tracing_state() is not None
    return recorded or images.device.type == "meta" or isinstance(images, FakeTensor)
