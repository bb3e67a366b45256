"""Scores of a vector at each of the lengths that it was trained for."""

from __future__ import annotations

from collections.abc import Mapping

from embedding_transfer.report.scores import score_names
from embedding_transfer.retrieval.lengths import scores_by_length


def head_and_rows_by_length(line: Mapping[str, float], length: int) -> tuple[list[str], list[list[str]]]:
    """A row for the whole vector and one for each shorter one, in percent.

    Args:
        line: Of metrics.jsonl.
        length: Of the whole vector.
    """
    names = score_names(line)
    lines = {length: line, **scores_by_length(line)}
    rows = [[str(d), *(f"{100 * scores[name]:.2f} %" for name in names)] for d, scores in lines.items()]
    return ["dimensions", *names], rows
