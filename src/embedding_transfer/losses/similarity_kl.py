"""The source's similarities as softmax distributions: what S2SD, CSD and queues of source vectors share."""

from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from embedding_transfer.build.ranges import Count, Positive
from embedding_transfer.errors import UsageError
from embedding_transfer.losses.aligned_loss import AlignedLoss
from embedding_transfer.relations import inner_products, ranked, require_positive, unit_rows, without_diagonal


class SimilarityKLLoss(AlignedLoss):
    r"""Matches, row by row, the softmax distributions that cosine similarities with some anchors make.

    .. math::
        L = \frac{w}{n} \sum_i \sum_{j \in N_i} p_{ij} \log \frac{p_{ij}}{q_{ij}}, \quad
        p_i = \mathrm{softmax}_{j \in N_i} \frac{v_i \cdot a_j}{T_s}, \quad
        q_i = \mathrm{softmax}_{j \in N_i} \frac{u_i \cdot b_j}{T_t}

    with u, v the normalized target and source. Anchors of the source's side, a, are the rows v of the batch or those
    of a queue; the target's side compares with its own rows, b = u, or with the source's, b = a. Relations alone
    (``anchors="batch"``): Roth et al., "Simultaneous Similarity-based Self-Distillation for Deep Metric Learning",
    ICML 2021. With ``cross`` and ``top_k``: Wu et al., "Contextual Similarity Distillation for Asymmetric Image
    Retrieval", CVPR 2022, with the batch in place of its gallery. With a queue: the first method of lightly-train.

    Args:
        target_temperature: :math:`T_t`. Default: 0.07.
        source_temperature: :math:`T_s`. Default: 0.07.
        anchors: ``"batch"``, or ``"queue"``: the source's vectors of this and earlier batches, which fixes the
            target's coordinates as ``cross`` does.
        top_k: How many anchors, those nearest in the source's space, :math:`N_i` has. Default: all.
        cross: Compare the target's rows with the source's, so that the target can search among its source's vectors.
        own: Whether a row is one of its own anchors. Without, rows that are far from each other count at low
            temperatures, too, at which p is else 1 for the row itself.
        weight: w. S2SD has :math:`50\, T^2`. Default: 1.
        queue_size: Rows of the queue. Default: 4096.
        project: With ``cross`` or a queue: whether to learn a map into the source's space. Default: where the lengths
            differ.
        projection_bias: Whether that map has a constant part. Default: no.
        target_dim: Length of the target's embeddings; a map needs it.
        source_dim: Length of the source's; a map and a queue need it.

    Attributes:
        queue: (queue_size, source_dim) buffer, newest rows first, zeros as long as it is not full. In training mode
            the batch comes in before the loss; of a batch that is larger the first rows stay.

    Raises:
        UsageError: An option is out of range, or a size that is needed is missing.

    Example::

        >>> target, source = torch.randn(180, 128, requires_grad=True), torch.randn(180, 512)
        >>> SimilarityKLLoss(target_temperature=0.1, source_temperature=0.1)(target, source).backward()
        >>> loss = SimilarityKLLoss(anchors="queue", queue_size=1024, target_dim=128, source_dim=512)
        >>> loss(target, source).backward()
        >>> loss.queue.any(dim=1).sum()
        tensor(180)
    """

    queue: Tensor

    def __init__(
        self,
        target_temperature: Positive = 0.07,
        source_temperature: Positive = 0.07,
        anchors: Literal["batch", "queue"] = "batch",
        top_k: Count | None = None,
        cross: bool = False,
        own: bool = True,
        weight: Positive = 1.0,
        queue_size: Count = 4096,
        project: bool | None = None,
        projection_bias: bool = False,
        target_dim: int | None = None,
        source_dim: int | None = None,
    ) -> None:
        if anchors not in ("batch", "queue"):
            raise UsageError(f"SimilarityKLLoss needs anchors 'batch' or 'queue'; got {anchors!r}")
        crosses = cross or anchors == "queue"
        if project and not crosses:
            raise UsageError("SimilarityKLLoss projects with cross or anchors='queue': relations need no projection")
        if not own and anchors == "queue":
            raise UsageError("SimilarityKLLoss leaves out own rows with anchors='batch': a queue holds those of before")
        super().__init__(project if crosses else False, projection_bias, target_dim, source_dim)
        require_positive(self, target_temperature=target_temperature, source_temperature=source_temperature)
        require_positive(self, weight=weight, queue_size=queue_size, top_k=1 if top_k is None else top_k)
        self.target_temperature, self.source_temperature = target_temperature, source_temperature
        self.anchors, self.top_k, self.crosses, self.own, self.weight = anchors, top_k, crosses, own, weight
        if anchors == "queue":
            if source_dim is None:
                raise UsageError("SimilarityKLLoss needs source_dim to make a queue of source vectors")
            self.register_buffer("queue", torch.zeros(queue_size, source_dim))

    def compare(self, target: Tensor, source: Tensor) -> Tensor:
        v = unit_rows(source)  # (n, d_s)
        anchors = v if self.anchors == "batch" else self.queued(v)  # (m, d_s)
        if self.crosses:
            of_target = inner_products(unit_rows(self.in_source_space(target, source)), anchors)  # (n, m)
        else:
            of_target = inner_products(unit_rows(target))  # (n, n)
        of_source = inner_products(v, anchors)  # (n, m)
        if not self.own:
            of_target, of_source = without_diagonal(of_target), without_diagonal(of_source)  # (n, n - 1)
        if self.top_k is not None and self.top_k < of_source.shape[1]:
            nearest = ranked(of_source, self.top_k, own_first=self.own and self.anchors == "batch")  # (n, top_k)
            of_target, of_source = of_target.gather(1, nearest), of_source.gather(1, nearest)
        log_q = F.log_softmax(of_target / self.target_temperature, dim=1)
        log_p = F.log_softmax(of_source / self.source_temperature, dim=1)
        return self.weight * F.kl_div(log_q, log_p, log_target=True, reduction="batchmean")

    @torch.no_grad()
    def queued(self, units: Tensor) -> Tensor:
        """The queue, (queue_size, d_s) in the type of ``units``; in training mode these come in first."""
        if self.training:
            self.queue.copy_(torch.cat([units.to(self.queue.dtype), self.queue])[: len(self.queue)])
        return self.queue.to(units.dtype)

    def extra_repr(self) -> str:
        return (
            f"target_temperature={self.target_temperature}, source_temperature={self.source_temperature}, "
            f"anchors={self.anchors!r}, top_k={self.top_k}, cross={self.crosses}, own={self.own}, weight={self.weight}"
        )
