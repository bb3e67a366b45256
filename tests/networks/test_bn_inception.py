"""What golden numbers at 224 pixels do not show of BN-Inception: other sizes, real wiring of the ReLUs."""

import pytest
import torch
from torch import nn

from embedding_transfer.networks.bn_inception import BNInception


@pytest.mark.parametrize(("size", "map_sizes"), [(64, [4, 2, 2]), (28, [2, 1, 1]), (107, [7, 4, 4])])
def test_any_size_of_picture_works(size: int, map_sizes: list[int]) -> None:
    backbone = BNInception()
    maps, final, *_ = backbone(torch.rand(2, 3, size, size))
    assert [stage.shape[1] for stage in maps] == backbone.map_channels == [576, 1056, 1024]
    assert [stage.shape[2] for stage in maps] == map_sizes
    assert final is maps[-1]


def test_every_parameter_gets_a_gradient() -> None:
    backbone = BNInception()
    backbone(torch.rand(2, 3, 64, 64)).final.square().sum().backward()
    assert [name for name, p in backbone.named_parameters() if p.grad is None] == []


def test_batch_norm_outputs_are_left_as_they_are() -> None:
    backbone = BNInception()
    lowest = []
    for layer in backbone.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.register_forward_hook(lambda module, args, output: lowest.append(output))
    maps, *_ = backbone(torch.rand(2, 3, 64, 64))
    assert len(lowest) == 69
    assert all(output.min() < 0 for output in lowest)
    assert all(stage.min() == 0 for stage in maps)
