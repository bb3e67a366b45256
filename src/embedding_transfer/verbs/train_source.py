"""Train a source: an embedding network, from images with class labels."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from embedding_transfer import metric_losses
from embedding_transfer.build import Spec, as_data, build
from embedding_transfer.networks import Embedded, EmbeddingNetwork
from embedding_transfer.training.gather import gather_rows
from embedding_transfer.training.loop import Training, TrainingResult
from embedding_transfer.training.objective import Objective
from embedding_transfer.training.options import SourceOptions
from embedding_transfer.training.prepare import new_network, prepare
from embedding_transfer.training.run_directory import config_data


class SourceObjective(Objective):
    """A network and a metric loss on its embeddings."""

    def __init__(self, network: EmbeddingNetwork, loss: nn.Module, views: int) -> None:
        super().__init__(network)
        self.loss, self.views = loss, views

    def forward(self, images: Tensor, labels: Tensor, index: Tensor, source: Embedded | None) -> dict[str, Tensor]:
        embedding = gather_rows(self.network(images), self.views)  # (views * batch, d)
        return {"loss": self.loss(embedding, gather_rows(labels, self.views))}

    def label_parameters(self) -> list[nn.Parameter]:
        return list(self.loss.parameters())


def train_source(
    loss: Spec = "ProxyAnchorLoss",
    miner: Spec | None = None,
    backbone: str = "resnet18",
    embedding_dim: int = 512,
    image_size: int = 224,
    **options: Any,
) -> TrainingResult:
    """Train an embedding network on images with class labels; the defaults are Proxy-Anchor's published settings.

    Args:
        loss: A loss of ``embedding_transfer.metric_losses``, or the class path of one of pytorch-metric-learning.
        miner: Class path of a miner of pytorch-metric-learning that chooses the pairs or triplets that count.
        backbone: ``convnet-WIDTH``, ``bn_inception`` or any name of timm.
        embedding_dim: Length of the embedding vector.
        image_size: Side in pixels of the views.
        **options: See :class:`~embedding_transfer.training.options.SourceOptions`; ``output`` is required.

    Returns:
        The best and the last line of metrics.jsonl. The best network is ``OUTPUT/best.safetensors``.

    Raises:
        UsageError: If options contradict each other or the images, or name what is not there.
        InputError: If an image cannot be read or a class is too small.
        TrainingError: If the loss is no longer finite.

    Example::

        train_source(images="glyphs", backbone="convnet-32", embedding_dim=64, image_size=28, output="runs/source")
    """
    chosen = SourceOptions(**options)
    config = config_data(
        chosen,
        loss=as_data(loss),
        miner=None if miner is None else as_data(miner),
        backbone=backbone,
        embedding_dim=embedding_dim,
        image_size=image_size,
    )
    run, images, validation, accelerator = prepare(chosen, config)
    network = new_network(backbone, embedding_dim, image_size, chosen)
    sizes = {"num_classes": len(images.train.class_names), "embedding_size": embedding_dim}
    metric_loss = build(loss, metric_losses, sizes)
    if miner is not None:
        metric_loss = metric_losses.MinedLoss(metric_loss, build(miner, metric_losses, sizes))
    objective = SourceObjective(network, metric_loss, chosen.views)
    return Training(objective, images, chosen, run, accelerator, validation=validation).train()
