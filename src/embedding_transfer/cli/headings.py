"""Headings of the help: what an option is about."""

from __future__ import annotations

from collections.abc import Iterable

HEADINGS = {
    "what learns from what": "source source_weight source_weights source_pretrained source_image_size source_mean "
    "source_std source_views source_precision store_source store_source_epochs store_source_dtype start_from_source "
    "loss transfer_weight metric_loss metric_weight miner",
    "shorter vectors": "dim keep start hidden nested_dims steps near_share normalize max_rows labels method",
    "the file": "format pixels quantize compare calibration license push_to_hub",
    "images": "images root allow_incomplete on_bad_image train_on validation split pictures augmentation views resize "
    "cache workers",
    "network": "network gallery_network backbone embedding_dim image_size pretrained weights l2_normalize pooling "
    "head_start batch_norm sync_batch_norm batch_norm_momentum",
    "training": "epochs batch_size images_per_class optimizer lr weight_decay loss_lr_factor schedule decay_step "
    "decay_gamma warmup_epochs clip_value seed",
    "evaluation": "evaluate_every k ks metric scores lengths json",
    "run": "output dtype resume save_every_steps device threads precision compile gradient_checkpointing accumulate "
    "log",
}
"""Heading to the names under it; whatever has none stands under *options*."""


def by_heading(names: Iterable[str]) -> dict[str, list[str]]:
    """Names under their headings, in the order of the headings and of the names in them."""
    names = list(names)
    placed = {heading: [name for name in under.split() if name in names] for heading, under in HEADINGS.items()}
    others = [name for name in names if not any(name in under for under in placed.values())]
    return {heading: under for heading, under in {"options": others, **placed}.items() if under}
