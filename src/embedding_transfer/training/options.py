"""What every training is told, with the published settings as defaults; each field is a command-line option."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from embedding_transfer.errors import UsageError


@dataclass(kw_only=True)
class TrainingOptions:
    """Options that training a source and transfer share.

    Args:
        images: Image set: ``folder`` (class folders under root), ``table`` (a CSV file), ``glyphs`` (letters, made on
            the spot), ``cub``, ``cars``, ``sop`` or ``inshop`` (the published sets).
        root: Folder of the images, or the file of a ``table``; ``glyphs`` needs none.
        allow_incomplete: Warn instead of failing where images are missing or a published set is another edition.
        output: Run directory to write; it must be new or empty unless resume is given.
        augmentation: ``photo`` (random resized crop and flip) or ``character`` (gentle affine, no flip); default:
            ``character`` for glyphs, ``photo`` for all else.
        pretrained: Start the backbone from weights that timm downloads; nothing is downloaded otherwise.
        weights: Start the backbone from the weights in this file: ImageNet's, or those of a trained network such as
            RUN/best.safetensors.
        l2_normalize: Divide embeddings by their Euclidean norm.
        batch_norm: ``train``, ``frozen-statistics`` (affine parameters learn) or ``frozen``.
        batch_norm_momentum: Weight of the newest batch in running statistics; default: the backbone's own.
        epochs: Passes over the training images.
        batch_size: Images in a batch, over all processes, before views are made of them.
        images_per_class: Images of each class in a batch; default: no balance, shuffled images.
        views: Random views of each image in a batch.
        optimizer: ``adamw``, ``adam``, ``sgd`` or ``rmsprop``.
        lr: Learning rate.
        weight_decay: Weight decay.
        loss_lr_factor: Learning rate of what the metric loss itself learns (its proxies), as a multiple of lr.
        schedule: Per epoch: ``cosine`` to 0, ``step`` or ``constant``.
        decay_step: Epochs between two steps of the step schedule.
        decay_gamma: Factor of each step.
        warmup_epochs: First epochs, in which only the head and the losses' own parameters learn.
        clip_value: Largest absolute value of a gradient entry; default: no clipping.
        evaluate_every: Epochs between two evaluations; the last epoch is always evaluated.
        validation: Share of the training classes that is held out to choose the best epoch; default: 0, the test
            images choose it (published protocol).
        ks: The K of Recall@K.
        metric: Distance of the evaluation: ``euclidean`` (published protocol) or ``cosine``.
        workers: Processes that load images.
        threads: Of the network on a CPU; default: half of the cores, the rest is for the workers.
        seed: Of everything random.
        precision: ``no`` (float32), ``bf16`` or ``fp16``.
        resume: Go on from the last complete epoch in output, if there is one.
        log: ``tensorboard`` or ``wandb`` besides metrics.jsonl, which is always written.
    """

    images: str = "folder"
    root: Path | None = None
    allow_incomplete: bool = False
    output: Path
    augmentation: Literal["photo", "character"] | None = None
    pretrained: bool = False
    weights: Path | None = None
    l2_normalize: bool = False
    batch_norm: Literal["train", "frozen-statistics", "frozen"] = "train"
    batch_norm_momentum: float | None = None
    epochs: int = 90
    batch_size: int = 90
    images_per_class: int | None = 2
    views: int = 2
    optimizer: Literal["adamw", "adam", "sgd", "rmsprop"] = "adamw"
    lr: float = 1e-4
    weight_decay: float = 1e-4
    loss_lr_factor: float = 1.0
    schedule: Literal["cosine", "step", "constant"] = "cosine"
    decay_step: int = 10
    decay_gamma: float = 0.5
    warmup_epochs: int = 0
    clip_value: float | None = None
    evaluate_every: int = 1
    validation: float = 0.0
    ks: tuple[int, ...] = (1, 2, 4, 8)
    metric: Literal["euclidean", "cosine"] = "euclidean"
    workers: int = 2
    threads: int | None = None
    seed: int = 0
    precision: Literal["no", "bf16", "fp16"] = "no"
    resume: bool = False
    log: Literal["tensorboard", "wandb"] | None = None

    def __post_init__(self) -> None:
        self.output = Path(self.output)
        self.root = None if self.root is None else Path(self.root)
        self.weights = None if self.weights is None else Path(self.weights)
        self.ks = tuple(self.ks)
        for name in ("epochs", "batch_size", "views", "decay_step", "evaluate_every"):
            if getattr(self, name) < 1:
                raise UsageError(f"{name} must be at least 1; got {getattr(self, name)}")
        for name in ("lr", "weight_decay", "loss_lr_factor", "warmup_epochs", "workers", "seed"):
            if getattr(self, name) < 0:
                raise UsageError(f"{name} must not be negative; got {getattr(self, name)}")
        if not 0 <= self.validation < 1:
            raise UsageError(f"validation is a share of the training classes, from 0 to below 1; got {self.validation}")
        if not self.ks or min(self.ks) < 1:
            raise UsageError(f"ks must be positive numbers such as [1, 2, 4, 8]; got {list(self.ks)}")
        if self.augmentation is None:
            self.augmentation = "character" if self.images == "glyphs" else "photo"

    @property
    def crop(self) -> float:
        """Share of the picture that evaluation sees: 224 of 256 for photos, all of a character."""
        return 1.0 if self.augmentation == "character" else 0.875


@dataclass(kw_only=True)
class SourceOptions(TrainingOptions):
    """Options of :func:`train_source`: those of Proxy-Anchor's published recipe where they differ.

    Args:
        l2_normalize: Divide embeddings by their Euclidean norm.
        batch_norm: ``train``, ``frozen-statistics`` (affine parameters learn) or ``frozen``.
        batch_size: Images in a batch, over all processes, before views are made of them.
        images_per_class: Images of each class in a batch; default: no balance, shuffled images.
        views: Random views of each image in a batch.
        loss_lr_factor: Learning rate of what the metric loss itself learns (its proxies), as a multiple of lr.
        schedule: Per epoch: ``cosine`` to 0, ``step`` or ``constant``.
        warmup_epochs: First epochs, in which only the head and the losses' own parameters learn.
        clip_value: Largest absolute value of a gradient entry; default: 10, as published.
    """

    l2_normalize: bool = True
    batch_size: int = 180
    images_per_class: int | None = None
    views: int = 1
    epochs: int = 60
    loss_lr_factor: float = 100.0
    schedule: Literal["cosine", "step", "constant"] = "step"
    warmup_epochs: int = 1
    clip_value: float | None = 10.0
