"""A new model's vectors in an old model's index: the map between both spaces, from things that both have embedded."""

from __future__ import annotations

from typing import Literal, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from embedding_transfer.errors import InputError, UsageError
from embedding_transfer.relations import unit_rows
from embedding_transfer.vectors.linear_maps import LinearMap
from embedding_transfer.vectors.short_map import ShortMap

Method = Literal["procrustes", "linear", "network"]

HIDDEN, STEPS, BATCH, LR, TEMPERATURE = 256, 500, 512, 1e-3, 0.05
"""Of the network, which starts as the linear map: units, mini-batches, their rows, learning rate, temperature."""

RIDGES = (1e-6, 1e-5, 1e-4, 1e-3, 1e-2)
"""Penalties of the linear map, times the mean of its eigenvalues; the one that is best on rows held out is taken."""


class Aligned(NamedTuple):
    """The map of new vectors (n, d) into the old space (n, e), of length 1, and by which method."""

    map: ShortMap
    method: str


def align_vectors(new: Tensor, old: Tensor, method: Method = "linear", seed: int = 0) -> Aligned:
    r"""Learn the map from a new model's space into an old one's, of vectors of the same things.

    ``procrustes``: the rotation (with :math:`d \ne e` a matrix with orthonormal rows or columns) that brings
    u = new/|new| nearest to v = old/|old|, :math:`U V'` of the singular value decomposition :math:`\sum u v' = U S V'`
    (Schönemann, 1966). ``linear``: least squares with a ridge. ``network``: a small network beside that, by the cosines
    of mapped rows with all old rows of a batch (InfoNCE).

    Args:
        new: (n, d) by the new model.
        old: (n, e) by the old model, of the same things in the same order.
        method: ``"procrustes"``, ``"linear"`` or ``"network"``.
        seed: Of what is drawn.

    Raises:
        InputError: There is not one old for each new vector, or there are fewer than 10.
        UsageError: There is no such method.

    Example::

        >>> new = torch.randn(100, 4, generator=torch.Generator().manual_seed(0))
        >>> rotation = torch.linalg.qr(torch.randn(4, 4, generator=torch.Generator().manual_seed(1))).Q
        >>> align_vectors(new, new @ rotation, "procrustes").map(new).sub(unit_rows(new @ rotation)).abs().max() < 1e-5
        tensor(True)
    """
    if len(new) != len(old) or len(new) < 10:
        raise InputError(
            f"align needs 10 or more things with both vectors; got {len(new):,} new, {len(old):,} old ones"
        )
    if method not in ("procrustes", "linear", "network"):
        raise UsageError(f"no method {method!r}: there are procrustes, linear, network")
    u, v = unit_rows(new.double()), unit_rows(old.double())  # (n, d), (n, e)
    linear = _procrustes(u, v) if method == "procrustes" else _least_squares(u, v, seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        short = ShortMap(u.shape[1], v.shape[1], HIDDEN if method == "network" else 0)
    short.start(linear)
    if method == "network":
        _learn(short, u.float(), v.float(), seed)
    return Aligned(short.eval().requires_grad_(False), method)


def _procrustes(u: Tensor, v: Tensor) -> LinearMap:
    left, _, right = torch.linalg.svd(u.T @ v, full_matrices=False)
    return LinearMap(left @ right, torch.zeros(v.shape[1], dtype=v.dtype))


def _least_squares(u: Tensor, v: Tensor, seed: int) -> LinearMap:
    """W = (sum u u' + r I)^-1 sum u v' of centered rows, with the ridge r that serves held-out rows best."""
    held = torch.zeros(len(u), dtype=torch.bool)
    held[torch.randperm(len(u), generator=torch.Generator().manual_seed(seed))[: len(u) // 5]] = True
    trials = {ridge: _ridge(u[~held], v[~held], ridge) for ridge in RIDGES}
    best = max(trials, key=lambda ridge: F.cosine_similarity(trials[ridge](u[held]), v[held]).mean().item())
    return _ridge(u, v, best)


def _ridge(u: Tensor, v: Tensor, ridge: float) -> LinearMap:
    mean_u, mean_v = u.mean(dim=0), v.mean(dim=0)
    products = (u - mean_u).T @ (u - mean_u)  # (d, d)
    penalty = ridge * products.diagonal().mean() + 1e-12
    weight = torch.linalg.solve(
        products + penalty * torch.eye(len(products), dtype=u.dtype), (u - mean_u).T @ (v - mean_v)
    )
    return LinearMap(weight, mean_v - mean_u @ weight)


def _learn(short: ShortMap, u: Tensor, v: Tensor, seed: int) -> None:
    optimizer = torch.optim.Adam(short.parameters(), lr=LR)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, STEPS)
    generator = torch.Generator().manual_seed(seed)
    for _ in range(STEPS):
        drawn = torch.randperm(len(u), generator=generator)[:BATCH]
        cosines = short(u[drawn]) @ v[drawn].T / TEMPERATURE  # (b, b)
        loss = F.cross_entropy(cosines, torch.arange(len(drawn)))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
