"""BatchNorm layers that stop learning while the rest of a network trains on."""

from __future__ import annotations

from typing import Literal, get_args

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from embedding_transfer.errors import UsageError

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
