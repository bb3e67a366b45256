"""Held-out classes choose the best epoch; labels alone as the yardstick of transfer; who learns at which rate."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from embedding_transfer.errors import UsageError
from embedding_transfer.images import hold_out_classes, load_images
from embedding_transfer.networks import load_network
from embedding_transfer.retrieval.embed import embed_images
from embedding_transfer.retrieval.evaluation import recall_of
from embedding_transfer.verbs.train_source import train_source
from embedding_transfer.verbs.transfer import transfer


def lines_of(run: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]


def test_whole_classes_are_held_out(tiny_folder: Path) -> None:
    splits = load_images("folder", tiny_folder)
    kept, validation = hold_out_classes(splits, 0.34, seed=0)
    assert validation is not None
    assert validation.name.endswith("/validation")
    assert (len(kept.train.class_names), len(validation.class_names)) == (4, 2)
    assert {*kept.train.class_names, *validation.class_names} == {*splits.train.class_names}
    assert sorted([*kept.train.images, *validation.images]) == sorted(splits.train.images)
    assert kept.test is splits.test
    draws = {hold_out_classes(splits, 0.34, seed)[1].class_names for seed in range(10)}  # type: ignore[union-attr]
    assert len(draws) > 1
    assert hold_out_classes(splits, 0.34, seed=0)[1].class_names == validation.class_names  # type: ignore[union-attr]


def test_nothing_is_held_out_by_default(tiny_folder: Path) -> None:
    splits = load_images("folder", tiny_folder)
    assert hold_out_classes(splits, 0.0, seed=0) == (splits, None)


@pytest.mark.parametrize("share", [0.1, 0.9])
def test_too_few_classes_on_either_side(share: float, tiny_folder: Path) -> None:
    with pytest.raises(UsageError, match="of 6 training classes; 2 to 4 do"):
        hold_out_classes(load_images("folder", tiny_folder), share, seed=0)


def test_validation_images_choose_the_best_epoch(
    tiny_folder: Path, tiny_options: dict[str, Any], tmp_path: Path
) -> None:
    options = {**tiny_options, "batch_size": 8, "epochs": 5, "validation": 0.34, "seed": 3}
    result = train_source(backbone="convnet-4", embedding_dim=8, output=tmp_path / "run", **options)
    lines = lines_of(tmp_path / "run")
    best = max(lines, key=lambda line: line["validation_recall@1"])
    assert result.best == best
    splits, validation = hold_out_classes(load_images("folder", tiny_folder), 0.34, seed=3)
    assert validation is not None
    network = load_network(tmp_path / "run")
    for images, prefix in ((splits.test, ""), (validation, "validation_")):
        recalls = recall_of(embed_images(network, images, workers=0), images, (1, 2), "euclidean")
        assert {f"{prefix}{name}": value for name, value in recalls.items()}.items() <= best.items()


def test_labels_alone_are_what_a_metric_loss_teaches(
    tiny_source: Path, tiny_options: dict[str, Any], tmp_path: Path
) -> None:
    """Step for step what train-source does with the same options: the source plays no part."""
    options = {**tiny_options, "epochs": 2, "views": 2, "l2_normalize": True, "schedule": "cosine"}
    options |= {"warmup_epochs": 0, "clip_value": None, "loss_lr_factor": 100.0}
    transfer(
        source=tiny_source,
        transfer_weight=0.0,
        metric_loss="ProxyAnchorLoss",
        embedding_dim=4,
        output=tmp_path / "target",
        **options,
    )
    train_source(backbone="convnet-4", embedding_dim=4, output=tmp_path / "alone", **options)
    changing = ("seconds", "images_per_second")
    target, alone = (
        [{name: value for name, value in line.items() if name not in changing} for line in lines_of(tmp_path / run)]
        for run in ("target", "alone")
    )
    assert target == alone
    with pytest.raises(UsageError, match="leaves nothing to learn"):
        transfer(source=tiny_source, transfer_weight=0.0, output=tmp_path / "none", **options)


def test_proxies_have_their_own_rate_and_heads_that_of_the_network(
    tiny_source: Path, tiny_options: dict[str, Any], tmp_path: Path
) -> None:
    options = {**tiny_options, "epochs": 1, "loss_lr_factor": 100.0}
    transfer(source=tiny_source, loss="FitNetLoss", metric_loss="ProxyAnchorLoss", output=tmp_path / "run", **options)
    state = torch.load(tmp_path / "run/state.pt", weights_only=True)
    regressors = [name for name in state["objective"] if name.startswith("loss.regressors")]
    of_network = sum(1 for _ in load_network(tiny_source).parameters())
    rest, proxies = state["optimizer"]["param_groups"]
    assert len(rest["params"]) == of_network + len(regressors)
    assert (len(regressors), len(proxies["params"])) == (4, 1)
    assert proxies["initial_lr"] == pytest.approx(100 * rest["initial_lr"])
