"""An exported file is only kept if it says what the network says."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch

from embedding_transfer.errors import EmbeddingTransferError
from embedding_transfer.images.views import as_floats
from embedding_transfer.networks import EmbeddingNetwork
from embedding_transfer.networks.exported_input import Pixels

TOLERANCE = 1e-4
"""How far numbers may be from the network's, where the largest of these is 1 or less; relative to it otherwise."""

Run = Callable[[np.ndarray], np.ndarray]
"""An exported file at work: images (n, 3, s, s) to embeddings (n, d)."""


def as_pixels(views: np.ndarray, pixels: Pixels) -> np.ndarray:
    """Views (n, 3, s, s) uint8 as an exported network takes them."""
    return views if pixels == "uint8" else views.astype(np.float32) / 255


def check_agreement(run: Run, network: EmbeddingNetwork, views: np.ndarray, pixels: Pixels, name: str) -> float:
    """The largest difference between a file's embeddings and the network's, of one picture alone and of all together.

    Args:
        run: The file at work.
        network: What was exported, before anything was done to it.
        views: (n, 3, s, s) uint8.
        pixels: What the file takes.
        name: Of the file, for the message.

    Raises:
        EmbeddingTransferError: If they differ by more than :data:`TOLERANCE`, or the shape does.
    """
    network = network.eval()
    with torch.no_grad():
        expected = network(as_floats(torch.from_numpy(views)).to(network.head.weight)).float().numpy()  # (n, d)
    shown = as_pixels(views, pixels)
    twice = np.concatenate([shown, shown])  # another number of pictures than one, also where there is but one
    found = [np.asarray(run(shown[:1])), np.asarray(run(twice))]
    if found[0].shape != expected[:1].shape or found[1].shape != (2 * len(expected), expected.shape[1]):
        raise EmbeddingTransferError(
            f"{name} is not kept: it gives {found[1].shape} where torch gives {(2 * len(expected), expected.shape[1])}"
        )
    differences = [np.abs(found[0] - expected[:1]), np.abs(found[1] - np.concatenate([expected, expected]))]
    largest = max(float(difference.max()) for difference in differences)
    if not largest <= TOLERANCE * max(1.0, float(np.abs(expected).max())):  # also where it is NaN
        raise EmbeddingTransferError(
            f"{name} is not kept: its embeddings differ from torch's by up to {largest:.2g} (at most {TOLERANCE} is "
            "taken for rounding); try another --format, and please report the backbone"
        )
    return largest
