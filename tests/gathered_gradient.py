"""Run alone or by torchrun: the gradient of a loss on gathered rows, in OUT/<rank>.pt (see test_two_processes)."""

import os
import sys

import torch
import torch.distributed as dist
from torch.nn.parallel import DistributedDataParallel

from embedding_transfer.gather import gather_rows
from embedding_transfer.losses import RelaxedContrastiveLoss

rank, processes = int(os.environ.get("RANK", "0")), int(os.environ.get("WORLD_SIZE", "1"))
views, share = 2, 8 // processes


def mine(rows: torch.Tensor) -> torch.Tensor:
    """This process's share of rows [all view 1, all view 2] of eight images."""
    return rows.unflatten(0, (views, 8))[:, rank * share : (rank + 1) * share].flatten(0, 1)


torch.manual_seed(0)
inputs, source = torch.randn(16, 6), torch.randn(16, 7)
network = torch.nn.Linear(6, 5)
learner: torch.nn.Module = network
if processes > 1:
    dist.init_process_group("gloo")
    learner = DistributedDataParallel(network)
loss = RelaxedContrastiveLoss()(gather_rows(learner(mine(inputs)), views), gather_rows(mine(source), views))
loss.backward()
order = gather_rows(mine(torch.arange(16)), views)
torch.save({"loss": loss.detach(), "gradient": network.weight.grad, "order": order}, f"{sys.argv[1]}/{rank}.pt")
if processes > 1:
    dist.destroy_process_group()
