"""Released checkpoints are recognized by names and shapes, read without running code, and refused if they are others.

That their networks give the released code's numbers is in test_golden_networks.py.
"""

import os
from pathlib import Path
from typing import Any

import pytest
import torch
import torchvision
from golden_models import MODELS, released_weights
from torch import Tensor, nn

from embedding_transfer.errors import InputError, UsageError
from embedding_transfer.networks import EmbeddingNetwork, load_network
from embedding_transfer.networks.released_checkpoints import load_published


def write(path: Path, state: dict[str, Tensor]) -> Path:
    torch.save({"model_state_dict": state}, path)
    return path


@pytest.mark.parametrize("model", list(MODELS))
def test_backbone_and_length_follow_from_the_weights(model: str, tmp_path: Path) -> None:
    state = dict(released_weights(model))
    state["model.embedding.weight"] = state["model.embedding.weight"][:48]
    state["model.embedding.bias"] = state["model.embedding.bias"][:48]
    network = load_published(write(tmp_path / "x.pth", state))
    assert (network.backbone_name, network.embedding_dim) == (MODELS[model], 48)
    assert (network.image_size, network.crop, network.l2_normalize) == (224, 0.875, True)
    assert torch.equal(network.head.weight, state["model.embedding.weight"])


@pytest.mark.parametrize("name", ["resnet50", "resnet101"])
def test_larger_resnets(name: str, tmp_path: Path) -> None:
    reference: nn.Module = getattr(torchvision.models, name)().eval()
    head = nn.Linear(2048, 4)
    state = {f"model.{key}": value for key, value in reference.state_dict().items()}
    state |= {f"model.embedding.{key}": value for key, value in head.state_dict().items()}
    network = load_network(write(tmp_path / "x.pth", state))
    assert (network.backbone_name, network.embedding_dim) == (name, 4)
    network.normalize = nn.Identity()
    images = torch.rand(1, 3, 64, 64)
    reference.avgpool = reference.fc = nn.Identity()
    final = reference(images).view(1, 2048, 2, 2)
    embedding = head(final.mean(dim=(2, 3)) + final.amax(dim=(2, 3)))
    torch.testing.assert_close(network(images), nn.functional.normalize(embedding))


def test_conversion_keeps_the_choice_of_normalising(tmp_path: Path) -> None:
    released = write(tmp_path / "x.pth", released_weights("Resnet18"))
    load_published(released, l2_normalize=False).save(tmp_path / "x.safetensors")
    assert not EmbeddingNetwork.load(tmp_path / "x.safetensors").l2_normalize


@pytest.mark.parametrize("prefix", ["module.", "_orig_mod.", "module._orig_mod.", "_orig_mod.module."])
def test_names_of_several_gpus_and_compiled_networks(prefix: str, tmp_path: Path) -> None:
    state = {f"{prefix}{name}": value for name, value in released_weights("Resnet18").items()}
    plain = load_published(write(tmp_path / "plain.pth", released_weights("Resnet18")))
    network = load_published(write(tmp_path / "x.pth", state))
    assert network.description == plain.description
    assert all(torch.equal(value, network.state_dict()[name]) for name, value in plain.state_dict().items())


def test_weights_of_16_bits_are_used_in_float32(tmp_path: Path) -> None:
    state = {name: value.half() for name, value in released_weights("Resnet18").items()}
    network = load_published(write(tmp_path / "x.pth", state))
    assert network.head.weight.dtype == torch.float32
    assert torch.equal(network.head.weight, state["model.embedding.weight"].float())


def test_a_whole_model_is_refused_for_what_it_is(tmp_path: Path) -> None:
    torch.save(nn.Sequential(nn.Linear(2, 2)), tmp_path / "x.pth")
    with pytest.raises(InputError, match=r"x\.pth is a whole pickled model \(torch\..*Sequential\).*state_dict\(\)"):
        load_network(tmp_path / "x.pth")


class Malicious:
    def __init__(self, file: Path) -> None:
        self.file = file

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.file),)


def test_a_checkpoint_never_runs_code(tmp_path: Path) -> None:
    torch.save({"model_state_dict": Malicious(tmp_path / "ran")}, tmp_path / "x.pth")
    with pytest.raises(InputError, match=r"x\.pth holds no plain torch tensors"):
        load_published(tmp_path / "x.pth")
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("content", [{"state_dict": {}}, {"model_state_dict": 3}, [1], {"model_state_dict": {"a": 1}}])
def test_other_checkpoints_are_refused(content: Any, tmp_path: Path) -> None:
    torch.save(content, tmp_path / "x.pth")
    with pytest.raises(InputError, match=r"x\.pth holds no state dict of tensors by name"):
        load_published(tmp_path / "x.pth")


def test_names_without_the_common_prefix_are_refused(tmp_path: Path) -> None:
    state = {name.removeprefix("model."): value for name, value in released_weights("Resnet18").items()}
    with pytest.raises(InputError, match=r"'conv1\.weight' does not start with 'model\.'"):
        load_published(write(tmp_path / "x.pth", state))


def test_an_unknown_network_is_refused(tmp_path: Path) -> None:
    reference = torchvision.models.resnet34()
    state = {f"model.{key}": value for key, value in reference.state_dict().items()}
    with pytest.raises(InputError, match="is no BN-Inception, ResNet-18, 50 or 101"):
        load_published(write(tmp_path / "x.pth", state))


def test_a_network_without_embedding_layer_is_refused(tmp_path: Path) -> None:
    state = {name: value for name, value in released_weights("Resnet18").items() if "embedding" not in name}
    with pytest.raises(InputError, match="with an embedding layer"):
        load_published(write(tmp_path / "x.pth", state))


@pytest.mark.parametrize("lacking", ["model.layer2.0.conv1.weight", "model.embedding.bias"])
def test_a_lacking_weight_is_named(lacking: str, tmp_path: Path) -> None:
    state = {name: value for name, value in released_weights("Resnet18").items() if name != lacking}
    name = lacking.removeprefix("model.").removeprefix("embedding.")
    with pytest.raises(InputError, match=rf"x\.pth (lacks 1|seems to have weights of another).*missing: {name}"):
        load_published(write(tmp_path / "x.pth", state))


@pytest.mark.parametrize("content", [b"", b"not a checkpoint", b"PK\x03\x04broken"])
def test_a_broken_file_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "x.pth").write_bytes(content)
    with pytest.raises(InputError, match=r"x\.pth holds no plain torch tensors"):
        load_published(tmp_path / "x.pth")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no such file: .*x\.pth"):
        load_published(tmp_path / "x.pth")
