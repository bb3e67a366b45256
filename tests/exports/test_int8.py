"""8 bits: near to the vectors of 32, a quarter of the size, and weights that are really whole numbers."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from embedding_transfer import EmbeddingNetwork
from embedding_transfer.errors import EmbeddingTransferError
from embedding_transfer.exports.int8 import write_int8
from embedding_transfer.exports.latency import latencies
from embedding_transfer.exports.onnx_file import write_onnx
from embedding_transfer.exports.session import Session
from embedding_transfer.exports.trial_pictures import generated_pictures, views_of
from embedding_transfer.networks.exported_input import ExportedInput, Pixels
from embedding_transfer.networks.network_file import METADATA_KEY

onnx = pytest.importorskip("onnx")


def pictures(count: int) -> np.ndarray:
    return views_of(generated_pictures(16, count), ExportedInput("uint8", 16, 1.0), count)


def exported(folder: Path, pixels: Pixels, width: int = 32) -> Path:
    torch.manual_seed(0)
    network = EmbeddingNetwork(f"convnet-{width}", 16, image_size=16, l2_normalize=True)
    for layer in network.modules():
        if isinstance(layer, nn.BatchNorm2d):
            nn.init.uniform_(layer.weight, 0.5, 1.5)
            nn.init.uniform_(layer.bias, -0.2, 0.5)
    write_onnx(folder / "a.onnx", network, pixels, pictures(4))
    return folder / "a.onnx"


@pytest.mark.parametrize("pixels", ["float32", "uint8"])
def test_vectors_stay_near_and_the_file_becomes_small(pixels: Pixels, tmp_path: Path) -> None:
    file, short = exported(tmp_path, pixels), tmp_path / "a.int8.onnx"
    write_int8(short, file, pictures(20))
    views = pictures(40)[20:]  # others than those of the calibration
    shown = views if pixels == "uint8" else views.astype(np.float32) / 255
    whole, found = Session(file).run(shown), Session(short).run(shown)
    similarity = (whole * found).sum(axis=1)  # both have length 1
    assert similarity.min() > 0.98
    assert np.abs(whole - found).max() > 1e-4  # or nothing would have been quantized
    assert short.stat().st_size < 0.5 * file.stat().st_size

    model, before = onnx.load(short), onnx.load(file)
    kinds = {tensor.name: tensor.data_type for tensor in model.graph.initializer}
    quantized = [node for node in model.graph.node if node.op_type == "DequantizeLinear"]
    whole_numbers = [node.input[0] for node in quantized if kinds.get(node.input[0]) == onnx.TensorProto.INT8]
    layers = [node for node in before.graph.node if node.op_type in ("Conv", "Gemm", "MatMul")]
    assert len(layers) == len(whole_numbers) == 5  # four convolutions and the head
    metadata = {entry.key: entry.value for entry in model.metadata_props}
    assert metadata[METADATA_KEY] == {entry.key: entry.value for entry in before.metadata_props}[METADATA_KEY]


def test_the_range_of_activations_comes_from_the_pictures(tmp_path: Path) -> None:
    """Fitted to black pictures alone, others are cut off at what these reach."""
    file, views = exported(tmp_path, "uint8"), pictures(20)
    write_int8(tmp_path / "fitted.onnx", file, views)
    write_int8(tmp_path / "black.onnx", file, np.zeros_like(views))
    whole = Session(file).run(views)
    found = [Session(tmp_path / f"{name}.onnx").run(views) for name in ("fitted", "black")]
    fitted, black = (1 - (whole * vectors).sum(axis=1).mean() for vectors in found)  # by how far they turned away
    assert black > 3 * fitted


def test_what_cannot_be_quantized_leaves_nothing(tmp_path: Path) -> None:
    file = exported(tmp_path, "uint8", width=4)
    with pytest.raises(EmbeddingTransferError, match=r"a\.onnx cannot be quantized"):
        write_int8(tmp_path / "b.onnx", file, np.zeros((2, 3, 17, 17), np.uint8))
    assert {path.name for path in tmp_path.iterdir()} == {"a.onnx"}


def test_latency_is_of_every_file_and_batch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = exported(tmp_path, "float32", width=4)
    calls: list[tuple[Path, int, tuple[int, ...]]] = []

    class Counting(Session):
        def __init__(self, path: Path, threads: int) -> None:
            super().__init__(path, threads)
            self.path, self.threads = path, threads

        def run(self, images: np.ndarray) -> np.ndarray:
            calls.append((self.path, self.threads, images.shape))
            return super().run(images)

    monkeypatch.setattr("embedding_transfer.exports.latency.Session", Counting)
    found = latencies([file, file], threads=3)
    assert [set(row) for row in found] == [{"ms_batch_1", "ms_batch_32"}] * 2
    assert all(value > 0 for row in found for value in row.values())
    for batch in (1, 32):
        assert calls.count((file, 3, (batch, 3, 16, 16))) == 16  # two files, one call that is not counted and seven
