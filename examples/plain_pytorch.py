"""One of our losses in a plain training script: a shorter vector learns from a longer one."""

import torch
from torch import nn

from embedding_transfer.losses import RelaxedContrastiveLoss

torch.manual_seed(0)


def network(dim: int) -> nn.Module:
    return nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Linear(64, dim))


def points(n: int) -> torch.Tensor:
    """Stand-ins for images: five clouds of points."""
    return torch.randn(5, 20, generator=torch.Generator().manual_seed(1))[torch.arange(n) % 5] * 2 + torch.randn(n, 20)


source = network(64).eval().requires_grad_(False)  # in real life: your trained network
target = network(8)
loss_fn = RelaxedContrastiveLoss(sigma=1.0, delta=1.0)
optimizer = torch.optim.AdamW(target.parameters(), lr=1e-3)

for step in range(200):
    batch = points(90)
    loss = loss_fn(target(batch), source(batch))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 50 == 0 or step == 199:
        print(f"step {step:3d}  loss {loss.item():.3f}")
