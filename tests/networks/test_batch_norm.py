"""Frozen BatchNorm stays frozen: through train(), through warm-up, through a step of training."""

import pytest
import torch
from torch import Tensor

from embedding_transfer.errors import UsageError
from embedding_transfer.networks import EmbeddingNetwork
from embedding_transfer.networks.batch_norm import BatchNormMode, batch_norm_layers, with_shared_statistics


def network_in(mode: BatchNormMode) -> EmbeddingNetwork:
    network = EmbeddingNetwork("convnet-8", 5, image_size=28)
    network.batch_norm = mode
    return network


def warm_up(network: EmbeddingNetwork) -> None:
    network.train()
    network.backbone_learns = False
    network.train()
    network.backbone_learns = True
    network.train()


def changed(network: EmbeddingNetwork) -> set[str]:
    """Which kinds of values one step of SGD changes: statistics and affine parameters of BatchNorm, convolutions."""
    before = {name: value.clone() for name, value in network.state_dict().items()}
    optimizer = torch.optim.SGD([p for p in network.parameters() if p.requires_grad], lr=0.1)
    network(torch.rand(8, 3, 28, 28)).square().sum().backward()
    optimizer.step()

    def kind(name: str, value: Tensor) -> str:
        if name.startswith("head"):
            return "head"
        if "running" in name or "num_batches" in name:
            return "statistics"
        return "affine" if value.ndim == 1 else "convolutions"

    return {kind(name, value) for name, value in network.state_dict().items() if not torch.equal(value, before[name])}


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("train", {"head", "convolutions", "affine", "statistics"}),
        ("frozen-statistics", {"head", "convolutions", "affine"}),
        ("frozen", {"head", "convolutions"}),
    ],
)
@pytest.mark.parametrize("warmed_up", [False, True])
def test_what_a_step_changes(mode: BatchNormMode, expected: set[str], warmed_up: bool) -> None:
    network = network_in(mode)
    if warmed_up:
        warm_up(network)
    assert changed(network.train()) == expected


@pytest.mark.parametrize("mode", ["frozen-statistics", "frozen"])
def test_only_the_head_changes_in_warm_up(mode: BatchNormMode) -> None:
    network = network_in(mode)
    network.backbone_learns = False
    assert changed(network.train()) == {"head"}


def test_a_frozen_network_embeds_in_training_as_in_evaluation() -> None:
    network = network_in("frozen-statistics")
    images = torch.rand(8, 3, 28, 28)
    torch.testing.assert_close(network.train()(images), network.eval()(images))


def test_thawing_makes_everything_learn_again() -> None:
    network = network_in("frozen")
    network.batch_norm = "train"
    assert changed(network) == {"head", "convolutions", "affine", "statistics"}


def test_freezing_inside_a_larger_module_survives_its_train() -> None:
    network = network_in("frozen")
    torch.nn.ModuleList([network]).train()
    assert network.head.training
    assert not any(layer.training for layer in batch_norm_layers(network))


def test_all_batch_norm_layers_are_found() -> None:
    assert len(batch_norm_layers(EmbeddingNetwork("convnet-8"))) == 4
    assert len(batch_norm_layers(EmbeddingNetwork("bn_inception"))) == 69
    assert len(batch_norm_layers(EmbeddingNetwork("resnet18", image_size=64))) == 20


def test_an_unknown_mode_is_refused() -> None:
    with pytest.raises(UsageError, match=r"'off'.*frozen-statistics"):
        network_in("off")  # type: ignore[arg-type]


@pytest.mark.parametrize("backbone", ["convnet-8", "bn_inception", "mobilenetv3_small_050"])
def test_shared_statistics_change_layers_not_what_they_are(backbone: str) -> None:
    """Also where timm's layer holds an activation: the network still gives the same vectors."""
    network = EmbeddingNetwork(backbone, 5, image_size=32).eval()
    before, images = network.state_dict(), torch.rand(3, 3, 32, 32)
    with torch.no_grad():
        expected = network(images)
        network.backbone = with_shared_statistics(network.backbone)
        assert torch.equal(network(images), expected)
    assert batch_norm_layers(network)
    assert all(isinstance(layer, torch.nn.SyncBatchNorm) for layer in batch_norm_layers(network))
    assert network.state_dict().keys() == before.keys()
