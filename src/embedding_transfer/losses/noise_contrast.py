"""Noise contrastive estimation against a memory, value and gradient together: one side of the CRD loss."""

import math
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd.function import once_differentiable

EPSILON = 1e-7
"""Added to the expected number of noise samples, as in the authors' code."""

PRODUCTS_AT_ONCE = 2**23
"""Entries of an (anchors, memory rows) product, 32 MB: a CPU spends more on larger fresh memory than on products."""


class Negatives(NamedTuple):
    """The images that the rows of a batch are contrasted with."""

    images: Tensor
    """(n, m) per row, or (m,) for all rows."""
    left_out: Tensor | None
    """(n, m), the shared images that a row does not use."""
    k: int
    """How many draws the images in use stand for."""

    def weights(self, anchors: Tensor) -> Tensor:
        """(n,), how many draws one image in use stands for."""
        m = anchors.new_full((len(anchors),), self.images.shape[-1])
        used = m if self.left_out is None else m - self.left_out.sum(1)
        return self.k / used.clamp(min=1)

    def products(self, anchors: Tensor, memory: Tensor) -> Tensor:
        """a_i . m_j of each row i with its images j, (n, m).

        For images per row these are picked from the products with the whole memory, a tile of anchors at a time: that
        costs less than to gather n m rows, even for 4096 images of 119,000.
        """
        if self.images.ndim == 1:
            return anchors @ memory.index_select(0, self.images).T
        rows = max(1, PRODUCTS_AT_ONCE // len(memory))
        tiles = (slice(start, start + rows) for start in range(0, len(anchors), rows))
        return torch.cat([(anchors[tile] @ memory.T).gather(1, self.images[tile]) for tile in tiles])

    def sums(self, factors: Tensor, memory: Tensor) -> Tensor:
        """sum_j f_ij m_j over the images j of each row i, (n, d), from factors f (n, m)."""
        if self.images.ndim == 1:
            return factors @ memory.index_select(0, self.images)
        return F.embedding_bag(self.images, memory, per_sample_weights=factors, mode="sum")


def noise_contrast(
    anchors: Tensor, memory: Tensor, index: Tensor, negatives: Negatives, temperature: float, log_constant: Tensor
) -> tuple[Tensor, Tensor]:
    """-mean_i [log x_i / (x_i + q') + sum_j log q / (x_j + q')], where x_j = exp(a_i . m_j / T) / Z and q = k / rows.

    Here q' = q + 1e-7, and the odds of data against noise are o_j = x_j / q'. So the loss is log(1 + 1 / o_i) +
    sum_j log(1 + o_j) + k log(q' / q), with gradient -1 / (1 + o_i) and o_j / (1 + o_j) to a_i . m_j / T.

    Args:
        anchors: (n, d) unit rows a.
        memory: (rows, d), without gradient.
        index: (n,) the memory row of each anchor's image.
        negatives: Which memory rows to contrast with.
        temperature: T.
        log_constant: log Z, a scalar; NaN as long as it is not known.

    Returns:
        The value, with gradient to the anchors, and log Z; if it was not known, Z = rows * mean exp(a_i . m_j / T).
    """
    n, q = len(anchors), negatives.k / len(memory)
    learns = torch.is_grad_enabled() and anchors.requires_grad
    with torch.no_grad():
        positives = memory[index]  # (n, d)
        own = (anchors * positives).sum(1) / temperature  # (n,)
        others = negatives.products(anchors / temperature, memory)  # (n, m)
        others.sub_(1 / temperature).exp_()  # 1 at most for unit rows, whatever the temperature
        if negatives.left_out is not None:
            others.masked_fill_(negatives.left_out, 0)
        weights = negatives.weights(anchors)  # (n,)

        mean = ((own - 1 / temperature).exp() + weights * others.sum(1)).mean() / (negatives.k + 1)
        log_constant = log_constant.where(~log_constant.isnan(), mean.log() + 1 / temperature + math.log(len(memory)))
        log_noise = log_constant + math.log(q + EPSILON)

        odds = others.mul_((1 / temperature - log_noise).exp())  # (n, m)
        per_row = weights * odds.log1p().sum(1) - F.logsigmoid(own - log_noise)  # (n,)
        value = per_row.mean() + negatives.k * math.log1p(EPSILON / q)
        if not learns:
            return value, log_constant

        push = odds.div_(1 + odds).mul_(weights[:, None])  # (n, m)
        pull = torch.sigmoid(log_noise - own)[:, None]  # (n, 1)
        gradient = (negatives.sums(push, memory) - pull * positives) / (n * temperature)  # (n, d)
    known: Tensor = _Known.apply(anchors, value, gradient)
    return known, log_constant


class _Known(torch.autograd.Function):
    """A value whose gradient is known already."""

    @staticmethod
    def forward(ctx: Any, anchors: Tensor, value: Tensor, gradient: Tensor) -> Tensor:
        ctx.save_for_backward(gradient)
        return value.clone()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_value: Tensor) -> tuple[Tensor, None, None]:
        (gradient,) = ctx.saved_tensors
        return grad_value * gradient, None, None
