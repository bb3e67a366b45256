"""A step whose batch does not fit into memory: embedded in parts, compared as a whole, exactly.

Gao et al., "Scaling Deep Contrastive Learning Batch Size under Memory Limited Setup" (RepL4NLP 2021), section 3.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor
from torch import distributed as dist

from embedding_transfer.networks import Embedded
from embedding_transfer.networks.batch_norm import running_statistics_kept
from embedding_transfer.training.objective import Objective

Backward = Callable[[Tensor], None]


def step_in_parts(
    objective: Objective,
    images: Tensor,
    labels: Tensor,
    index: Tensor,
    source: Embedded | None,
    parts: int,
    backward: Backward,
) -> dict[str, Tensor]:
    """The losses of a batch, and their gradients, with the graph of one part of it in memory at a time.

    First all parts are embedded without a graph; then the losses of all embeddings and their gradients by the
    embeddings; then each part is embedded again, now with a graph that takes these gradients on. Chance, such as
    dropout, is the same both times. BatchNorm in training sees a part, as it would see the share of a process.

    Args:
        objective: Its losses look at embeddings alone.
        images: (views * n, 3, h, w), with ``labels``, ``index`` and ``source`` as :meth:`Objective.forward` takes them.
        parts: How many; at most the number of rows.
        backward: Of the trainer, which may scale losses.

    Returns:
        The losses, and in the parameters their gradients, of all processes.
    """
    network, chunks = objective.network, images.chunk(parts)
    states, embedded = [], []
    with torch.no_grad(), running_statistics_kept(network):
        for chunk in chunks:
            states.append(_random_state(images.device))
            embedded.append(network(chunk))  # (rows, d)
    embedding = torch.cat(embedded).detach().requires_grad_()  # (views * n, d)
    losses = objective.losses(Embedded([], embedding, embedding), labels, index, source)
    if not losses["loss"].requires_grad:
        raise RuntimeError("the loss does not depend on the embeddings")
    backward(losses["loss"])
    assert embedding.grad is not None
    for chunk, state, gradient in zip(chunks, states, embedding.grad.split([len(c) for c in chunks]), strict=True):
        with _as_at(state, images.device):
            found = network(chunk)
        with running_statistics_kept(network):  # checkpointed blocks run again
            found.backward(gradient.to(found.dtype))
    _average_gradients(objective)
    return {name: value.detach() for name, value in losses.items()}


def _random_state(device: torch.device) -> tuple[Tensor, Tensor | None]:
    return torch.get_rng_state(), torch.cuda.get_rng_state(device) if device.type == "cuda" else None


@contextmanager
def _as_at(state: tuple[Tensor, Tensor | None], device: torch.device) -> Iterator[None]:
    """Chance as it was when ``state`` was taken; afterwards as it is now."""
    with torch.random.fork_rng([device] if device.type == "cuda" else []):
        torch.set_rng_state(state[0])
        if state[1] is not None:
            torch.cuda.set_rng_state(state[1], device)
        yield


def _average_gradients(objective: Objective) -> None:
    """What DistributedDataParallel would do, were it asked."""
    if not dist.is_initialized() or dist.get_world_size() == 1:
        return
    for parameter in objective.parameters():
        if parameter.grad is not None:
            dist.all_reduce(parameter.grad)
            parameter.grad /= dist.get_world_size()
