"""A run directory: options, numbers, the best and last network, a page, a state to resume from; never half-written."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
import yaml

from embedding_transfer.errors import InputError, UsageError
from embedding_transfer.files import whole_file, write_text
from embedding_transfer.networks import EmbeddingNetwork
from embedding_transfer.training.options import TrainingOptions

MAY_CHANGE = {"resume", "workers", "threads", "log", "root", "output"}  # options that a resumed run may give anew


class RunDirectory:
    """The files of one run.

    Args:
        folder: Where; made if missing.
        config: Every option of the run, as plain data that ``--config`` reads again.
        resume: Whether to go on with what is there.

    Raises:
        UsageError: If the folder holds a run and ``resume`` is not given, or the run there had other options.
    """

    def __init__(self, folder: Path, config: Mapping[str, Any], resume: bool) -> None:
        self.folder = folder
        self.metrics_file = folder / "metrics.jsonl"
        self.best_file = folder / "best.safetensors"
        self.last_file = folder / "last.safetensors"
        self.state_file = folder / "state.pt"
        self.config_file = folder / "config.yaml"
        if folder.is_dir() and any(folder.iterdir()):
            if not resume:
                raise UsageError(
                    f"{folder} is not empty: give another --output, or --resume to go on with the run in it"
                )
            self._check_config(config)
        elif folder.exists() and not folder.is_dir():
            raise UsageError(f"{folder} is a file: --output must be a folder")
        self.config = dict(config)

    def _check_config(self, config: Mapping[str, Any]) -> None:
        if not self.config_file.exists():
            raise UsageError(f"{self.folder} is not empty and holds no run (no config.yaml): give another --output")
        before = yaml.safe_load(self.config_file.read_text())
        for name in config.keys() - MAY_CHANGE:
            if name in before and before[name] != config[name]:
                was, now = before[name], config[name]
                raise UsageError(f"cannot resume {self.folder} with another {name}: it was {was!r}, now {now!r}")

    def start(self, metrics: list[dict[str, Any]]) -> None:
        """Make the folder, write the configuration and the metrics of the epochs that are done."""
        write_text(self.config_file, yaml.safe_dump(self.config, sort_keys=False))
        write_text(self.metrics_file, "".join(json.dumps(line) + "\n" for line in metrics))

    def load_state(self, device: torch.device) -> dict[str, Any] | None:
        """The state after the last complete epoch, or ``None`` if there is none.

        Raises:
            InputError: If the file cannot be read.
        """
        if not self.state_file.exists():
            return None
        try:
            return torch.load(self.state_file, map_location=device, weights_only=True)
        except Exception as error:
            raise InputError(f"cannot resume from {self.state_file}: {error}") from error

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


def config_data(options: TrainingOptions, **others: Any) -> dict[str, Any]:
    """All options of a run as plain data, in the form that ``--config`` reads; ``resume`` is never part of it."""
    fields = {field.name: getattr(options, field.name) for field in dataclasses.fields(options)}
    return {name: plain(value) for name, value in {**others, **fields, "resume": False}.items()}


def plain(value: Any) -> Any:
    """A value of an option as configuration files hold it: paths as text, tuples as lists."""
    if isinstance(value, Path):
        return str(value)
    return list(value) if isinstance(value, tuple) else value
