"""The training of a source, from options to result."""

from __future__ import annotations

from embedding_transfer.images.labels import require_labels
from embedding_transfer.metric_losses import new_metric_loss
from embedding_transfer.training.evaluation import new_evaluation
from embedding_transfer.training.head_start import start_head
from embedding_transfer.training.loop import Training
from embedding_transfer.training.prepare import new_network, prepare
from embedding_transfer.training.result import TrainingResult
from embedding_transfer.training.sentences import start_of_weights
from embedding_transfer.training.source_objective import SourceObjective
from embedding_transfer.training.source_options import SourceOptions


def train_source_network(options: SourceOptions) -> TrainingResult:
    """Train an embedding network on labels (see :func:`embedding_transfer.train_source`)."""
    options, run, images, validation, accelerator = prepare(options)
    require_labels(images.train, "train-source")
    network = new_network(options.backbone, options.embedding_dim, options.image_size, options)
    if options.head_start == "principal-components":
        start_head(network.to(accelerator.device), images.train, options.workers, accelerator)
    sizes = {"num_classes": len(images.train.class_names), "embedding_size": options.embedding_dim}
    objective = SourceObjective(network, new_metric_loss(options.loss, options.miner, sizes), options.views)
    evaluation = new_evaluation(images, validation, options, None)
    return Training(objective, images, options, run, accelerator, evaluation).train(start_of_weights(options))
