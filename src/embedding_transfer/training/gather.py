"""What processes share: rows as one batch, with gradients, so that several compute what one would; and buffers."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch import distributed as dist
from torch.distributed.nn.functional import all_gather


def gather_rows(rows: Tensor, views: int = 1) -> Tensor:
    """The rows of every process in the order in which one process would hold them.

    Every process must bring the same number. The gradient of a row sums over the processes' losses; since these are
    equal and DistributedDataParallel averages over processes, the parameters get the gradient of the one loss.

    Args:
        rows: (views * n, ...), this process's rows [all view 1, all view 2, ...].
        views: How many blocks of rows there are.

    Returns:
        (views * n * processes, ...), rows [all view 1, all view 2, ...] over all processes.
    """
    if not dist.is_initialized() or dist.get_world_size() == 1:
        return rows
    if rows.requires_grad:
        parts = list(all_gather(rows.contiguous()))
    else:
        parts = [torch.empty_like(rows) for _ in range(dist.get_world_size())]
        dist.all_gather(parts, rows.contiguous())
    return torch.cat([part.unflatten(0, (views, -1)) for part in parts], dim=1).flatten(0, 1)


def share_buffers(module: nn.Module) -> None:
    """Every process gets the first one's buffers, such as running statistics that each saw on its own share."""
    if dist.is_initialized() and dist.get_world_size() > 1:
        for buffer in module.buffers():
            dist.broadcast(buffer, src=0)
