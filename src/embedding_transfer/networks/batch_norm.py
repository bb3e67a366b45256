"""BatchNorm layers that stop learning while the rest of a network trains on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal, TypeVar, get_args

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from embedding_transfer.errors import UsageError

Module = TypeVar("Module", bound=nn.Module)

BatchNormMode = Literal["train", "frozen-statistics", "frozen"]
"""What BatchNorm does in training: ``"train"`` normalizes by the batch and learns; ``"frozen-statistics"`` normalizes
by the running statistics, which stay, while its affine parameters learn; ``"frozen"`` does not learn them either."""


def batch_norm_layers(module: nn.Module) -> list[_BatchNorm]:
    """All BatchNorm layers inside a module."""
    return [layer for layer in module.modules() if isinstance(layer, _BatchNorm)]


def check_batch_norm_mode(mode: str) -> None:
    """Raises UsageError unless ``mode`` is one of :data:`BatchNormMode`."""
    if mode not in get_args(BatchNormMode):
        raise UsageError(f"unknown BatchNorm mode {mode!r}: use one of {', '.join(get_args(BatchNormMode))}")


def with_shared_statistics(module: Module) -> Module:
    """The module with ``torch.nn.SyncBatchNorm`` for BatchNorm: in training it normalizes by the rows of all processes.

    Weights and their names stay. timm converts, since its own layers hold an activation that torch would lose.
    """
    from timm.layers.norm_act import convert_sync_batchnorm  # two seconds that our own backbones do without

    converted: Module = convert_sync_batchnorm(module)
    return converted


@contextmanager
def running_statistics_kept(module: nn.Module) -> Iterator[None]:
    """Inside, BatchNorm layers do what they always do, but do not count what they see: for a second look at images."""
    layers = [layer for layer in batch_norm_layers(module) if layer.training and layer.track_running_stats]
    before = [(layer.momentum, layer.num_batches_tracked) for layer in layers]
    for layer in layers:
        layer.momentum = 0.0  # the weight of what is new
        layer.num_batches_tracked = None if layer.num_batches_tracked is None else layer.num_batches_tracked.clone()
    try:
        yield
    finally:
        for layer, (momentum, count) in zip(layers, before, strict=True):
            layer.momentum, layer.num_batches_tracked = momentum, count
