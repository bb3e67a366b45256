"""What a call of ``compress`` that was stopped has left: a map, if it came so far."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from embedding_transfer import losses
from embedding_transfer.build import described
from embedding_transfer.errors import UsageError
from embedding_transfer.vectors.map_file import read_map
from embedding_transfer.vectors.options import CompressOptions
from embedding_transfer.vectors.quantized import Calibration, calibration_of
from embedding_transfer.vectors.short_map import ShortMap

MAP, ONNX, SCORES, PAGE = "map.safetensors", "map.onnx", "fidelity.json", "fidelity.html"


class FinishedMap(NamedTuple):
    """A map, what the codes behind it mean, and its scores."""

    short: ShortMap
    calibration: Calibration | None
    scores: dict[str, Any]


def described_options(options: CompressOptions) -> dict[str, Any]:
    """Options as data that JSON can hold; those that change no number are left out."""
    told = {name: value for name, value in vars(options).items() if name != "device"}
    told["nested_dims"] = list(options.lengths[1:])
    told["loss"] = None if options.loss is None else described(options.loss, losses)
    return told


def finished_map(output: Path, told: Mapping[str, Any]) -> FinishedMap | None:
    """The map that a call with the same options left in its folder, or ``None`` if there is none yet.

    Raises:
        UsageError: If the folder holds a map of other options or vectors, or other things.
    """
    if not output.exists() or not any(output.iterdir()):
        return None
    if not (output / MAP).is_file():
        left = {SCORES, ONNX, PAGE}
        others = [file.name for file in output.iterdir() if file.name not in left and not file.name.startswith(".")]
        if others:
            raise UsageError(f"{output} exists already and holds {others[0]}: give another --output")
        return None
    short, before = read_map(output / MAP)
    for name, value in told.items():
        if before.get(name) != value:
            what = f"{name} was {before.get(name)} there, not {value}"
            raise UsageError(f"{output} holds vectors made in another way ({what}): give another --output")
    scores = json.loads((output / SCORES).read_text(encoding="utf-8"))
    return FinishedMap(short, calibration_of({"quantized": before.get("calibration")}), scores)
