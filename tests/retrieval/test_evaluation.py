"""Scores of an image set: who searches in what, all scores in one pass, and nothing that grows with the images."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from plain_scores import plain_scores, random_set
from pytorch_metric_learning.distances import LpDistance
from pytorch_metric_learning.utils.accuracy_calculator import AccuracyCalculator
from pytorch_metric_learning.utils.inference import CustomKNN
from torch import Tensor

from embedding_transfer.cli import main
from embedding_transfer.errors import InputError, UsageError
from embedding_transfer.images import ImageSet
from embedding_transfer.retrieval import neighbors, recall_at_k
from embedding_transfer.retrieval.evaluation import check_scores, recall_of, scores_of
from embedding_transfer.retrieval.scores import map_at_r, r_precision, ranked_hits


def images_of(labels: Tensor, is_query: np.ndarray | None = None, is_gallery: np.ndarray | None = None) -> ImageSet:
    pictures = np.zeros((len(labels), 2, 2), np.uint8)
    names = tuple(str(number) for number in range(int(labels.max()) + 1))
    return ImageSet("test", pictures, labels.numpy(), names, is_query, is_gallery)


@pytest.mark.parametrize("shared", [0, 3, 12])
def test_queries_and_gallery_that_share_some_images(shared: int) -> None:
    x, y = random_set(40, 5, seed=shared)
    is_query, is_gallery = np.arange(40) < 15, np.arange(40) >= 15 - shared
    images = images_of(y, is_query, is_gallery)
    found = scores_of(x, images, ("r_precision", "map@r"), (1,), "euclidean")
    own = [i - (15 - shared) if is_gallery[i] else -1 for i in range(15)]
    expected = plain_scores(x[is_query], y[is_query], x[is_gallery], y[is_gallery], own)
    assert [found["map@r"], found["r_precision"]] == pytest.approx(expected)
    assert list(found) == ["map@r", "r_precision"]


@pytest.mark.parametrize("tile", [1, 500, 1 << 20])
@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
def test_one_pass_gives_what_each_score_gives_alone(tile: int, metric: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(neighbors, "_TILE", tile)
    x, y = random_set(50, 6, seed=2)
    y[7] = 6  # has nothing to find: a query of Recall@K alone
    found = scores_of(x, images_of(y), ("recall", "r_precision", "map@r"), (1, 30), metric)
    hits, relevant = ranked_hits(x, y, metric=metric)
    recall = recall_at_k(x, y, (1, 30), metric=metric)
    expected = {"recall@1": recall[1], "recall@30": recall[30], "map@r": map_at_r(hits, relevant)}
    assert found == pytest.approx({**expected, "r_precision": r_precision(hits, relevant)}, abs=1e-12)
    assert recall_of(x, images_of(y), (1, 30), metric) == pytest.approx(
        {name: value for name, value in expected.items() if "recall" in name}
    )


def test_large_classes_score_as_in_pytorch_metric_learning() -> None:
    x, y = random_set(600, 2, seed=3)
    found = scores_of(x, images_of(y), ("map@r", "r_precision"), (), "euclidean")
    knn = CustomKNN(LpDistance(normalize_embeddings=False))
    names = ("mean_average_precision_at_r", "r_precision")
    theirs = AccuracyCalculator(include=names, k="max_bin_count", knn_func=knn).get_accuracy(x, y)
    assert [found["map@r"], found["r_precision"]] == pytest.approx([theirs[name] for name in names])


@pytest.mark.parametrize("n", [1000, 3000])
def test_nothing_grows_with_the_number_of_images(
    n: int, monkeypatch: pytest.MonkeyPatch, largest_tensor: Callable[..., int]
) -> None:
    monkeypatch.setattr(neighbors, "_TILE", 30_000)
    x, y = random_set(n, 2, seed=0)
    images = images_of(y)

    def score() -> None:
        scores_of(x, images, ("recall", "map@r", "r_precision"), (1, 2), "euclidean")

    assert largest_tensor(score) <= 8 * 30_000  # distances in float64; 3,000 images have 9 million


def test_what_cannot_be_scored_is_said() -> None:
    x, y = random_set(6, 1, seed=0)
    with pytest.raises(InputError, match="6 nearest neighbors among 5"):
        scores_of(x, images_of(y), ("recall", "map@r"), (6,), "euclidean")
    with pytest.raises(InputError, match="nothing to find"):
        scores_of(x, images_of(torch.arange(6)), ("map@r",), (1,), "euclidean")
    assert recall_of(x, images_of(torch.arange(6)), (1,), "euclidean") == {"recall@1": 0}
    with pytest.raises(UsageError, match="no score 'map', did you mean map@r"):
        check_scores(("recall", "map"))


def test_evaluate_prints_what_is_asked_for(
    tiny_source: Path, tiny_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["evaluate", str(tiny_source), "--root", str(tiny_folder), "--workers", "0", "--ks", "1"]
    assert main([*command, "--scores", "recall,map@r,r_precision,nmi"]) == 0
    head = [line for line in capsys.readouterr().out.splitlines() if "recall@1" in line]
    assert head[0].split() == ["network", "dimensions", "recall@1", "map@r", "r_precision", "nmi"]
    assert main([*command, "--scores", "map"]) == 2
    assert "no score 'map', did you mean map@r?" in capsys.readouterr().err


def test_scores_of_a_table_with_queries_and_gallery(
    tiny_source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = ["path,label,split,is_query,is_gallery"]
    for i in range(8):
        pixels = np.full((16, 16, 3), 20 * i + 5 * (i % 2), np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"{i}.png")
        rows.append(f"{i}.png,{i % 2},{'train' if i < 2 else 'test'},{str(i % 3 == 0).lower()},true")
    (tmp_path / "list.csv").write_text("\n".join(rows))
    command = ["evaluate", str(tiny_source), "--images", "table", "--root", str(tmp_path / "list.csv")]
    assert main([*command, "--scores", "map@r,nmi", "--workers", "0"]) == 0
    assert "2 queries, 6 in the gallery" in capsys.readouterr().out.replace("\n", " ")
