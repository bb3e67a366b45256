"""Training on pictures without labels: agreement with the source chooses, and what needs labels says so."""

import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from torch import Tensor

from embedding_transfer.errors import InputError, UsageError
from embedding_transfer.images import load_images
from embedding_transfer.networks import load_network
from embedding_transfer.retrieval import embed_images
from embedding_transfer.retrieval.agreement import agreement
from embedding_transfer.sources import open_source
from embedding_transfer.verbs.train_source import train_source
from embedding_transfer.verbs.transfer import transfer

SHAPE: dict[str, Any] = {"backbone": "convnet-4", "embedding_dim": 3, "image_size": 16}


@pytest.fixture(scope="module")
def pictures(tiny_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pictures of the tiny folder in one heap, at some depth."""
    heap = tmp_path_factory.mktemp("heap")
    for number, file in enumerate(sorted(tiny_folder.rglob("*.png"))):
        (heap / f"deep/{number % 3}").mkdir(parents=True, exist_ok=True)
        shutil.copy(file, heap / f"deep/{number % 3}/{number}.png")
    return heap


@pytest.fixture
def options(pictures: Path, tiny_options: dict[str, Any]) -> dict[str, Any]:
    unlabeled = {"images": "unlabeled", "root": pictures, "images_per_class": None, "batch_size": 8}
    return {**tiny_options, **SHAPE, **unlabeled}


def colors(images: Tensor) -> Tensor:
    return images.mean(dim=(2, 3))


colors.image_size = 16  # type: ignore[attr-defined]


def test_agreement_with_the_source_chooses_the_best_epoch(options: dict[str, Any], tmp_path: Path) -> None:
    result = transfer(colors, output=tmp_path / "run", **options)
    assert {"overlap@1", "overlap@2", "rank_correlation"} <= set(result.best)
    test = load_images("unlabeled", options["root"]).test
    target = embed_images(load_network(tmp_path / "run"), test, workers=0)
    expected = agreement(target, open_source(colors).embed(test, workers=0), (1, 2))
    assert {name: result.best[name] for name in expected} == pytest.approx(expected)
    assert "agreement" not in yaml.safe_load((tmp_path / "run/config.yaml").read_text())
    assert (tmp_path / "run/report.html").exists()


def test_a_crd_loss_takes_every_picture_for_its_own_class(options: dict[str, Any], tmp_path: Path) -> None:
    result = transfer(colors, loss="CRDLoss", output=tmp_path / "run", **{**options, "epochs": 1})
    assert torch.tensor(result.last["loss"]).isfinite()


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"loss": "DarkRankLoss"}, "has no labels, and DarkRankLoss needs them"),
        ({"metric_loss": "ProxyAnchorLoss"}, "has no labels, and --metric-loss needs them"),
        ({"transfer_weight": 0, "metric_loss": "ProxyAnchorLoss"}, "has no labels, and --metric-loss needs them"),
    ],
)
def test_losses_on_labels_are_refused(more: dict[str, Any], said: str, options: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(InputError, match=said):
        transfer(colors, output=tmp_path / "run", **options, **more)
    assert not (tmp_path / "run").exists()


def test_a_source_cannot_be_trained(options: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(InputError, match="has no labels, and train-source needs them"):
        train_source(output=tmp_path / "run", **options)


def test_too_few_pictures_for_k(options: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"overlap@50 needs more than the \d+ images of"):
        transfer(colors, output=tmp_path / "run", **{**options, "ks": (1, 50)})
