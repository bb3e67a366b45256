"""A map learned from vectors alone, by a transfer loss: the vectors are the source, what the map makes the target."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable

import torch
from torch import Tensor
from torch.optim.lr_scheduler import LambdaLR

from embedding_transfer import losses
from embedding_transfer.build import build
from embedding_transfer.errors import TrainingError, UsageError
from embedding_transfer.losses import Matryoshka, RelaxedContrastiveLoss, SimilarityKLLoss, TransferLoss
from embedding_transfer.relations import unit_rows
from embedding_transfer.vectors.linear_maps import LINEAR_MAPS, moments_of
from embedding_transfer.vectors.neighbor_batches import NeighborBatches
from embedding_transfer.vectors.options import LearningOptions
from embedding_transfer.vectors.short_map import ShortMap

TEMPERATURE = 0.02
"""Of both softmaxes that keep neighbors: so low that a row's nearest ones decide."""

SIGMA = 0.3
"""Width of the relaxed labels that keep classes."""


def learn_map(rows: Tensor, options: LearningOptions, at_step: Callable[[int], None] = lambda step: None) -> ShortMap:
    """Learn a map of vectors (n, d) to shorter ones, on the device of the vectors.

    Args:
        rows: The vectors, finite.
        options: How.
        at_step: Told after each step how many there were.

    Returns:
        The map, float32.

    Raises:
        UsageError: If the vectors are shorter than the shorter ones shall be.
        TrainingError: If the loss is no longer finite.

    Example::

        >>> rows = torch.randn(200, 16, generator=torch.Generator().manual_seed(0))
        >>> learn_map(rows, LearningOptions(dim=4, steps=3))(rows).shape
        torch.Size([200, 4])
    """
    if options.dim > rows.shape[1]:
        raise UsageError(f"vectors of {rows.shape[1]} numbers cannot become shorter with dim {options.dim}: take less")
    units = unit_rows(rows.float())  # (n, d)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(options.seed)
        short = ShortMap(units.shape[1], options.dim, options.hidden, options.normalize).to(units.device)
        loss = loss_of(options, units.shape[1]).to(units.device)
    short.start(LINEAR_MAPS[options.start_name](moments_of(units.split(1 << 14)), options.dim))
    if options.steps and len(units) > 2:
        _learn(short, loss, units, options, at_step)
    return short.eval().requires_grad_(False)


def loss_of(options: LearningOptions, dim: int) -> TransferLoss:
    """The loss that the options name for vectors of length ``dim``, at all lengths that are asked for.

    Raises:
        UsageError: If there is no such loss, or it needs more than vectors.
    """
    if options.loss is not None:
        sizes = {"target_dim": options.dim, "source_dim": dim}
        loss: TransferLoss = copy.deepcopy(build(options.loss, losses, sizes))
    elif options.keep == "neighbors":
        loss = SimilarityKLLoss(target_temperature=TEMPERATURE, source_temperature=TEMPERATURE, own=False)
    else:
        loss = RelaxedContrastiveLoss(sigma=SIGMA)
    if not set(loss.fields) <= {"target", "source"}:
        raise UsageError(f"{type(loss).__name__} needs {', '.join(loss.fields)}: vectors are source and target alone")
    return Matryoshka(loss, list(options.lengths)) if options.nested_dims else loss


def _learn(
    short: ShortMap, loss: TransferLoss, units: Tensor, options: LearningOptions, at_step: Callable[[int], None]
) -> None:
    optimizer = torch.optim.Adam([*short.parameters(), *loss.parameters()], lr=options.lr)
    schedule = LambdaLR(optimizer, lambda step: rate(step / options.steps))
    generator = torch.Generator().manual_seed(options.seed)
    batches = iter(NeighborBatches(units, options.batch_size, options.near_share, generator))
    for step in range(1, options.steps + 1):
        source = units[next(batches).to(units.device)]  # (b, d)
        value = loss(short.unscaled(source), source)
        if not torch.isfinite(value):
            raise TrainingError(f"the loss is {value.item()} at step {step}: try a smaller lr than {options.lr}")
        optimizer.zero_grad()
        value.backward()
        optimizer.step()
        schedule.step()
        at_step(step)


def rate(done: float) -> float:
    """Share of the learning rate when a share of the steps is done: up over the first tenth, then down along a cosine.

    Example::

        >>> rate(0.1), rate(1.0)
        (1.0, 0.0)
    """
    return (done + 0.01) / 0.11 if done < 0.1 else (1 + math.cos(math.pi * (done - 0.1) / 0.9)) / 2
