"""Hostile configurations and options."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from damage import TEXTS, VALUES, damaged, damaged_data, damaged_text, pick
from kept import Reads, Rng, once

from embedding_transfer.cli import VERBS as EVERY_VERB
from embedding_transfer.cli import main
from embedding_transfer.sources import SourceSettings
from embedding_transfer.training.source_options import SourceOptions
from embedding_transfer.training.transfer_options import TransferOptions


def options_of_transfer() -> dict[str, Any]:
    parts = ["RKDLoss", {"class_path": "PKTLoss"}]
    loss = {"class_path": "WeightedSum", "init_args": {"losses": parts, "weights": [1, 2]}}
    return {**dict.fromkeys(TransferOptions.__dataclass_fields__, 1), "loss": loss, "images": "folder", "ks": [1, 2]}


def configuration(rng: Rng, folder: Path) -> Reads:
    """YAML of a training, a recipe or a run directory, damaged as data or as text."""
    data = {name: value for name, value in once(options_of_transfer).items() if rng.random() < 0.1} | {"epochs": 3}
    text = yaml.safe_dump(damaged_data(rng, data)) if rng.random() < 0.5 else damaged_text(rng, yaml.safe_dump(data))
    file = folder / "config.yaml"
    content = text.encode("utf-8", "surrogateescape")
    file.write_bytes(content if rng.random() < 0.8 else damaged(rng, content))
    out = str(folder / "out")
    words = pick(
        rng,
        (
            ["transfer", "--config", str(file), "--source", "nowhere", "--output", out, "--print-config"],
            ["transfer", "--config", str(file), "--source", str(folder / "nowhere"), "--output", out],
            ["transfer", "--resume", "--output", str(folder)],
            ["train-source", "--config", str(file), "--root", str(folder / "nowhere"), "--output", out],
            ["reproduce", str(file), "--dry-run", "--output", out],
        ),
    )
    return lambda: main(list(words))


VERBS = tuple(verb for verb in EVERY_VERB if verb not in ("demo", "download"))


def typed_option(rng: Rng, folder: Path) -> Reads:
    """One option of a verb with a value that is none; what it needs beside is missing."""
    from embedding_transfer.cli.options import options_of

    verb = pick(rng, VERBS)
    name, text = pick(rng, list(options_of(verb))), pick(rng, TEXTS)
    argument = pick(rng, ("", "", ".sigma", ".init_args", ".loss.margin", ".class_path", "."))
    words = [verb, f"--{name}{argument}={text}"]
    if name != "output":
        words += ["--output", str(folder / "out.npy")] if rng.random() < 0.8 else []
    if name == "output" and (text.startswith(("/", "..")) or not text.strip()):
        words = [verb, f"--{name}={folder / 'out'}"]
    if name not in ("source", "network") and rng.random() < 0.8:
        words += ["--network" if verb == "evaluate" else "--source", str(folder / "nowhere")]
    if verb == "reproduce":
        words += ["--dry-run"]
    return lambda: main(words)


def option_in_python(rng: Rng, folder: Path) -> Reads:
    kind = pick(rng, (TransferOptions, SourceOptions, SourceSettings))
    name, value = pick(rng, list(kind.__dataclass_fields__)), pick(rng, VALUES)
    needed = {} if kind is SourceSettings else {"output": folder / "out"}
    needed |= {"source": "nowhere"} if kind is TransferOptions else {}
    return lambda: kind.of({**needed, name: value})
