"""A run directory: options, numbers, the best and last network, a page, a state to resume from; never half-written."""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping
from typing import Any

import yaml
from filelock import FileLock, Timeout
from torch import Tensor

from embedding_transfer.build import read_options
from embedding_transfer.errors import EmbeddingTransferError, UsageError, reason
from embedding_transfer.files import write_text
from embedding_transfer.networks.network_file import read_network_file, write_network_file
from embedding_transfer.training.config import config_data, differing
from embedding_transfer.training.leftovers import LOCK, is_in_use, sweep
from embedding_transfer.training.options import TrainingOptions
from embedding_transfer.training.state_file import StateFile

START = "start.json"
"""What was measured before the first epoch, in a run directory."""


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
        self.start_file = folder / START
        self.best_file = folder / "best.safetensors"
        self.in_source_space_file = folder / "best-in-source-space.safetensors"
        self.last_file = folder / "last.safetensors"
        self.config_file = folder / "config.yaml"
        if folder.exists() and not folder.is_dir():
            raise UsageError(f"{folder} is a file: --output must be a folder")
        self.state = StateFile(folder / "state.pt")
        self._lock: FileLock | None = None
        if folder.is_dir() and is_in_use(folder) and not options.resume:
            raise UsageError(f"{folder} is not empty: give another --output, or --resume to go on with the run in it")
        self.settle(options)

    def settle(self, options: TrainingOptions) -> None:
        """Take over options that have become known, such as the shape of the source.

        Raises:
            UsageError: If the run in the folder had others.
        """
        self.config = config_data(options)
        if not self.folder.is_dir() or not is_in_use(self.folder):
            return
        if not self.config_file.exists():
            raise UsageError(f"{self.folder} is not empty and holds no run (no config.yaml): give another --output")
        changed = differing(options, read_options(self.config_file))
        if changed is not None:
            name, was, now = changed
            instead = ""
            if name == "epochs":  # the learning rates of the epochs that are done belong to the old number
                instead = f"; for more, give another --output and --weights {self.folder}/best.safetensors"
            raise UsageError(f"cannot resume {self.folder} with another {name}: it was {was!r}, now {now!r}{instead}")

    def start(self, metrics: list[dict[str, Any]], before: Mapping[str, Any] | None) -> None:
        """Make the folder, write the configuration and the metrics of the start and of the epochs that are done."""
        write_text(self.config_file, yaml.safe_dump(self.config, sort_keys=False))
        if before is not None:
            write_text(self.start_file, json.dumps(before) + "\n")
        write_text(self.metrics_file, "".join(json.dumps(line) + "\n" for line in metrics))

    def lock(self) -> None:
        """Keep other trainings out of the folder until :meth:`unlock` or the end of this process, and tidy it up.

        Raises:
            UsageError: If another training is at work there.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        self._lock = FileLock(self.folder / LOCK, timeout=0)
        try:
            self._lock.acquire()
        except Timeout:
            raise UsageError(
                f"another training is writing to {self.folder}: wait for it, or give another --output"
            ) from None
        except (NotImplementedError, OSError) as error:
            warnings.warn(
                f"{self.folder} cannot be locked ({reason(error)}): start one training at a time there", stacklevel=2
            )
        sweep(self.folder)

    def unlock(self) -> None:
        """Let others in; nothing happens if it was not locked."""
        if self._lock is not None and self._lock.is_locked:
            (self.folder / LOCK).unlink(missing_ok=True)
            self._lock.release()

    def save_networks(self, state: dict[str, Tensor], description: dict[str, Any], is_best: bool) -> None:
        """Replace the last network and, if it is the best so far, that one, too."""
        write_network_file(self.last_file, state, description)
        if is_best:
            write_network_file(self.best_file, state, description)

    def save_state(self, state: dict[str, Any]) -> None:
        """Replace the state to resume from; the one until now is kept beside it."""
        self.state.save(state)

    def has_best(self) -> bool:
        """Whether the best network is there and can be read."""
        try:
            read_network_file(self.best_file)
        except EmbeddingTransferError:
            return False
        return True

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
