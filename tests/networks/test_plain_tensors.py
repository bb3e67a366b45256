"""Weights that no network can compute with are named when they are loaded."""

import io
import pickle
import zipfile
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from embedding_transfer.errors import InputError
from embedding_transfer.networks import EmbeddingNetwork, load_network
from embedding_transfer.networks.backbones import build_backbone
from embedding_transfer.networks.network_file import METADATA_KEY
from embedding_transfer.networks.weights import load_backbone_weights


@pytest.fixture
def saved(tmp_path: Path) -> tuple[EmbeddingNetwork, Path]:
    torch.manual_seed(0)
    network = EmbeddingNetwork("convnet-4", 8, image_size=16).eval()
    network.save(tmp_path / "whole.safetensors")
    return network, tmp_path / "whole.safetensors"


def rewritten(file: Path, change: Any) -> Path:
    from safetensors import safe_open

    with safe_open(file, framework="pt") as whole:
        metadata = whole.metadata()
    other = file.with_name("changed.safetensors")
    save_file({name: change(name, value) for name, value in load_file(file).items()}, other, metadata)
    assert METADATA_KEY in metadata
    return other


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_floating_point_of_any_width_loads_and_runs(saved: tuple[EmbeddingNetwork, Path], dtype: torch.dtype) -> None:
    network, file = saved
    loaded = load_network(rewritten(file, lambda name, value: value.to(dtype) if value.is_floating_point() else value))
    pictures = torch.rand(2, 3, 16, 16)
    tolerance = 0.05 if dtype.itemsize == 2 else 1e-5
    torch.testing.assert_close(loaded(pictures).float(), network(pictures), atol=tolerance, rtol=tolerance)


@pytest.mark.parametrize("dtype", [torch.int64, torch.uint8, torch.bool, torch.complex64])
def test_numbers_that_are_no_floats_are_refused(saved: tuple[EmbeddingNetwork, Path], dtype: torch.dtype) -> None:
    changed = rewritten(saved[1], lambda name, value: value.to(dtype) if name == "head.weight" else value)
    with pytest.raises(InputError, match=r"changed\.safetensors has \w+ numbers in head\.weight"):
        load_network(changed)


@pytest.mark.parametrize("value", [torch.nan, torch.inf])
def test_weights_that_are_not_finite_are_named_and_counted(saved: tuple[EmbeddingNetwork, Path], value: float) -> None:
    def broken(name: str, tensor: torch.Tensor) -> torch.Tensor:
        if name == "head.weight":
            tensor[0, :3] = value
        return tensor

    with pytest.raises(InputError, match=r"has 3 of 64 weights in head\.weight that are NaN or infinite"):
        load_network(rewritten(saved[1], broken))


FIRST = "stages.0.1.weight"
ODD = {
    "sparse": torch.ones(4, 3, 3, 3).to_sparse(),
    "meta": torch.empty(4, 3, 3, 3, device="meta"),
    "quantized": torch.quantize_per_tensor(torch.ones(4, 3, 3, 3), 0.1, 0, torch.quint8),
    "numbers, of which": torch.ones(1).expand(10**12),
}


@pytest.mark.parametrize("kind", ODD)
def test_tensors_that_are_no_numbers_in_memory_are_named(kind: str, tmp_path: Path) -> None:
    backbone = build_backbone("convnet-4")
    torch.save({**backbone.weights_module.state_dict(), FIRST: ODD[kind]}, tmp_path / "x.pth")
    with pytest.raises(InputError, match=rf"x\.pth cannot be used: {FIRST} is .*{kind}"):
        load_backbone_weights(backbone, tmp_path / "x.pth")


def test_a_checkpoint_that_holds_itself_ends(tmp_path: Path) -> None:
    itself: dict[str, Any] = {"epoch": 3}
    itself["itself"] = itself
    for content in (itself, [itself]):
        torch.save(content, tmp_path / "x.pth")
        with pytest.raises(InputError, match=r"x\.pth"):
            load_backbone_weights(build_backbone("convnet-4"), tmp_path / "x.pth")


def test_an_archive_that_unpacks_to_far_more_is_not_read(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.pth", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x/data.pkl", pickle.dumps({}))
        archive.writestr("x/data/0", bytes(50_000_000))
    with pytest.raises(InputError, match=r"is packed and would take 50,000,\d+ bytes"):
        load_backbone_weights(build_backbone("convnet-4"), tmp_path / "x.pth")


class Runs:
    def __reduce__(self) -> Any:
        return exec, ("open('owned', 'w')",)


@pytest.mark.parametrize("saves", [torch.save, pickle.dump])
def test_nothing_in_a_checkpoint_is_run(saves: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    buffer = io.BytesIO()
    saves({"state_dict": Runs()}, buffer)
    (tmp_path / "x.pth").write_bytes(buffer.getvalue())
    with pytest.raises(InputError, match=r"x\.pth"):
        load_backbone_weights(build_backbone("convnet-4"), tmp_path / "x.pth")
    assert not (tmp_path / "owned").exists()
