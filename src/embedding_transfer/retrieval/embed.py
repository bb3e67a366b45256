"""Embeddings of an image set: every image's evaluation view through a network."""

from __future__ import annotations

import sys
from typing import Any

import torch
from accelerate import Accelerator
from torch import Tensor, nn
from torch.utils.data import DataLoader
from tqdm import tqdm

from embedding_transfer.images.image_set import ImageSet
from embedding_transfer.images.loading import batches_of
from embedding_transfer.images.views import EvaluationViews, as_floats


@torch.no_grad()
def embed_images(
    network: nn.Module,
    images: ImageSet,
    *,
    batch_size: int = 128,
    workers: int = 2,
    accelerator: Accelerator | None = None,
) -> Tensor:
    """Embeddings (n, d) float32 of all images, in their order, as the network returns them.

    Args:
        network: An :class:`EmbeddingNetwork`, or any other module that makes vectors (n, d) of images (n, 3, h, w) and
            says its ``image_size`` and ``crop``, or has an ``evaluation_view`` of its own. Called in evaluation mode;
            afterwards it is in the mode it was.
        images: What to embed; each image is seen as the network says.
        batch_size: Images at a time, in each process.
        workers: Processes that load images.
        accelerator: Shares the work among its processes; every one of them gets all embeddings.

    Raises:
        InputError: If an image cannot be read; the message names it.
    """
    accelerator = accelerator or Accelerator(cpu=not torch.cuda.is_available())
    eye: Any = network
    views = EvaluationViews(images, eye.image_size, eye.crop, getattr(network, "evaluation_view", None))
    loader = accelerator.prepare_data_loader(DataLoader(views, batch_size, num_workers=workers))
    was_training = network.training
    network.to(accelerator.device).eval()
    embeddings = []
    with tqdm(
        total=len(images), desc=f"embed {images.name}", unit="img", leave=False, disable=quiet(accelerator)
    ) as bar:
        for batch in batches_of(loader):
            found = network(as_floats(batch.to(accelerator.device))).float()  # (b, d)
            embeddings.append(accelerator.gather_for_metrics(found))
            bar.update(len(embeddings[-1]))
    network.train(was_training)
    return torch.cat(embeddings)


def quiet(accelerator: Accelerator) -> bool:
    """Whether progress bars stay away: not at a terminal, or not the first process."""
    return not (accelerator.is_main_process and sys.stderr.isatty())
