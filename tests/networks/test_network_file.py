"""Saved networks come back bit for bit, and nothing else passes for one."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from embedding_transfer.errors import InputError, UsageError
from embedding_transfer.networks import EmbeddingNetwork
from embedding_transfer.networks.network_file import METADATA_KEY


@pytest.fixture
def network() -> EmbeddingNetwork:
    network = EmbeddingNetwork("convnet-8", 5, image_size=28, l2_normalize=True, crop=1.0)
    network(torch.rand(8, 3, 28, 28))  # running statistics that are not the initial ones
    return network


@pytest.fixture
def saved(network: EmbeddingNetwork, tmp_path: Path) -> Path:
    network.save(tmp_path / "network.safetensors")
    return tmp_path / "network.safetensors"


@pytest.mark.parametrize("backbone", ["convnet-8", "test_vit", "bn_inception"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_round_trip_is_bit_equal(backbone: str, dtype: torch.dtype, tmp_path: Path) -> None:
    network = EmbeddingNetwork(backbone, 5, image_size=64).to(dtype)
    images = torch.rand(4, 3, 64, 64, dtype=dtype)
    network(images)
    network.save(tmp_path / "deep" / "network.safetensors")
    again = EmbeddingNetwork.load(tmp_path / "deep" / "network.safetensors")
    assert again.description == network.description
    for name, value in network.state_dict().items():
        assert torch.equal(again.state_dict()[name], value)
        assert again.state_dict()[name].dtype == value.dtype
    assert not again.training
    assert torch.equal(again(images), network.eval()(images))


def test_header_describes_the_network_to_any_reader(network: EmbeddingNetwork, saved: Path) -> None:
    with safe_open(saved, framework="numpy") as file:
        description = json.loads(file.metadata()[METADATA_KEY])
    assert description == network.description
    assert description["normalization"] == {
        "mean": [0.5, 0.5, 0.5],
        "std": [0.5, 0.5, 0.5],
        "channel_order": "rgb",
        "value_range": 1.0,
    }


def test_channels_last_weights_are_saved_in_plain_order(network: EmbeddingNetwork, tmp_path: Path) -> None:
    network.to(memory_format=torch.channels_last).save(tmp_path / "network.safetensors")
    again = EmbeddingNetwork.load(tmp_path / "network.safetensors")
    assert all(torch.equal(value, again.state_dict()[name]) for name, value in network.state_dict().items())


def test_a_broken_off_save_leaves_the_old_file(
    network: EmbeddingNetwork, saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = saved.read_bytes()

    def break_off(*args: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", break_off)
    with torch.no_grad():
        network.head.bias += 1
    with pytest.raises(KeyboardInterrupt):
        network.save(saved)
    assert saved.read_bytes() == old
    assert list(saved.parent.iterdir()) == [saved]


def test_file_follows_the_umask(saved: Path) -> None:
    plain = saved.with_name("plain")
    plain.touch()
    assert saved.stat().st_mode == plain.stat().st_mode


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no such file: .*nowhere\.safetensors"):
        EmbeddingNetwork.load(tmp_path / "nowhere.safetensors")


@pytest.mark.parametrize("content", [b"", b"not a network", b"\xff" * 100])
def test_other_files_are_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "x.safetensors").write_bytes(content)
    with pytest.raises(InputError, match=r"x\.safetensors is not a safetensors file"):
        EmbeddingNetwork.load(tmp_path / "x.safetensors")


def test_a_cut_file_is_refused(saved: Path) -> None:
    saved.write_bytes(saved.read_bytes()[:-10])
    with pytest.raises(InputError, match="is not a safetensors file"):
        EmbeddingNetwork.load(saved)


def test_weights_without_description_are_refused(saved: Path) -> None:
    save_file(load_file(saved), saved)
    with pytest.raises(InputError, match=r"no description of a network.*weights=.*network\.safetensors"):
        EmbeddingNetwork.load(saved)


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, "null", "3", '"convnet-8"', "[]", "{}", "NaN"])
def test_a_damaged_description_is_refused(text: str, saved: Path) -> None:
    save_file(load_file(saved), saved, {METADATA_KEY: text})
    assert "damaged description of its network" in refusal(saved)


@pytest.mark.parametrize(
    ("key", "value", "complaint"),
    [
        ("backbone", 18, "backbone is 18, not a name"),
        ("backbone", ["convnet-8"], r"backbone is ['convnet-8'], not a name"),
        ("backbone", None, "backbone is None, not a name"),
        ("backbone", "resnet18000", "unknown backbone 'resnet18000'"),
        ("embedding_dim", "5", "embedding_dim is '5', not a whole number"),
        ("embedding_dim", 10**15, "embeddings of length 5, but 1000000000000000"),
        ("image_size", 0, "image_size is 0"),
        ("image_size", 28.5, "image_size is 28.5"),
        ("normalization", None, "normalization is None, not a mapping"),
        ("pooling", {}, "pooling in the description is {}"),
    ],
)
def test_a_description_with_something_wrong_names_it_and_the_file(
    key: str, value: Any, complaint: str, network: EmbeddingNetwork, saved: Path
) -> None:
    save_file(load_file(saved), saved, {METADATA_KEY: json.dumps({**network.description, key: value})})
    assert complaint in refusal(saved)


def refusal(path: Path) -> str:
    """The one line that says why a network cannot be loaded; it names the file."""
    with pytest.raises(InputError) as caught:
        EmbeddingNetwork.load(path)
    message = str(caught.value)
    assert path.name in message
    assert "\n" not in message
    assert len(message) < 400
    return message


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize("backbone", ["convnet-8", "test_vit"])
def test_a_network_of_16_bits_is_used_in_float32(backbone: str, dtype: torch.dtype, tmp_path: Path) -> None:
    network = EmbeddingNetwork(backbone, 5, image_size=64).to(dtype)
    network.save(tmp_path / "half.safetensors")
    again = EmbeddingNetwork.load(tmp_path / "half.safetensors")
    for name, value in network.state_dict().items():
        assert torch.equal(again.state_dict()[name], value.float() if value.is_floating_point() else value)
    images = torch.rand(2, 3, 64, 64)
    assert again(images).dtype == torch.float32
    assert torch.equal(again(images), network.float().eval()(images))


def test_weights_that_do_not_fit_are_named(network: EmbeddingNetwork, saved: Path) -> None:
    state = load_file(saved)
    del state["backbone.stages.0.1.weight"]
    state["extra"] = torch.zeros(1)
    state["head.bias"] = torch.zeros(7)
    save_file(state, saved, {METADATA_KEY: json.dumps(network.description)})
    with pytest.raises(InputError) as caught:
        EmbeddingNetwork.load(saved)
    message = str(caught.value)
    assert "missing: backbone.stages.0.1.weight" in message
    assert "unexpected: extra" in message
    assert "head.bias (7,) instead of (5,)" in message
