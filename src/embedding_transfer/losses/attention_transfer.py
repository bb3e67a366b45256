"""Attention transfer (Zagoruyko, Komodakis, ICLR 2017)."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd.function import once_differentiable

from embedding_transfer.build.ranges import Positive
from embedding_transfer.build.typed_arguments import in_range
from embedding_transfer.losses.stage_maps import paired_maps
from embedding_transfer.losses.transfer_loss import TransferLoss
from embedding_transfer.relations import full_precision


class AttentionTransferLoss(TransferLoss):
    r"""Mean squared difference of attention maps: where in the image each stage of the two networks responds.

    .. math:: L = weight \sum_{stages} \frac{1}{n h w} \sum_i |a(t_i) - a(s_i)|^2

    with :math:`a(f)` the mean of :math:`f^2` over the channels, flattened to (h w,) and divided by its norm.
    Zagoruyko, Komodakis, "Paying More Attention to Attention", ICLR 2017, section 3.1, with p = 2; eq. 2 there has the
    norm of the difference, the common code its mean square. Stages and sizes that differ are matched by
    :func:`~embedding_transfer.losses.stage_maps.paired_maps`; channels need no match.

    Args:
        weight: Factor of the loss. At the default 1 (as released with the relaxed contrastive loss) it is about 1e-4
            of a metric loss beside it; 1000 brings the two to the same scale (Tian et al. 2020 use it).

    Raises:
        UsageError: ``weight`` is not positive.

    Example::

        >>> target_maps = [torch.rand(6, 32, 8, 8), torch.rand(6, 64, 4, 4)]
        >>> source_maps = [torch.rand(6, 48, 8, 8), torch.rand(6, 96, 7, 7)]
        >>> AttentionTransferLoss(weight=1000)(target_maps, source_maps).shape
        torch.Size([])
    """

    @in_range
    def __init__(self, weight: Positive = 1.0) -> None:
        super().__init__()
        self.weight = weight

    def forward(self, target_maps: list[Tensor], source_maps: list[Tensor]) -> Tensor:
        """The loss, a scalar in float32 (float64 for float64 maps).

        Args:
            target_maps: Stage maps (n, c, h, w) of the network that learns, early stages first.
            source_maps: Stage maps of the same n views; receive no gradient.

        Raises:
            InputError: A list is empty, or the maps are not floating point maps of the same n views.
        """
        pairs = paired_maps(self, target_maps, source_maps)
        with full_precision(target_maps[0].device):
            losses = [F.mse_loss(attention(target), attention(source)) for target, source in pairs]
            return self.weight * torch.stack(losses).sum()

    def extra_repr(self) -> str:
        return f"weight={self.weight}"


def attention(maps: Tensor) -> Tensor:
    """Where a stage responds: (n, c, h, w) -> (n, h w), rows of length 1, in float32 or better."""
    energy: Tensor = _Energy.apply(maps)  # (n, h, w)
    return F.normalize(energy.flatten(1), dim=1)


class _Energy(torch.autograd.Function):
    """Mean squares over the channels without a squared copy of the maps. Their gradient is 2 / c times the maps."""

    @staticmethod
    def forward(ctx: Any, maps: Tensor) -> Tensor:
        ctx.save_for_backward(maps)
        dtype = torch.promote_types(maps.dtype, torch.float32)
        entries = 2**20 if maps.device.type == "cpu" else 2**26  # squared at a time: what stays in the cache of a CPU
        images = max(1, entries // maps[0].numel())
        return torch.cat([some.to(dtype).square().mean(1) for some in maps.split(images)])

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_energy: Tensor) -> Tensor:
        (maps,) = ctx.saved_tensors
        return (maps * (grad_energy * (2 / maps.shape[1]))[:, None]).to(maps.dtype)
