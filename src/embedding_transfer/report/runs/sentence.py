"""What was handed on to what, in one sentence."""

from __future__ import annotations

from collections.abc import Sequence

from embedding_transfer.images.image_set import ImageSet
from embedding_transfer.report.runs.options_table import in_words
from embedding_transfer.report.runs.record import RunRecord, grouped, name_of_group
from embedding_transfer.report.runs.side import Side


def title_of(runs: Sequence[RunRecord]) -> str:
    """Of the page."""
    if len(runs) == 1:
        return f"{runs[0].name}: {runs[0].shape}"
    names = [name_of_group(group) for group in grouped(runs)]
    return ", ".join(names) if len(names) <= 3 else f"{len(runs)} runs: {', '.join(names[:2])}, ..."


def sentence_of(run: RunRecord, sides: Sequence[Side]) -> str:
    """One run in a sentence; of the source that which is known.

    Args:
        run: The run.
        sides: The source among them says how long its vectors are.
    """
    loss = in_words(run.config.get("loss")).partition(" (")[0].rpartition(".")[2]
    if not run.is_transfer:
        return f"{run.name} ({run.shape}) learned from class labels by {loss}."
    names = " + ".join(run.sources)
    source = next((side for side in sides if side.role == "source" and side.name == names), None)
    known = f" ({source.dim:,} dimensions)" if source is not None and source.dim else ""
    if not run.config.get("transfer_weight", 1):
        metric = in_words(run.config.get("metric_loss")).partition(" (")[0]
        return f"{run.name} ({run.shape}) learned from class labels alone by {metric}, to compare with {names}."
    made = "a shorter vector of " if source is not None and run.dim and source.dim and run.dim < source.dim else ""
    return f"{loss} handed what {names}{known} knows on to {made}{run.name} ({run.shape})."


def searched_in(images: ImageSet, metric: str) -> str:
    """What all scores are of."""
    return f"Searched in {images.summary()}, {metric} distance; a query never finds itself."
