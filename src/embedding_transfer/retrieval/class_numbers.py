"""Labels of any integers as numbers 0, 1, 2, ..., so that counting them costs the same whatever their values."""

from __future__ import annotations

import torch
from torch import Tensor

from embedding_transfer.errors import InputError


def class_numbers(labels: Tensor, gallery_labels: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """Numbers of the classes of queries and gallery, the same number for the same label.

    Args:
        labels: (n,) integers: negative, huge or far apart.
        gallery_labels: (m,) integers; ``None``: those of the queries.

    Returns:
        (n,) and (m,) int64 from 0 up, without gaps.

    Raises:
        InputError: If labels are not (n,) integers.

    Example::

        >>> class_numbers(torch.tensor([-7, 10**15, -7]))[0]
        tensor([0, 1, 0])
    """
    both = [_integers(labels), *([] if gallery_labels is None else [_integers(gallery_labels)])]
    device = both[0].device
    numbers = torch.unique(torch.cat([part.to(device) for part in both]), return_inverse=True)[1]
    return numbers[: len(labels)], numbers if gallery_labels is None else numbers[len(labels) :]


def _integers(labels: Tensor) -> Tensor:
    labels = torch.as_tensor(labels)
    if labels.ndim != 1 or labels.is_floating_point() or labels.is_complex():
        raise InputError(f"labels must be (n,) integers; got {tuple(labels.shape)} {labels.dtype}")
    return labels.long()
