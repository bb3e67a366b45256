"""What inputs share: a place, things that are made once, and the types of what makes and reads an input."""

from __future__ import annotations

import importlib
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

Reads = Callable[[], Any]
Rng = np.random.Generator
_kept: dict[str, Any] = {}


def once(make: Callable[[], Any]) -> Any:
    """What does not change is made once for all inputs."""
    if make.__name__ not in _kept:
        _kept[make.__name__] = make()
    return _kept[make.__name__]


def prepare(folder: Path) -> None:
    """Where inputs that all share are kept; what libraries write when they are first imported, they write now."""
    _kept["folder"] = folder
    for module in ("matplotlib.pyplot", "accelerate", "wandb", "pyarrow.parquet", "pytorch_metric_learning.losses"):
        with suppress(ImportError):
            importlib.import_module(module)


def emptied(folder: Path) -> Path:
    """The folder, with nothing in it."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def place() -> Path:
    """The folder of what all inputs share."""
    return Path(_kept["folder"])
