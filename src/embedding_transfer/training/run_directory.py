"""A run directory: options, numbers, the best and last network, a page, a state to resume from; never half-written."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import torch
import yaml

from embedding_transfer.build import read_options
from embedding_transfer.errors import InputError, UsageError, reason
from embedding_transfer.files import whole_file, write_text
from embedding_transfer.networks import EmbeddingNetwork
from embedding_transfer.training.config import config_data, differing
from embedding_transfer.training.options import TrainingOptions


class RunDirectory:
    """The files of one run.

    Args:
        options: Of the run; ``output`` is the folder, made if missing, and ``resume`` goes on with what is there.

    Raises:
        UsageError: If the folder holds a run and ``resume`` is not given, or the run there had other options.
        InputError: If its configuration cannot be read.
    """

    def __init__(self, options: TrainingOptions) -> None:
        self.folder = folder = options.output
        self.metrics_file = folder / "metrics.jsonl"
        self.best_file = folder / "best.safetensors"
        self.last_file = folder / "last.safetensors"
        self.state_file = folder / "state.pt"
        self.config_file = folder / "config.yaml"
        if folder.exists() and not folder.is_dir():
            raise UsageError(f"{folder} is a file: --output must be a folder")
        if folder.is_dir() and any(folder.iterdir()) and not options.resume:
            raise UsageError(f"{folder} is not empty: give another --output, or --resume to go on with the run in it")
        self.settle(options)

    def settle(self, options: TrainingOptions) -> None:
        """Take over options that have become known, such as the shape of the source.

        Raises:
            UsageError: If the run in the folder had others.
        """
        self.config = config_data(options)
        if not self.folder.is_dir() or not any(self.folder.iterdir()):
            return
        if not self.config_file.exists():
            raise UsageError(f"{self.folder} is not empty and holds no run (no config.yaml): give another --output")
        changed = differing(options, read_options(self.config_file))
        if changed is not None:
            name, was, now = changed
            raise UsageError(f"cannot resume {self.folder} with another {name}: it was {was!r}, now {now!r}")

    def start(self, metrics: list[dict[str, Any]]) -> None:
        """Make the folder, write the configuration and the metrics of the epochs that are done."""
        write_text(self.config_file, yaml.safe_dump(self.config, sort_keys=False))
        write_text(self.metrics_file, "".join(json.dumps(line) + "\n" for line in metrics))

    def load_state(self) -> dict[str, Any] | None:
        """The state after the last complete epoch, on the CPU, or ``None`` if there is none.

        Raises:
            InputError: If the file cannot be read.
        """
        if not self.state_file.exists():
            return None
        try:
            return torch.load(self.state_file, map_location="cpu", weights_only=True)
        except Exception as error:
            raise InputError(f"cannot resume from {self.state_file}: {reason(error)}") from error

    def save_state(self, state: dict[str, Any]) -> None:
        """Replace the state to resume from."""
        with whole_file(self.state_file) as unfinished:
            torch.save(state, unfinished)

    def save_networks(self, network: EmbeddingNetwork, is_best: bool) -> None:
        """Replace the last network and, if it is the best so far, that one, too."""
        network.save(self.last_file)
        if is_best:
            network.save(self.best_file)

    def log(self, line: Mapping[str, Any]) -> None:
        """Append one line to metrics.jsonl."""
        with self.metrics_file.open("a") as file:
            file.write(json.dumps(line) + "\n")

    def flat_config(self) -> dict[str, str | int | float | bool]:
        """The configuration in the form that TensorBoard takes for hyper-parameters."""
        return {k: v if isinstance(v, (int, float, bool)) else str(v) for k, v in self.config.items()}

    def epochs_done(self) -> int:
        """Complete epochs of the run in the folder."""
        return len(self.metrics_file.read_text().splitlines()) if self.metrics_file.exists() else 0
