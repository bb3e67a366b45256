"""MAP@R, R-precision and NMI: against pytorch-metric-learning, a reading of the definitions, and closed cases."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from pytorch_metric_learning.distances import LpDistance
from pytorch_metric_learning.utils.accuracy_calculator import AccuracyCalculator
from pytorch_metric_learning.utils.inference import CustomKNN
from torch import Tensor

from embedding_transfer.cli import main
from embedding_transfer.errors import InputError
from embedding_transfer.images import ImageSet
from embedding_transfer.retrieval.evaluation import scores_of
from embedding_transfer.retrieval.scores import map_at_r, nmi, r_precision, ranked_hits


def random_set(n: int, classes: int, seed: int) -> tuple[Tensor, Tensor]:
    rng = torch.Generator().manual_seed(seed)
    return torch.randn(n, 4, generator=rng), torch.randint(classes, (n,), generator=rng)


def plain_scores(
    queries: Tensor, labels: Tensor, gallery: Tensor, gallery_labels: Tensor, own: list[int]
) -> list[float]:
    """MAP@R and R-precision read off the definitions, query by query."""
    maps, precisions = [], []
    for i, query in enumerate(queries):
        others = [j for j in range(len(gallery)) if j != own[i]]
        ranking = sorted(others, key=lambda j: (query - gallery[j]).double().norm().item())
        right = [int(gallery_labels[j] == labels[i]) for j in ranking]
        r = sum(right)
        if r:
            precisions.append(sum(right[:r]) / r)
            maps.append(sum(right[j] * sum(right[: j + 1]) / (j + 1) for j in range(r)) / r)
    return [float(np.mean(maps)), float(np.mean(precisions))]


@settings(max_examples=25)
@given(st.integers(6, 30), st.integers(1, 8), st.integers(0, 1000))
def test_among_themselves_as_in_pytorch_metric_learning_and_by_definition(n: int, classes: int, seed: int) -> None:
    x, y = random_set(n, classes, seed)
    if not (torch.bincount(y) > 1).any():
        return
    hits, relevant = ranked_hits(x, y)
    ours = [map_at_r(hits, relevant), r_precision(hits, relevant)]
    assert ours == pytest.approx(plain_scores(x, y, x, y, own=list(range(n))))
    knn = CustomKNN(LpDistance(normalize_embeddings=False))
    names = ("mean_average_precision_at_r", "r_precision")
    theirs = AccuracyCalculator(include=names, k="max_bin_count", knn_func=knn).get_accuracy(x, y)
    assert ours == pytest.approx([theirs[name] for name in names])


@pytest.mark.parametrize("shared", [0, 3, 12])
def test_queries_and_gallery_that_share_some_images(shared: int) -> None:
    x, y = random_set(40, 5, seed=shared)
    is_query, is_gallery = np.arange(40) < 15, np.arange(40) >= 15 - shared
    images = ImageSet("test", np.zeros((40, 2, 2), np.uint8), y.numpy(), tuple("abcde"), is_query, is_gallery)
    found = scores_of(x, images, ("r_precision", "map@r"), (1,), "euclidean")
    own = [i - (15 - shared) if is_gallery[i] else -1 for i in range(15)]
    expected = plain_scores(x[is_query], y[is_query], x[is_gallery], y[is_gallery], own)
    assert [found["map@r"], found["r_precision"]] == pytest.approx(expected)
    assert list(found) == ["map@r", "r_precision"]


def test_a_perfect_and_a_useless_ranking() -> None:
    x = torch.tensor([[0.0], [0.1], [5.0], [5.1]])
    for labels, score in (([0, 0, 1, 1], 1.0), ([0, 1, 0, 1], 0.0)):
        hits, relevant = ranked_hits(x, torch.tensor(labels))
        assert map_at_r(hits, relevant) == r_precision(hits, relevant) == score
    with pytest.raises(InputError, match="nothing to find"):
        ranked_hits(x, torch.arange(4))


def test_order_within_r_matters_to_map_alone() -> None:
    first, last = torch.tensor([[True, False, False]]), torch.tensor([[False, False, True]])
    three = torch.tensor([3])
    assert r_precision(first, three) == pytest.approx(r_precision(last, three)) == pytest.approx(1 / 3)
    assert map_at_r(first, three) == pytest.approx(1 / 3)
    assert map_at_r(last, three) == pytest.approx(1 / 9)


def test_nmi_is_the_mutual_information_of_labels_and_clusters() -> None:
    x = torch.tensor([[0.0], [0.1], [0.2], [9.0]])
    labels = torch.tensor([0, 0, 1, 1])  # clusters: the first three, the last
    information = 0.5 * math.log(0.5 / (0.5 * 0.75)) + 0.25 * math.log(0.25 / (0.5 * 0.75)) + 0.25 * math.log(2)
    entropies = math.log(2) + -(0.75 * math.log(0.75) + 0.25 * math.log(0.25))
    assert nmi(x, labels) == pytest.approx(2 * information / entropies)


def test_nmi_with_cosine_ignores_lengths() -> None:
    directions = torch.eye(3)[[0, 0, 0, 1, 1, 1, 2, 2, 2]] + 0.01 * random_set(9, 1, 0)[0][:, :3]
    labels = torch.tensor([0, 0, 0, 1, 1, 1, 2, 2, 2])
    lengths = torch.tensor([1.0, 50, 100] * 3)[:, None]
    assert nmi(directions * lengths, labels, metric="cosine") == pytest.approx(1.0)
    assert nmi(directions * lengths, labels) < 0.9


def test_evaluate_prints_what_is_asked_for(
    tiny_source: Path, tiny_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["evaluate", str(tiny_source), "--root", str(tiny_folder), "--workers", "0", "--ks", "1"]
    assert main([*command, "--scores", "recall,map@r,r_precision,nmi"]) == 0
    head = [line for line in capsys.readouterr().out.splitlines() if "recall@1" in line]
    assert head[0].split() == ["recall@1", "map@r", "r_precision", "nmi"]
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
