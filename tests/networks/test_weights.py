"""ImageNet weights from files, in the layouts in which they are passed on."""

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import timm
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
    with pytest.raises(InputError, match=r"trained\.safetensors seems to have weights of another.*shape: stages"):
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
        assert torch.equal(final, reference.backbone(golden_input()[:, :, :64, :64]).final)


def test_weights_of_another_backbone_are_refused_by_name(imagenet_resnet18: nn.Module, tmp_path: Path) -> None:
    file = write(tmp_path / "resnet18.pth", imagenet_resnet18.state_dict())
    with pytest.raises(InputError, match=r"resnet18\.pth seems to have weights of another network.*layer1\.0\.conv3"):
        EmbeddingNetwork("resnet50", 8, image_size=64, weights=file)


def test_blocks_of_another_network_are_not_this_one_many_times(tmp_path: Path) -> None:
    """Each inverted bottleneck of MobileNetV2 has a conv1 and a bn1, as ResNet has."""
    file = tmp_path / "mobilenet.safetensors"
    save_file(timm.create_model("mobilenetv2_100").state_dict(), file)
    with pytest.raises(InputError, match=r"mobilenet\.safetensors seems to have weights of another network") as refused:
        EmbeddingNetwork("resnet18", 8, image_size=64, weights=file)
    assert len(str(refused.value)) < 400


@pytest.mark.parametrize("content", [[1, 2], {"epoch": 3}, torch.zeros(3)])
def test_a_file_without_state_dict_is_refused(content: Any, tmp_path: Path) -> None:
    file = write(tmp_path / "other.pth", content)
    with pytest.raises(InputError, match=r"other\.pth holds no state dict of tensors by name: .*model\.state_dict\(\)"):
        EmbeddingNetwork("convnet-8", weights=file)


@pytest.mark.parametrize("prefix", ["module.", "_orig_mod.", "model.", "backbone.", "module.model.encoder.", "f.g.h."])
@pytest.mark.parametrize("key", [None, "state_dict", "model_state_dict", "model", "state_dict_ema", "net", "a.b"])
def test_weights_are_found_by_what_they_are_called_within_the_network(
    imagenet_resnet18: nn.Module, prefix: str, key: str | None, tmp_path: Path
) -> None:
    state = imagenet_resnet18.state_dict()
    content: dict[str, Any] = {f"{prefix}{name}": value for name, value in state.items()}
    content |= {"projector.0.weight": torch.zeros(3, 3), "queue": torch.zeros(8)}
    for part in reversed(key.split(".") if key else []):
        content = {part: content, "epoch": 3, "optimizer": torch.optim.SGD([torch.zeros(1)]).state_dict()}
    check_weights(write(tmp_path / "resnet18.pth", content), state)


def test_what_compilers_and_sharding_put_inside_names_does_not_matter(
    imagenet_resnet18: nn.Module, tmp_path: Path
) -> None:
    state = imagenet_resnet18.state_dict()
    inside = {name.replace("layer2.", "layer2._fsdp_wrapped_module._orig_mod."): value for name, value in state.items()}
    check_weights(write(tmp_path / "resnet18.pth", {"state_dict": inside}), state)


def test_safetensors_of_a_larger_model_give_the_backbone_in_it(imagenet_resnet18: nn.Module, tmp_path: Path) -> None:
    state = imagenet_resnet18.state_dict()
    save_file({f"vision.trunk.{name}": value for name, value in state.items()}, tmp_path / "model.safetensors")
    check_weights(tmp_path / "model.safetensors", state)


def test_what_timms_training_saves_is_read(imagenet_resnet18: nn.Module, tmp_path: Path) -> None:
    state = imagenet_resnet18.state_dict()
    arguments = argparse.Namespace(lr=0.1, output=Path("x"), best=np.float64(70.1))
    file = write(tmp_path / "last.pth.tar", {"arch": "resnet18", "args": arguments, "state_dict": state, "version": 2})
    check_weights(file, state)


@pytest.mark.parametrize("key", ["state_dict_ema", "model_ema", "ema", "ema_model"])
def test_averages_over_the_training_come_first(imagenet_resnet18: nn.Module, key: str, tmp_path: Path) -> None:
    state = imagenet_resnet18.state_dict()
    last = {name: value + 1 for name, value in state.items()}
    averages = {f"module.{name}": value for name, value in state.items()}
    check_weights(write(tmp_path / "x.pth", {"state_dict": last, key: averages}), state)


def test_two_networks_in_one_file_are_refused_by_their_places(imagenet_resnet18: nn.Module, tmp_path: Path) -> None:
    state = {f"encoder_q.{name}": value for name, value in imagenet_resnet18.state_dict().items()}
    state |= {name.replace("encoder_q", "encoder_k"): value + 1 for name, value in state.items()}
    file = write(tmp_path / "moco.pth", {"state_dict": state})
    with pytest.raises(InputError, match=r"moco\.pth holds this network 2 times, .*'state_dict\.encoder_q' and"):
        EmbeddingNetwork("resnet18", 8, image_size=64, weights=file)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_weights_of_other_precision_become_float32(
    imagenet_resnet18: nn.Module, dtype: torch.dtype, tmp_path: Path
) -> None:
    state = {name: v.to(dtype) if v.is_floating_point() else v for name, v in imagenet_resnet18.state_dict().items()}
    check_weights(write(tmp_path / "x.pth", state), {name: value.float() for name, value in state.items()})


@pytest.mark.parametrize("classifier", ["fc", "head.fc", "heads.head", "last", "head_dist"])
def test_a_classifier_of_any_name_is_left_out(imagenet_resnet18: nn.Module, classifier: str, tmp_path: Path) -> None:
    state = {name: value for name, value in imagenet_resnet18.state_dict().items() if not name.startswith("fc")}
    check_weights(write(tmp_path / "x.pth", {**state, f"{classifier}.weight": torch.zeros(7, 512)}), state)


def check_weights(file: Path, expected: dict[str, Tensor]) -> None:
    """A backbone that starts from the file, named by a string, has exactly these weights, in float32."""
    backbone = EmbeddingNetwork("resnet18", 8, image_size=64, weights=str(file)).backbone.model
    for name, value in backbone.state_dict().items():
        assert torch.equal(value, expected[name].to(value.dtype)), name
        assert value.dtype in (torch.float32, torch.int64)


def test_a_missing_file_is_an_error_not_a_random_network(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no such file: .*imagenet\.pth"):
        EmbeddingNetwork("bn_inception", weights=tmp_path / "imagenet.pth")


def test_old_tensors_of_torch_zero_dot_two_load_as_well(tmp_path: Path) -> None:
    state: dict[str, Tensor] = EmbeddingNetwork("convnet-8").backbone.state_dict()
    file = tmp_path / "old.pth"
    torch.save(state, file, _use_new_zipfile_serialization=False)
    again = EmbeddingNetwork("convnet-8", weights=file)
    assert all(torch.equal(value, state[name]) for name, value in again.backbone.state_dict().items())
