"""One of our losses in a plain training script: a small network with short vectors learns the space of a larger one.

Real pictures (the 8 x 8 digits that come with scikit-learn), no labels for the target, and numbers on pictures that
neither network was trained on. Takes seconds on a CPU.
"""

from collections.abc import Callable

import torch
from sklearn.datasets import load_digits
from torch import Tensor, nn

from embedding_transfer import nearest_neighbors, recall_at_k
from embedding_transfer.losses import RelaxedContrastiveLoss
from embedding_transfer.metric_losses import ProxyAnchorLoss

torch.manual_seed(0)
digits = load_digits()
order = torch.randperm(len(digits.target))
pictures = torch.tensor(digits.data, dtype=torch.float32)[order] / 16  # (1797, 64)
labels = torch.tensor(digits.target)[order]
train, held_out = slice(0, 1000), slice(1000, None)


def network(width: int, dim: int) -> nn.Module:
    return nn.Sequential(nn.Linear(64, width), nn.ReLU(), nn.Linear(width, dim))


def train_on(steps: int, parameters: list[nn.Parameter], loss_of_rows: Callable[[Tensor], Tensor]) -> list[float]:
    losses = []
    optimizer = torch.optim.AdamW(parameters, lr=3e-3)
    for _ in range(steps):
        loss = loss_of_rows(torch.randint(1000, (100,)))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


@torch.no_grad()
def show(name: str, vectors: Tensor) -> None:
    """Of the source's 10 nearest pictures, how many are the vectors' 10 nearest; how often the nearest is right."""
    ours, sources = nearest_neighbors(vectors, 10), nearest_neighbors(source(pictures[held_out]), 10)  # (797, 10)
    kept = (ours[:, :, None] == sources[:, None, :]).any(dim=2).float().mean()
    recall = recall_at_k(vectors, labels[held_out], ks=(1,))[1]
    print(f"{name:42s}  neighbors kept {100 * kept:5.1f} %  Recall@1 {100 * recall:5.1f} %")


print("source: 64 numbers a picture, learns from labels (in real life: your trained network)")
source = network(width=256, dim=64)
proxies = ProxyAnchorLoss(num_classes=10, embedding_size=64)
train_on(200, [*source.parameters(), *proxies.parameters()], lambda rows: proxies(source(pictures[rows]), labels[rows]))
source.eval().requires_grad_(False)

target = network(width=32, dim=8)
before = target(pictures[held_out])

print("target: 8 numbers a picture, 7 % of the weights, learns from the source and sees no label")
# This loss does not go to 0: it pulls and pushes every pair, and is least where the two are in balance.
transfer_loss = RelaxedContrastiveLoss(sigma=1.0, delta=1.0)
losses = train_on(
    400, list(target.parameters()), lambda rows: transfer_loss(target(pictures[rows]), source(pictures[rows]))
)
for step in (0, 100, 200, 399):
    print(f"  step {step:3d}  loss {losses[step]:.3f}")

print("held-out pictures:")
show("source, 64 numbers", source(pictures[held_out]))
center, axes = (space := source(pictures[train])).mean(0), torch.pca_lowrank(space, q=8)[2]
show("source cut to 8 principal components", (source(pictures[held_out]) - center) @ axes)
show("target before, 8 numbers", before)
show("target after, 8 numbers", target(pictures[held_out]))
