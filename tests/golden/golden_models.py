"""The golden networks: a fixed integer hash fills every weight (models.json, ``fill``), a sine the input."""

from functools import cache
from math import prod

import numpy as np
import torch
from torch import Tensor

from golden import facts

MODELS = {"bn_inception": "bn_inception", "Resnet18": "resnet18"}
"""The backbone of each golden network."""


def hashed(tensor_number: int, size: int) -> np.ndarray:
    """The golden pseudo-random numbers u in [0, 1), one per element of a tensor."""

    def low_bits(h: np.ndarray) -> np.ndarray:
        return h & np.uint64(0xFFFFFFFF)

    def mixed(h: np.ndarray, shift: int, factor: int) -> np.ndarray:
        return low_bits((h ^ (h >> np.uint64(shift))) * np.uint64(factor))

    start = low_bits(np.uint64(tensor_number + 1) * np.uint64(974634793))
    h = low_bits(low_bits(np.arange(size, dtype=np.uint64) * np.uint64(2654435761)) + start)
    return mixed(mixed(mixed(h, 16, 2246822519), 13, 3266489917), 16, 1) / 2.0**32


@cache
def released_weights(model: str) -> dict[str, Tensor]:
    """What the research code would have stored of a golden network, unused ImageNet classifier included."""
    entries = facts("models")["models"][model]["state_dict"]
    return {name: _filled(name, shape, number) for number, (name, shape, _) in enumerate(entries)}


def _filled(name: str, shape: list[int], number: int) -> Tensor:
    if name.endswith("num_batches_tracked"):
        return torch.tensor(0)
    u = hashed(number, prod(shape))
    v = 2 * u - 1
    if name.endswith(("running_mean", "bias")):
        values = 0.1 * v
    elif name.endswith("running_var"):
        values = 0.5 + u
    elif len(shape) == 1:
        values = 0.8 + 0.4 * u
    else:
        values = v * np.sqrt({4: 6, 2: 3}[len(shape)] / prod(shape[1:]))
    return torch.from_numpy(values.reshape(shape).astype(np.float32))


def golden_input() -> Tensor:
    """(2, 3, 224, 224) float32; these are no pictures but go in beneath the normalization."""
    return torch.from_numpy(np.sin(0.01 * np.arange(2 * 3 * 224 * 224)).astype(np.float32)).view(2, 3, 224, 224)
