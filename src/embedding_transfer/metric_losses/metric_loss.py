"""The one interface of all metric losses: embeddings and class labels in, a scalar out."""

import warnings
from typing import ClassVar

import torch
from torch import Tensor, nn

from embedding_transfer.errors import InputError, UsageError
from embedding_transfer.relations import full_precision


class MetricLoss(nn.Module):
    """Base of the metric losses, ``loss(embeddings, labels) -> scalar``: checks shapes, and lets no NaN become 0.

    Exponentials of similarities overflow float16 (e^(32 * 1.1)), so :meth:`compute`, which a subclass writes, always
    sees float32 or float64, outside autocast. A NaN or infinite embedding gives a NaN loss, also where mining would
    drop its pairs.
    """

    why_no_miner: ClassVar[str] = "its formula takes no mined pairs"
    """The reason that :meth:`with_miner` gives where it refuses a miner."""

    @property
    def name(self) -> str:
        """What errors call this loss."""
        return type(self).__name__

    def forward(self, embeddings: Tensor, labels: Tensor) -> Tensor:
        """The loss of a batch.

        Args:
            embeddings: (n, d), any floating dtype.
            labels: (n,) int64, the class of each row, 0 to num_classes - 1 where the loss has classes.

        Returns:
            A scalar, float32 (float64 for float64 embeddings).

        Raises:
            InputError: The shapes do not fit, or a label names a class that the loss does not have.
        """
        if embeddings.ndim != 2 or labels.shape != embeddings.shape[:1] or len(labels) == 0:
            raise InputError(
                f"{self.name} takes embeddings (n, d) and labels (n,); "
                f"got {tuple(embeddings.shape)} and {tuple(labels.shape)}"
            )
        with full_precision(embeddings.device):
            embeddings = embeddings.to(torch.promote_types(embeddings.dtype, torch.float32))
            return self.compute(embeddings, labels) + (0 * embeddings).sum()

    def compute(self, embeddings: Tensor, labels: Tensor) -> Tensor:
        """The formula, on float32 or float64 embeddings outside autocast."""
        raise NotImplementedError

    def with_miner(self, miner: nn.Module) -> "MetricLoss":
        """This loss, on the pairs or triplets that ``miner(embeddings, labels)`` chooses.

        Raises:
            UsageError: The loss takes none; the message says why.
        """
        raise UsageError(f"{self.name} takes no miner: {self.why_no_miner}")


def check_labels(loss: MetricLoss, labels: Tensor, num_classes: int) -> None:
    """Raise InputError for a label without a class; on a GPU, where looking would wait, the indexing asserts it."""
    if labels.device.type == "cpu" and not 0 <= int(labels.min()) <= int(labels.max()) < num_classes:
        raise InputError(
            f"{loss.name} has {num_classes} classes, 0 to {num_classes - 1}; "
            f"got labels from {int(labels.min())} to {int(labels.max())}: number the training classes from 0"
        )


def warn_of_no_pair(loss: MetricLoss, labels: Tensor) -> None:
    """Warn that a loss of 0 is no success where no two of the labels (n,) are equal."""
    if len(labels.unique()) == len(labels):
        warnings.warn(
            f"{loss.name} learns nothing from a batch in which no two rows are of one class (here {len(labels)} rows): "
            "give several images of a class, or several views",
            stacklevel=2,
        )
