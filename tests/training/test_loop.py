"""What both trainings promise: replay, exact resume, freezing, the last good state."""

import json
import signal
import time
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from safetensors.torch import load_file

from embedding_transfer.cli import main
from embedding_transfer.errors import TrainingError, UsageError
from embedding_transfer.losses import TransferLoss
from embedding_transfer.networks import EmbeddingNetwork, load_network
from embedding_transfer.verbs.train_source import train_source
from embedding_transfer.verbs.transfer import transfer
from ranks import Ranks, run

SOURCE: dict[str, Any] = {"backbone": "convnet-4", "embedding_dim": 8}


def weights(run: Path) -> dict[str, torch.Tensor]:
    return torch.load(run / "state.pt", weights_only=True)["objective"]


def networks_part(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {name: value for name, value in state.items() if name.startswith("network.")}


def assert_same(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> None:
    assert a.keys() == b.keys()
    for name in a:
        assert torch.equal(a[name], b[name]), name


def test_a_run_directory_is_complete(tiny_source: Path, tiny_options: dict[str, Any]) -> None:
    names = {path.name for path in tiny_source.iterdir()}
    networks = {"best.safetensors", "last.safetensors"}
    assert names == {"config.yaml", "start.json", "metrics.jsonl", *networks, "state.pt", "report.html"}
    lines = [json.loads(line) for line in (tiny_source / "metrics.jsonl").read_text().splitlines()]
    assert [line["epoch"] for line in lines] == [1, 2, 3]
    assert {"loss", "lr", "images_per_second", "seconds", "recall@1", "recall@2"} <= lines[-1].keys()
    config = yaml.safe_load((tiny_source / "config.yaml").read_text())
    assert config["backbone"] == "convnet-4"
    assert config["root"] == str(tiny_options["root"])
    assert "<img" in (tiny_source / "report.html").read_text()


def test_best_is_the_best_epoch(tiny_options: dict[str, Any], tmp_path: Path) -> None:
    result = train_source(**SOURCE, **tiny_options, output=tmp_path / "run")
    lines = [json.loads(line) for line in (tmp_path / "run/metrics.jsonl").read_text().splitlines()]
    assert result.best["recall@1"] == max(line["recall@1"] for line in lines)
    assert result.last == lines[-1]
    last = load_network(tmp_path / "run/last.safetensors").state_dict()
    assert_same({f"network.{name}": value for name, value in last.items()}, networks_part(weights(tmp_path / "run")))


@pytest.mark.parametrize("verb", ["source", "transfer"])
def test_loader_workers_change_nothing(
    verb: str, tiny_source: Path, tiny_options: dict[str, Any], tmp_path: Path
) -> None:
    for workers in (0, 2):
        options = {**tiny_options, "epochs": 2, "workers": workers, "output": tmp_path / str(workers)}
        if verb == "source":
            train_source(**SOURCE, **options)
        else:
            transfer(source=tiny_source, **options)
    assert_same(weights(tmp_path / "0"), weights(tmp_path / "2"))


@pytest.mark.parametrize("workers", [0, 2])
def test_a_cache_changes_nothing_where_pictures_are_small(
    workers: int, tiny_source: Path, tiny_options: dict[str, Any], tmp_path: Path
) -> None:
    options = {**tiny_options, "augmentation": "photo", "epochs": 2}
    transfer(source=tiny_source, **options, output=tmp_path / "plain")
    for name in ("cold", "warm"):
        cached = {**options, "workers": workers, "cache": tmp_path / "cache"}
        transfer(source=tiny_source, **cached, output=tmp_path / name)
        assert_same(weights(tmp_path / "plain"), weights(tmp_path / name))
    kept = {folder.name for folder in (tmp_path / "cache").iterdir()}
    assert kept == {"short-side-32", "evaluation-16-of-18"}


def test_views_that_torch_resizes_train_the_same_whatever_the_workers(
    tiny_options: dict[str, Any], tmp_path: Path
) -> None:
    options = {**tiny_options, "augmentation": "photo", "resize": "torch", "epochs": 1}
    for workers in (0, 2):
        train_source(**SOURCE, **{**options, "workers": workers}, output=tmp_path / str(workers))
    assert_same(weights(tmp_path / "0"), weights(tmp_path / "2"))
    with pytest.raises(UsageError, match="resize torch is for photos"):
        train_source(**SOURCE, **{**options, "augmentation": "character"}, output=tmp_path / "other")


def test_another_seed_is_another_training(tiny_options: dict[str, Any], tmp_path: Path) -> None:
    for seed in (0, 1):
        train_source(**SOURCE, **{**tiny_options, "epochs": 1}, seed=seed, output=tmp_path / str(seed))
    assert not torch.equal(
        weights(tmp_path / "0")["network.head.weight"], weights(tmp_path / "1")["network.head.weight"]
    )


@pytest.mark.parametrize("verb", [pytest.param("train-source", marks=pytest.mark.long), "transfer"])
def test_killed_in_mid_epoch_and_resumed_is_bit_identical(
    verb: str, tiny_source: Path, tiny_options: dict[str, Any], tmp_path: Path
) -> None:
    options = {**tiny_options, "epochs": 12}
    if verb == "transfer":
        # a loss with parameters, memories and random negatives is the hardest to resume
        options |= {"source": tiny_source, "loss": "CRDLoss", "loss.feat_dim": 4, "loss.nce_k": 8}
    else:
        options |= SOURCE
    arguments = [f"--{name.replace('_', '-')}={list(v) if isinstance(v, tuple) else v}" for name, v in options.items()]
    run(main, [verb, *sorted(arguments), f"--output={tmp_path / 'whole'}"])
    killed = Ranks(main, [verb, *sorted(arguments), f"--output={tmp_path / 'killed'}"])
    metrics = tmp_path / "killed" / "metrics.jsonl"
    while not metrics.exists() or metrics.read_text().count("\n") < 3:
        assert killed.processes[0].is_alive(), "it ended before it could be killed"
        time.sleep(0.002)
    killed.send(signal.SIGKILL)
    assert killed.codes() == [-signal.SIGKILL]
    done = metrics.read_text().count("\n")
    assert done < 12
    run(main, [verb, "--resume", "--output", str(tmp_path / "killed")])
    assert_same(weights(tmp_path / "whole"), weights(tmp_path / "killed"))
    assert_same(load_file(tmp_path / "whole/best.safetensors"), load_file(tmp_path / "killed/best.safetensors"))
    epochs = [json.loads(line)["epoch"] for line in metrics.read_text().splitlines()]
    assert epochs == list(range(1, 13))


def test_an_output_in_use_is_refused_and_other_options_do_not_resume(
    tiny_source: Path, tiny_options: dict[str, Any]
) -> None:
    before = weights(tiny_source)
    with pytest.raises(UsageError, match="is not empty"):
        train_source(**SOURCE, **tiny_options, output=tiny_source)
    with pytest.raises(UsageError, match=r"with another lr: it was 0\.001, now 0\.1"):
        train_source(**SOURCE, **{**tiny_options, "lr": 0.1}, output=tiny_source, resume=True)
    with pytest.raises(
        UsageError, match=r"another epochs: it was 3, now 5; for more, .* --weights .*best\.safetensors"
    ):
        train_source(**SOURCE, **{**tiny_options, "epochs": 5}, output=tiny_source, resume=True)
    assert_same(before, weights(tiny_source))


def test_a_foreign_folder_is_never_written_to(tiny_options: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear")
    with pytest.raises(UsageError, match="holds no run"):
        train_source(**SOURCE, **tiny_options, output=tmp_path, resume=True)
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


class FiniteForAWhile(TransferLoss):
    """Becomes NaN in the second epoch."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("calls", torch.zeros(()))
        self.calls: torch.Tensor

    def forward(self, target: torch.Tensor, source: torch.Tensor) -> torch.Tensor:
        self.calls += 1
        return target.square().mean() * (torch.nan if self.calls > 3 else 1.0)


def test_a_nan_loss_stops_and_keeps_the_last_good_state(
    tiny_source: Path, tiny_options: dict[str, Any], tmp_path: Path
) -> None:
    with pytest.raises(TrainingError, match=r"the loss is nan in epoch 2, step 2 of 2.*keeps the state after epoch 1"):
        transfer(source=tiny_source, loss=FiniteForAWhile(), **tiny_options, output=tmp_path / "run")
    assert all(value.isfinite().all() for value in weights(tmp_path / "run").values())
    assert load_network(tmp_path / "run").embedding_dim == 8


def test_warm_up_trains_the_head_and_the_proxies_only(tiny_options: dict[str, Any], tmp_path: Path) -> None:
    train_source(**SOURCE, **{**tiny_options, "epochs": 1}, warmup_epochs=1, weight_decay=0.5, output=tmp_path / "run")
    torch.manual_seed(0)
    fresh = EmbeddingNetwork("convnet-4", 8, l2_normalize=True, image_size=16).state_dict()
    trained = weights(tmp_path / "run")
    changed = {n for n in fresh if not torch.equal(fresh[n], trained[f"network.{n}"])}
    learned = {name for name in changed if "running" not in name and "num_batches" not in name}
    assert learned == {"head.weight", "head.bias"}


@pytest.mark.parametrize(("mode", "affine_learns"), [("frozen", False), ("frozen-statistics", True)])
def test_frozen_batch_norm_stays_frozen_after_warm_up(
    mode: str, affine_learns: bool, tiny_options: dict[str, Any], tmp_path: Path
) -> None:
    train_source(**SOURCE, **tiny_options, warmup_epochs=1, batch_norm=mode, output=tmp_path / "run")
    torch.manual_seed(0)
    fresh = EmbeddingNetwork("convnet-4", 8, l2_normalize=True, image_size=16)
    trained = load_network(tmp_path / "run")
    for (name, before), after in zip(fresh.named_modules(), trained.modules(), strict=True):
        if isinstance(before, torch.nn.BatchNorm2d):
            assert torch.equal(before.running_mean, after.running_mean), name
            assert torch.equal(before.weight, after.weight) != affine_learns, name


@pytest.mark.parametrize("optimizer", ["adamw", "adam", "sgd", "rmsprop"])
def test_every_optimizer_lowers_the_loss(optimizer: str, tiny_options: dict[str, Any], tmp_path: Path) -> None:
    options = {**tiny_options, "epochs": 4, "schedule": "constant", "evaluate_every": 9, "warmup_epochs": 0}
    train_source(**SOURCE, **options, optimizer=optimizer, loss_lr_factor=1.0, output=tmp_path / "run")
    losses = [json.loads(line)["loss"] for line in (tmp_path / "run/metrics.jsonl").read_text().splitlines()]
    assert losses[-1] < losses[0]


@pytest.mark.parametrize(
    ("schedule", "expected"), [("cosine", [1e-3, 5e-4]), ("step", [1e-3, 1e-4]), ("constant", [1e-3, 1e-3])]
)
def test_schedules_step_once_an_epoch(
    schedule: str, expected: list[float], tiny_options: dict[str, Any], tmp_path: Path
) -> None:
    options = {**tiny_options, "epochs": 2, "schedule": schedule, "decay_step": 1, "decay_gamma": 0.1}
    train_source(**SOURCE, **options, output=tmp_path / "run")
    rates = [json.loads(line)["lr"] for line in (tmp_path / "run/metrics.jsonl").read_text().splitlines()]
    assert rates == pytest.approx(expected)


def test_tensorboard_gets_the_metrics(tiny_options: dict[str, Any], tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    train_source(**SOURCE, **{**tiny_options, "epochs": 1}, log="tensorboard", output=tmp_path / "run")
    events = EventAccumulator(str(next((tmp_path / "run").rglob("events.out*")).parent)).Reload()
    assert "loss" in events.Tags()["scalars"]


def test_a_logger_that_is_not_installed_is_said(
    tiny_options: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(UsageError, match=r"pip install 'embedding-transfer\[wandb\]'"):
        train_source(**SOURCE, **tiny_options, log="wandb", output=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_ks_beyond_the_test_images_are_refused_before_training(tiny_options: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"Recall@25 needs more than the 25 images"):
        train_source(**SOURCE, **{**tiny_options, "ks": (1, 25)}, output=tmp_path / "run")
    assert not (tmp_path / "run").exists()
