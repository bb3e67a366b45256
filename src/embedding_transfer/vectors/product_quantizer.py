"""Faiss's optimized product quantizer: what stands beside a map at the same bytes per vector; needs faiss."""

from __future__ import annotations

from typing import Any

import numpy as np

LEAST_ROWS = 256
"""A table of 256 entries cannot be learned from fewer."""

ROUNDS = 10
"""Of learning a rotation: a fifth of what faiss takes by default."""


def load_faiss() -> Any | None:
    """Faiss, or ``None`` where it is not installed."""
    try:
        import faiss
    except ImportError:
        return None
    return faiss


def product_quantized(train: np.ndarray, rows: np.ndarray, n_bytes: int) -> np.ndarray | None:
    """What OPQ + PQ with ``n_bytes`` codes of 8 bits makes of rows (n, d) of length 1: (n, d) decoded.

    Ge et al., "Optimized Product Quantization", CVPR 2013, as faiss computes it.

    Args:
        train: (m, d) it learns from.
        rows: (n, d) it codes and decodes.
        n_bytes: Of each vector; ``None`` comes back where that is more than d.

    Returns:
        The decoded rows; ``None`` where faiss is not installed, or codes of so many bytes cannot be learned.
    """
    faiss = load_faiss()
    if faiss is None or n_bytes > train.shape[1] or len(train) < LEAST_ROWS:
        return None
    wide = n_bytes * max(1, train.shape[1] // n_bytes)  # a multiple of the codes
    index = faiss.index_factory(train.shape[1], f"OPQ{n_bytes}_{wide},PQ{n_bytes}x8")
    rotation, coder = faiss.downcast_VectorTransform(index.chain.at(0)), faiss.downcast_index(index.index)
    rotated = faiss.ProductQuantizer(wide, n_bytes, 8)  # what the rotation is learned with
    rotation.pq, rotation.niter = rotated, ROUNDS
    for quantizer in (rotated, coder.pq):
        quantizer.cp.min_points_per_centroid = 1  # few rows are known to be few: no warning for each table
    index.train(np.ascontiguousarray(train, np.float32))
    decoded: np.ndarray = index.sa_decode(index.sa_encode(np.ascontiguousarray(rows, np.float32)))
    return decoded
