"""A trained network from whatever a user has: a run directory, a saved network, a released checkpoint."""

from __future__ import annotations

from pathlib import Path

from embedding_transfer.exceptions import UsageError
from embedding_transfer.networks.embedding_network import EmbeddingNetwork

BEST = "best.safetensors"
"""The network of a run directory."""


def load_network(path: str | Path) -> EmbeddingNetwork:
    """A trained network, in evaluation mode, on the CPU.

    Args:
        path: A run directory, whose ``best.safetensors`` is taken, or a file of :meth:`EmbeddingNetwork.save`.

    Raises:
        UsageError: If there is nothing at ``path``, or a directory without ``best.safetensors``.
        InputError: If the file is no network that this package knows, or is damaged.
    """
    path = Path(path)
    if not path.exists():
        raise UsageError(f"no such network: {path} (expected a run directory or a file of a network)")
    if not path.is_dir():
        return EmbeddingNetwork.load(path)
    if not (path / BEST).exists():
        raise UsageError(f"{path} has no {BEST}: expected the directory of a training that evaluated at least once")
    return EmbeddingNetwork.load(path / BEST)
