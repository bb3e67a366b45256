"""ImageNet weights from files, in the layouts in which they are passed on."""

from pathlib import Path
from typing import Any

import pytest
import torch
import torchvision
from golden_models import golden_input, released_weights
from safetensors.torch import save_file
from torch import Tensor, nn

from embedding_transfer.errors import InputError, UsageError
from embedding_transfer.networks import EmbeddingNetwork


def write(path: Path, content: Any) -> Path:
    torch.save(content, path)
    return path


@pytest.fixture(scope="module")
def imagenet_resnet18() -> nn.Module:
    torch.manual_seed(0)
    return torchvision.models.resnet18().eval()


@pytest.mark.parametrize("wrapped", ["bare", "state_dict", "model"])
def test_torchvision_weights_fit_without_their_classifier(
    imagenet_resnet18: nn.Module, wrapped: str, tmp_path: Path
) -> None:
    state = imagenet_resnet18.state_dict()
    file = write(tmp_path / "resnet18.pth", state if wrapped == "bare" else {wrapped: state, "epoch": 3})
    network = EmbeddingNetwork("resnet18", 8, image_size=64, weights=file).eval()
    network.normalize = nn.Identity()
    pooled = []
    imagenet_resnet18.layer4.register_forward_hook(lambda module, args, final: pooled.append(final))
    images = torch.rand(2, 3, 64, 64)
    imagenet_resnet18(images)
    torch.testing.assert_close(network.embed_all(images).maps[-1], pooled[-1])


def test_safetensors_weights_fit_too(imagenet_resnet18: nn.Module, tmp_path: Path) -> None:
    save_file(imagenet_resnet18.state_dict(), tmp_path / "model.safetensors")
    network = EmbeddingNetwork("resnet18", 8, image_size=64, weights=tmp_path / "model.safetensors")
    assert torch.equal(network.backbone.model.conv1.weight, imagenet_resnet18.conv1.weight)


@pytest.mark.parametrize("backbone", ["convnet-8", "resnet18"])
def test_a_trained_network_gives_its_backbone_whatever_its_vector(backbone: str, tmp_path: Path) -> None:
    trained = EmbeddingNetwork(backbone, 16, image_size=32)
    trained.save(tmp_path / "trained.safetensors")
    shorter = EmbeddingNetwork(backbone, 4, image_size=32, weights=tmp_path / "trained.safetensors")
    images = torch.rand(2, 3, 32, 32)
    assert torch.equal(shorter.eval().embed_all(images).pooled, trained.eval().embed_all(images).pooled)


def test_a_trained_network_of_another_backbone_is_refused(tmp_path: Path) -> None:
    EmbeddingNetwork("convnet-8", 4, image_size=32).save(tmp_path / "trained.safetensors")
    with pytest.raises(InputError, match=r"backbone in .*trained\.safetensors does not fit.*another shape: stages"):
        EmbeddingNetwork("convnet-12", 4, image_size=32, weights=tmp_path / "trained.safetensors")


def test_bn_inception_weights_lose_their_extra_dimension(tmp_path: Path) -> None:
    converted = {}
    for name, value in released_weights("bn_inception").items():
        name = name.removeprefix("model.")
        if name.startswith("embedding") or name.endswith("num_batches_tracked"):
            continue  # older than torch's counter of batches
        converted[name] = value[None] if "_bn." in name else value
    file = write(tmp_path / "bn_inception.pth", converted)
    network = EmbeddingNetwork("bn_inception", 64, weights=file).eval()
    network.normalize = nn.Identity()
    with torch.no_grad():
        final = network.embed_all(golden_input()[:, :, :64, :64]).maps[-1]
    reference = EmbeddingNetwork("bn_inception", 64).eval()
    own = {name: released_weights("bn_inception")[f"model.{name}"] for name in reference.backbone.state_dict()}
    reference.backbone.load_state_dict(own)
    with torch.no_grad():
        assert torch.equal(final, reference.backbone(golden_input()[:, :, :64, :64])[1])


def test_weights_of_another_backbone_are_refused_by_name(imagenet_resnet18: nn.Module, tmp_path: Path) -> None:
    file = write(tmp_path / "resnet18.pth", imagenet_resnet18.state_dict())
    with pytest.raises(InputError, match=r"resnet18\.pth does not fit the network: missing: .*layer1\.0\.conv3"):
        EmbeddingNetwork("resnet50", 8, image_size=64, weights=file)


@pytest.mark.parametrize("content", [[1, 2], {"epoch": 3}, torch.zeros(3)])
def test_a_file_without_state_dict_is_refused(content: Any, tmp_path: Path) -> None:
    file = write(tmp_path / "other.pth", content)
    with pytest.raises(InputError, match=r"other\.pth holds no state dict"):
        EmbeddingNetwork("convnet-8", weights=file)


def test_a_missing_file_is_an_error_not_a_random_network(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no such file: .*imagenet\.pth"):
        EmbeddingNetwork("bn_inception", weights=tmp_path / "imagenet.pth")


def test_old_tensors_of_torch_zero_dot_two_load_as_well(tmp_path: Path) -> None:
    state: dict[str, Tensor] = EmbeddingNetwork("convnet-8").backbone.state_dict()
    file = tmp_path / "old.pth"
    torch.save(state, file, _use_new_zipfile_serialization=False)
    again = EmbeddingNetwork("convnet-8", weights=file)
    assert all(torch.equal(value, state[name]) for name, value in again.backbone.state_dict().items())
