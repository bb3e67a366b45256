"""Fewer bytes for each number: int8 and single bits, calibrated on a sample, searched with rescoring."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

import numpy as np
import torch

from embedding_transfer.errors import InputError

Quantize = Literal["none", "int8", "binary"]

_TRIED = 40  # scales for int8, from a quarter of the largest number to all of it


class Calibration(NamedTuple):
    """What codes mean, as data that JSON can hold.

    Attributes:
        kind: ``int8``: a number is scale * code, the same scale for all, so that inner products of codes order as those
            of vectors do. ``binary``: a bit says whether a number is above its column's center; 8 bits a byte.
        scale: Of int8.
        centers: Of binary: the median of each column.
    """

    kind: str
    scale: float = 1.0
    centers: tuple[float, ...] = ()

    def codes(self, rows: np.ndarray) -> np.ndarray:
        """Codes of vectors (n, k): (n, k) int8, or (n, ceil(k / 8)) uint8, the first number in the highest bit."""
        if self.kind == "int8":
            return np.clip(np.rint(rows / self.scale), -127, 127).astype(np.int8)
        return np.packbits(rows > np.array(self.centers, rows.dtype), axis=1)

    def decoded(self, codes: np.ndarray) -> np.ndarray:
        """Vectors (n, k) float32 that codes stand for; of bits they are -1 and 1.

        Raises:
            InputError: If the codes have another length.
        """
        if self.kind == "int8":
            return codes.astype(np.float32) * np.float32(self.scale)
        k = len(self.centers)
        if codes.shape[1] != -(-k // 8):
            raise InputError(f"codes of {k} bits have {-(-k // 8)} bytes each; got {codes.shape[1]}")
        return np.unpackbits(codes, axis=1, count=k).astype(np.float32) * 2 - 1


def calibrate(kind: str, rows: np.ndarray) -> Calibration:
    """The calibration for vectors like these (n, k): the scale with the least squared error, or medians.

    Example::

        >>> calibrate("int8", np.array([[-1.0, 0.5]], np.float32)).codes(np.array([[-1.0, 0.5]], np.float32))
        array([[-127,   64]], dtype=int8)
    """
    if kind == "binary":
        return Calibration(kind, centers=tuple(np.median(rows, axis=0).tolist()))
    largest = float(np.abs(rows).max()) or 1.0
    scales = largest / 127 * np.linspace(0.25, 1, _TRIED)
    errors = [
        np.square(Calibration(kind, scale).decoded(Calibration(kind, scale).codes(rows)) - rows).mean()
        for scale in scales
    ]
    return Calibration(kind, float(scales[int(np.argmin(errors))]))


def rescored_neighbors(
    queries: np.ndarray, codes: np.ndarray, calibration: Calibration, k: int, oversample: int = 4
) -> np.ndarray:
    """Rows (q, k) of codes nearest to whole queries, nearest first: found by codes, then ordered by the queries.

    Args:
        queries: (q, d) vectors that are no codes.
        codes: (n, ...) of the vectors searched in.
        calibration: What the codes mean.
        k: How many.
        oversample: k times so many candidates are found by comparing codes with codes.

    Raises:
        InputError: If there are fewer than k codes.
    """
    if not 1 <= k <= len(codes):
        raise InputError(f"asked for {k} nearest neighbors among {len(codes)} codes")
    found_in = torch.from_numpy(calibration.decoded(codes))  # (n, d)
    whole = torch.from_numpy(np.asarray(queries, np.float32))  # (q, d)
    coarse = torch.from_numpy(calibration.decoded(calibration.codes(np.asarray(queries, np.float32))))  # (q, d)
    if calibration.kind == "binary":
        whole = whole - torch.tensor(calibration.centers)
    candidates = (coarse @ found_in.T).topk(min(k * oversample, len(codes)), dim=1).indices  # (q, c)
    scores = torch.einsum("qd,qcd->qc", whole, found_in[candidates])
    best = scores.topk(k, dim=1).indices
    return candidates.gather(1, best).numpy()


def calibration_of(header: Any) -> Calibration | None:
    """What the codes of a file mean, if its header says that they are codes."""
    said = header.get("quantized")
    return Calibration(said["kind"], said["scale"], tuple(said["centers"])) if said else None
