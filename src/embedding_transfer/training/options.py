"""What every training is told, with the published settings as defaults; each field is a command-line option."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, TypeVar

from embedding_transfer.build.memory import require_memory_for_pictures
from embedding_transfer.build.ranges import (
    BatchSize,
    Count,
    Momentum,
    NotNegative,
    Positive,
    Range,
    Seed,
    Views,
    Warmup,
    Workers,
)
from embedding_transfer.build.typed_options import TypedOptions
from embedding_transfer.errors import UsageError

AUTO: Literal["auto"] = "auto"

Options = TypeVar("Options", bound="TrainingOptions")


@dataclass(kw_only=True)
class TrainingOptions(TypedOptions):
    """Options that training a source and transfer share.

    Args:
        images: Image set: ``folder`` (class folders under root), ``table`` (a CSV file), ``unlabeled`` (pictures
            without classes), ``hf`` (a Hugging Face dataset on disk), ``glyphs`` (letters, made on the spot), ``cub``,
            ``cars``, ``sop`` or ``inshop`` (the published sets); in Python also the images themselves.
        root: Folder of the images, or the file of a ``table``; ``glyphs`` needs none.
        allow_incomplete: Warn instead of failing where images are missing or a published set is another edition.
        train_on: ``train``, or ``all`` images for production: nothing is held out then, the last epoch is taken for the
            best, and scores are of images that were trained on.
        output: Run directory to write; it must be new or empty unless resume is given.
        augmentation: ``photo`` (random resized crop and flip) or ``character`` (gentle affine, no flip); default:
            ``character`` for glyphs, ``photo`` for all else.
        resize: What resizes photos: ``pillow`` or ``torch``, which is faster; their pixels differ by at most 2 of 255.
        cache: Folder in which decoded pictures are kept, the shorter side at most twice a view's, so that files are
            decoded in the first epoch alone; default: none.
        pretrained: Start the backbone from weights that timm downloads; nothing is downloaded otherwise.
        weights: Start the backbone from the weights in this file: ImageNet's, or those of a trained network such as
            RUN/best.safetensors.
        l2_normalize: Divide embeddings by their Euclidean norm.
        pooling: ``average+maximum`` (of the final map), ``average``, ``class-token``, ``gem`` (generalized mean with a
            learned power) or ``own`` (what the backbone was trained to pool to); default: ``average+maximum`` where
            the backbone ends in a map, as convolutional networks do, ``own`` where it ends in tokens.
        head_start: How the head begins: ``random`` (orthogonal, as published), or ``principal-components`` of what a
            pretrained backbone makes of the training images, which keeps what it knows.
        batch_norm: ``train``, ``frozen-statistics`` (affine parameters learn) or ``frozen``; ``auto`` is
            ``frozen-statistics`` where the backbone starts from weights, as statistics of few pictures would ruin it,
            else ``train``.
        sync_batch_norm: On several GPUs, normalize by the batch of all processes, as one process would; default: each
            by its own share.
        batch_norm_momentum: Weight of the newest batch in running statistics; default: the backbone's own.
        epochs: Passes over the training images.
        batch_size: Images in a batch, over all processes, before views are made of them; ``auto`` is the published
            number, or fewer where the images cannot fill such batches.
        images_per_class: Images of each class in a batch; null: no balance, shuffled images. ``auto`` is the published
            number where the classes are large enough.
        views: Random views of each image in a batch.
        optimizer: ``adamw``, ``adam``, ``sgd`` or ``rmsprop``.
        lr: Learning rate.
        weight_decay: Weight decay.
        loss_lr_factor: Learning rate of what the metric loss itself learns (its proxies), as a multiple of lr.
        schedule: Per epoch: ``cosine`` to 0, ``step`` or ``constant``.
        decay_step: Epochs between two steps of the step schedule.
        decay_gamma: Factor of each step.
        warmup_epochs: First epochs, in which only the head and the losses' own parameters learn.
        clip_value: Largest absolute value of a gradient entry; null: no clipping.
        evaluate_every: Epochs between two evaluations; the last epoch is always evaluated.
        validation: Share of the training classes that is held out to choose the best epoch; 0: the test images choose
            it (published protocol).
        ks: The K of Recall@K.
        metric: Distance of the evaluation: ``euclidean`` (published protocol) or ``cosine``.
        on_bad_image: ``error``: an image that cannot be read ends the training; ``skip``: all images are looked at
            before it starts, and those that cannot be read are left out, counted and named.
        workers: Processes that load images.
        device: Where to compute: ``auto`` is a GPU (``cuda``) if there is one, else the ``cpu``; ``mps`` is Apple's
            GPU, on which this was never tried.
        threads: Threads of the network on a CPU; default: half of the cores, the rest is for the workers.
        seed: Random seed.
        precision: ``no`` (float32), ``bf16`` or ``fp16`` for the network; losses are computed in float32.
        compile: Let torch compile the network, and the source; where it cannot, it says so and goes on without.
        gradient_checkpointing: Keep less of the network in memory: its blocks run twice.
        accumulate: Parts in which a batch is embedded, one at a time in memory; the loss is that of the whole batch.
            For losses on embeddings.
        resume: Go on from the last state in output, if there is one.
        save_every_steps: Steps between two states inside an epoch; null: one after each epoch.
        log: ``tensorboard`` or ``wandb`` besides metrics.jsonl, which is always written.

    Raises:
        UsageError: If a value is of the wrong type or out of its range.
    """

    published_batch: ClassVar[tuple[int, int | None]] = (90, 2)
    """Batch size and images per class that ``auto`` stands for."""

    images: Any = "folder"
    root: Path | None = None
    allow_incomplete: bool = False
    train_on: Literal["train", "all"] = "train"
    output: Path
    augmentation: Literal["photo", "character"] | None = None
    resize: Literal["pillow", "torch"] = "pillow"
    cache: Path | None = None
    pretrained: bool = False
    weights: Path | None = None
    l2_normalize: bool = False
    pooling: Literal["average+maximum", "average", "class-token", "gem", "own"] | None = None
    head_start: Literal["random", "principal-components"] = "random"
    batch_norm: Literal["auto", "train", "frozen-statistics", "frozen"] = "auto"
    sync_batch_norm: bool = False
    batch_norm_momentum: Momentum | None = None
    epochs: Count = 90
    batch_size: BatchSize | Literal["auto"] = "auto"
    images_per_class: BatchSize | Literal["auto"] | None = "auto"
    views: Views = 2
    optimizer: Literal["adamw", "adam", "sgd", "rmsprop"] = "adamw"
    lr: NotNegative = 1e-4
    weight_decay: NotNegative = 1e-4
    loss_lr_factor: NotNegative = 1.0
    schedule: Literal["cosine", "step", "constant"] = "cosine"
    decay_step: Count = 10
    decay_gamma: Annotated[float, Range(above=0, most=1)] = 0.5
    warmup_epochs: Warmup = 0
    clip_value: Positive | None = None
    evaluate_every: Count = 1
    validation: Annotated[float, Range(0, below=1)] = 0.0
    ks: tuple[Count, ...] = (1, 2, 4, 8)
    metric: Literal["euclidean", "cosine"] = "euclidean"
    on_bad_image: Literal["error", "skip"] = "error"
    workers: Workers = 2
    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    threads: Annotated[int, Range(1, 1024)] | None = None
    seed: Seed = 0
    precision: Literal["no", "bf16", "fp16"] = "no"
    compile: bool = False
    gradient_checkpointing: bool = False
    accumulate: Count = 1
    resume: bool = False
    save_every_steps: Count | None = None
    log: Literal["tensorboard", "wandb"] | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.ks:
            raise UsageError("ks must be numbers such as 1,2,4,8; got none")
        size = getattr(self, "image_size", None)
        if size is not None and isinstance(self.batch_size, int):
            remedy = "lower --batch-size, --views or --image-size"
            require_memory_for_pictures(self.batch_size * self.views, size, remedy)
        if self.train_on == "all" and self.validation:
            raise UsageError("train_on all holds nothing out: leave out --validation")
        if self.augmentation is None:
            self.augmentation = "character" if self.images == "glyphs" else "photo"
        if self.resize == "torch" and self.augmentation == "character":
            raise UsageError("resize torch is for photos; characters are moved by pillow: leave it out")

    @property
    def batch(self) -> tuple[int, int | None]:
        """Batch size and images per class, once nothing is ``auto`` any more."""
        if self.batch_size == AUTO or self.images_per_class == AUTO:
            raise UsageError("batch_size and images_per_class are still auto: fit_batches makes numbers of them")
        return self.batch_size, self.images_per_class

    @property
    def starts_from_weights(self) -> bool:
        """Whether the backbone has learned before."""
        return self.pretrained or self.weights is not None

    @property
    def view_epochs(self) -> int | None:
        """Epochs after which views begin anew; ``None``: never."""
        return None

    @property
    def crop(self) -> float:
        """Share of the picture that evaluation sees: 224 of 256 for photos, all of a character."""
        return 1.0 if self.augmentation == "character" else 0.875
