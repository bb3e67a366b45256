"""Calls that would work but for one option, or one file in place of another."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from damage import TEXTS, pick
from hostile_files import checkpoint, network, network_bytes, run_directory, vectors
from kept import Reads, Rng, once, place
from PIL import Image

from embedding_transfer.cli import main

ALMOST_RIGHT = ("1", "2", "8", "0.5", "1e-30", "1e30", "frozen", "bf16", "cosine", "own", "class-token")


def small_set() -> str:
    """Two halves of two classes of three pictures."""
    root = place() / "small"
    rng = np.random.default_rng(0)
    for half in ("train", "test"):
        for number in range(6):
            inside = root / half / f"{half}{number % 2}"
            inside.mkdir(parents=True, exist_ok=True)
            Image.fromarray(rng.integers(0, 256, (16, 16, 3), dtype=np.uint8)).save(inside / f"{number}.png")
    return str(root)


def small_network() -> str:
    return str(place() / "small.safetensors")


def whole_call(rng: Rng, folder: Path) -> Reads:
    """A call that would work, but for one option, or one file in place of another."""
    from embedding_transfer.cli.options import options_of

    good = Path(once(small_network))
    if not good.exists():
        good.write_bytes(once(network_bytes))
    verb = pick(rng, ("evaluate", "embed", "audit-source", "transfer", "transfer", "train-source"))
    source, root = str(good), once(small_set)
    if rng.random() < 0.4:
        pick(rng, (network, vectors, checkpoint, run_directory))(rng, folder)
        source = str(pick(rng, (folder, *folder.iterdir())))
    training = ["--epochs", "1", "--ks", "1", "--threads", "1", "--output", str(folder / "run")]
    small = ["--backbone", "convnet-4", "--image-size", "16", "--embedding-dim", "8"]
    words = {
        "evaluate": [source, "--root", root, "--ks", "1"],
        "embed": [source, root, "--output", str(folder / "made.npy")],
        "audit-source": [source, "--root", root],
        "transfer": [source, root, *training],
        "train-source": [root, *small, *training],
    }[verb]
    words = [verb, *words, "--workers", "0"]
    if rng.random() < 0.8:
        kept = ("output", "epochs", "workers", "threads", "log", "images", "pretrained", "compile_network")
        kept += ("cache", "store_source")  # folders to write to, wherever the caller says
        name = pick(rng, [name for name in options_of(verb) if name not in kept])
        value = pick(
            rng, (*TEXTS, "1", "2", "8", "0.5", "1e-30", "1e30", "frozen", "bf16", "cosine", "own", "class-token")
        )
        words.append(f"--{name}{'.sigma' if name == 'loss' and rng.random() < 0.5 else ''}={value}")
    return lambda: main(words)
