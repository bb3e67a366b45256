"""The file of a map: safetensors, whose header has its shape and the options it was learned with."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors.torch import save

from embedding_transfer.errors import InputError, UsageError
from embedding_transfer.files import write_bytes
from embedding_transfer.networks.weights import read_safetensors
from embedding_transfer.vectors.short_map import ShortMap

MAP_KEY = "embedding_transfer_map"
"""Under this key the header holds shape and options as JSON."""


def write_map(path: Path, short: ShortMap, options: Mapping[str, Any]) -> None:
    """Write a map, all of it or nothing.

    Raises:
        UsageError: If the name does not end in ``.safetensors``.
    """
    if path.suffix != ".safetensors":
        raise UsageError(f"a map is written to a .safetensors file; got {path}")
    shape = {
        "dim": short.linear.in_features,
        "short_dim": short.linear.out_features,
        "hidden": short.hidden,
        "normalize": short.normalize,
    }
    header = {MAP_KEY: json.dumps({"shape": shape, "options": dict(options)})}
    write_bytes(path, save({name: value.contiguous() for name, value in short.state_dict().items()}, header))


def read_map(path: Path) -> tuple[ShortMap, dict[str, Any]]:
    """A map and the options it was learned with.

    Raises:
        UsageError: If there is no such file.
        InputError: If it cannot be read, or is none of a map.
    """
    state, metadata = read_safetensors(path)
    if MAP_KEY not in metadata:
        raise InputError(f"{path} holds no map of vectors: EmbeddingCompressor.save and compress write such files")
    try:
        described = json.loads(metadata[MAP_KEY])
        short = ShortMap(**described["shape"])
        short.load_state_dict(state)
    except (ValueError, KeyError, TypeError, RuntimeError) as error:
        raise InputError(f"{path} is damaged: its numbers do not agree with the shape in its header") from error
    return short.eval().requires_grad_(False), described["options"]
