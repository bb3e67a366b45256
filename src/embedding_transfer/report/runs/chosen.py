"""Which queries a gallery shows: where source and target differ, and where both fail, worst classes first."""

from __future__ import annotations

from typing import Literal

import numpy as np

from embedding_transfer.images.image_set import ImageSet
from embedding_transfer.report.runs.found import Found, recall_by_class

Verdict = Literal["worse", "better", "both-wrong", "both-right", "right", "wrong", ""]
OF_EACH, OF_CLASS = 30, 2
"""Queries of each verdict, and of a class among them, at most."""


def verdicts(target: Found, reference: Found | None, images: ImageSet) -> np.ndarray:
    """(q,) what became of each query: by the nearest that the target finds, beside that of the reference."""
    if not images.is_labeled:
        return np.full(len(target.queries), "", dtype="<U10")
    now = target.is_first_right
    if reference is None:
        return np.where(now, "right", "wrong")
    before = reference.is_first_right
    return np.select([before & ~now, ~before & now, ~before & ~now], ["worse", "better", "both-wrong"], "both-right")


def chosen_queries(
    target: Found, reference: Found | None, images: ImageSet, of_each: int = OF_EACH
) -> list[tuple[int, Verdict]]:
    """Numbers of queries, and their verdicts; the classes that the target finds worst come first.

    Without labels those come first whose neighbors are the least like the reference's.

    Args:
        target: What the target finds.
        reference: What is compared with, if anything is.
        images: The pictures.
        of_each: Queries of each verdict at most.
    """
    order = np.random.default_rng(0).permutation(len(target.queries))
    if not images.is_labeled:
        if reference is None:
            return [(int(number), "") for number in order[:of_each]]
        both = zip(target.neighbors, reference.neighbors, strict=True)
        shared = np.array([len(np.intersect1d(*pair)) for pair in both])
        return [(int(number), "") for number in order[np.argsort(shared[order], kind="stable")][:of_each]]
    labels, found = images.labels[target.queries], verdicts(target, reference, images)
    recall = recall_by_class(target, images)[labels]
    order = order[np.lexsort((labels[order], recall[order]))]  # by recall, a class together
    chosen: list[tuple[int, Verdict]] = []
    for verdict in np.unique(found):
        of_class: dict[int, int] = {}
        taken = 0
        for number in order[found[order] == verdict]:
            label = int(labels[number])
            of_class[label] = of_class.get(label, 0) + 1
            if of_class[label] <= OF_CLASS and taken < of_each:
                chosen.append((int(number), str(verdict)))  # type: ignore[arg-type]
                taken += 1
    place = {int(number): rank for rank, number in enumerate(order)}
    return sorted(chosen, key=lambda one: place[one[0]])
