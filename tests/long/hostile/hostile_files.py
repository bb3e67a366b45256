"""Hostile files of networks, checkpoints and vectors, and run directories."""

from __future__ import annotations

import io
import json
import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import torch
from damage import TEXTS, damaged, damaged_data, pick
from hostile_images import whole_pictures
from kept import Reads, Rng, once, place
from safetensors.torch import load_file, save_file

from embedding_transfer.cli import main
from embedding_transfer.networks import EmbeddingNetwork, load_network
from embedding_transfer.networks.backbones import build_backbone
from embedding_transfer.networks.network_file import METADATA_KEY
from embedding_transfer.networks.weights import load_backbone_weights
from embedding_transfer.retrieval.vector_file import read_vectors, write_vectors
from embedding_transfer.sources import open_source


def network_bytes() -> bytes:
    torch.manual_seed(0)
    file = place() / "whole.safetensors"
    EmbeddingNetwork("convnet-4", 8, image_size=16, crop=1.0).save(file)
    return file.read_bytes()


def description_of_network() -> dict[str, Any]:
    return EmbeddingNetwork("convnet-4", 8, image_size=16).description


def network(rng: Rng, folder: Path) -> Reads:
    """A network file with damaged bytes, description, types or values; as a file or in a run directory."""
    file = folder / "best.safetensors"
    file.write_bytes(once(network_bytes))
    if rng.random() < 0.35:
        file.write_bytes(damaged(rng, file.read_bytes()[:3000]) + file.read_bytes()[3000:])
    else:
        tensors, description = load_file(file), once(description_of_network)
        way = int(rng.integers(4))
        if way == 0:
            description = damaged_data(rng, description)
        elif way == 1:
            dtype = pick(rng, (torch.float16, torch.bfloat16, torch.float64, torch.int64, torch.uint8, torch.bool))
            tensors = {name: value.to(dtype) for name, value in tensors.items()}
        elif way == 2:
            tensors[pick(rng, [name for name in tensors if tensors[name].is_floating_point()])].fill_(
                pick(rng, (torch.nan, torch.inf, 1e30, 0))
            )
        else:
            tensors[pick(rng, list(tensors))] = torch.zeros(tuple(rng.integers(0, 5, int(rng.integers(0, 4)))))
        try:
            text = json.dumps(description)
        except (ValueError, TypeError):
            text = "[" * 20000
        save_file(tensors, file, {METADATA_KEY: pick(rng, (text, text, text, "[" * 20000, "", "{}", "null"))})
    loaded = pick(rng, (file, folder))
    return lambda: look_at_two(load_network(loaded))


def look_at_two(network: EmbeddingNetwork) -> torch.Tensor:
    """What loads must also run, on pictures of its size."""
    with torch.no_grad():
        return network(torch.full((2, 3, network.image_size, network.image_size), 0.5).to(network.head.weight))


class Evil:
    """What runs a program when it is unpickled."""

    def __reduce__(self) -> Any:
        return os.system, ("touch owned",)


def checkpoint_states() -> list[Any]:
    weights = build_backbone("convnet-4").weights_module.state_dict()
    itself: dict[str, Any] = {"state_dict": weights}
    itself["itself"] = itself
    first = next(iter(weights))
    odd = (
        torch.sparse_coo_tensor(torch.zeros(1, 1, dtype=torch.int64), torch.ones(1), (10**9,)),
        torch.empty(10**12, device="meta"),
        torch.quantize_per_tensor(torch.ones(3), 0.1, 0, torch.quint8),
        torch.ones(1).expand(10**12),
        torch.full((4, 3, 3, 3), torch.nan),
        torch.zeros(4, 3, 3, 3, dtype=torch.int32),
        torch.zeros(4, 3, 3, 3, dtype=torch.complex64),
        "text",
    )
    return [weights, itself, Evil(), {"state_dict": Evil()}, [], 5, {}, *({**weights, first: value} for value in odd)]


def checkpoint(rng: Rng, folder: Path) -> Reads:
    file = folder / f"x{pick(rng, ('.pth', '.pt', '.safetensors', ''))}"
    packed, buffer = int(rng.integers(3)), io.BytesIO()
    state = pick(rng, once(checkpoint_states))
    try:
        if packed == 0:
            pickle.dump(state, buffer)
        else:
            torch.save(state, buffer, _use_new_zipfile_serialization=packed == 1)
    except Exception:  # not everything can be packed in every way
        buffer = io.BytesIO(b"")
    content = buffer.getvalue()
    file.write_bytes(content if rng.random() < 0.5 else damaged(rng, content))
    return lambda: load_backbone_weights(build_backbone("convnet-4"), file)


def vectors(rng: Rng, folder: Path) -> Reads:
    ending = pick(rng, (".npy", ".npy", ".safetensors", ".safetensors", ".parquet"))
    file = folder / f"x{ending}"
    write_vectors(file, np.ones((3, 2), np.float32), ["a", "b", "c"], {"network": pick(rng, TEXTS), "root": "/"})
    victim = file if ending == ".parquet" else pick(rng, (file, file, *folder.iterdir()))
    if ending != ".parquet" or rng.random() < 0.3:
        victim.write_bytes(damaged(rng, victim.read_bytes()))
    else:
        victim.write_bytes(victim.read_bytes()[: int(rng.integers(victim.stat().st_size))])
    found = folder / "x.png"
    found.write_bytes(once(whole_pictures)[0])
    if rng.random() < 0.5:
        return lambda: read_vectors(file)
    return lambda: main(["search", str(file), str(found), "--workers", "0", "--k", "1"])


def run_directory(rng: Rng, folder: Path) -> Reads:
    """What ``--source`` names: a folder with a file, a pipe, a link or nothing where the network should be."""
    best, odd = folder / "best.safetensors", int(rng.integers(6))
    if odd == 0:
        os.mkfifo(best)
    elif odd == 1:
        best.mkdir()
    elif odd == 2:
        best.symlink_to("/dev/zero")
    elif odd == 3:
        best.symlink_to(best)
    elif odd == 4:
        best.write_bytes(damaged(rng, once(network_bytes)))
    place = pick(rng, (folder, best, f"{folder}/../{folder.name}", folder / pick(rng, ("x.onnx", "x.pth", "x.npy"))))
    return lambda: open_source(place)
