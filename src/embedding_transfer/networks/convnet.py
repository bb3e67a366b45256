"""A small convolutional network for small pictures, quick enough to train on a CPU."""

from __future__ import annotations

import re

import torch
from torch import Tensor, nn

from embedding_transfer.errors import UsageError, shown
from embedding_transfer.networks.backbone import Backbone, Normalization
from embedding_transfer.networks.features import Features

WIDEST = 4096


def convnet_width(name: str) -> int | None:
    """The width in a name such as ``"convnet-32"``; ``None`` if the name is not of this form.

    Raises:
        UsageError: If it is wider than :data:`WIDEST`.
    """
    match = re.fullmatch(r"convnet-([1-9][0-9]*)", name)
    if match and (len(match[1]) > len(str(WIDEST)) or int(match[1]) > WIDEST):
        raise UsageError(f"the width in convnet-WIDTH must be at most {WIDEST:,}; got {shown(match[1], 20)}")
    return int(match[1]) if match else None


class ConvNet(Backbone):
    """Four stages of 3x3 convolution, BatchNorm and ReLU, halved by max pooling in between.

    Called ``convnet-WIDTH``; its stages have WIDTH, WIDTH, 2 WIDTH and 2 WIDTH channels. Meant for pictures of about
    28 to 64 pixels; the final map of a 28-pixel picture is 3 x 3.
    """

    reduction = 8
    normalization = Normalization()

    def __init__(self, width: int) -> None:
        super().__init__()
        self.map_channels = [width, width, 2 * width, 2 * width]
        self.features = 2 * width
        self.stages = nn.ModuleList(
            nn.Sequential(
                nn.MaxPool2d(2) if number > 0 else nn.Identity(),
                nn.Conv2d(before, after, kernel_size=3, padding=1, bias=False),
                nn.BatchNorm2d(after),
                nn.ReLU(),
            )
            for number, (before, after) in enumerate(zip([3, *self.map_channels], self.map_channels, strict=False))
        )

    def forward(self, images: Tensor) -> Features:
        maps = []
        x = images.contiguous(memory_format=torch.channels_last)  # half as long again without, on CPUs
        for stage in self.stages:
            x = stage(x)
            maps.append(x)
        return Features(maps, x)
