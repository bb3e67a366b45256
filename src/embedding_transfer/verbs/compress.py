"""Compress: vectors in, shorter vectors out, by a map that is learned from the vectors alone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from embedding_transfer.vectors.options import CompressOptions

if TYPE_CHECKING:
    from embedding_transfer.vectors.compressing import Compressed


def compress(vectors: Path, output: Path, **options: Any) -> Compressed:
    """Learn a map to shorter vectors, write these in the form of the given ones, and say what they keep.

    Only directions of vectors count (cosines). A tenth of the vectors, at most 5,000, is held out: among these the map
    is compared with the simple ways to vectors of the same size. A call that was stopped goes on when it is repeated.

    Args:
        vectors: ``.npy`` (with or without a ``.txt`` of paths), ``.safetensors`` or ``.parquet`` as ``embed`` writes
            them, or a folder of such files. ``.npy`` and ``.safetensors`` may be larger than the memory.
        output: Folder for the shorter vectors (under the name of the given ones), map.safetensors, map.onnx (where onnx
            is installed), fidelity.json and fidelity.html, a page to look at.
        **options: See :class:`~embedding_transfer.vectors.options.CompressOptions`.

    Returns:
        ``files``, the ``map`` and the rows of ``comparison``.

    Raises:
        UsageError: If a file does not exist, an option is out of range, or the folder holds something else.
        InputError: If a file cannot be read, or a vector is not finite.

    Example::

        compress(Path("photos.npy"), Path("short"), dim=64)
    """
    chosen, output = CompressOptions.of(options), Path(output)

    from embedding_transfer.report.vectors_table import print_comparison, write_fidelity_page  # imports torch
    from embedding_transfer.vectors.compressing import compress_stored
    from embedding_transfer.vectors.finished_map import PAGE

    compressed = compress_stored(Path(vectors), output, chosen)
    if compressed.comparison:
        print_comparison(compressed.comparison, compressed.held_out)
        write_fidelity_page(output / PAGE, compressed.comparison, compressed.held_out)
    else:
        print("too few vectors to hold some out: what the shorter ones keep was not measured")
    print(f"map: {compressed.map}")
    if compressed.comparison:
        print(f"page: {output / PAGE}")
    for file in compressed.files:
        print(f"vectors: {file}")
    return compressed
