"""Headings of the help: what an option is about."""

from __future__ import annotations

from collections.abc import Iterable

from embedding_transfer.cli.verbs import FIRST

MOST_USED = {
    "train-source": "output loss backbone embedding_dim image_size pretrained weights epochs",
    "transfer": "output method loss backbone embedding_dim pretrained weights start_from_source epochs",
    "evaluate": "scores ks metric",
    "embed": "pictures output",
    "search": "k output",
    "export": "output format quantize",
    "compress": "dim keep",
}
"""Options that most calls of a verb with many of them give, besides those that may come first."""

HEADINGS = {
    "source": "source source_weight source_weights source_pretrained source_image_size source_mean source_std "
    "source_views source_precision store_source store_source_epochs store_source_dtype start_from_source",
    "loss": "loss transfer_weight metric_loss metric_weight miner loss_lr_factor",
    "shorter vectors": "dim keep start hidden nested_dims steps near_share normalize max_rows labels method",
    "the file": "format pixels quantize compare calibration license push_to_hub",
    "images": "images root allow_incomplete on_bad_image train_on validation split pictures augmentation views resize "
    "cache",
    "network": "network gallery_network backbone embedding_dim image_size pretrained weights l2_normalize pooling "
    "head_start batch_norm sync_batch_norm batch_norm_momentum",
    "training": "epochs batch_size images_per_class optimizer lr weight_decay schedule decay_step decay_gamma "
    "warmup_epochs clip_value seed",
    "evaluation": "evaluate_every k ks metric scores lengths json",
    "run": "output dtype resume save_every_steps device threads workers precision compile gradient_checkpointing "
    "accumulate log",
}
"""Heading to the names under it; whatever has none stands under *options*."""


def by_heading(verb: str, names: Iterable[str]) -> dict[str, list[str]]:
    """Names under their headings, in the order of the headings and of the names in them; what is used most first."""
    names = list(names)
    most_used: list[str] = []
    if verb in MOST_USED:
        most_used = [name for name in (*FIRST[verb], *MOST_USED[verb].split()) if name in names]
    left = [name for name in names if name not in most_used]
    headings = dict(HEADINGS)
    if "epochs" not in names:  # of a verb that trains nothing, a batch is pictures at a time
        headings |= {"training": "images_per_class", "run": f"{HEADINGS['run']} batch_size"}
    placed = {heading: [name for name in under.split() if name in left] for heading, under in headings.items()}
    others = [name for name in left if not any(name in under for under in placed.values())]
    return {heading: under for heading, under in {"used most": most_used, "options": others, **placed}.items() if under}
