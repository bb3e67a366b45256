"""ONNX files: torch's numbers from raw pictures, any number of them; nothing about the machine; kept only if right."""

from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from embedding_transfer import EmbeddingNetwork, evaluate
from embedding_transfer.errors import EmbeddingTransferError, UsageError
from embedding_transfer.exports import agreement, onnx_libraries
from embedding_transfer.exports.onnx_file import write_onnx
from embedding_transfer.exports.trial_pictures import generated_pictures, views_of
from embedding_transfer.networks.exported_input import ExportedInput, Pixels

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")

SIDE = 64
BACKBONES = ["resnet18", "resnet50", "bn_inception", "tf_efficientnet_lite0", "mobilenetv2_100", "test_vit"]


def new_network(backbone: str, side: int, **options: bool) -> EmbeddingNetwork:
    """Random weights, and BatchNorm statistics that are not those of the beginning."""
    torch.manual_seed(0)
    network = EmbeddingNetwork(backbone, 16, image_size=side, **options)
    for layer in network.modules():
        if isinstance(layer, nn.BatchNorm2d) and layer.running_mean is not None:
            nn.init.uniform_(layer.running_mean, -0.1, 0.1)
            nn.init.uniform_(layer.running_var, 0.7, 1.4)
    return network.eval()


def pictures(side: int, count: int = 5) -> np.ndarray:
    return views_of(generated_pictures(side, count), ExportedInput("float32", side, 1.0), count)


def run(file: Path, shown: np.ndarray) -> np.ndarray:
    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    found: np.ndarray = session.run(["embedding"], {"images": shown})[0]
    return found


@pytest.mark.long
@pytest.mark.parametrize("backbone", BACKBONES)
def test_backbones_give_the_numbers_of_torch(backbone: str, tmp_path: Path) -> None:
    network, views = new_network(backbone, SIDE, l2_normalize=True), pictures(SIDE)
    write_onnx(tmp_path / "a.onnx", network, "float32", views)
    shown = views.astype(np.float32) / 255
    with torch.no_grad():
        expected = network(torch.from_numpy(shown)).numpy()
    assert np.linalg.norm(expected[0] - expected[1]) > 5e-4  # pictures differ by more than what is allowed below
    for count in (1, 3, 5):
        assert np.abs(run(tmp_path / "a.onnx", shown[:count]) - expected[:count]).max() <= 1e-4


@pytest.mark.parametrize(("pixels", "l2_normalize"), [("float32", True), ("uint8", False)])
def test_a_small_network(pixels: Pixels, l2_normalize: bool, tmp_path: Path) -> None:
    network, views = new_network("convnet-4", 16, l2_normalize=l2_normalize), pictures(16)
    file = tmp_path / "a.onnx"
    difference = write_onnx(file, network, pixels, views)
    with torch.no_grad():
        expected = network(torch.from_numpy(views) / 255).numpy()
    shown = views if pixels == "uint8" else (views / 255).astype(np.float32)
    found = run(file, shown[:3])
    assert np.abs(found - expected[:3]).max() <= 1e-5
    assert 0 <= difference <= 1e-5
    assert np.allclose(np.linalg.norm(found, axis=1), 1) == l2_normalize
    model = onnx.load(file)
    assert (model.opset_import[0].version, model.ir_version) == (18, 8)
    assert b".py" not in file.read_bytes()  # the exporter writes which lines of which files made a node


def test_what_takes_pictures_in_another_order_is_normalized_inside(tmp_path: Path) -> None:
    """BGR, values up to 255, a mean: a network without layers, computed here by hand."""
    network = new_network("convnet-4", 16)
    network.normalize.normalization = network.normalize.normalization._replace(channel_order="bgr", value_range=255.0)
    network.normalize.mean.fill_(100.0)
    network.normalize.std.fill_(50.0)
    views = pictures(16)
    write_onnx(tmp_path / "a.onnx", network, "uint8", views)
    normal = (torch.from_numpy(views[:, ::-1].copy()).float() - 100) / 50
    with torch.no_grad():
        expected = network.head(network.pool(network.backbone(normal))).numpy()
    assert np.abs(run(tmp_path / "a.onnx", views) - expected).max() <= 1e-4 * max(1, np.abs(expected).max())


def test_it_is_evaluated_as_the_network_is(tiny_folder: Path, tmp_path: Path) -> None:
    """With its own crop and its own normalization, although ONNX sources of others are normalized as ImageNet's."""
    network = new_network("convnet-4", 14)
    network.crop = 0.875
    network.save(tmp_path / "a.safetensors")
    write_onnx(tmp_path / "a.onnx", network, "uint8", pictures(14))
    files = [str(tmp_path / name) for name in ("a.safetensors", "a.onnx")]
    by_torch, by_onnx = evaluate(files, root=tiny_folder, ks=(1, 2, 4), scores=("recall", "map@r"), workers=0)
    about = {"network": None, "parameters": None}  # of an ONNX file they are not known
    assert {**by_torch, **about} == pytest.approx({**by_onnx, **about})


class Liar(EmbeddingNetwork):
    """Says something else when it is exported."""

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        right = super().forward(images)
        return F.normalize(right + 0.01) if torch.compiler.is_compiling() else right


def test_a_file_with_other_numbers_is_not_kept(tmp_path: Path) -> None:
    with pytest.raises(EmbeddingTransferError, match=r"a\.onnx is not kept: its embeddings differ from torch's by up"):
        write_onnx(tmp_path / "a.onnx", Liar("convnet-4", 16, image_size=16), "float32", pictures(16))
    assert list(tmp_path.iterdir()) == []


def test_agreement_is_of_rows_shapes_and_finite_numbers() -> None:
    network, views = new_network("convnet-4", 16), pictures(16)
    with torch.no_grad():
        right = network(torch.from_numpy(views) / 255).numpy()

    def said(shown: np.ndarray, change: float = 0.0) -> np.ndarray:
        rows = np.concatenate([right, right])[: len(shown)]
        return np.where(np.arange(rows.shape[1]) == 3, rows + change, rows)

    largest = max(1.0, float(np.abs(right).max()))
    assert agreement.check_agreement(said, network, views, "uint8", "a") <= 1e-6
    within = agreement.check_agreement(lambda x: said(x, 0.9e-4 * largest), network, views, "uint8", "a")
    assert within == pytest.approx(0.9e-4 * largest, rel=0.05)
    for wrong in (1.1e-4 * largest, float("nan")):
        with pytest.raises(EmbeddingTransferError, match="is not kept"):
            agreement.check_agreement(lambda x, wrong=wrong: said(x, wrong), network, views, "uint8", "a")
    with pytest.raises(EmbeddingTransferError, match=r"it gives \(1, 16\) where torch gives \(10, 16\)"):
        agreement.check_agreement(lambda x: said(x)[:1], network, views, "uint8", "a")


@pytest.mark.parametrize("missing", ["onnx", "onnxruntime", "onnxscript"])
def test_what_is_not_installed_is_named(missing: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, missing, None)
    with pytest.raises(UsageError, match=rf"needs {missing}: pip install 'embedding-transfer\[onnx\]'"):
        onnx_libraries.onnx_libraries("writing a.onnx")


def test_a_network_that_is_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("embedding_transfer.exports.onnx_file.MOST_BYTES", 1000)
    with pytest.raises(UsageError, match="GiB of weights and ONNX files end at 2: use --format torchscript"):
        write_onnx(tmp_path / "a.onnx", new_network("convnet-4", 16), "float32", pictures(16))
