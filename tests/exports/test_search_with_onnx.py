"""The example that needs nothing of ours: the same views, the same vectors, the same neighbors as embed and search."""

import os
import re
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from embedding_transfer import EmbeddingNetwork, embed, export, load_network, search
from embedding_transfer.images.decode import read_rgb
from embedding_transfer.images.views import evaluation_view, planes

pytest.importorskip("onnx")
EXAMPLE = Path(__file__).parents[2] / "examples/search_with_onnx.py"


@pytest.fixture(scope="module")
def example() -> dict[str, Any]:
    return runpy.run_path(str(EXAMPLE), run_name="example")


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pictures of many shapes and modes: wide, high, turned by EXIF, transparent, gray, of a palette."""
    folder, rng = tmp_path_factory.mktemp("photos"), np.random.default_rng(0)
    for number, (w, h) in enumerate([(90, 61), (47, 83), (64, 64), (33, 140), (301, 200)]):
        soft = Image.fromarray(rng.integers(0, 256, (5, 5, 4), dtype=np.uint8)).resize((w, h), Image.Resampling.BICUBIC)
        exif = Image.Exif()
        exif[0x0112] = 6
        soft.convert("RGB").save(folder / f"{number}.jpg", quality=90)
        soft.convert("RGB").save(folder / f"{number}-turned.jpg", exif=exif)
        soft.save(folder / f"{number}-transparent.png")
        soft.convert("L").save(folder / f"{number}-gray.png")
        soft.convert("RGB").quantize(16).save(folder / f"{number}-palette.png")
    return folder


def test_it_sees_the_view_of_evaluation(example: dict[str, Any], photos: Path) -> None:
    for size, crop in ((24, 0.875), (32, 1.0), (31, 0.6)):
        transform = evaluation_view(size, crop)
        for picture in sorted(photos.iterdir()):
            expected = planes(transform(read_rgb(picture))).numpy()
            assert np.array_equal(example["view"](picture, round(size / crop), size), expected), picture


@pytest.mark.parametrize("pixels", ["float32", "uint8"])
def test_it_finds_what_search_finds(pixels: Any, photos: Path, tmp_path: Path) -> None:
    torch.manual_seed(0)
    EmbeddingNetwork("convnet-8", 8, image_size=24, crop=0.875).save(tmp_path / "a.safetensors")
    export(tmp_path / "a.safetensors", output=tmp_path / "a.onnx", pixels=pixels)
    printed = [
        subprocess.run(
            [sys.executable, "-I", str(EXAMPLE), *map(str, words)],
            env={**os.environ, "PYTHONPATH": ""},
            check=True,
            capture_output=True,
            text=True,
            timeout=600,
        ).stdout
        for words in (
            ["index", tmp_path / "a.onnx", photos, tmp_path / "index.npz"],
            ["find", tmp_path / "a.onnx", tmp_path / "index.npz", photos / "3.jpg"],
        )
    ]
    assert "25 pictures" in printed[0]
    index = np.load(tmp_path / "index.npz")
    file = embed(tmp_path / "a.safetensors", output=tmp_path / "a.npy", pictures=(photos,), workers=0)
    assert [Path(path).name for path in index["paths"]] == [Path(key).name for key in file.keys]
    assert np.abs(index["vectors"] - file.vectors).max() <= 1e-4
    (expected,) = search(tmp_path / "a.npy", (photos / "3.jpg",), k=5, workers=0)
    found = re.findall(r"([\d.]+)  (.*)", printed[1])
    assert [Path(path).name for _, path in found] == [Path(each.key).name for each in expected]
    assert [float(distance) for distance, _ in found] == pytest.approx([e.distance for e in expected], abs=2e-4)


def test_it_imports_neither_torch_nor_us(tmp_path: Path) -> None:
    ours = "{'torch', 'embedding_transfer'}"
    code = f"import runpy, sys; runpy.run_path({str(EXAMPLE)!r}); sys.exit(bool({ours} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], timeout=600).returncode == 0


def test_vectors_are_those_of_the_network(example: dict[str, Any], photos: Path, tmp_path: Path) -> None:
    torch.manual_seed(1)
    EmbeddingNetwork("convnet-8", 8, image_size=24, l2_normalize=True).save(tmp_path / "a.safetensors")
    export(tmp_path / "a.safetensors", photos, images="unlabeled", output=tmp_path / "a.onnx")
    paths = sorted(photos.iterdir())
    views = torch.stack([planes(evaluation_view(24, 0.875)(read_rgb(path))) for path in paths])
    with torch.no_grad():
        expected = load_network(tmp_path / "a.safetensors")(views / 255).numpy()
    assert np.abs(example["embed"](example["open_network"](str(tmp_path / "a.onnx")), paths) - expected).max() < 1e-4
