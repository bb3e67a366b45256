"""A small training, ended and resumed, and what is in its folder, bit for bit."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import yaml
from kill_points import How, train
from safetensors import safe_open

from ranks import Ranks, run

CODES = {"SIGKILL": -9, "SIGTERM": 143, "SIGINT": 130, "full disk": 1}
TIMES = ("seconds", "images_per_second")


@dataclass
class Job:
    """A training with its options in a file; ``output`` is made anew by every start without ``resume``."""

    folder: Path
    verb: str
    options: dict[str, Any]
    processes: int = 1

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.config, self.output = self.folder / "options.yaml", self.folder / "run"
        plain = {name: str(value) if isinstance(value, Path) else value for name, value in self.options.items()}
        self.config.write_text(yaml.safe_dump({**plain, "threads": 1}))

    def arguments(self, *more: str) -> list[str]:
        return [self.verb, "--config", str(self.config), "--output", str(self.output), *more]

    def whole(self) -> tuple[dict[str, Any], int]:
        """What the uninterrupted training leaves, and how many file events it has."""
        shutil.rmtree(self.output, ignore_errors=True)
        said = run(train, self.arguments(), self.output, processes=self.processes)
        return contents(self.output), int(said[0].split("events: ")[1])

    def start(self, stop_at: int | None = None, how: How = "SIGKILL") -> Ranks:
        """The training from its beginning."""
        shutil.rmtree(self.output, ignore_errors=True)
        return Ranks(train, self.arguments(), self.output, stop_at, how, processes=self.processes)

    def resume(self) -> Ranks:
        return Ranks(train, self.arguments("--resume"), self.output, processes=self.processes)


def contents(folder: Path) -> dict[str, Any]:
    """Every file of a run by name: options, numbers but for times, networks with their headers, the state."""
    found: dict[str, Any] = {}
    for path in sorted(folder.iterdir()):
        if path.suffix == ".safetensors":
            with safe_open(path, "pt") as file:
                found[path.name] = file.metadata(), plain({name: file.get_tensor(name) for name in file.keys()})  # noqa: SIM118
        elif path.suffix == ".pt":
            found[path.name] = plain(torch.load(path, weights_only=True))
        elif path.suffix in (".json", ".jsonl"):
            found[path.name] = plain([json.loads(line) for line in path.read_text().splitlines()])
        else:
            found[path.name] = path.read_text() if path.suffix == ".yaml" else "there"
    return found


def plain(value: Any) -> Any:
    """Nested data that compares bit for bit: tensors as bytes, without times."""
    if isinstance(value, torch.Tensor):
        return value.dtype, tuple(value.shape), value.numpy().tobytes()
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items() if key not in TIMES}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    return value


def difference(whole: dict[str, Any], found: dict[str, Any]) -> str:
    """The first thing that is not the same, in words; empty if all is."""
    if whole.keys() != found.keys():
        return f"files {sorted(found)}, not {sorted(whole)}"
    return next((f"another {name}" for name in whole if whole[name] != found[name]), "")
