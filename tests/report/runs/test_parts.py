"""The parts of the page of runs, against numbers computed another way."""

import itertools
import math
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from made_up import images, run, vectors
from torch import nn

from embedding_transfer.images.image_set import ImageSet
from embedding_transfer.report.axes import BOTTOM, HEIGHT, TOP, Axis, spanning
from embedding_transfer.report.point_chart import Point, point_chart
from embedding_transfer.report.runs.chosen import chosen_queries, verdicts
from embedding_transfer.report.runs.cost import Cost, cost_of, total
from embedding_transfer.report.runs.found import find, recall_by_class
from embedding_transfer.report.runs.hints import hints
from embedding_transfer.report.runs.labels import BARS, sigma_of, spread_of_labels
from embedding_transfer.report.runs.point_map import OF_CLASS, POINTS, sample
from embedding_transfer.report.runs.record import distinct_names, grouped, name_of_group
from embedding_transfer.report.runs.side import Side, head_and_rows
from embedding_transfer.report.runs.sides import together


def brute_force(points: torch.Tensor, labels: np.ndarray) -> list[bool]:
    """Whether the nearest of the others is of the same class, by the definition."""
    right = []
    for query in range(len(points)):
        distances = [math.dist(points[query], points[j]) if j != query else math.inf for j in range(len(points))]
        right.append(bool(labels[int(np.argmin(distances))] == labels[query]))
    return right


def test_verdicts_are_those_of_the_definition() -> None:
    shown = images(classes=4, of_each=5)
    spaces = [vectors(20, 3, seed) for seed in (1, 2)]
    before, now = (brute_force(space, shown.labels) for space in spaces)
    reference, target = (find("x", space, shown, "euclidean") for space in spaces)
    words = {(True, True): "both-right", (True, False): "worse", (False, True): "better", (False, False): "both-wrong"}
    assert verdicts(target, reference, shown).tolist() == [words[pair] for pair in zip(before, now, strict=True)]
    by_class = [sum(now[5 * c : 5 * c + 5]) / 5 for c in range(4)]
    assert recall_by_class(target, shown).tolist() == pytest.approx(by_class)
    chosen = chosen_queries(target, reference, shown)
    recalls = [by_class[shown.labels[number]] for number, _ in chosen]
    assert recalls == sorted(recalls)


def test_queries_search_in_the_gallery_alone() -> None:
    labels = np.array([0, 0, 1, 1, 0, 1, 2])
    is_gallery = np.array([0, 0, 0, 1, 1, 1, 0], dtype=bool)
    shown = ImageSet("g", np.zeros((7, 4, 4), np.uint8), labels, ("a", "b", "c"), ~is_gallery, is_gallery)
    found = find("x", vectors(7), shown, "cosine")
    assert found.queries.tolist() == [0, 1, 2]  # 6 has nothing to find
    assert set(found.neighbors.ravel().tolist()) <= {3, 4, 5}


class Layer(nn.Module):
    """12 numbers in, 5 out."""

    image_size = 2

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(12, 5)

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        return self.linear(pictures.flatten(1))


@pytest.mark.full_timing
def test_the_cost_of_a_layer() -> None:
    layer = Layer().train()
    cost = cost_of(layer, timed=True)
    assert cost.parameters == 12 * 5 + 5
    assert cost.flops == 2 * 12 * 5
    assert cost.milliseconds is not None
    assert cost.milliseconds > 0
    assert layer.training
    assert total([cost, cost_of(layer, timed=False)]) == Cost(130, 240, None)


def test_labels_of_rows_at_right_angles_are_all_alike() -> None:
    shares = spread_of_labels(torch.eye(6), sigma=2.0)
    assert shares[int(math.exp(-1) * BARS)] == pytest.approx(1)  # |u - v|^2 = 2
    assert sum(shares) == pytest.approx(1)
    assert sigma_of({"class_path": "PKTLoss", "init_args": {}}) is None
    assert sigma_of([{"class_path": "A"}, {"init_args": {"sigma": 2}}]) == 2


