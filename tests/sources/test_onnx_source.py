"""ONNX files as sources: sizes from the file, the numbers of the network that they hold."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from embedding_transfer.errors import InputError, UsageError
from embedding_transfer.sources import SourceSettings, open_source

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

WEIGHT = np.random.default_rng(0).normal(size=(3, 5)).astype(np.float32)


def write(path: Path, shape: list[Any], vectors: bool = True, channels_as: str = "") -> Path:
    """Mean color (n, 3) times a matrix (3, 5); without ``vectors`` the map before it."""
    from onnx import TensorProto, helper, numpy_helper

    nodes = [helper.make_node("ReduceMean", ["pixels"], ["mean"], axes=[2, 3], keepdims=0)]
    outputs = [helper.make_tensor_value_info("map", TensorProto.FLOAT, None)]
    nodes.append(helper.make_node("Identity", ["pixels"], ["map"]))
    if vectors:
        nodes.append(helper.make_node("MatMul", ["mean", "weight"], ["vectors"]))
        outputs.append(helper.make_tensor_value_info("vectors", TensorProto.FLOAT, None))
    pixels = helper.make_tensor_value_info("pixels", TensorProto.FLOAT, shape)
    graph = helper.make_graph(nodes, "test", [pixels], outputs, [numpy_helper.from_array(WEIGHT, "weight")])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.save(model, path)
    return path


@pytest.mark.parametrize("shape", [["n", 3, 8, 8], [2, 3, 8, 8], [1, 3, 8, 8], ["n", 3, "h", "w"]], ids=str)
def test_it_gives_the_numbers_of_its_network(shape: list[Any], tmp_path: Path) -> None:
    file = write(tmp_path / "a.onnx", shape)
    settings = SourceSettings(
        source_mean=(0.5, 0.4, 0.3), source_std=(0.2,), source_image_size=None if shape[2] == 8 else 8
    )
    source = open_source(str(file), settings)
    images = torch.rand(5, 3, 8, 8)
    normal = (images - torch.tensor([0.5, 0.4, 0.3])[:, None, None]) / 0.2
    expected = normal.mean(dim=(2, 3)) @ torch.from_numpy(WEIGHT)
    torch.testing.assert_close(source(images, torch.arange(5), 1).embedding, expected, atol=1e-5, rtol=1e-5)
    assert (source.dim, source.image_size, source.map_channels) == (5, 8, ())


@pytest.mark.parametrize(
    ("shape", "settings", "error", "said"),
    [
        (["n", 3, "h", "w"], SourceSettings(), UsageError, "leaves the size of its pictures open: give --source-image"),
        (["n", 3, 8, 8], SourceSettings(source_image_size=16), UsageError, "takes pictures of 8, not of"),
        (
            ["n", 3, 8, 8],
            SourceSettings(source_mean=(1.0, 2.0)),
            UsageError,
            "one number for each of 3 channels; got 2",
        ),
    ],
)
def test_what_cannot_be_run_is_said(
    shape: list[Any], settings: SourceSettings, error: type[Exception], said: str, tmp_path: Path
) -> None:
    with pytest.raises(error, match=said):
        open_source(write(tmp_path / "a.onnx", shape), settings)


def test_a_network_without_vectors(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"gives no vectors \(n, d\) of pictures but map \(2, 3, 8, 8\)"):
        open_source(write(tmp_path / "a.onnx", ["n", 3, 8, 8], vectors=False))


def test_pictures_of_one_channel(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"one input \(n, 3, h, w\) of pictures; it has pixels \['n', 1, 8, 8\]"):
        open_source(write(tmp_path / "a.onnx", ["n", 1, 8, 8], vectors=False))


def test_files_that_are_no_onnx(tmp_path: Path) -> None:
    (tmp_path / "a.onnx").write_bytes(b"hello")
    with pytest.raises(InputError, match=r"a\.onnx is no ONNX network"):
        open_source(tmp_path / "a.onnx")
    with pytest.raises(UsageError, match=r"no file .*none\.onnx"):
        open_source(tmp_path / "none.onnx")
