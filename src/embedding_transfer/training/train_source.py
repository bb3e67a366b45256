"""The training of a source, from options to result."""

from __future__ import annotations

from embedding_transfer.metric_losses import new_metric_loss
from embedding_transfer.training.loop import Training
from embedding_transfer.training.prepare import new_network, prepare
from embedding_transfer.training.result import TrainingResult
from embedding_transfer.training.sentences import start_of_weights
from embedding_transfer.training.source_objective import SourceObjective
from embedding_transfer.training.source_options import SourceOptions


def train_source_network(options: SourceOptions) -> TrainingResult:
    """Train an embedding network on labels (see :func:`embedding_transfer.train_source`)."""
    options, run, images, validation, accelerator = prepare(options)
    network = new_network(options.backbone, options.embedding_dim, options.image_size, options)
    sizes = {"num_classes": len(images.train.class_names), "embedding_size": options.embedding_dim}
    objective = SourceObjective(network, new_metric_loss(options.loss, options.miner, sizes), options.views)
    training = Training(objective, images, options, run, accelerator, validation=validation)
    return training.train(starts=start_of_weights(options))
