"""A trained network from whatever a user has: a run directory, a saved network, a released checkpoint."""

from __future__ import annotations

from pathlib import Path

from embedding_transfer.errors import UsageError
from embedding_transfer.networks.embedding_network import EmbeddingNetwork
from embedding_transfer.networks.released_checkpoints import load_published

BEST = "best.safetensors"
"""The network of a run directory."""


def load_network(path: str | Path) -> EmbeddingNetwork:
    """A trained network, in evaluation mode, on the CPU.

    Args:
        path: A run directory, whose ``best.safetensors`` is taken; a ``.safetensors`` file that
            :meth:`EmbeddingNetwork.save` wrote; or a checkpoint of the research code (see :func:`load_published`).

    Raises:
        UsageError: If there is nothing at ``path``, or a directory without ``best.safetensors``.
        InputError: If the file is no network that this package knows, or is damaged.

    Example::

        load_network("runs/source")
    """
    file = network_file(path)
    return EmbeddingNetwork.load(file) if file.suffix == ".safetensors" else load_published(file)


def network_file(path: str | Path) -> Path:
    """The file of the network at ``path``: itself, or the best network of a run directory.

    Raises:
        UsageError: If there is nothing at ``path``, or a directory without ``best.safetensors``.
    """
    path = Path(path)
    if not path.exists():
        raise UsageError(f"no such network: {path} (expected a run directory, a .safetensors or a released .pth file)")
    if path.is_dir() and not (path / BEST).exists():
        raise UsageError(f"{path} has no {BEST}: expected the directory of a training that has evaluated once")
    return path / BEST if path.is_dir() else path
