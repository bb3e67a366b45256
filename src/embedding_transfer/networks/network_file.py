"""The file of a trained network: safetensors whose header says what network it is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from safetensors.torch import save
from torch import Tensor

from embedding_transfer.errors import InputError
from embedding_transfer.files import write_bytes
from embedding_transfer.networks.description import Description, read_description
from embedding_transfer.networks.weights import read_safetensors

METADATA_KEY = "embedding_transfer"
"""Under this key the header of our own files holds the description of the network, as JSON."""


def write_network_file(path: Path, state: dict[str, Tensor], description: dict[str, Any]) -> None:
    """Write weights and description; ``path`` holds its old content or the whole new one, never a part."""
    tensors: dict[str, Tensor] = {}
    places = set()
    for key, value in state.items():  # safetensors takes no tensor twice; layers of some networks share theirs
        value = value.contiguous()
        place = value.untyped_storage().data_ptr()
        tensors[key] = value.clone() if place in places else value
        places.add(place)
    write_bytes(path, save(tensors, {METADATA_KEY: json.dumps(description)}))


def read_network_file(path: Path) -> tuple[dict[str, Tensor], Description]:
    """Weights and description of a network.

    Raises:
        UsageError: If there is no such file.
        InputError: If it is no safetensors file, or has no description of a network or a damaged one.
    """
    state, metadata = read_safetensors(path)
    if METADATA_KEY not in metadata:
        raise InputError(
            f"{path} has no description of a network: was it written by EmbeddingNetwork.save? "
            f"A target starts from plain weights with weights={path}"
        )
    try:
        description = read_description(json.loads(metadata[METADATA_KEY]))
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path} has a damaged description of its network ({error})") from error
    length = len(state["head.weight"]) if "head.weight" in state and state["head.weight"].ndim else None
    if length not in (None, description.embedding_dim):
        raise InputError(f"{path}: embeddings of length {length}, but {description.embedding_dim} in its description")
    return state, description
