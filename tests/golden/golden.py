"""Reads the golden numbers beside this file: what the published research code computes (see README.md here)."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch

FOLDER = Path(__file__).parent


@cache
def arrays(name: str) -> dict[str, np.ndarray]:
    """All arrays of NAME.npz by key."""
    with np.load(FOLDER / f"{name}.npz") as archive:
        return {key: archive[key] for key in archive.files}


@cache
def facts(name: str) -> dict[str, Any]:
    """NAME.json as Python data."""
    return json.loads((FOLDER / f"{name}.json").read_text())


def tensor(name: str, key: str) -> torch.Tensor:
    """One array of NAME.npz as a fresh tensor."""
    return torch.from_numpy(arrays(name)[key].copy())


def newer_cases(*losses: str) -> list[dict[str, Any]]:
    """The cases of newer_losses.json of these losses."""
    return [case for case in facts("newer_losses")["cases"] if case["loss"] in losses]


def loss_cases(prefix: str) -> list[dict[str, Any]]:
    """The cases of losses.json whose loss is called PREFIX or starts with ``PREFIX_``."""
    return [c for c in facts("losses")["cases"] if c["loss"] == prefix or c["loss"].startswith(prefix + "_")]
