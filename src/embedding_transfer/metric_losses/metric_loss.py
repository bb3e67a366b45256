"""The one interface of all metric losses: embeddings and class labels in, a scalar out."""

import torch
from torch import Tensor, nn

from embedding_transfer.errors import InputError
from embedding_transfer.relations import full_precision


class MetricLoss(nn.Module):
    """Base of the metric losses: checks the shapes, leaves autocast, and lets no NaN become 0.

    Exponentials of similarities overflow float16 (e^(32 * 1.1)), so a subclass's :meth:`compute` always sees float32
    or float64. A NaN or infinite embedding gives a NaN loss, also where mining would drop its pairs.
    """

    def forward(self, embeddings: Tensor, labels: Tensor) -> Tensor:
        """The loss of a batch.

        Args:
            embeddings: (n, d), any floating dtype.
            labels: (n,), the class of each row, 0 to num_classes - 1 where the loss has classes.

        Returns:
            A scalar, float32 or float64.

        Raises:
            InputError: The shapes do not fit, or a label names a class that the loss does not have.
        """
        if embeddings.ndim != 2 or labels.shape != embeddings.shape[:1] or len(labels) == 0:
            raise InputError(
                f"{type(self).__name__} takes embeddings (n, d) and labels (n,); "
                f"got {tuple(embeddings.shape)} and {tuple(labels.shape)}"
            )
        with full_precision(embeddings.device):
            embeddings = embeddings.to(torch.promote_types(embeddings.dtype, torch.float32))
            return self.compute(embeddings, labels) + (0 * embeddings).sum()

    def compute(self, embeddings: Tensor, labels: Tensor) -> Tensor:
        """The formula, on float32 or float64 embeddings outside autocast."""
        raise NotImplementedError


def check_labels(loss: MetricLoss, labels: Tensor, num_classes: int) -> None:
    """Raise InputError for a label without a class; on a GPU, where looking would wait, the indexing asserts it."""
    if labels.device.type == "cpu" and not 0 <= int(labels.min()) <= int(labels.max()) < num_classes:
        raise InputError(
            f"{type(loss).__name__} has {num_classes} classes, 0 to {num_classes - 1}; "
            f"got labels from {int(labels.min())} to {int(labels.max())}: number the training classes from 0"
        )
