"""The file of a trained network: safetensors whose header says what network it is."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save
from torch import Tensor

from embedding_transfer.errors import InputError
from embedding_transfer.files import write_bytes
from embedding_transfer.networks.description import Description, read_description
from embedding_transfer.networks.weights import read_safetensors

METADATA_KEY = "embedding_transfer"
"""Under this key the header of our own files holds the description of the network, as JSON."""

CHECKSUM_KEY = "sha256"
"""Under this key the header holds the checksum of all weights; files of earlier versions have none."""


def write_network_file(path: Path, state: dict[str, Tensor], description: dict[str, Any]) -> None:
    """Write weights and description; ``path`` holds its old content or the whole new one, never a part."""
    tensors: dict[str, Tensor] = {}
    places = set()
    for key, value in state.items():  # safetensors takes no tensor twice; layers of some networks share theirs
        value = value.contiguous()
        place = value.untyped_storage().data_ptr()
        tensors[key] = value.clone() if place in places else value
        places.add(place)
    metadata = {METADATA_KEY: json.dumps(description), CHECKSUM_KEY: _checksum(tensors)}
    write_bytes(path, save(tensors, metadata))


def read_network_file(path: Path) -> tuple[dict[str, Tensor], Description]:
    """Weights and description of a network.

    Raises:
        UsageError: If there is no such file.
        InputError: If it is no safetensors file, or has no description of a network or a damaged one.
    """
    state, metadata = read_safetensors(path)
    _compare(metadata.get(CHECKSUM_KEY), state, path)
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


def _compare(checksum: str | None, state: dict[str, Tensor], path: Path) -> None:
    """Raises InputError where weights are not what was written.

    Weights of another type or shape were rewritten on purpose; NaN and infinity are for the caller to name.
    """
    if checksum is None or checksum.split("-")[0] != _layout(state):
        return
    if checksum != _checksum(state) and all(value.isfinite().all() for value in state.values()):
        raise InputError(
            f"{path} is damaged: its weights do not agree with the checksum in its header (if another program changed "
            f"them, let it leave out {CHECKSUM_KEY!r} there)"
        )


def _checksum(tensors: dict[str, Tensor]) -> str:
    """SHA-256 of the layout, and of all bytes in the order of the names."""
    digest = hashlib.sha256()
    for _, tensor in sorted(tensors.items()):
        digest.update(tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().data)
    return f"{_layout(tensors)}-{digest.hexdigest()}"


def _layout(tensors: dict[str, Tensor]) -> str:
    layout = [(name, str(tensor.dtype), tuple(tensor.shape)) for name, tensor in sorted(tensors.items())]
    return hashlib.sha256(repr(layout).encode()).hexdigest()[:16]
