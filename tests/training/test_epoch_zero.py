"""Epoch 0: what a training starts from is measured, kept and said; who ends below it is warned."""

import json
import re
import warnings
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml

from embedding_transfer.images import load_images
from embedding_transfer.networks import load_network
from embedding_transfer.retrieval import recall_at_k
from embedding_transfer.retrieval.embed import embed_images
from embedding_transfer.training.evaluation import VALIDATION
from embedding_transfer.training.sentences import choice_sentence
from embedding_transfer.training.signs import warn_of_worse_than_start
from embedding_transfer.verbs.train_source import train_source
from embedding_transfer.verbs.transfer import transfer

SOURCE: dict[str, Any] = {"backbone": "convnet-4", "embedding_dim": 8}


def start_of(run: Path) -> dict[str, Any]:
    start: dict[str, Any] = json.loads((run / "start.json").read_text())
    return start


def test_a_target_that_starts_as_its_source_has_its_score_at_epoch_0(
    tiny_source: Path, tiny_options: dict[str, Any], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    transfer(tiny_source, **tiny_options, start_from_source=True, l2_normalize=True, output=tmp_path / "run")
    test = load_images("folder", tiny_options["root"]).test
    labels = torch.from_numpy(test.labels)
    expected = recall_at_k(embed_images(load_network(tiny_source), test, workers=0), labels, (1, 2))
    start = start_of(tmp_path / "run")
    assert (start["epoch"], start["recall@1"], start["recall@2"]) == (0, expected[1], expected[2])
    out, err = capfd.readouterr()
    assert f"epoch 0/3  recall@1 {100 * expected[1]:.1f} %" in err
    assert "start: epoch 0/3" in out
    assert "best (chosen by recall@1 of the test images" in out
    assert "<bdi>start of run</bdi>" in (tmp_path / "run/report.html").read_text()


def test_epoch_0_is_of_the_beginning_also_after_a_resume(tiny_options: dict[str, Any], tmp_path: Path) -> None:
    train_source(**SOURCE, **tiny_options, output=tmp_path / "run")
    before = start_of(tmp_path / "run")
    (tmp_path / "run/start.json").unlink()
    train_source(**SOURCE, **tiny_options, output=tmp_path / "run", resume=True)
    assert start_of(tmp_path / "run") == before


def test_validation_classes_are_measured_at_epoch_0_too(tiny_options: dict[str, Any], tmp_path: Path) -> None:
    options = {**tiny_options, "epochs": 1, "validation": 0.4, "batch_size": 8}
    train_source(**SOURCE, **options, output=tmp_path / "run")
    assert {"recall@1", f"{VALIDATION}recall@1"} < start_of(tmp_path / "run").keys()


@pytest.mark.parametrize(
    ("best", "last", "said"),
    [
        (0.55, 0.47, r"last epoch's recall@1 is 47.0 %, but what it started from had 50.0 %"),
        (0.49, 0.49, r"is 49.0 %, and the best epoch has 49.0 %, but"),
        (0.55, 0.49, None),  # within what epochs differ by
        (0.50, 0.50, None),
    ],
)
def test_a_training_that_ruins_its_start_is_warned_of(best: float, last: float, said: str | None) -> None:
    lines = ({"recall@1": score} for score in (0.5, best, last))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warn_of_worse_than_start(*lines, "recall@1")
    assert len(caught) == (said is not None)
    assert said is None or re.search(said, str(caught[0].message))


@pytest.mark.parametrize(
    ("more", "mode"),
    [
        ({}, "train"),
        ({"start_from_source": True}, "frozen-statistics"),
        ({"start_from_source": True, "batch_norm": "train"}, "train"),
        ({"weights": "the source's"}, "frozen-statistics"),
    ],
)
def test_batch_norm_keeps_the_statistics_of_weights_that_were_learned(
    more: dict[str, Any], mode: str, tiny_source: Path, tiny_options: dict[str, Any], tmp_path: Path
) -> None:
    if "weights" in more:
        more = {"weights": tiny_source / "best.safetensors"}
    transfer(tiny_source, **{**tiny_options, "epochs": 1}, **more, output=tmp_path / "run")
    assert yaml.safe_load((tmp_path / "run/config.yaml").read_text())["batch_norm"] == mode
    statistics = [
        {name: value for name, value in load_network(run).state_dict().items() if "running" in name}
        for run in (tiny_source, tmp_path / "run")
    ]
    assert all(statistics[0][name].equal(statistics[1][name]) for name in statistics[0]) is (mode != "train")


@pytest.mark.parametrize(
    ("chooses", "said"),
    [
        ("recall@1", "of the test images"),
        (f"{VALIDATION}recall@1", "recall@1 of held-out training classes"),
        ("overlap@8", "overlap@8 with the source's neighbors"),
        ("epoch", "the last one"),
    ],
)
def test_what_chose_the_best_epoch_is_said(chooses: str, said: str) -> None:
    assert said in choice_sentence(chooses)
