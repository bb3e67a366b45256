"""What processes share: rows as one batch, with gradients, so that several compute what one would; and buffers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch import distributed as dist


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
    parts = _Gathered.apply(rows) if rows.requires_grad else _of_all_processes(rows)
    return torch.cat([part.unflatten(0, (views, -1)) for part in parts], dim=1).flatten(0, 1)


def _of_all_processes(rows: Tensor) -> tuple[Tensor, ...]:
    rows = rows.contiguous()
    parts = tuple(torch.empty_like(rows) for _ in range(dist.get_world_size()))
    dist.all_gather(list(parts), rows)
    return parts


class _Gathered(torch.autograd.Function):
    """The rows of every process; the gradient of a row is the sum of those that all processes have for it."""

    @staticmethod
    def forward(ctx: Any, rows: Tensor) -> tuple[Tensor, ...]:
        return _of_all_processes(rows)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        together = torch.stack(gradients)  # (processes, views * n, ...)
        dist.all_reduce(together)
        return together[dist.get_rank()]


def means_of_processes(values: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """What scalars are on average over all processes, the same in every one of them; without gradient."""
    if not dist.is_initialized() or dist.get_world_size() == 1:
        return dict(values)
    together = torch.stack([value.detach() for value in values.values()])
    dist.all_reduce(together)
    return dict(zip(values, together / dist.get_world_size(), strict=True))


def share_buffers(module: nn.Module) -> None:
    """Every process gets the first one's buffers, such as running statistics that each saw on its own share."""
    if dist.is_initialized() and dist.get_world_size() > 1:
        for buffer in module.buffers():
            dist.broadcast(buffer, src=0)
