"""Weights that do not fit: the first words say what they are likely to be, and few names come after."""

from typing import Any

import pytest
import timm
import torch
from torch import Tensor, nn

from embedding_transfer.errors import InputError
from embedding_transfer.networks.fit import load_state


def state_of(name: str, **options: Any) -> dict[str, Tensor]:
    return dict(timm.create_model(name, **options).state_dict())


def refusal(module: nn.Module, state: dict[str, Tensor]) -> str:
    before = {name: value.clone() for name, value in module.state_dict().items()}
    with pytest.raises(InputError) as caught:
        load_state(module, state, "file.pth")
    assert all(torch.equal(value, before[name]) for name, value in module.state_dict().items())
    message = str(caught.value)
    assert message.startswith("file.pth ")
    assert len(message) < 400
    return message.removeprefix("file.pth ")


@pytest.mark.parametrize("other", ["resnet50", "test_vit", "wide_resnet50_2"])
def test_another_network(other: str) -> None:
    message = refusal(timm.create_model("resnet18"), state_of(other))
    assert message.startswith("seems to have weights of another network (")
    assert "more" in message


def test_how_much_of_another_network_fits_is_counted() -> None:
    network = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    state = {"0.weight": torch.zeros(2, 2), "0.bias": torch.zeros(3), "x": torch.zeros(1)}
    assert refusal(network, state) == (
        "seems to have weights of another network (1 of 4 tensors fit): missing: 1.weight, 1.bias; unexpected: x; "
        "of another shape: 0.bias (3,) instead of (2,)"
    )


def test_a_larger_network_of_the_same_family() -> None:
    message = refusal(timm.create_model("resnet18"), state_of("resnet34"))
    assert message.startswith("has weights of a larger network, with 96 tensors")


@pytest.mark.parametrize("name", ["test_vit", "swin_tiny_patch4_window7_224", "levit_128s"])
@pytest.mark.parametrize(("own", "given", "words"), [(64, 224, "larger"), (224, 64, "smaller")])
def test_other_sizes_of_pictures(name: str, own: int, given: int, words: str) -> None:
    message = refusal(timm.create_model(name, img_size=own), state_of(name, img_size=given))
    assert message.startswith(f"has weights of this network for {words} pictures; build it with the image size")


@pytest.mark.parametrize("channels", [1, 6])
def test_other_channels_of_pictures(channels: int) -> None:
    message = refusal(timm.create_model("resnet18"), state_of("resnet18", in_chans=channels))
    assert message.startswith("has weights of a network that begins otherwise, for other channels")


@pytest.mark.parametrize("name", ["resnet18", "test_vit", "mobilenetv3_small_050"])
def test_only_the_classifier_differs(name: str) -> None:
    network = timm.create_model(name)
    for state in (state_of(name, num_classes=7), state_of(name, num_classes=0)):
        assert refusal(network, state).startswith("differs from the network in its last layer alone: ")


def test_a_few_tensors_are_lacking() -> None:
    state = state_of("resnet18")
    del state["layer2.0.conv1.weight"]
    assert refusal(timm.create_model("resnet18"), state) == (
        "lacks 1 of the network's 122 tensors: missing: layer2.0.conv1.weight"
    )


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_what_fits_is_loaded_in_the_precision_of_the_network(dtype: torch.dtype) -> None:
    layer = nn.Linear(3, 2)
    state = {name: torch.randn_like(value).to(dtype) for name, value in layer.state_dict().items()}
    load_state(layer, state, "file.pth")
    assert layer.weight.dtype == torch.float32
    assert torch.equal(layer.weight, state["weight"].float())
