"""BN-Inception, the backbone of most of the paper's results, as a table."""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from embedding_transfer.networks.backbone import Backbone, Normalization
from embedding_transfer.networks.features import Features


class Block(NamedTuple):
    """Channels of an inception block: four branches, side by side in the output in this order.

    Attributes:
        one: 1x1 convolution.
        three: 1x1 convolution to the first number of channels, 3x3 to the second.
        double: 1x1 convolution to the first number of channels, 3x3 to the second, 3x3 to the second.
        pool: ``average`` or ``maximum`` over 3x3.
        projection: 1x1 convolution after the pooling.

    A block without ``one`` halves the map: its last 3x3 convolutions and its pooling have stride 2, and what is pooled
    is not projected.
    """

    one: int
    three: tuple[int, int]
    double: tuple[int, int]
    pool: str
    projection: int

    @property
    def stride(self) -> int:
        return 1 if self.one else 2

    def out_channels(self, in_channels: int) -> int:
        return self.one + self.three[1] + self.double[1] + (self.projection or in_channels)


BLOCKS = {
    "3a": Block(64, (64, 64), (64, 96), "average", 32),
    "3b": Block(64, (64, 96), (64, 96), "average", 64),
    "3c": Block(0, (128, 160), (64, 96), "maximum", 0),
    "4a": Block(224, (64, 96), (96, 128), "average", 128),
    "4b": Block(192, (96, 128), (96, 128), "average", 128),
    "4c": Block(160, (128, 160), (128, 160), "average", 128),
    "4d": Block(96, (128, 192), (160, 192), "average", 128),
    "4e": Block(0, (128, 192), (192, 256), "maximum", 0),
    "5a": Block(352, (192, 320), (160, 224), "average", 128),
    "5b": Block(352, (192, 320), (192, 224), "maximum", 128),
}

STAGE_ENDS = ("3c", "4e", "5b")
"""The blocks whose outputs are the stage maps."""


class BNInception(Backbone):
    """Inception with Batch Normalization (Ioffe and Szegedy, 2015), as converted from Caffe for metric learning.

    Every convolution has a bias and is followed by BatchNorm and ReLU. Parameters have the names of the widely used
    weights (``conv1_7x7_s2.weight``, ``inception_3a_1x1_bn.running_mean``), which expect BGR pictures in 0..255.
    BatchNorm's momentum is torch's usual 0.1; the released code of the paper used 0.9.
    """

    reduction = 32
    normalization = Normalization((104.0, 117.0, 128.0), (1.0, 1.0, 1.0), "bgr", 255.0)

    def __init__(self) -> None:
        super().__init__()
        self._add_layer("conv1_7x7_s2", 3, 64, kernel=7, stride=2)
        self._add_layer("conv2_3x3_reduce", 64, 64, kernel=1)
        self._add_layer("conv2_3x3", 64, 192, kernel=3)
        self.forgets = False
        channels = 192
        self.map_channels = []
        for name, block in BLOCKS.items():
            self._add_block(f"inception_{name}", block, channels)
            channels = block.out_channels(channels)
            if name in STAGE_ENDS:
                self.map_channels.append(channels)
        self.features = channels

    def forward(self, images: Tensor) -> Features:
        x = self._layer("conv1_7x7_s2", images)
        x = F.max_pool2d(x, kernel_size=3, stride=2, ceil_mode=True)
        x = self._layer("conv2_3x3_reduce", x)
        x = self._layer("conv2_3x3", x)
        x = F.max_pool2d(x, kernel_size=3, stride=2, ceil_mode=True)
        maps = []
        for name, block in BLOCKS.items():
            if self.forgets:
                x = checkpoint(self._block, f"inception_{name}", block, x, use_reentrant=False)
            else:
                x = self._block(f"inception_{name}", block, x)
            if name in STAGE_ENDS:
                maps.append(x)
        return Features(maps, x)

    def forget_blocks(self) -> int:
        self.forgets = True
        return len(BLOCKS)

    def _block(self, name: str, block: Block, x: Tensor) -> Tensor:
        three = self._layer(f"{name}_3x3", self._layer(f"{name}_3x3_reduce", x))
        double = self._layer(f"{name}_double_3x3_1", self._layer(f"{name}_double_3x3_reduce", x))
        double = self._layer(f"{name}_double_3x3_2", double)
        if block.stride == 2:
            odd = (x.shape[2] % 2, x.shape[3] % 2)  # padded, so that odd sizes are rounded as the convolutions do
            pooled = F.max_pool2d(x, kernel_size=3, stride=2, padding=odd, ceil_mode=True)
            return torch.cat([three, double, pooled], dim=1)
        pool = F.avg_pool2d if block.pool == "average" else F.max_pool2d
        projected = self._layer(f"{name}_pool_proj", pool(x, kernel_size=3, stride=1, padding=1))
        return torch.cat([self._layer(f"{name}_1x1", x), three, double, projected], dim=1)

    def _layer(self, name: str, x: Tensor) -> Tensor:
        return F.relu(self.get_submodule(f"{name}_bn")(self.get_submodule(name)(x)))

    def _add_block(self, name: str, block: Block, channels: int) -> None:
        if block.one:
            self._add_layer(f"{name}_1x1", channels, block.one, kernel=1)
        self._add_layer(f"{name}_3x3_reduce", channels, block.three[0], kernel=1)
        self._add_layer(f"{name}_3x3", *block.three, kernel=3, stride=block.stride)
        self._add_layer(f"{name}_double_3x3_reduce", channels, block.double[0], kernel=1)
        self._add_layer(f"{name}_double_3x3_1", *block.double, kernel=3)
        self._add_layer(f"{name}_double_3x3_2", block.double[1], block.double[1], kernel=3, stride=block.stride)
        if block.projection:
            self._add_layer(f"{name}_pool_proj", channels, block.projection, kernel=1)

    def _add_layer(self, name: str, before: int, after: int, *, kernel: int, stride: int = 1) -> None:
        self.add_module(name, nn.Conv2d(before, after, kernel, stride, padding=kernel // 2))
        self.add_module(f"{name}_bn", nn.BatchNorm2d(after))
