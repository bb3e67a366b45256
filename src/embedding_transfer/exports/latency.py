"""How long an exported network takes for a batch."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from embedding_transfer.exports.agreement import as_pixels
from embedding_transfer.exports.session import Session

BATCHES = (1, 32)
ROUNDS = 7


def latencies(files: Sequence[Path], threads: int) -> list[dict[str, float]]:
    """Milliseconds of a call with 1 and with 32 pictures, for each file: the quickest of seven.

    The files take turns, so that what else the machine does meets them all; the first call of each is not counted.

    Args:
        files: ONNX files that :func:`write_onnx` or :func:`write_int8` wrote.
        threads: Of onnxruntime.

    Returns:
        ``{"ms_batch_1": ..., "ms_batch_32": ...}`` for each file.
    """
    sessions = [Session(file, threads) for file in files]
    found: list[dict[str, float]] = [{} for _ in files]
    for batch in BATCHES:
        noise = [np.random.default_rng(0).integers(0, 256, (batch, 3, s.side, s.side), np.uint8) for s in sessions]
        shown = [as_pixels(views, session.pixels) for views, session in zip(noise, sessions, strict=True)]
        seconds = [
            [_seconds(session, images) for session, images in zip(sessions, shown, strict=True)]
            for _ in range(1 + ROUNDS)
        ]
        for row, quickest in zip(found, np.min(seconds[1:], axis=0).tolist(), strict=True):
            row[f"ms_batch_{batch}"] = round(1000 * quickest, 3)
    return found


def _seconds(session: Session, images: np.ndarray) -> float:
    start = time.perf_counter()
    session.run(images)
    return time.perf_counter() - start
