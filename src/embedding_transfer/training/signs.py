"""Signs that nothing is being learned: said by name, with what to do."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

from torch import Tensor

from embedding_transfer.errors import TrainingError

SAME = 1e-6
"""Vectors whose distance from their mean is below this share of their length are the same."""


WELL_BELOW = 0.02
"""A score that falls by more than this from the start is warned of."""


def check_source_vectors(vectors: Tensor, name: str) -> None:
    """Look at what a source makes of the first batch.

    Args:
        vectors: (n, d).
        name: Of the source.

    Raises:
        TrainingError: If they are not finite.
    """
    if not vectors.isfinite().all():
        raise TrainingError(f"source {name} gives vectors that are not finite: it cannot teach anything")
    if len(vectors) > 1 and spread(vectors) < SAME:
        warnings.warn(
            f"source {name} gives the same vector for all pictures of a batch: nothing can be learned from it "
            "(audit-source shows more)",
            stacklevel=3,
        )


def warn_of_collapse(embeddings: Tensor) -> None:
    """Warn where a network gives the same vector for all pictures (n, d)."""
    if len(embeddings) > 1 and spread(embeddings) < SAME:
        warnings.warn(
            "the network gives the same vector for all pictures (it has collapsed): lower --lr, look at the loss's "
            "arguments, and at the source by audit-source",
            stacklevel=3,
        )


def warn_of_no_loss(means: Mapping[str, float], where: str) -> None:
    """Warn where a loss was 0 in a whole epoch."""
    for name in ("transfer_loss", "metric_loss", "loss"):
        if means.get(name) == 0:
            warnings.warn(
                f"the {name.replace('_', ' ')} is 0 in all of {where}, so it teaches nothing: a loss on labels needs "
                "two classes, and two pictures of a class in a batch (--images-per-class 2)",
                stacklevel=3,
            )
            return


def warn_of_worse_than_start(
    start: Mapping[str, Any] | None, best: Mapping[str, Any], last: Mapping[str, Any], score: str
) -> None:
    """Warn where a network ends well below what it started from, or never was better.

    Args:
        start: What was measured before the first epoch, if anything was.
        best: Of the best epoch.
        last: Of the last epoch.
        score: The name of the number to look at.
    """
    if start is None:
        return
    before, at_best, at_last = (100 * line[score] for line in (start, best, last))
    if at_last >= before - 100 * WELL_BELOW and at_best >= before:
        return
    best_too = "" if at_best >= before else f", and the best epoch has {at_best:.1f} %"
    warnings.warn(
        f"the last epoch's {score} is {at_last:.1f} %{best_too}, but what it started from had {before:.1f} %: the "
        "training loses what was known. Try a tenth of --lr, --batch-norm frozen, or another loss",
        stacklevel=3,
    )


def spread(vectors: Tensor) -> float:
    """Mean distance of vectors (n, d) from their mean, as a share of their mean length; 0 for vectors of length 0."""
    vectors = vectors.double() if vectors.device.type != "mps" else vectors.float()
    length = vectors.norm(dim=1).mean()
    return float((vectors - vectors.mean(dim=0)).norm(dim=1).mean() / length) if length > 0 else 0.0
