"""Which pictures that nobody has split are for evaluation: drawn by a hash of what each is called."""

from __future__ import annotations

from hashlib import blake2b

import numpy as np

from embedding_transfer.errors import InputError
from embedding_transfer.images.image_set import ImageSet

SHARE, FEWEST, MOST = 0.1, 2, 5000
"""Of the pictures, that are for evaluation; at least and at most so many."""


def is_for_training(images: ImageSet) -> np.ndarray:
    """(n,) bool: False for about one tenth of the images, at least 2 and at most 5,000, which are for evaluation.

    An image is chosen by its key alone, so the choice stays as it is while images are added, up to these limits.

    Raises:
        InputError: If there are fewer than 4 images.

    Example::

        >>> images = ImageSet("photos", [f"{number}.jpg" for number in range(1000)])
        >>> int((~is_for_training(images)).sum())
        108
    """
    if len(images) < 2 * FEWEST:
        raise InputError(
            f"{images.name} has {len(images)} images: {FEWEST} to learn from and {FEWEST} for evaluation are the least"
        )
    hashes = np.frombuffer(b"".join(map(_hash, images.keys)), dtype=np.dtype("<u8"))  # (n,)
    wanted = int(np.clip((hashes < SHARE * 2**64).sum(), FEWEST, MOST))
    learns = np.ones(len(hashes), dtype=bool)
    learns[np.argsort(hashes, kind="stable")[:wanted]] = False
    return learns


def _hash(key: str) -> bytes:
    return blake2b(key.encode("utf-8", "surrogateescape"), digest_size=8).digest()
