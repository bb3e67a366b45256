"""The map beside the simple ways to the same number of bytes, on vectors that none of them has seen."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from embedding_transfer.relations import unit_rows
from embedding_transfer.vectors.linear_maps import LINEAR_MAPS, moments_of
from embedding_transfer.vectors.neighborhoods import Neighborhoods
from embedding_transfer.vectors.product_quantizer import product_quantized
from embedding_transfer.vectors.quantized import Calibration
from embedding_transfer.vectors.short_map import ShortMap

NUMBER = 4
"""Bytes of a float32."""


def compared(
    short: ShortMap,
    calibration: Calibration | None,
    train: Tensor,
    held_out: Tensor,
    labels: Tensor | None = None,
    lengths: tuple[int, ...] = (),
) -> list[dict[str, Any]]:
    """Fidelity of the map and of every simple way, a row for each.

    Args:
        short: The learned map.
        calibration: Of the codes that it ends in, if any.
        train: (m, d) the simple ways learn from.
        held_out: (n, d) vectors that are searched for and among.
        labels: (n,) classes.
        lengths: Shorter lengths at which its vectors are cut off.

    Returns:
        Rows with ``way``, ``dim`` and the scores of :meth:`Neighborhoods.fidelity`.
    """
    units, queries = unit_rows(train.float()), unit_rows(held_out.float())
    near, dim = Neighborhoods(queries, labels), short.linear.out_features
    with torch.inference_mode():
        learned = short(queries)  # (n, k)

    def row(way: str, vectors: Tensor, size: int) -> dict[str, Any]:
        return {"way": way, "dim": vectors.shape[1], **near.fidelity(vectors, size)}

    rows = [row("learned", learned, NUMBER * dim)]
    size = NUMBER * dim
    if calibration is not None:
        codes = calibration.codes(learned.numpy())
        size = codes.shape[1]
        rows.append(row(f"learned, {calibration.kind}", torch.from_numpy(calibration.decoded(codes)), size))
    rows += [row(f"learned, cut to {length}", learned[:, :length], NUMBER * length) for length in lengths]
    moments = moments_of(units.split(1 << 14))
    rows += [row(way, make(moments, dim)(queries).float(), NUMBER * dim) for way, make in LINEAR_MAPS.items()]
    coded = product_quantized(units.numpy(), queries.numpy(), size)
    if coded is not None:
        rows.append(row("OPQ + PQ", torch.from_numpy(coded), size))
    return rows
