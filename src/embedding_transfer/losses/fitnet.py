"""FitNet hints (Romero et al., ICLR 2015)."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from embedding_transfer.build.ranges import Positive
from embedding_transfer.build.typed_arguments import in_range
from embedding_transfer.errors import InputError
from embedding_transfer.losses.stage_maps import paired_maps
from embedding_transfer.losses.transfer_loss import TransferLoss
from embedding_transfer.relations import full_precision

INITIAL_BOUND = 0.005
"""Regressors start uniform in +- this, as in the code released with the relaxed contrastive loss."""


class FitNetLoss(TransferLoss):
    r"""Mean squared difference between the source's stage maps and learned linear images of the target's.

    .. math:: L = weight \sum_{stages} \mathrm{mean} (W f_t - f_s)^2

    over all n c_s h w entries, with W a 1x1 convolution from the target's to the source's channels, without bias.
    Romero et al., "FitNets: Hints for Thin Deep Nets", ICLR 2015, eq. 3 (there one stage, divided by 2). Stages and
    sizes that differ are matched by :func:`~embedding_transfer.losses.stage_maps.paired_maps`.

    Args:
        target_channels: Channels of the target's stage maps, early stages first.
        source_channels: Channels of the source's stage maps.
        weight: Factor of the loss. Default: 1, as released.

    Attributes:
        regressors: The 1x1 convolutions, one per pair of stages; they learn together with the target.

    Raises:
        UsageError: ``weight`` is not positive.
        InputError: A list of channels is empty.

    Example::

        >>> loss = FitNetLoss(target_channels=[32, 64], source_channels=[48, 96])
        >>> target_maps = [torch.rand(6, 32, 8, 8), torch.rand(6, 64, 4, 4)]
        >>> source_maps = [torch.rand(6, 48, 8, 8), torch.rand(6, 96, 7, 7)]
        >>> loss(target_maps, source_maps).backward()
    """

    @in_range
    def __init__(self, target_channels: list[int], source_channels: list[int], weight: Positive = 1.0) -> None:
        super().__init__()
        if not target_channels or not source_channels:
            raise InputError(
                f"FitNetLoss needs the channels of at least one stage of each network; "
                f"got {target_channels} and {source_channels}"
            )
        self.weight = weight
        stages = min(len(target_channels), len(source_channels))
        self.channels = list(zip(target_channels[-stages:], source_channels[-stages:], strict=True))
        self.regressors = nn.ModuleList(nn.Conv2d(c_t, c_s, kernel_size=1, bias=False) for c_t, c_s in self.channels)
        for weights in self.parameters():
            nn.init.uniform_(weights, -INITIAL_BOUND, INITIAL_BOUND)

    def forward(self, target_maps: list[Tensor], source_maps: list[Tensor]) -> Tensor:
        """The loss, a scalar in the type of the regressors.

        Args:
            target_maps: Stage maps (n, c, h, w) of the network that learns, early stages first.
            source_maps: Stage maps of the same n views; receive no gradient.

        Raises:
            InputError: The maps are not of the same n views, or not of the channels given at the start.
        """
        pairs = paired_maps(self, target_maps, source_maps)
        channels = [(t.shape[1], s.shape[1]) for t, s in pairs]
        if channels != self.channels:
            raise InputError(f"FitNetLoss was made for (target, source) channels {self.channels}; got {channels}")
        dtype = next(self.parameters()).dtype
        with full_precision(target_maps[0].device):
            losses = [
                F.mse_loss(regressor(t.to(dtype)), s.to(dtype))
                for regressor, (t, s) in zip(self.regressors, pairs, strict=True)
            ]
            return self.weight * torch.stack(losses).sum()
