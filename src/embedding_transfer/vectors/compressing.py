"""From files of vectors to files of shorter ones: check, learn, compare, write."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from embedding_transfer.images.download.progress import say
from embedding_transfer.vectors.comparison import compared
from embedding_transfer.vectors.finished_map import MAP, ONNX, SCORES, FinishedMap, described_options, finished_map
from embedding_transfer.vectors.labels import labels_of
from embedding_transfer.vectors.learning import learn_map
from embedding_transfer.vectors.map_file import write_map
from embedding_transfer.vectors.map_onnx import has_onnx, write_onnx
from embedding_transfer.vectors.map_rows import device_named, drawn_rows
from embedding_transfer.vectors.options import CompressOptions
from embedding_transfer.vectors.progress import StepProgress
from embedding_transfer.vectors.quantized import calibrate
from embedding_transfer.vectors.short_files import write_short
from embedding_transfer.vectors.stored import StoredRows, open_stored
from embedding_transfer.vectors.stored_fidelity import write_scores

HELD_OUT = 5000
"""Vectors that the map never sees and that it is judged by: a tenth of all, at most so many."""

FEW = 200
"""Of fewer vectors none is held out."""


class Compressed(NamedTuple):
    """What came of it.

    Attributes:
        files: The files of shorter vectors.
        map: The file of the map.
        comparison: A row for each way to shorter vectors, ``way``, ``dim`` and the scores of
            :meth:`Neighborhoods.fidelity`; empty if there were too few vectors to hold some out.
        held_out: How many vectors the scores are of.
    """

    files: list[Path]
    map: Path
    comparison: list[dict[str, Any]]
    held_out: int


def compress_stored(vectors: Path, output: Path, options: CompressOptions) -> Compressed:
    """Learn a map of stored vectors, judge it, and write the shorter ones; a call that was stopped goes on.

    Raises:
        UsageError: If a file does not exist, an option does not fit the vectors, or the folder holds something else.
        InputError: If a file cannot be read, or a vector is not finite.
    """
    rows = open_stored(vectors)
    device = device_named(options.device)
    told = {**described_options(options), "vectors": str(vectors.resolve()), "shape": [len(rows), rows.dim]}
    found = finished_map(output, told)
    if found is None:
        look_at(rows)
        found = _learned(rows, output, options, told, device)
    short, calibration, scores = found
    files = write_short(rows, short, calibration, output, options.dtype, device)
    return Compressed(files, output / MAP, scores["ways"], scores["vectors"])


def look_at(rows: StoredRows) -> None:
    """Check all numbers before anything is learned, and say what is odd."""
    zeros = rows.check()
    if zeros:
        say(f"{rows.path}: {zeros:,} vectors are zeros, which have no direction: all of them become the same vector")


def _learned(
    rows: StoredRows, output: Path, options: CompressOptions, told: dict[str, Any], device: torch.device
) -> FinishedMap:
    """Learn, judge and write the map; the file of the map comes last."""
    classes = labels_of(rows, options.labels)
    numbers = drawn_rows(len(rows), options.max_rows, options.seed)
    sample = torch.from_numpy(np.asarray(rows[numbers], np.float32))  # (m, d)
    held = held_out(len(sample), options.seed)  # (m,) bool
    train = sample[~held].to(device)
    with StepProgress(f"learning from {len(train):,} vectors", options.steps) as progress:
        short = learn_map(train, options, progress.at).cpu()
    calibration = None
    if options.quantize != "none":
        calibration = calibrate(options.quantize, short(train.cpu()).numpy())
    ways: list[dict[str, Any]] = []
    if held.any():
        labels = None if classes is None else classes[torch.from_numpy(numbers)][held]
        ways = compared(short, calibration, train.cpu(), sample[held], labels, options.lengths[1:])
    write_scores(output / SCORES, ways, int(held.sum()))
    if has_onnx():
        write_onnx(output / ONNX, short)
    write_map(output / MAP, short, {**told, "calibration": None if calibration is None else calibration._asdict()})
    return FinishedMap(short, calibration, {"ways": ways, "vectors": int(held.sum())})


def held_out(count: int, seed: int) -> Tensor:
    """Which (count,) of the vectors drawn a map does not learn from; none of fewer than 200."""
    share = min(HELD_OUT, count // 10) if count >= FEW else 0
    held = torch.zeros(count, dtype=torch.bool)
    held[torch.randperm(count, generator=torch.Generator().manual_seed(seed))[:share]] = True
    return held
