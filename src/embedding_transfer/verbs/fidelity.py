"""Fidelity: how well vectors keep the neighborhoods of others."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from embedding_transfer.build.ranges import Count


def fidelity(
    short: Path,
    whole: Path,
    *,
    labels: str | None = None,
    metric: Literal["cosine", "euclidean"] = "cosine",
    queries: Count = 2000,
    json: Path | None = None,
    output: Path | None = None,
) -> dict[str, float]:
    """Compare vectors with those that they stand for: who is near to whom in both, exactly, and what a vector takes.

    Args:
        short: File or folder of the vectors (or codes that ``compress`` wrote) to judge.
        whole: File or folder of the vectors they stand for, in the same order.
        labels: For Recall@1: a text file with a label a line, or ``folders``: the folder of each vector's path.
        metric: Distance in both.
        queries: Vectors that are searched for among all, at most; always the same ones.
        json: File for the scores, as JSON.
        output: Page to write, an ``.html`` file; default: none.

    Returns:
        The scores, see :class:`embedding_transfer.vectors.Neighborhoods`.

    Raises:
        UsageError: If a file does not exist.
        InputError: If one cannot be read, or they are not of the same things.

    Example::

        fidelity(Path("short/photos.npy"), Path("photos.npy"))
    """
    from embedding_transfer.report.vectors_table import print_comparison, write_fidelity_page  # imports torch
    from embedding_transfer.vectors.stored_fidelity import stored_fidelity, write_scores

    scores, count = stored_fidelity(Path(short), Path(whole), labels, metric, queries)
    rows = [{"way": str(short), **scores}]
    print_comparison(rows, count)
    if json is not None:
        write_scores(Path(json), rows, count)
    if output is not None:
        write_fidelity_page(Path(output), rows, count)
        print(f"page: {output}")
    return scores
