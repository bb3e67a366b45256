"""Alignment and relations for asymmetric search (Suma and Tolias, WACV 2023)."""

from typing import Literal

import torch
from torch import Tensor

from embedding_transfer.build.ranges import NotNegative, Views
from embedding_transfer.errors import InputError, UsageError
from embedding_transfer.losses.aligned_loss import AlignedLoss
from embedding_transfer.relations import inner_products, require_positive, unit_rows

EPSILON = 1e-6
"""Added to each difference before it is squared, as in the published code."""


class RAMLLoss(AlignedLoss):
    r"""Puts the target where the source is, and makes its similarities, also with the source's vectors, the source's.

    .. math::
        L = \frac1n \sum_i (1 - u_i \cdot v_i + \epsilon)^2
          + \frac{\lambda_1}{n (n-1)} \sum_{i \ne j} (u_i \cdot v_j - v_i \cdot v_j + \epsilon)^2
          + \frac{\lambda_2}{n (n-1)} \sum_{i \ne j} (u_i \cdot u_j - v_i \cdot v_j + \epsilon)^2

    with u, v the normalized target and source, :math:`\epsilon = 10^{-6}`. Suma, Tolias, "Large-to-Small Image
    Resolution Asymmetry in Deep Metric Learning", WACV 2023, in the form of their code. Where the target's length is
    another than the source's, the first two terms have u = unit(W t) with a learned W (see
    :class:`~embedding_transfer.losses.source_projection.SourceProjection`), the third stays in the target's own space.

    Args:
        lambda1: Weight of the similarities between target and source. Default: 0.7482, as published for SOP.
        lambda2: Weight of the similarities within the target. Default: 0.6778, as published for SOP.
        relations: ``"batch"`` relates all rows of a batch; ``"views"``, as in the paper, those of one image alone,
            and the loss is summed over the images, as published.
        norm_epsilon: Added to the length that a row is divided by; the authors' networks have 1e-6. ``None`` takes the
            rows as they are. Default: 0.
        project: Whether to learn a map into the source's space. Default: where the lengths differ.
        projection_bias: Whether that map has a constant part. Default: no.
        target_dim: Length of the target's embeddings; a map needs it.
        source_dim: Length of the source's.
        views: Views of each image in a batch, for ``relations="views"``. Default: 2.

    Raises:
        UsageError: A weight or ``norm_epsilon`` is negative, or a map is wanted without its lengths.

    Example::

        >>> target, source = torch.randn(180, 128, requires_grad=True), torch.randn(180, 512)
        >>> loss = RAMLLoss(target_dim=128, source_dim=512)
        >>> loss.projection.start(torch.randn(1000, 512))  # the source's vectors of training images
        >>> loss(target, source).backward()
    """

    def __init__(
        self,
        lambda1: NotNegative = 0.7482,
        lambda2: NotNegative = 0.6778,
        relations: Literal["batch", "views"] = "batch",
        norm_epsilon: NotNegative | None = 0.0,
        project: bool | None = None,
        projection_bias: bool = False,
        target_dim: int | None = None,
        source_dim: int | None = None,
        views: Views = 2,
    ) -> None:
        super().__init__(project, projection_bias, target_dim, source_dim)
        for name, value in (("lambda1", lambda1), ("lambda2", lambda2), ("norm_epsilon", norm_epsilon or 0.0)):
            if not value >= 0:
                raise UsageError(f"RAMLLoss needs {name} >= 0; got {value}")
        if relations not in ("batch", "views"):
            raise UsageError(f"RAMLLoss needs relations 'batch' or 'views'; got {relations!r}")
        require_positive(self, views=views)
        self.lambda1, self.lambda2 = lambda1, lambda2
        self.relations = relations
        self.norm_epsilon = norm_epsilon
        self.views = views

    def compare(self, target: Tensor, source: Tensor) -> Tensor:
        u = self.grouped(self.in_source_space(target, source))  # (g, m, d_s)
        v = self.grouped(source)  # (g, m, d_s)
        of_source = inner_products(v)  # (g, m, m)
        loss = (1 - (u * v).sum(dim=2) + EPSILON).square().mean(dim=1)  # (g,)
        if self.lambda1:
            loss = loss + self.lambda1 * mean_square_of_pairs(inner_products(u, v) - of_source)
        if self.lambda2:
            own = u if self.projection is None else self.grouped(target)  # (g, m, d)
            loss = loss + self.lambda2 * mean_square_of_pairs(inner_products(own) - of_source)
        return loss.sum()

    def grouped(self, rows: Tensor) -> Tensor:
        """Rows (n, d), normalized, in groups (g, m, d) whose rows are related: one of all, or one for each image."""
        if self.norm_epsilon is not None:
            rows = unit_rows(rows, self.norm_epsilon)
        if self.relations == "batch":
            return rows[None]
        if len(rows) % self.views:
            raise InputError(f"RAMLLoss relates {self.views} views of each image; got {len(rows)} rows")
        return rows.unflatten(0, (self.views, -1)).transpose(0, 1)

    def extra_repr(self) -> str:
        return f"lambda1={self.lambda1}, lambda2={self.lambda2}, relations={self.relations!r}"


def mean_square_of_pairs(differences: Tensor) -> Tensor:
    """Mean over pairs of different rows of (difference + 1e-6)^2, (g, m, m) -> (g,); 0 where there is one row alone."""
    m = differences.shape[1]
    same = torch.eye(m, dtype=torch.bool, device=differences.device)
    return (differences + EPSILON).square().masked_fill(same, 0).sum(dim=(1, 2)) / max(1, m * (m - 1))
