"""Settings of every test: few threads (two tests run side by side), no surprises from the outside."""

import os
import sys
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("MPLBACKEND", "agg")
sys.path.insert(0, str(Path(__file__).parent / "golden"))
sys.path.insert(0, str(Path(__file__).parent))  # ranks.py, which several folders use

import torch

torch.set_num_threads(1)

import numpy as np  # noqa: E402
import pytest  # noqa: E402
from hypothesis import settings  # noqa: E402
from PIL import Image  # noqa: E402

# No test asserts times: the machine may be busy. In CI the same examples are drawn every time.
settings.register_profile("no-deadline", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("no-deadline")


@pytest.fixture(autouse=True)
def _pages_time_a_network_for_a_moment(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not for more than a second each, as where a figure matters; the test of that figure says so."""
    if "full_timing" not in request.keywords:
        monkeypatch.setattr("embedding_transfer.report.runs.cost.WARM_SECONDS", 0.0)
        monkeypatch.setattr("embedding_transfer.report.runs.cost.SECONDS", 0.02)


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """ROOT/train and ROOT/test with 6 and 5 classes of 5 pictures, 16 x 16: a pattern of the class, noise on top."""
    root = tmp_path_factory.mktemp("images")
    rng = np.random.default_rng(0)
    for split, classes in (("train", 6), ("test", 5)):
        for c in range(classes):
            pattern = np.kron(rng.integers(60, 200, (4, 4, 3)), np.ones((4, 4, 1)))
            folder = root / split / f"{split}-class{c}"
            folder.mkdir(parents=True)
            for i in range(5):
                pixels = (pattern + rng.normal(0, 25, pattern.shape)).clip(0, 255).astype(np.uint8)
                Image.fromarray(pixels).save(folder / f"{i}.png")
    return root


@pytest.fixture(scope="session")
def tiny_options(tiny_folder: Path) -> dict[str, object]:
    """Options of a training on the tiny folder that takes about a second."""
    return {
        "root": tiny_folder,
        "image_size": 16,
        "augmentation": "character",
        "epochs": 3,
        "batch_size": 12,
        "images_per_class": 2,
        "lr": 1e-3,
        "ks": (1, 2),
        "workers": 0,
    }


@pytest.fixture(scope="session")
def tiny_source(tiny_options: dict[str, object], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run directory of a source trained on the tiny folder."""
    from embedding_transfer.verbs.train_source import train_source

    output = tmp_path_factory.mktemp("source") / "run"
    train_source(backbone="convnet-4", embedding_dim=8, output=output, **tiny_options)  # type: ignore[arg-type]
    return output
