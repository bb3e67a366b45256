"""Networks made for inference: the same outputs from fewer operations, or the network as it is."""

import pytest
import torch
from torch import Tensor, nn

from embedding_transfer.networks import EmbeddingNetwork
from embedding_transfer.networks.batch_norm import batch_norm_layers
from embedding_transfer.networks.for_inference import for_inference


def with_random_statistics(network: nn.Module) -> nn.Module:
    """BatchNorm as after a training: none of its numbers are 0 or 1."""
    torch.manual_seed(0)
    for layer in batch_norm_layers(network):
        assert layer.running_mean is not None
        assert layer.running_var is not None
        layer.running_mean.uniform_(-0.1, 0.1)
        layer.running_var.uniform_(0.5, 2)
        nn.init.uniform_(layer.weight, 0.5, 1.5)
        nn.init.uniform_(layer.bias, -0.5, 0.5)
    return network.eval()


@pytest.mark.parametrize(
    ("backbone", "size", "left"),
    [
        ("resnet18", 64, 0),
        ("bn_inception", 64, 0),
        ("convnet-8", 28, 0),
        ("mobilenetv2_100", 64, 0),  # BatchNorm and activation are one layer there
        ("tf_efficientnet_lite0", 64, 0),  # pads as TensorFlow does
        ("densenet121", 64, 62),  # of 121: those that see several outputs side by side stay
    ],
)
def test_batch_norm_is_folded_and_outputs_stay(backbone: str, size: int, left: int) -> None:
    network = with_random_statistics(EmbeddingNetwork(backbone, 8, image_size=size))
    before = {name: value.clone() for name, value in network.state_dict().items()}
    fast = for_inference(network, size)
    assert len(batch_norm_layers(fast)) == left
    pictures = torch.rand(3, 3, size, size)
    with torch.no_grad():
        expected, found = network.embed_all(pictures), fast.embed_all(pictures)  # type: ignore[operator]
    for one, other in zip([*expected.maps, *expected[1:]], [*found.maps, *found[1:]], strict=True):
        assert (one - other).abs().max() <= 1e-5 * one.abs().max()
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())


class Ones(nn.Conv2d):
    """A convolution whose forward does not use its weights as they are."""

    def forward(self, input: Tensor) -> Tensor:
        return super().forward(input) / self.weight.norm()


class Twice(nn.Module):
    """Layers that the copy may not fold: a convolution whose output goes two ways, one that runs twice, an odd kind."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind = kind
        self.convolution = Ones(3, 3, 3) if kind == "odd" else nn.Conv2d(3, 3, 3, padding=1)
        self.norm = nn.BatchNorm2d(3)

    def forward(self, images: Tensor) -> Tensor:
        made = self.convolution(images)
        normed = self.norm(made)
        if self.kind == "two ways":
            normed = normed + made
        if self.kind == "runs twice":
            normed = self.norm(self.convolution(normed))
        return normed.mean(dim=(2, 3))


@pytest.mark.parametrize("kind", ["odd", "two ways", "runs twice"])
def test_what_would_change_outputs_is_left(kind: str) -> None:
    network = with_random_statistics(Twice(kind))
    fast = for_inference(network, 16)
    pictures = torch.rand(2, 3, 16, 16)
    torch.testing.assert_close(fast(pictures), network(pictures), rtol=1e-5, atol=1e-6)
    assert len(batch_norm_layers(fast)) == 1


def test_a_network_that_cannot_be_copied_runs_as_it_is() -> None:
    network = Twice("odd")
    network.handle = (i for i in range(3))  # type: ignore[assignment]
    assert for_inference(network, 16) is network


def test_nothing_random_is_used_up() -> None:
    network = EmbeddingNetwork("convnet-4", 4, image_size=16)
    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    for_inference(network, 16)
    assert torch.equal(torch.rand(2), expected)
    assert network.training
