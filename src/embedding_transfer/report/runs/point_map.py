"""A map of test vectors: their two principal components, a color for each class."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from embedding_transfer.images.image_set import ImageSet
from embedding_transfer.report import markup
from embedding_transfer.report.picture_name import picture_name
from embedding_transfer.report.thumbnails import Thumbnails
from embedding_transfer.sources.principal_components import principal_components

POINTS, OF_CLASS, SIZE, EDGE = 1500, 40, 460, 12
"""Points at most, and of one class; side of the map and its edge, in its own units."""


def sample(images: ImageSet, seed: int = 0) -> np.ndarray:
    """Rows of at most ``POINTS`` pictures: some of each of as many classes as there is room for."""
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(images))
    if not images.is_labeled:
        return np.sort(order[:POINTS])
    labels = images.labels[order]
    by_class = np.argsort(labels, kind="stable")
    starts = np.searchsorted(labels[by_class], np.arange(len(images.class_names)))
    rank = np.empty(len(order), dtype=np.int64)  # of each picture among those of its class
    rank[by_class] = np.arange(len(order)) - starts[labels[by_class]]
    kept = order[rank < OF_CLASS]
    class_order = rng.permutation(len(images.class_names))[images.labels[kept]]
    return np.sort(kept[np.argsort(class_order, kind="stable")][:POINTS])


def point_map(title: str, vectors: Tensor, rows: np.ndarray, images: ImageSet) -> str:
    """The map of some rows of vectors (n, d), as a figure."""
    some = vectors[torch.from_numpy(rows)].double()
    center, directions = principal_components(some, 2)
    flat = ((some - center) @ directions).numpy()  # (p, 2), or (p, 1)
    flat = np.pad(flat, ((0, 0), (0, 2 - flat.shape[1])))
    share = float(((some - center) @ directions).var(dim=0).sum() / some.var(dim=0).sum().clamp(min=1e-30))
    low, high = flat.min(axis=0), flat.max(axis=0)
    scale = (SIZE - 2 * EDGE) / max(float((high - low).max()), 1e-12)
    places = EDGE + (flat - (low + high) / 2) * scale + (SIZE - 2 * EDGE) / 2
    groups: dict[int, list[str]] = {}
    for point, (row, (x, y)) in enumerate(zip(rows.tolist(), places.tolist(), strict=True)):
        groups.setdefault(images.label(row), []).append(
            f'<circle cx="{x:.0f}" cy="{y:.0f}" r="3.2" data-point="{point}"/>'
        )
    drawn = "".join(
        f'<g fill="{_color(number, len(groups))}" data-class="{markup.text(_class_name(images, label))}">'
        f"{''.join(dots)}</g>"
        for number, (label, dots) in enumerate(sorted(groups.items()))
    )
    classes = f" of {len(groups):,} classes" if images.is_labeled else ""
    described = (
        f"{title}: {len(rows):,} pictures{classes} along two directions with {100 * share:.0f} % of their variance"
    )
    return (
        f'<figure class="chart"><figcaption>{markup.name(title)}</figcaption>'
        f'<svg class="map" viewBox="0 0 {SIZE} {SIZE}" role="img" aria-label="{markup.text(described)}">{drawn}</svg>'
        f'<p class="note">{100 * share:.0f} % of the variance</p></figure>'
    )


def points_script(rows: np.ndarray, images: ImageSet, thumbnails: Thumbnails | None) -> str:
    """What the points of all maps are: their files, and the numbers of their pictures."""
    numbers: Sequence[int | None] = [None if thumbnails is None else thumbnails.number(int(row)) for row in rows]
    files = [picture_name(images, int(row)) for row in rows]
    return markup.data_script("points", [list(one) for one in zip(files, numbers, strict=True)])


def _color(number: int, count: int) -> str:
    """Far from that of the classes before it; its lightness fits the page."""
    return "var(--s0)" if count == 1 else f"hsl({number * 137.508 % 360:.0f} 65% var(--spot))"


def _class_name(images: ImageSet, label: int) -> str:
    return images.class_names[label] if label >= 0 else "picture"