def test_a_map_shows_whole_classes_and_is_not_too_large() -> None:
    rows = sample(images(classes=300, of_each=50))
    assert len(rows) == POINTS == len(set(rows.tolist()))
    counts = np.bincount(rows // 50)
    assert counts.max() == OF_CLASS
    assert (counts > 0).sum() == math.ceil(POINTS / OF_CLASS)
    assert len(sample(images(classes=3, of_each=4))) == 12


def test_seeds_are_one_row_with_mean_and_spread() -> None:
    sides = [Side("a", "target", 8, {"recall@1": (value,)}) for value in (0.2, 0.4, 0.6)]
    one = together(sides, "all")
    assert one.scores["recall@1"] == (0.2, 0.4, 0.6)
    assert one.shown("recall@1") == "40.00 ± 20.00"
    head, rows = head_and_rows([one])
    assert head == ["network", "what it is", "R@1 in %", "dimensions", "bytes per vector", "index of a million"]
    assert [getattr(cell, "shown", cell) for cell in rows[0][3:]] == ["8", "32", "32 MB"]


def test_names_tell_runs_apart() -> None:
    folders = [Path("/x/pkt/seed-0"), Path("/x/rkd/seed-0"), Path("/x/pkt/seed-1")]
    assert distinct_names(folders) == ["pkt/seed-0", "rkd/seed-0", "pkt/seed-1"]
    assert distinct_names([Path("a"), Path("a")]) == ["a", "a"]
    runs = [run(name) for name in ("pkt/seed-0", "pkt/seed-1")]
    assert name_of_group(runs) == "pkt, 2 seeds"
    assert len(grouped(runs)) == 2  # their groups differ


def test_ticks_lie_on_the_axis() -> None:
    for low, high in ((0, 1), (0.13, 0.14), (-3, 1e6), (5, 5), (1e-4, 1e-4)):
        axis = spanning([low, high], 0, 100)
        ticks = axis.ticks()
        assert 3 <= len(ticks) <= 8
        assert all(-1e-6 <= axis.at(tick) <= 100 + 1e-6 for tick in ticks)
    log = Axis(10, 100_000, 0, 100, is_log=True)
    assert [log.at(tick) for tick in log.ticks()] == [0, 25, 50, 75, 100]
    assert len(spanning([2.2e6], 0, 1, is_log=True).ticks()) >= 2


@pytest.mark.parametrize(
    ("recalls", "word"),
    [((0.3, 0.4, 0.5), "still rises"), ((0.3, 0.5, 0.4), "fell from 50.0 %"), ((0.3, 0.5, 0.5), None)],
)
def test_hints_on_the_course_of_a_run(recalls: tuple[float, ...], word: str | None) -> None:
    found = hints([run(recalls=recalls)], [])
    assert len(found) == (word is not None)
    assert not word or word in found[0]


def test_hints_on_what_was_measured() -> None:
    collapsed = torch.ones(50, 8) + 1e-4 * vectors(50)
    sides = [
        Side("s", "source", 16, {"recall@1": (0.3,)}, vectors=vectors(50, 16)),
        Side("PCA", "baseline", 8, {"recall@1": (0.5,)}),
        Side("start", "before training", 8, {"recall@1": (0.4,)}),
        Side("t", "target", 8, {"recall@1": (0.2,)}, vectors=collapsed),
    ]
    found = " ".join(hints([], sides))
    assert "t has collapsed" in found
    assert "source s finds less (30.0 %) than its target before training (40.0 %)" in found
    assert "t finds less (20.00 %) than PCA" in found


def test_a_last_epoch_below_the_start_is_said() -> None:
    base = run(recalls=(0.3, 0.3, 0.3))
    worse = type(base)(*(*(getattr(base, name) for name in list(vars(base))[:6]), {"epoch": 0, "recall@1": 0.5}, "x"))
    assert "than the network it started as (50.0 %)" in hints([worse], [])[0]


def test_names_of_points_overlap_neither_each_other_nor_the_edge() -> None:
    points = [Point(f"a network with a name {number}", 256.0, 52.0 + 0.01 * number, number) for number in range(8)]
    svg = point_chart("quality", [*points, Point("far", 32.0, 20.0, 9)], "bytes", "recall")
    lines = sorted(float(y) for y in re.findall(r'class="label" x="[\d.]+" y="([\d.]+)" text-anchor="end"', svg))
    assert len(lines) == len(points)
    assert lines[0] > TOP
    assert lines[-1] < HEIGHT - BOTTOM
    assert all(below - above >= 12.9 for above, below in itertools.pairwise(lines))
