"""The map: its formula, its file, its ONNX file."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from scipy.special import erf

from embedding_transfer.errors import InputError, UsageError
from embedding_transfer.vectors.map_file import MAP_KEY, read_map, write_map
from embedding_transfer.vectors.map_onnx import write_onnx
from embedding_transfer.vectors.map_rows import map_rows
from embedding_transfer.vectors.short_map import ShortMap


def some_map(hidden: int, normalize: bool) -> ShortMap:
    torch.manual_seed(1)
    short = ShortMap(9, 4, hidden, normalize)
    if hidden:
        torch.nn.init.normal_(short.outer.weight)
    return short.eval().requires_grad_(False)


def by_hand(short: ShortMap, x: np.ndarray) -> np.ndarray:
    w = {name: value.numpy().astype(np.float64) for name, value in short.state_dict().items()}
    u = x / np.linalg.norm(x, axis=1, keepdims=True)
    v = u @ w["linear.weight"].T + w["linear.bias"]
    if short.hidden:
        h = u @ w["inner.weight"].T + w["inner.bias"]
        v = v + (h * (1 + erf(h / 2**0.5)) / 2) @ w["outer.weight"].T
    return v / np.linalg.norm(v, axis=1, keepdims=True) if short.normalize else v


kinds = pytest.mark.parametrize(("hidden", "normalize"), [(0, True), (0, False), (6, True), (6, False)])


@kinds
def test_the_map_is_its_formula(hidden: int, normalize: bool) -> None:
    short, x = some_map(hidden, normalize), np.random.default_rng(0).normal(size=(20, 9))
    np.testing.assert_allclose(map_rows(short, x, torch.device("cpu")), by_hand(short, x), atol=1e-6)


@kinds
def test_onnx_computes_the_same(hidden: int, normalize: bool, tmp_path: Path) -> None:
    onnxruntime = pytest.importorskip("onnxruntime")
    short, x = some_map(hidden, normalize), np.random.default_rng(0).normal(size=(20, 9)).astype(np.float32)
    write_onnx(tmp_path / "map.onnx", short)
    session = onnxruntime.InferenceSession(tmp_path / "map.onnx", providers=["CPUExecutionProvider"])
    (found,) = session.run(None, {"vectors": x})
    np.testing.assert_allclose(found, by_hand(short, x), atol=1e-5)


def test_a_row_of_zeros_has_no_direction() -> None:
    short = some_map(0, False)
    torch.testing.assert_close(short(torch.zeros(2, 9)), short.linear.bias.expand(2, 4))


@kinds
def test_a_file_keeps_the_map(hidden: int, normalize: bool, tmp_path: Path) -> None:
    short, x = some_map(hidden, normalize), torch.randn(5, 9)
    write_map(tmp_path / "map.safetensors", short, {"keep": "neighbors"})
    again, options = read_map(tmp_path / "map.safetensors")
    assert options == {"keep": "neighbors"}
    torch.testing.assert_close(again(x), short(x), rtol=0, atol=0)


def test_other_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.safetensors"
    save_file({"a": torch.zeros(2)}, path)
    with pytest.raises(InputError, match="holds no map of vectors"):
        read_map(path)
    shape = {"dim": 9, "short_dim": 4, "hidden": 0, "normalize": True}
    save_file({"linear.weight": torch.zeros(4, 8)}, path, {MAP_KEY: json.dumps({"shape": shape, "options": {}})})
    with pytest.raises(InputError, match="is damaged"):
        read_map(path)
    with pytest.raises(UsageError, match="no such file"):
        read_map(tmp_path / "none.safetensors")
    with pytest.raises(UsageError, match=r"written to a \.safetensors file"):
        write_map(tmp_path / "map.pt", some_map(0, True), {})
