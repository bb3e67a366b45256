"""What is measured of a network after an epoch, and which of the numbers chooses the best epoch."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable

from torch import Tensor

from embedding_transfer.errors import TrainingError, UsageError
from embedding_transfer.images import ImageSet, ImageSplits
from embedding_transfer.retrieval.agreement import agreement
from embedding_transfer.retrieval.evaluation import recall_of
from embedding_transfer.retrieval.lengths import leading, name_at
from embedding_transfer.training.options import TrainingOptions

VALIDATION = "validation_"
"""Before the names of the numbers of validation images in metrics.jsonl."""

Embed = Callable[[ImageSet], Tensor]
"""The embeddings (n, d) of an image set by the network as it is now."""


class Evaluation(ABC):
    """Measures a network on test images.

    Attributes:
        chooses: The name of the number whose largest value is the best epoch's.
        taught: (n, d) of the source for the test images, where these are what is compared with.
    """

    chooses: str
    taught: Tensor | None = None

    def __init__(self, test: ImageSet, options: TrainingOptions, lengths: tuple[int, ...]) -> None:
        self.test, self.ks, self.metric, self.lengths = test, options.ks, options.metric, lengths

    @abstractmethod
    def measure(self, embeddings: Tensor, embed: Embed) -> dict[str, float]:
        """Numbers by name, as fractions.

        Args:
            embeddings: (n, d) of the test images.
            embed: For further images.
        """

    def at_each_length(self, embeddings: Tensor, score: Callable[[Tensor], dict[str, float]]) -> dict[str, float]:
        """The scores of embeddings (n, d), and those of their leading dimensions under names of their own."""
        require_finite(embeddings)
        found = score(embeddings)
        for length in self.lengths:
            found |= {name_at(length, name): value for name, value in score(leading(embeddings, length)).items()}
        return found


class RecallEvaluation(Evaluation):
    """Recall@K by class labels; the smallest K chooses, on validation images if there are any."""

    def __init__(
        self, test: ImageSet, validation: ImageSet | None, options: TrainingOptions, lengths: tuple[int, ...] = ()
    ) -> None:
        super().__init__(test, options, lengths)
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
        return self.at_each_length(embeddings, lambda vectors: recall_of(vectors, images, self.ks, self.metric))


class AgreementEvaluation(Evaluation):
    """Agreement with the source, where there are no labels; the overlap of the largest K chooses."""

    def __init__(self, test: ImageSet, taught: Tensor, options: TrainingOptions, lengths: tuple[int, ...] = ()) -> None:
        super().__init__(test, options, lengths)
        if max(options.ks) >= len(test):
            raise UsageError(f"overlap@{max(options.ks)} needs more than the {len(test)} images of {test.name}")
        self.taught: Tensor = taught.cpu()
        self.chooses = f"overlap@{max(options.ks)}"

    def measure(self, embeddings: Tensor, embed: Embed) -> dict[str, float]:
        return self.at_each_length(
            embeddings.cpu(), lambda vectors: agreement(vectors, self.taught, self.ks, self.metric)
        )


def new_evaluation(
    images: ImageSplits,
    validation: ImageSet | None,
    options: TrainingOptions,
    source_vectors: Callable[[ImageSet], Tensor] | None,
    lengths: tuple[int, ...] = (),
) -> Evaluation:
    """By labels where there are some, else by agreement with the source.

    Args:
        images: Training and test images.
        validation: Held-out training classes, if any.
        options: Of the training.
        source_vectors: What the source makes of an image set; ``None`` without a source.
        lengths: Leading dimensions that are measured, too.

    Raises:
        UsageError: If images are too few for K, or there are neither labels nor a source.
    """
    evaluation: Evaluation
    if images.test.is_labeled:
        evaluation = RecallEvaluation(images.test, validation, options, lengths)
    elif source_vectors is None:
        raise UsageError(f"{images.test.name} has no labels: a network learns from it only by transfer from a source")
    else:
        evaluation = AgreementEvaluation(images.test, source_vectors(images.test), options, lengths)
    if options.train_on == "all":
        evaluation.chooses = "epoch"  # the last one: all images were trained on, so no score can choose
    return evaluation


def require_finite(embeddings: Tensor) -> None:
    """Raises TrainingError where a network gives NaN or infinity."""
    if not embeddings.isfinite().all():
        raise TrainingError("the network gives embeddings that are not finite: lower --lr")
