"""Less memory for more time: a network's blocks forget what they computed, and compute it again for the gradient."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from torch import nn
from torch.utils.checkpoint import checkpoint

CONTAINERS = (nn.Sequential, nn.ModuleList)


def checkpoint_blocks(network: nn.Module) -> int:
    """Let every block of a network keep its input alone until the gradient comes.

    A block is a module with layers of its own in a row of modules, such as a residual or a transformer block; the
    outermost count. A network without such rows has its stages taken. Embeddings and gradients stay the same, chance
    included; running statistics are the caller's business (see :func:`running_statistics_kept`), since blocks see their
    input twice.

    Returns:
        How many blocks there are; 0: the network is too small for it.

    Example::

        >>> import timm
        >>> checkpoint_blocks(timm.create_model("resnet18"))
        8
    """
    blocks = list(_blocks(network)) or [stage for stage in network.children() if _has_layers(stage)]
    for block in blocks:
        block.forward = partial(checkpoint, block.forward, use_reentrant=False)
    return len(blocks)


def _blocks(module: nn.Module) -> Iterator[nn.Module]:
    for child in module.children():
        is_block = isinstance(module, CONTAINERS) and _has_layers(child)
        if is_block:
            yield child
        else:
            yield from _blocks(child)


def _has_layers(module: nn.Module) -> bool:
    return not isinstance(module, CONTAINERS) and any(module.children())
