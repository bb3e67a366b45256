"""Differences of similarities among the source's nearest rows: D3still (Xie et al., CVPR 2024)."""

import torch
from torch import Tensor

from embedding_transfer.build.ranges import Count, NotNegative
from embedding_transfer.errors import UsageError
from embedding_transfer.losses.aligned_loss import AlignedLoss
from embedding_transfer.relations import inner_products, ranked, require_positive, unit_rows

TIE = 1e-14
"""Similarities of unit rows that differ by no more, in float64, are equal: products of identical rows round apart."""


class D3stillLoss(AlignedLoss):
    r"""Matches the differences between the similarities of a target query with the source's nearest rows.

    For row i let :math:`g_m` and :math:`q_m` be the similarities :math:`v_i \cdot v_{o(m)}` and :math:`u_i \cdot
    v_{o(m)}` with the source's ranking o of the batch, i itself first, :math:`G_{ml} = g_l - g_m` and :math:`Q_{ml} =
    q_l - q_m` for places m, l from 2 to k:

    .. math::
        L = \frac{\alpha}{n} \sqrt{\sum_i (g_{i1} - q_{i1})^2}
          + \frac{1}{n (k-1)} \sum_i
            \Big( \beta \sqrt{\sum_{QG < 0} r_{ml}^2} + \gamma \sqrt{\sum_{QG > 0} r_{ml}^2} \Big),
        \qquad r_{ml} = \frac{Q_{ml} - G_{ml}}{0.1 + |G_{ml}|}

    Pairs that the target has the wrong way around (QG < 0) weigh more. G = 0 counts as 1, as published. Xie et al.,
    "D3still: Decoupled Differential Distillation for Asymmetric Image Retrieval", CVPR 2024, in the form of their code.
    Where the target's length is another than the source's, u = unit(W t) with a learned W.

    Args:
        alpha: Weight of the coordinates. Default: 50.
        beta: Weight of flipped pairs. Default: 2.
        gamma: Weight of the others. Default: 1.
        top_k: k, places in the ranking, i itself included; the divisor keeps it in a smaller batch. Default: 10.
        project: Whether to learn a map into the source's space. Default: where the lengths differ.
        projection_bias: Whether that map has a constant part. Default: no.
        target_dim: Length of the target's embeddings; a map needs it.
        source_dim: Length of the source's.

    Raises:
        UsageError: A weight is negative, ``top_k`` is below 2, or a map is wanted without its lengths.

    Example::

        >>> target, source = torch.randn(180, 512, requires_grad=True), torch.randn(180, 512)
        >>> D3stillLoss()(target, source).backward()
    """

    def __init__(
        self,
        alpha: NotNegative = 50.0,
        beta: NotNegative = 2.0,
        gamma: NotNegative = 1.0,
        top_k: Count = 10,
        project: bool | None = None,
        projection_bias: bool = False,
        target_dim: int | None = None,
        source_dim: int | None = None,
    ) -> None:
        super().__init__(project, projection_bias, target_dim, source_dim)
        for name, value in (("alpha", alpha), ("beta", beta), ("gamma", gamma)):
            if not value >= 0:
                raise UsageError(f"D3stillLoss needs {name} >= 0; got {value}")
        require_positive(self, top_k=top_k)
        if top_k < 2:
            raise UsageError(f"D3stillLoss needs top_k >= 2, the row itself and others; got {top_k}")
        self.alpha, self.beta, self.gamma, self.top_k = alpha, beta, gamma, top_k

    def compare(self, target: Tensor, source: Tensor) -> Tensor:
        u = unit_rows(self.in_source_space(target, source)).double()  # (n, d_s); small differences of similarities
        v = unit_rows(source).double()
        of_source = inner_products(v)  # (n, n)
        nearest = ranked(of_source, self.top_k)  # (n, k)
        g, q = of_source.gather(1, nearest), inner_products(u, v).gather(1, nearest)
        n = len(u)
        coordinates = torch.linalg.vector_norm(g[:, 0] - q[:, 0]) / n
        flipped, kept = relative_differences(q[:, 1:], g[:, 1:])
        differences = (self.beta * flipped + self.gamma * kept).sum() / (n * (self.top_k - 1))
        return (self.alpha * coordinates + differences + 0 * of_source.sum()).to(target.dtype)  # a rank hides NaN

    def extra_repr(self) -> str:
        return f"alpha={self.alpha}, beta={self.beta}, gamma={self.gamma}, top_k={self.top_k}"


def relative_differences(q: Tensor, g: Tensor) -> tuple[Tensor, Tensor]:
    """Norms (n,) of r over the pairs of places that q has the other way around than g, and over those that it has not.

    Args:
        q: (n, m) similarities of the target.
        g: (n, m) similarities of the source with the same rows.
    """
    of_q, of_g = q[:, None] - q[:, :, None], g[:, None] - g[:, :, None]  # (n, m, m)
    of_g = of_g.masked_fill(of_g.abs() <= TIE, 1)
    r = (of_q - of_g) / (0.1 + of_g.abs())
    sides = (of_q * of_g).masked_fill(of_q.abs() <= TIE, 0)
    flipped, kept = (torch.linalg.vector_norm(r.masked_fill(~side, 0), dim=(1, 2)) for side in (sides < 0, sides > 0))
    return flipped, kept
