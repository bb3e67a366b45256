"""Some steps of every loss, from batches that are the same for any number of processes; runs in each of them."""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch
from accelerate import Accelerator
from every_loss import METRIC, TRANSFER
from torch import Tensor

from embedding_transfer import recall_at_k
from embedding_transfer.metric_losses import new_metric_loss
from embedding_transfer.networks import EmbeddingNetwork
from embedding_transfer.retrieval.embed import embed_images
from embedding_transfer.sources import PictureSource, Source
from embedding_transfer.training.fitting_loss import learns_from_embeddings, new_transfer_loss
from embedding_transfer.training.objective import Objective
from embedding_transfer.training.prepare import new_accelerator
from embedding_transfer.training.source_objective import SourceObjective
from embedding_transfer.training.source_options import SourceOptions
from embedding_transfer.training.step import Step
from embedding_transfer.training.transfer_objective import TransferObjective
from embedding_transfer.training.transfer_options import TransferOptions

IMAGES, CLASSES, VIEWS, SIDE, STEPS = 12, 6, 2, 16, 5
TEST_SIZES = (25, 7, 2)
"""Odd, and fewer than three."""


def few_steps(folder: Path, dtype: torch.dtype) -> int:
    """For every loss: the losses and gradients of the first step, all that learns or remembers after the last.

    Also what the last network makes of test sets of several sizes. Written to ``folder/<rank>.pt``.
    """
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    found: dict[str, Any] = {}
    for name in (*TRANSFER, *METRIC):
        torch.manual_seed(0)
        objective, source, options = _transfer(name) if name in TRANSFER else _source(name)
        all_learn = not isinstance(options, TransferOptions) or learns_from_embeddings(options)
        accelerator = new_accelerator(options, all_learn)
        found[name] = _steps(objective, source, options, accelerator, dtype)
    found["recall"] = _recall(objective.network.float(), accelerator)
    torch.save(found, folder / f"{accelerator.process_index}.pt")
    accelerator.end_training()
    return 0


def _settings() -> dict[str, Any]:
    return {
        "output": Path("none"),
        "root": Path("none"),
        "device": "cpu",
        "optimizer": "sgd",
        "lr": 1e-3,
        "views": VIEWS,
    }


def _network() -> EmbeddingNetwork:
    network = EmbeddingNetwork("convnet-4", 6, image_size=SIDE)
    network.batch_norm = "frozen-statistics"  # a process would see other statistics than all together
    return network


def _transfer(name: str) -> tuple[Objective, Source, TransferOptions]:
    network, source = _network(), PictureSource(EmbeddingNetwork("convnet-8", 8, image_size=SIDE))
    sizes = {
        "target_dim": 6,
        "source_dim": 8,
        "target_channels": network.map_channels,
        "source_channels": list(source.map_channels),
        "n_images": IMAGES,
        "image_labels": torch.arange(IMAGES) % CLASSES,
        "views": VIEWS,
    }
    options = TransferOptions(source="none", loss=TRANSFER[name], **_settings())
    return TransferObjective(network, new_transfer_loss(options.loss, sizes), VIEWS), source, options


def _source(name: str) -> tuple[Objective, None, SourceOptions]:
    sizes = {"num_classes": CLASSES, "embedding_size": 6}
    options = SourceOptions(loss=METRIC[name], warmup_epochs=0, loss_lr_factor=1.0, **_settings())
    return SourceObjective(_network(), new_metric_loss(options.loss, None, sizes), VIEWS), None, options


def _steps(
    objective: Objective,
    source: Source | None,
    options: TransferOptions | SourceOptions,
    accelerator: Accelerator,
    dtype: torch.dtype,
) -> dict[str, Any]:
    step = Step(objective.to(dtype), None if source is None else source.to(dtype), options, accelerator)
    gradients: dict[str, Tensor] = {}

    def keep(*_: object) -> None:
        if not gradients:
            gradients.update({n: p.grad.clone() for n, p in objective.named_parameters() if p.grad is not None})

    step.optimizer.register_step_pre_hook(keep)
    step.learner.train()
    losses = []
    for number in range(STEPS):
        images, labels, index = _share(number, dtype)
        torch.manual_seed(number)
        losses.append({name: value.detach() for name, value in step(images, labels, index).items()})
    return {"losses": losses[0], "gradients": gradients, "state": objective.state_dict()}


def _share(number: int, dtype: torch.dtype) -> tuple[Tensor, Tensor, Tensor]:
    """This process's rows of a batch: images (v * n, 3, h, w), labels (v * n,), index (v * n,)."""
    rank, processes = int(os.environ.get("RANK", "0")), int(os.environ.get("WORLD_SIZE", "1"))
    chance = torch.Generator().manual_seed(number)
    images = torch.rand(VIEWS, IMAGES, 3, SIDE, SIDE, generator=chance, dtype=torch.float64).to(dtype)
    index = torch.randperm(IMAGES, generator=chance)
    own = slice(rank * IMAGES // processes, (rank + 1) * IMAGES // processes)
    of_images = index[own].repeat(VIEWS)
    return images[:, own].flatten(0, 1), of_images % CLASSES, of_images


def _recall(network: EmbeddingNetwork, accelerator: Accelerator) -> dict[int, tuple[Tensor, dict[int, float]]]:
    """Size of the test set to its vectors (n, d), and their Recall@1."""
    found = {}
    for size in TEST_SIZES:
        pixels = np.random.default_rng(size).integers(0, 256, (size, SIDE, SIDE, 3), dtype=np.uint8)
        vectors = embed_images(network, pixels, batch_size=4, workers=0, accelerator=accelerator)
        found[size] = vectors, recall_at_k(vectors, torch.arange(size) % 5, ks=(1,))
    return found
