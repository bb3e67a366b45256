"""Files of shorter vectors, each under the name of the one it was made of; a call that was stopped goes on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch

from embedding_transfer import __version__
from embedding_transfer.retrieval.unfinished_vectors import UnfinishedVectors
from embedding_transfer.vectors.map_rows import map_rows
from embedding_transfer.vectors.progress import VectorProgress
from embedding_transfer.vectors.quantized import Calibration
from embedding_transfer.vectors.short_map import ShortMap
from embedding_transfer.vectors.stored import Part, StoredRows

BATCH = 8192
"""Rows that are mapped at a time, and that a stopped call keeps."""


def write_short(
    rows: StoredRows, short: ShortMap, calibration: Calibration | None, output: Path, dtype: str, device: torch.device
) -> list[Path]:
    """Write the shorter vectors of every file under its own name, each whole or not at all.

    Args:
        rows: The vectors.
        short: The map.
        calibration: Of the codes to write in place of vectors.
        output: Folder of the new files.
        dtype: ``float32`` or ``float16``, of vectors.
        device: Where to compute.

    Returns:
        The files.
    """
    written = []
    with VectorProgress("writing", len(rows)) as progress:
        for part in rows.parts:
            path = output / part.path.name
            if not path.exists():
                _write_part(part, path, short, calibration, dtype, device, progress)
            else:
                progress.more(len(part))
            written.append(path)
    return written


def _write_part(
    part: Part,
    path: Path,
    short: ShortMap,
    calibration: Calibration | None,
    dtype: str,
    device: torch.device,
    progress: VectorProgress,
) -> None:
    header: dict[str, Any] = {**part.header, "shortened_from": part.path.name, "shortened_by": __version__}
    dim = short.linear.out_features
    if calibration is not None:
        header["quantized"] = calibration._asdict()
        sample = calibration.codes(np.zeros((1, dim), np.float32))
        dim, dtype = sample.shape[1], sample.dtype.name
    with UnfinishedVectors(path, part.keys or len(part), dim, dtype, header, BATCH) as unfinished:
        progress.more(unfinished.done)
        for begin in range(unfinished.done, len(part), BATCH):
            mapped = map_rows(short, np.asarray(part.read(slice(begin, begin + BATCH)), np.float32), device)
            unfinished.add(mapped if calibration is None else calibration.codes(mapped))
            progress.more(len(mapped))
        unfinished.finish()
