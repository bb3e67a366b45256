"""Run by every process: the gradient of a loss on gathered rows, in OUT/<rank>.pt (see test_two_processes)."""

import os

import torch
import torch.distributed as dist
from torch.nn.parallel import DistributedDataParallel

from embedding_transfer.losses import RelaxedContrastiveLoss
from embedding_transfer.training.gather import gather_rows

IMAGES, VIEWS = 8, 2


def gathered_gradient(out: str) -> None:
    rank, processes = int(os.environ.get("RANK", "0")), int(os.environ.get("WORLD_SIZE", "1"))
    share = IMAGES // processes

    def mine(rows: torch.Tensor) -> torch.Tensor:
        """This process's share of rows [all view 1, all view 2]."""
        return rows.unflatten(0, (VIEWS, IMAGES))[:, rank * share : (rank + 1) * share].flatten(0, 1)

    torch.manual_seed(0)
    inputs, source = torch.randn(VIEWS * IMAGES, 6), torch.randn(VIEWS * IMAGES, 7)
    network = torch.nn.Linear(6, 5)
    learner: torch.nn.Module = network
    if processes > 1:
        dist.init_process_group("gloo")
        learner = DistributedDataParallel(network)
    loss = RelaxedContrastiveLoss()(gather_rows(learner(mine(inputs)), VIEWS), gather_rows(mine(source), VIEWS))
    loss.backward()
    order = gather_rows(mine(torch.arange(VIEWS * IMAGES)), VIEWS)
    torch.save({"loss": loss.detach(), "gradient": network.weight.grad, "order": order}, f"{out}/{rank}.pt")
    if processes > 1:
        dist.destroy_process_group()
