"""What a training says: one line at its start, one after each epoch."""

from __future__ import annotations

from typing import Any

import torch

from embedding_transfer.images import Batches, ImageSet, ImageSplits
from embedding_transfer.report.scores import score_names
from embedding_transfer.training.evaluation import VALIDATION
from embedding_transfer.training.options import TrainingOptions


def start_of_weights(options: TrainingOptions) -> str:
    """What a network starts from, as its options say."""
    if options.weights is not None:
        return f"the weights in {options.weights}"
    return "pretrained weights of timm" if options.pretrained else "random weights"


def start_sentence(
    images: ImageSplits, batches: Batches, options: TrainingOptions, device: torch.device, starts: str
) -> str:
    """Pictures, classes, steps, device, and what the network starts from."""
    train, test = images
    of_each = f"{batches.images_per_class} of a class" if batches.images_per_class else "shuffled"
    views = f", {options.views} views each" if options.views > 1 else ""
    batch_norm = "" if options.batch_norm == "train" else f"; BatchNorm {options.batch_norm}"
    threads = f" ({torch.get_num_threads()} threads)" if device.type == "cpu" else ""
    return (
        f"training on {_many(train)}, testing on {_many(test)}; {len(batches):,} steps an epoch of "
        f"{batches.batch_size} pictures ({of_each}{views}), {options.epochs} epochs; device {device.type}{threads}; "
        f"starts from {starts}{batch_norm}"
    )


def _many(images: ImageSet) -> str:
    classes = f"of {len(images.class_names):,} classes" if images.is_labeled else "without labels"
    return f"{len(images):,} pictures {classes}"


def epoch_sentence(line: dict[str, Any], epochs: int) -> str:
    """Loss, recall and speed of an epoch; of epoch 0, before the first, recall alone."""
    numbers = [f"{name} {value:.4g}" for name, value in line.items() if name == "loss"]
    numbers += [f"{name} {100 * line[name]:.1f} %" for name in score_names(line)]
    numbers += [f"{line[name]:,.0f} images/s" for name in line if name == "images_per_second"]
    return f"epoch {line['epoch']}/{epochs}  {'  '.join(numbers)}"


def choice_sentence(chooses: str) -> str:
    """What the best epoch was chosen by."""
    if chooses == "epoch":
        return "the last one, as all images were trained on"
    if chooses.startswith(VALIDATION):
        return f"chosen by {chooses.removeprefix(VALIDATION)} of held-out training classes"
    if chooses.startswith("recall"):
        return f"chosen by {chooses} of the test images; --validation 0.2 would hold training classes out for that"
    return f"chosen by {chooses} with the source's neighbors"
