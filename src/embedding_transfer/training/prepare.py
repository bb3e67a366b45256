"""What every training prepares: where it writes, what it sees, where tensors live, the network that will learn."""

from __future__ import annotations

import dataclasses
import os

import torch
from accelerate import Accelerator, DistributedDataParallelKwargs

from embedding_transfer.errors import UsageError
from embedding_transfer.images import ImageSet, ImageSplits, hold_out_classes, load_images
from embedding_transfer.images.bad_images import splits_without_bad_images
from embedding_transfer.images.download.progress import phase
from embedding_transfer.images.together import whole_set
from embedding_transfer.networks import EmbeddingNetwork
from embedding_transfer.networks.batch_norm import with_shared_statistics
from embedding_transfer.retrieval.device import accelerator_on
from embedding_transfer.training.fit_batches import fit_batches
from embedding_transfer.training.loggers import check_logger
from embedding_transfer.training.options import AUTO, Options, TrainingOptions
from embedding_transfer.training.run_directory import RunDirectory


def prepare(
    options: Options, all_learn: bool = True
) -> tuple[Options, RunDirectory, ImageSplits, ImageSet | None, Accelerator]:
    """Check the run directory, then load the images, then start the accelerator; nothing is written yet.

    Args:
        options: Of the training.
        all_learn: Whether every step has a gradient for every parameter, apart from warm-up.

    Returns:
        The options, in which nothing is left open, where the run is written, its images, what is held out of them to
        choose the best epoch, and where tensors live.

    Raises:
        UsageError: If the run directory is in use, there are no such images or none that can be cached, or a logger
            is not installed.
        InputError: If the images are not what the image set expects.
    """
    check_logger(options.log)
    run = RunDirectory(options)
    images, validation = images_of(options)
    accelerator = new_accelerator(options, all_learn)
    options = with_batch_norm(fit_batches(options, images.train, accelerator.num_processes))
    run.settle(options)
    return options, run, images, validation, accelerator


def images_of(options: TrainingOptions) -> tuple[ImageSplits, ImageSet | None]:
    """The images that a training learns from and is tested on, and what it holds out to choose its best epoch.

    Raises:
        UsageError: If there are no such images or none that can be cached.
        InputError: If they are not what the image set expects.
    """
    with phase(f"looking for the images of {options.images if options.root is None else options.root}"):
        everything = load_images(options.images, options.root, options.allow_incomplete)
    if options.on_bad_image == "skip":
        everything = splits_without_bad_images(everything, options.workers)
    if options.cache is not None:
        everything = everything.cached_in(options.cache)
    images, validation = hold_out_classes(everything, options.validation, options.seed)
    if options.train_on == "all":
        images = images._replace(train=whole_set(everything))
    return images, validation


def with_batch_norm(options: Options) -> Options:
    """The options with a mode of BatchNorm in place of ``auto``."""
    if options.batch_norm != AUTO:
        return options
    return dataclasses.replace(options, batch_norm="frozen-statistics" if options.starts_from_weights else "train")


def new_accelerator(options: TrainingOptions, all_learn: bool = True) -> Accelerator:
    """One for each run (see :func:`prepare` for its arguments).

    Raises:
        UsageError: If the processes that were started do not all see each other, or the precision cannot be had.
    """
    try:
        accelerator = accelerator_on(
            options.device,
            mixed_precision=options.precision,
            log_with=options.log,
            project_dir=str(options.output),
            kwargs_handlers=[
                DistributedDataParallelKwargs(
                    find_unused_parameters=options.warmup_epochs > 0 or not all_learn,
                    gradient_as_bucket_view=True,
                    broadcast_buffers=False,  # memories are the same everywhere; statistics are shared once an epoch
                )
            ],
        )
        if options.sync_batch_norm and accelerator.device.type != "cuda":
            raise UsageError(
                f"torch cannot share BatchNorm's statistics on this device, {accelerator.device.type}: leave out "
                "--sync-batch-norm, or give --batch-norm frozen-statistics, which is the same in several processes"
            )
    except UsageError:
        raise
    except (ImportError, ValueError) as error:
        raise UsageError(f"cannot start with precision {options.precision}: {error}") from error
    torch.set_num_threads(options.threads or max(1, (os.cpu_count() or 1) // 2))
    started = int(os.environ.get("WORLD_SIZE", "1"))
    if accelerator.num_processes != started:
        raise UsageError(f"{started} processes were started, but {accelerator.num_processes} work together")
    return accelerator


def new_network(backbone: str, embedding_dim: int, image_size: int, options: TrainingOptions) -> EmbeddingNetwork:
    """The network that will learn: random from the seed, or with the weights that the options name.

    Raises:
        UsageError: If there is no such backbone or the images are too small for it.
        InputError: If the weights do not fit.
    """
    torch.manual_seed(options.seed)
    network = EmbeddingNetwork(
        backbone,
        embedding_dim,
        l2_normalize=options.l2_normalize,
        image_size=image_size,
        crop=options.crop,
        pretrained=options.pretrained,
        weights=options.weights,
        batch_norm_momentum=options.batch_norm_momentum,
        pooling=options.pooling,
    )
    network.check_image_size()
    if options.batch_norm != AUTO:
        network.batch_norm = options.batch_norm
    if options.sync_batch_norm:
        network.backbone = with_shared_statistics(network.backbone)
    return network
