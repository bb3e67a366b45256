"""Align: the map by which a new model's vectors are searched in an old model's index."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from embedding_transfer.build.ranges import Seed

if TYPE_CHECKING:
    from embedding_transfer.vectors.stored_alignment import Alignment


def align(
    old: Path,
    new: Path,
    output: Path,
    *,
    method: Literal["procrustes", "linear", "network"] = "linear",
    seed: Seed = 0,
) -> Alignment:
    """Learn the map of a new model's vectors into an old model's space, so that the old index need not be made anew.

    A tenth of the things is held out: their mapped vectors are searched in the old vectors of all.

    Args:
        old: File or folder of the old model's vectors.
        new: File or folder of the new model's vectors of the same things, in the same order.
        output: The ``.safetensors`` file of the map; ``EmbeddingCompressor.load`` reads it.
        method: ``procrustes`` (a rotation), ``linear`` (least squares) or ``network`` (a small one beside that).
        seed: Of what is drawn.

    Returns:
        ``overlap`` of the 10 nearest with those of old queries, ``nearest_in_10``, ``queries``, ``items``.

    Raises:
        UsageError: If a file does not exist, or the output is no new ``.safetensors`` file.
        InputError: If a file cannot be read, or they are not of the same things.

    Example::

        align(Path("old.npy"), Path("new.npy"), Path("new-to-old.safetensors"))
    """
    from embedding_transfer.vectors.stored_alignment import align_stored  # imports torch

    found = align_stored(Path(old), Path(new), Path(output), method, seed)
    print(f"{found.queries:,} new queries among {found.items:,} old vectors, by {found.method}:")
    print(f"overlap@10 {found.overlap:.1%}, the old query's nearest in 10 {found.nearest_in_10:.1%}")
    print(f"map: {output}")
    return found
