"""Embeddings of pictures: every picture's evaluation view through a network."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from accelerate import Accelerator
from torch import Tensor, nn
from torch.utils.data import DataLoader, Subset

from embedding_transfer.build.memory import require_memory_for_pictures
from embedding_transfer.build.ranges import BatchSize, Workers
from embedding_transfer.build.typed_arguments import in_range
from embedding_transfer.images.image_set import ImageSet
from embedding_transfer.images.loading import batches_of
from embedding_transfer.images.views import EvaluationViews, as_floats
from embedding_transfer.retrieval.device import accelerator_on
from embedding_transfer.retrieval.pictures import Pictures, picture_set
from embedding_transfer.retrieval.progress import LongPictureProgress


@in_range
def embed_images(
    network: nn.Module,
    images: Pictures,
    *,
    batch_size: BatchSize = 128,
    workers: Workers = 2,
    accelerator: Accelerator | None = None,
) -> Tensor:
    """Embeddings (n, d) float32 of all images, in their order, as the network returns them.

    Args:
        network: An :class:`EmbeddingNetwork`, or any other module that makes vectors (n, d) of images (n, 3, h, w) and
            says its ``image_size`` and ``crop``, or has an ``evaluation_view`` of its own. Called in evaluation mode;
            afterwards it is in the mode it was.
        images: What to embed: an image set, a list of paths, a folder (all pictures in it, sorted by path), the path of
            one picture, or uint8 pixels (n, h, w, 3). Each image is seen as the network says.
        batch_size: Images at a time, in each process.
        workers: Processes that load images.
        accelerator: Shares the work among its processes; every one of them gets all embeddings.

    Raises:
        UsageError: If there is nothing at a path.
        InputError: If an image cannot be read; the message names it.

    Example::

        one, other = embed_images(network, ["cat.jpg", "dog.jpg"])
        print((one - other).norm())
    """
    images = picture_set(images)
    accelerator = accelerator or accelerator_on()
    embeddings = []
    with LongPictureProgress(f"embed {images.name}", len(images), is_shown=accelerator.is_main_process) as progress:
        for found in embedding_batches(network, images, batch_size, workers, accelerator):
            embeddings.append(found)
            progress.more(len(found))
    return torch.cat(embeddings)


@torch.no_grad()
def embedding_batches(
    network: nn.Module, images: ImageSet, batch_size: int, workers: int, accelerator: Accelerator, start: int = 0
) -> Iterator[Tensor]:
    """The rows of :func:`embed_images` from ``start`` on, a batch after the other.

    A picture's row also depends, in its last bits, on the pictures that share its batch: with a ``start`` that is a
    multiple of the batch size, rows are the same as those of a call from the first picture on.
    """
    eye: Any = network
    require_memory_for_pictures(min(batch_size, len(images)), eye.image_size, "lower --batch-size")
    views = EvaluationViews(images, eye.image_size, eye.crop, getattr(network, "evaluation_view", None))
    rest = Subset(views, range(start, len(images))) if start else views
    loader = accelerator.prepare_data_loader(DataLoader(rest, batch_size, num_workers=workers))
    was_training = network.training
    network.to(accelerator.device).eval()
    try:
        for batch in batches_of(loader):
            found = network(as_floats(batch.to(accelerator.device))).float()  # (b, d)
            yield accelerator.gather_for_metrics(found)
    finally:
        network.train(was_training)
