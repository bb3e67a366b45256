"""The losses as a plain reading of their formulas: what the optimized ones are measured against.

Straightforward PyTorch in the manner of the papers' code: whole matrices and full difference tensors under autograd,
masks by indexing, a Python loop over rows where the formula is given per row.
"""

import torch
import torch.nn.functional as F
from pytorch_metric_learning.losses import TripletMarginLoss
from torch import Tensor, nn


def distances(x: Tensor) -> Tensor:
    """Euclidean distances between all rows by the product form, 0 on the diagonal."""
    squares = x.pow(2).sum(dim=1)
    d = (squares[:, None] + squares[None, :] - 2 * x @ x.t()).clamp(min=1e-12).sqrt()
    d = d.clone()
    d[range(len(x)), range(len(x))] = 0
    return d


def relaxed_labels(source: Tensor, sigma: float) -> Tensor:
    with torch.no_grad():
        return torch.exp(-distances(F.normalize(source)).pow(2) / sigma)


def relaxed_contrastive(target: Tensor, source: Tensor, sigma: float = 1.0, delta: float = 1.0) -> Tensor:
    w = relaxed_labels(source, sigma)
    d = distances(target)
    r = d / d.mean(dim=1, keepdim=True)
    pull = w * r.pow(2)
    push = (1 - w) * F.relu(delta - r).pow(2)
    return (pull[r > 0].sum() + push[r > 0].sum()) / len(r)


def relaxed_ms(target: Tensor, source: Tensor, alpha: float = 1.0, beta: float = 2.0) -> Tensor:
    w = relaxed_labels(source, sigma=1.0)
    n = len(w)
    for i in range(n // 2):
        w[i, i + n // 2] = w[i + n // 2, i] = 1
    d = distances(target)
    r = d / d.mean(dim=1, keepdim=True)
    rows = []
    for i in range(n):
        others = torch.arange(n, device=r.device) != i
        label, relative = w[i][others], r[i][others]
        attraction = torch.log(1 + (label * torch.exp(alpha * relative)).sum()) / alpha
        repulsion = torch.log(1 + ((1 - label) * torch.exp(beta * (1 - relative))).sum()) / beta
        rows.append(attraction + repulsion)
    return torch.stack(rows).mean()


def rkd(target: Tensor, source: Tensor) -> Tensor:
    def angles(x: Tensor) -> Tensor:
        directions = F.normalize(x[None, :] - x[:, None], dim=2)  # (n, n, d)
        return torch.bmm(directions, directions.transpose(1, 2)).view(-1)

    def in_mean_distances(x: Tensor) -> Tensor:
        d = distances(x)
        return d / d[d > 0].mean()

    with torch.no_grad():
        source_distances, source_angles = in_mean_distances(source), angles(source)
    by_distance = F.smooth_l1_loss(in_mean_distances(target), source_distances)
    return by_distance + 2 * F.smooth_l1_loss(angles(target), source_angles)


def pkt(target: Tensor, source: Tensor) -> Tensor:
    def distribution(x: Tensor) -> Tensor:
        unit = x / (x.pow(2).sum(dim=1, keepdim=True).sqrt() + 1e-7)
        unit[unit != unit] = 0
        similarity = (unit @ unit.t() + 1) / 2
        return similarity / similarity.sum(dim=1, keepdim=True)

    p_target, p_source = distribution(target), distribution(source)
    return (p_source * torch.log((p_source + 1e-7) / (p_target + 1e-7))).mean()


def darkrank(target: Tensor, source: Tensor, labels: Tensor) -> Tensor:
    target = F.normalize(target)
    scores = -3 * distances(target).pow(3)
    ranking = (-3 * distances(F.normalize(source)).pow(3)).sort(dim=1, descending=True).indices[:, 1:5]
    ranked = scores.gather(1, ranking)
    still_there = torch.stack([ranked[:, k:].logsumexp(dim=1) for k in range(ranked.shape[1])], dim=1)
    return -(ranked - still_there).sum(dim=1).mean() + TripletMarginLoss(margin=0.2)(target, labels)


def attention_transfer(target_maps: list[Tensor], source_maps: list[Tensor]) -> Tensor:
    def attention(maps: Tensor) -> Tensor:
        return F.normalize(maps.pow(2).mean(dim=1).view(len(maps), -1))

    return sum((attention(t) - attention(s)).pow(2).mean() for t, s in zip(target_maps, source_maps, strict=True))


def fitnet(regressors: nn.ModuleList, target_maps: list[Tensor], source_maps: list[Tensor]) -> Tensor:
    stages = zip(regressors, target_maps, source_maps, strict=True)
    return sum((regressor(t) - s).pow(2).mean() for regressor, t, s in stages)


class CRD(nn.Module):
    """Gathers K + 1 memory rows for every row of the batch, both ways."""

    def __init__(self, target_dim: int, source_dim: int, n_images: int, feat_dim: int = 128, nce_t: float = 0.07):
        super().__init__()
        self.n_images, self.nce_t = n_images, nce_t
        self.target_head, self.source_head = nn.Linear(target_dim, feat_dim), nn.Linear(source_dim, feat_dim)
        self.register_buffer("target_memory", F.normalize(torch.randn(n_images, feat_dim)))
        self.register_buffer("source_memory", F.normalize(torch.randn(n_images, feat_dim)))
        self.constants: dict[str, float] = {}

    def side(self, name: str, anchors: Tensor, memory: Tensor, contrast: Tensor) -> Tensor:
        rows = memory.index_select(0, contrast.view(-1)).view(*contrast.shape, -1)  # (n, K + 1, feat_dim)
        scores = torch.exp(torch.bmm(rows, anchors[:, :, None])[:, :, 0] / self.nce_t)  # (n, K + 1)
        x = scores / self.constants.setdefault(name, scores.mean().item() * self.n_images)
        q = (contrast.shape[1] - 1) / self.n_images
        found = torch.log(x[:, 0] / (x[:, 0] + q + 1e-7)).sum()
        rejected = torch.log(q / (x[:, 1:] + q + 1e-7)).sum()
        return -(found + rejected) / len(x)

    def forward(self, target: Tensor, source: Tensor, index: Tensor, negatives: Tensor) -> Tensor:
        a, b = F.normalize(self.target_head(target)), F.normalize(self.source_head(source))
        contrast = torch.cat([index[:, None], negatives], dim=1)
        loss = self.side("target", a, self.source_memory, contrast) + self.side(
            "source", b, self.target_memory, contrast
        )
        with torch.no_grad():
            for memory, units in ((self.target_memory, a), (self.source_memory, b)):
                rows = memory.index_select(0, index) * 0.5 + units * 0.5
                memory.index_copy_(0, index, F.normalize(rows))
        return loss
