"""What is measured of a network after an epoch, and which of the numbers chooses the best epoch."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable

from torch import Tensor

from embedding_transfer.errors import TrainingError, UsageError
from embedding_transfer.images import ImageSet, ImageSplits
from embedding_transfer.retrieval.agreement import agreement
from embedding_transfer.retrieval.evaluation import recall_of
from embedding_transfer.training.options import TrainingOptions

VALIDATION = "validation_"
"""Before the names of the numbers of validation images in metrics.jsonl."""

Embed = Callable[[ImageSet], Tensor]
"""The embeddings (n, d) of an image set by the network as it is now."""


class Evaluation(ABC):
    """Measures a network on test images.

    Attributes:
        chooses: The name of the number whose largest value is the best epoch's.
    """

    chooses: str

    def __init__(self, test: ImageSet, options: TrainingOptions) -> None:
        self.test, self.ks, self.metric = test, options.ks, options.metric

    @abstractmethod
    def measure(self, embeddings: Tensor, embed: Embed) -> dict[str, float]:
        """Numbers by name, as fractions.

        Args:
            embeddings: (n, d) of the test images.
            embed: For further images.
        """


class RecallEvaluation(Evaluation):
    """Recall@K by class labels; the smallest K chooses, on validation images if there are any."""

    def __init__(self, test: ImageSet, validation: ImageSet | None, options: TrainingOptions) -> None:
        super().__init__(test, options)
        for part in (test, *([] if validation is None else [validation])):
            searched = len(part) if part.is_gallery is None else int(part.is_gallery.sum())
            if max(options.ks) >= searched:
                raise UsageError(f"Recall@{max(options.ks)} needs more than the {searched} images of {part.name}")
        self.validation = validation
        self.chooses = f"{'' if validation is None else VALIDATION}recall@{min(options.ks)}"

    def measure(self, embeddings: Tensor, embed: Embed) -> dict[str, float]:
        found = self._recall(embeddings, self.test)
        if self.validation is not None:
            of_validation = self._recall(embed(self.validation), self.validation)
            found |= {f"{VALIDATION}{name}": value for name, value in of_validation.items()}
        return found

    def _recall(self, embeddings: Tensor, images: ImageSet) -> dict[str, float]:
        require_finite(embeddings)
        return recall_of(embeddings, images, self.ks, self.metric)


class AgreementEvaluation(Evaluation):
    """Agreement with the source, where there are no labels; the overlap of the largest K chooses."""

    def __init__(self, test: ImageSet, taught: Tensor, options: TrainingOptions) -> None:
        super().__init__(test, options)
        if max(options.ks) >= len(test):
            raise UsageError(f"overlap@{max(options.ks)} needs more than the {len(test)} images of {test.name}")
        self.taught = taught.cpu()  # (n, d) of the source
        self.chooses = f"overlap@{max(options.ks)}"

    def measure(self, embeddings: Tensor, embed: Embed) -> dict[str, float]:
        require_finite(embeddings)
        return agreement(embeddings.cpu(), self.taught, self.ks, self.metric)


def new_evaluation(
    images: ImageSplits,
    validation: ImageSet | None,
    options: TrainingOptions,
    source_vectors: Callable[[ImageSet], Tensor] | None,
) -> Evaluation:
    """By labels where there are some, else by agreement with the source.

    Args:
        images: Training and test images.
        validation: Held-out training classes, if any.
        options: Of the training.
        source_vectors: What the source makes of an image set; ``None`` without a source.

    Raises:
        UsageError: If images are too few for K, or there are neither labels nor a source.
    """
    evaluation: Evaluation
    if images.test.is_labeled:
        evaluation = RecallEvaluation(images.test, validation, options)
    elif source_vectors is None:
        raise UsageError(f"{images.test.name} has no labels: a network learns from it only by transfer from a source")
    else:
        evaluation = AgreementEvaluation(images.test, source_vectors(images.test), options)
    if options.train_on == "all":
        evaluation.chooses = "epoch"  # the last one: all images were trained on, so no score can choose
    return evaluation


def require_finite(embeddings: Tensor) -> None:
    """Raises TrainingError where a network gives NaN or infinity."""
    if not embeddings.isfinite().all():
        raise TrainingError("the network gives embeddings that are not finite: lower --lr")
