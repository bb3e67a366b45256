"""Relaxed contrastive loss (Kim, Kim, Cho, Kwak, CVPR 2021)."""

from typing import Literal

import torch
from torch import Tensor

from embedding_transfer.build.ranges import Count, Positive
from embedding_transfer.build.typed_arguments import in_range
from embedding_transfer.errors import InputError, UsageError
from embedding_transfer.losses.relaxed_loss import LogLabels, RelaxedLoss, Sigma
from embedding_transfer.relations import (
    contextual_labels,
    full_precision,
    matching_embeddings,
    no_relations,
    unit_rows,
)


class RelaxedContrastiveLoss(RelaxedLoss):
    r"""Contrastive loss whose pair labels are the source's similarities instead of 0 and 1.

    .. math:: L = \frac{1}{n} \sum_i \sum_{j \ne i} w_{ij} r_{ij}^2 + (1 - w_{ij}) [\delta - r_{ij}]_+^2

    with relaxed labels :math:`w_{ij} = \exp(-|s_i - s_j|^2 / \sigma)` of the normalized source and relative
    distances :math:`r_{ij} = d_{ij} / \frac{1}{n} \sum_k d_{ik}` of the target, which is not normalized. Kim, Kim,
    Cho, Kwak, "Embedding Transfer with Label Relaxation for Improved Metric Learning", CVPR 2021. Contextual labels
    are :math:`(w + w^C) / 2` with the neighbors that two rows share in the source's space,
    :func:`~embedding_transfer.relations.contextual_labels`, after the same authors' "Self-Taught Metric Learning
    without Labels", CVPR 2022 (where the loss is divided by n (n - 1)).

    Args:
        sigma: Width of the kernel of the relaxed labels. Default: 1. ``"auto"`` is for ``transfer``, which asks the
            source (see :func:`~embedding_transfer.sources.audit.audit`) and puts a number in its place.
        delta: Margin, in units of the mean distance. Default: 1.
        labels: ``"relaxed"``, or ``"contextual"``, which in a training also know which rows show one image.
        top_k: Neighbors that contextual labels look at, the row itself included. Default: 10, 5 for each of two views.
        normalize: Divide the target's rows by their lengths first. Default: no.

    Raises:
        UsageError: ``sigma`` or ``delta`` is not positive, ``top_k`` is below 2, or there are no such labels.

    Example::

        >>> target, source = torch.randn(180, 128, requires_grad=True), torch.randn(180, 512)
        >>> RelaxedContrastiveLoss()(target, source).backward()
    """

    @in_range
    def __init__(
        self,
        sigma: Sigma = 1.0,
        delta: Positive = 1.0,
        labels: Literal["relaxed", "contextual"] = "relaxed",
        top_k: Count = 10,
        normalize: bool = False,
    ) -> None:
        super().__init__()
        if labels not in ("relaxed", "contextual"):
            raise UsageError(f"RelaxedContrastiveLoss needs labels 'relaxed' or 'contextual'; got {labels!r}")
        if top_k < 2:
            raise UsageError(f"RelaxedContrastiveLoss needs top_k >= 2, the row itself and others; got {top_k}")
        self.sigma = self.known(sigma)
        self.delta = delta
        self.labels = labels
        self.identical_at_zero = labels == "contextual"
        self.top_k = top_k
        self.normalize = normalize

    @property
    def fields(self) -> tuple[str, ...]:
        """The embeddings; for contextual labels also which image each row shows."""
        return ("target", "source", "index") if self.labels == "contextual" else ("target", "source")

    def forward(self, target: Tensor, source: Tensor, index: Tensor | None = None) -> Tensor:
        """The loss, a scalar in float32 (float64 for float64 targets).

        Args:
            target: (n, d_t) embeddings that learn.
            source: (n, d_s) embeddings of the same n views; receives no gradient.
            index: (n,) which image each row shows, for contextual labels; without, each row another one.

        Raises:
            InputError: The tensors are not 2-D, not floating point, empty, or of different length.
        """
        target, source = matching_embeddings(self, target, source)
        if index is not None and index.shape != target.shape[:1]:
            raise InputError(
                f"RelaxedContrastiveLoss takes one index per row; got {tuple(index.shape)} for {tuple(target.shape)}"
            )
        if len(target) == 1:
            return no_relations(target, source)
        with full_precision(target.device):
            labels = self.relaxed(source) if self.labels == "relaxed" else self.contextual(source, index)
            return self.of_labels(unit_rows(target) if self.normalize else target, labels)

    def contextual(self, source: Tensor, index: Tensor | None) -> LogLabels:
        """The mean of the relaxed and the contextual labels of the source (n, d_s)."""
        relaxed, shared = self.relaxed(source), contextual_labels(source, self.sigma, self.top_k, index)  # (n, n)
        shared.fill_diagonal_(1)

        def of_rows(rows: slice) -> Tensor:
            return relaxed(rows).clamp_(max=0).exp_().add_(shared[rows]).div_(2).log_()  # (b, n)

        return of_rows

    def of_rows(self, r: Tensor, log_w: Tensor, rows: slice) -> tuple[Tensor, Tensor, Tensor]:
        """l_i = sum_j w r^2 + (1 - w) [delta - r]_+^2, which is sum_j (delta push - s r) / 2 with the two below."""
        w = log_w.exp_()
        push = torch.rsub(r, 2 * self.delta, alpha=2).clamp_(min=0)
        push.addcmul_(push, w, value=-1)  # 2 (1 - w) [delta - r]_+
        half_delta_push = push.sum().mul_(self.delta / 2)
        s = push.addcmul_(w, r, value=-2)  # -dl_i/dr_ij = push - 2 w r
        sr = r.mul_(s).sum(dim=1, keepdim=True)  # (b, 1)
        return half_delta_push.sub_(sr.sum(), alpha=0.5), s, sr

    def extra_repr(self) -> str:
        return f"sigma={self.sigma}, delta={self.delta}, labels={self.labels!r}"
