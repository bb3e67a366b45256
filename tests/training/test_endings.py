"""How trainings end that are told to, and what is said of those that learn nothing."""

import signal
import time
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from embedding_transfer.cli import main
from embedding_transfer.errors import TrainingError, UsageError
from embedding_transfer.images import ImageSet, ImageSplits
from embedding_transfer.networks import EmbeddingNetwork
from embedding_transfer.training.signs import check_source_vectors, spread, warn_of_collapse, warn_of_no_loss
from embedding_transfer.verbs.train_source import train_source
from embedding_transfer.verbs.transfer import transfer
from ranks import Ranks


@pytest.mark.parametrize(
    ("name", "workers"), [("SIGTERM", 2), pytest.param("SIGHUP", 0, marks=pytest.mark.long), ("SIGINT", 0)]
)
def test_a_signal_ends_with_a_line_and_nothing_is_lost(
    name: str, workers: int, tiny_source: Path, tiny_options: dict[str, Any], tmp_path: Path
) -> None:
    options = {**tiny_options, "source": tiny_source, "epochs": 40, "workers": workers, "evaluate_every": 40}
    arguments = [f"--{key.replace('_', '-')}={list(v) if isinstance(v, tuple) else v}" for key, v in options.items()]
    training = Ranks(main, ["transfer", *arguments, f"--output={tmp_path / 'run'}"])
    metrics = tmp_path / "run/metrics.jsonl"
    while not metrics.exists() or metrics.read_text().count("\n") < 2:
        assert training.processes[0].is_alive()
        time.sleep(0.01)
    number = getattr(signal, name)
    training.send(number)
    assert training.codes() == [128 + number]
    (said,) = training.said()
    how = "the keyboard" if name == "SIGINT" else name
    assert said.splitlines()[-1] == (f"embedding-transfer transfer: stopped by {how}; a training goes on with --resume")
    assert "Traceback" not in said
    left = {path.name for path in (tmp_path / "run").iterdir()}
    assert left <= {"config.yaml", "start.json", "metrics.jsonl", "last.safetensors", "state.pt", "state-before.pt"}
    state = torch.load(tmp_path / "run/state.pt", weights_only=True)
    assert 2 <= len(state["metrics"]) < 40


def test_a_source_that_is_not_finite_is_blamed() -> None:
    with pytest.raises(TrainingError, match="source mine gives vectors that are not finite"):
        check_source_vectors(torch.tensor([[1.0, float("nan")]]), "mine")


@pytest.mark.parametrize("value", [0.0, 3.0])
def test_a_constant_source_is_warned_of(value: float, tiny_options: dict[str, Any], tmp_path: Path) -> None:
    def constant(images: Tensor) -> Tensor:
        return torch.full((len(images), 3), value)

    constant.image_size = 16  # type: ignore[attr-defined]
    options = {**tiny_options, "epochs": 1, "backbone": "convnet-4", "embedding_dim": 3}
    with pytest.warns(UserWarning, match="gives the same vector for all pictures"):
        transfer(constant, loss="RKDLoss", output=tmp_path / "run", **options)


def test_a_collapsed_network_is_warned_of() -> None:
    network = EmbeddingNetwork("convnet-4", 3, image_size=16).eval()
    torch.nn.init.zeros_(network.head.weight)
    torch.nn.init.ones_(network.head.bias)
    with pytest.warns(UserWarning, match="it has collapsed"):
        warn_of_collapse(network(torch.rand(5, 3, 16, 16)).detach())


def test_what_is_spread_out_is_not_warned_of(recwarn: pytest.WarningsRecorder) -> None:
    close = 1000 + torch.rand(6, 3)
    assert 1e-6 < spread(close) < 1e-3
    warn_of_collapse(close)
    check_source_vectors(close, "mine")
    warn_of_no_loss({"loss": 1e-9, "metric_loss": 1e-9}, "epoch 1")
    assert not recwarn.list


def test_a_loss_of_nothing_is_warned_of(tiny_folder: Path, tiny_options: dict[str, Any], tmp_path: Path) -> None:
    """One picture of each class in a batch: no pair, so a contrastive loss on positives alone is 0."""
    options = {**tiny_options, "images_per_class": 1, "batch_size": 6, "epochs": 1}
    loss = {"class_path": "pytorch_metric_learning.losses.ContrastiveLoss", "init_args": {"neg_margin": -1.0}}
    with pytest.warns(UserWarning, match="the loss is 0 in all of epoch 1"):
        train_source(loss=loss, backbone="convnet-4", embedding_dim=4, output=tmp_path / "run", **options)


def test_one_picture_is_too_few_for_batch_norm(tmp_path: Path) -> None:
    pictures = (torch.rand(6, 8, 8, 3) * 255).byte().numpy()
    images = ImageSplits(ImageSet("a", pictures), ImageSet("b", pictures))
    options: dict[str, Any] = {"batch_size": 1, "views": 1, "epochs": 1, "workers": 0, "image_size": 8, "ks": (1,)}

    def color(shown: Tensor) -> Tensor:
        return shown.mean(dim=(2, 3))

    color.image_size = 8  # type: ignore[attr-defined]
    with pytest.raises(UsageError, match="BatchNorm cannot normalize one picture by itself"):
        transfer(color, images=images, backbone="convnet-4", embedding_dim=3, output=tmp_path / "run", **options)
