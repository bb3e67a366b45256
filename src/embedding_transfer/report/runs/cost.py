"""What a network costs: parameters, operations and time for a picture."""

from __future__ import annotations

import time
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

WARM_SECONDS, SECONDS = 0.3, 1.0
"""How long pictures are not timed, and then are: a machine may be slow for tenths of a second."""


class Cost(NamedTuple):
    """Of a network; ``None`` is not known.

    Attributes:
        parameters: Numbers that it has learned.
        flops: Multiplications and additions for a picture, as torch counts them.
        milliseconds: For one picture at a time, the quickest call: what else a machine does makes calls slower only.
    """

    parameters: int | None = None
    flops: int | None = None
    milliseconds: float | None = None


UNKNOWN = Cost()


@torch.no_grad()
def cost_of(network: nn.Module, timed: bool) -> Cost:
    """What a network costs where it is now.

    Args:
        network: Called with pictures (1, 3, s, s); it says its ``image_size``.
        timed: Whether to measure how long it takes.

    Example::

        >>> from embedding_transfer.networks import EmbeddingNetwork
        >>> cost_of(EmbeddingNetwork("convnet-4", 8, image_size=16), timed=False).parameters
        1236
    """
    eye: Any = network
    parameters = sum(parameter.numel() for parameter in network.parameters())
    was_training = network.training
    network.eval()
    device = next(network.parameters(), torch.empty(0)).device
    picture = torch.full((1, 3, eye.image_size, eye.image_size), 0.5, device=device)
    try:
        flops = _flops(network, picture)
        milliseconds = _milliseconds(network, picture) if timed else None
    finally:
        network.train(was_training)
    return Cost(parameters or None, flops or None, milliseconds)


def total(costs: list[Cost]) -> Cost:
    """Of networks that run one after the other; what is not known of one is not known of all."""

    def add(values: list[Any]) -> Any:
        return None if not values or None in values else sum(values)

    return Cost(*(add(list(values)) for values in zip(*costs, strict=True))) if costs else UNKNOWN


def _flops(network: nn.Module, picture: Tensor) -> int:
    with FlopCounterMode(display=False) as counter:
        network(picture)
    return int(counter.get_total_flops())


def _milliseconds(network: nn.Module, picture: Tensor) -> float:
    def seconds() -> float:
        started = time.perf_counter()
        network(picture)
        if picture.device.type == "cuda":
            torch.cuda.synchronize(picture.device)
        return time.perf_counter() - started

    warm = 0.0
    while warm < WARM_SECONDS:
        warm += seconds()
    found: list[float] = []
    while sum(found) < SECONDS or len(found) < 3:
        found.append(seconds())
    return 1000 * min(found)
