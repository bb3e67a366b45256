"""TorchScript files: torch's numbers from raw pictures, any number of them, in a process without our code."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from embedding_transfer import EmbeddingNetwork
from embedding_transfer.exports.torchscript_file import write_torchscript
from embedding_transfer.exports.trial_pictures import generated_pictures, views_of
from embedding_transfer.networks.exported_input import ExportedInput, Pixels

CASES = [
    ("convnet-4", 16, "uint8"),
    ("resnet18", 64, "float32"),
    ("bn_inception", 63, "float32"),
    ("tf_efficientnet_lite0", 64, "uint8"),
    ("mobilenetv2_100", 64, "float32"),
    ("test_vit", 64, "float32"),
    pytest.param("resnet50", 64, "float32", marks=pytest.mark.long),
]


@pytest.mark.parametrize(("backbone", "side", "pixels"), CASES)
def test_it_gives_the_numbers_of_torch(backbone: str, side: int, pixels: Pixels, tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = EmbeddingNetwork(backbone, 16, image_size=side, l2_normalize=True).eval()
    views = views_of(generated_pictures(side, 5), ExportedInput(pixels, side, 1.0), 5)
    write_torchscript(tmp_path / "a.pt", network, pixels, views)
    loaded = torch.jit.load(str(tmp_path / "a.pt"))
    floats = torch.from_numpy(views) / 255
    with torch.no_grad():
        expected = network(floats)
        for count in (1, 3, 5):
            shown = torch.from_numpy(views[:count]) if pixels == "uint8" else floats[:count]
            assert (loaded(shown) - expected[:count]).abs().max() <= 1e-4
    assert (expected[0] - expected[1]).norm() > 1e-3


def test_it_needs_no_package_of_ours(tmp_path: Path) -> None:
    network = EmbeddingNetwork("convnet-4", 8, image_size=16).eval()
    views = views_of(generated_pictures(16, 2), ExportedInput("uint8", 16, 1.0), 2)
    write_torchscript(tmp_path / "a.pt", network, "uint8", views)
    np.save(tmp_path / "views.npy", views)
    code = (
        "import sys, numpy, torch; found = torch.jit.load('a.pt')(torch.from_numpy(numpy.load('views.npy')));"
        "numpy.save('found.npy', found.detach().numpy()); sys.exit('embedding_transfer' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=tmp_path, timeout=600).returncode == 0
    with torch.no_grad():
        expected = network(torch.from_numpy(views) / 255).numpy()
    assert np.abs(np.load(tmp_path / "found.npy") - expected).max() <= 1e-5
