"""Families of timm networks behind one interface: convolutional, attention, tokens, channels last."""

import socket
from typing import Any

import pytest
import timm
import torch

from embedding_transfer.errors import EmbeddingTransferError, UsageError
from embedding_transfer.networks import EmbeddingNetwork
from embedding_transfer.networks.timm_backbone import TimmBackbone

FAMILIES = [
    "resnet18",
    "mobilenetv3_small_050",
    "test_efficientnet",
    "test_convnext",
    "test_vit",
    "deit_tiny_distilled_patch16_224",
    "swin_tiny_patch4_window7_224",
    "ghostnet_050",
    "levit_128s",
]


@pytest.mark.parametrize("name", FAMILIES)
def test_every_parameter_of_every_family_learns(name: str) -> None:
    network = EmbeddingNetwork(name, 6, image_size=64)
    network.check_image_size()
    embedded = network.embed_all(torch.rand(2, 3, 64, 64))
    assert embedded.embedding.shape == (2, 6)
    assert embedded.pooled.shape == (2, network.backbone.features)
    assert [stage.shape[1] for stage in embedded.maps] == network.map_channels
    sizes = [stage.shape[2] for stage in embedded.maps]
    assert sizes == sorted(sizes, reverse=True)
    assert all(stage.shape[2] == stage.shape[3] for stage in embedded.maps)

    embedded.embedding.square().sum().backward()
    assert [name for name, p in network.named_parameters() if p.grad is None] == []
    assert next(network.parameters()).grad.abs().max() > 0


@pytest.mark.parametrize("name", ["test_resnet", "test_efficientnet", "test_vit", "swin_tiny_patch4_window7_224"])
def test_final_map_is_what_timm_calls_features(name: str) -> None:
    backbone = TimmBackbone(name, image_size=64).eval()
    images = torch.rand(2, 3, 64, 64)
    final = backbone(images).final  # (n, c, h, w)
    features = backbone.model.forward_features(images)
    if name == "test_vit":
        features = features[:, 1:]  # without the class token: (n, h w, c)
    assert final.shape[1] == backbone.features == backbone.model.num_features
    if features.shape[1] != backbone.features:
        features = features.flatten(1, -2).transpose(1, 2)  # (n, c, h w)
    torch.testing.assert_close(final.flatten(2), features.flatten(2))


def test_maps_of_a_resnet_are_the_outputs_of_its_layers() -> None:
    backbone = TimmBackbone("resnet18", image_size=64).eval()
    outputs = []
    for number in range(1, 5):
        layer = backbone.model.get_submodule(f"layer{number}")
        layer.register_forward_hook(lambda module, args, output: outputs.append(output))
    maps, final, *_ = backbone(torch.rand(1, 3, 64, 64))
    assert all(torch.equal(stage, output) for stage, output in zip(maps, outputs, strict=True))
    assert torch.equal(final, outputs[-1])


@pytest.mark.parametrize("name", ["resnet18", "test_vit"])
def test_normalization_is_the_one_timm_names(name: str) -> None:
    normalize = EmbeddingNetwork(name, image_size=64).normalize
    config = timm.get_pretrained_cfg(name)
    white = normalize(torch.ones(1, 3, 1, 1)).flatten()
    torch.testing.assert_close(white, (1 - torch.tensor(config.mean)) / torch.tensor(config.std))


def test_building_is_repeatable_and_leaves_training_mode_on() -> None:
    torch.manual_seed(0)
    first = TimmBackbone("test_resnet", image_size=64)
    torch.manual_seed(0)
    second = TimmBackbone("test_resnet", image_size=32)
    assert all(module.training for module in first.modules())
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters(), strict=True))
    fresh = timm.create_model("test_resnet", num_classes=0)
    assert all(torch.equal(value, fresh.get_buffer(name)) for name, value in first.model.named_buffers())


def test_random_weights_need_no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: Any, **kwargs: Any) -> None:
        raise AssertionError("nothing may be downloaded")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    TimmBackbone("test_resnet", image_size=64)


def test_pretrained_weights_come_from_timm(monkeypatch: pytest.MonkeyPatch) -> None:
    create = timm.create_model
    asked = []

    def offline(name: str, pretrained: bool, **options: Any) -> torch.nn.Module:
        asked.append((name, pretrained))
        return create(name, pretrained=False, **options)

    monkeypatch.setattr(timm, "create_model", offline)
    EmbeddingNetwork("test_resnet.r160_in1k", image_size=64, pretrained=True)
    assert asked == [("test_resnet.r160_in1k", True)]


def test_a_failing_download_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(*args: Any, **kwargs: Any) -> None:
        raise OSError("connection refused\nand a long explanation")

    monkeypatch.setattr(timm, "create_model", unreachable)
    with pytest.raises(EmbeddingTransferError, match=r"resnet18.*\(connection refused\).*weights=FILE") as caught:
        TimmBackbone("resnet18", pretrained=True)
    assert not isinstance(caught.value, UsageError)
    assert "\n" not in str(caught.value)


def test_a_picture_smaller_than_a_patch_is_refused() -> None:
    with pytest.raises(UsageError, match="image size 8 does not fit backbone vit_tiny_patch16_224"):
        TimmBackbone("vit_tiny_patch16_224", image_size=8)


def test_networks_of_fixed_input_size_are_built_for_the_size_asked_for() -> None:
    assert EmbeddingNetwork("test_vit", 4, image_size=32)(torch.rand(2, 3, 32, 32)).shape == (2, 4)
