"""A trained network from whatever a user has: a run directory, a saved network, a released checkpoint."""

from __future__ import annotations

from pathlib import Path

from embedding_transfer.errors import UsageError
from embedding_transfer.networks.embedding_network import EmbeddingNetwork
from embedding_transfer.networks.released_checkpoints import load_published

BEST = "best.safetensors"
"""The network of a run directory."""

OF_HUB = "model.safetensors"
"""The network of a folder for the Hugging Face hub, which ``export --format hub-folder`` writes."""


def load_network(path: str | Path) -> EmbeddingNetwork:
    """A trained network, in evaluation mode, on the CPU.

    Args:
        path: A run directory, whose ``best.safetensors`` is taken; a folder for the Hugging Face hub; a
            ``.safetensors`` file that :meth:`EmbeddingNetwork.save` wrote; or a checkpoint of the research code (see
            :func:`load_published`).

    Raises:
        UsageError: If there is nothing at ``path``, or a directory without a network.
        InputError: If the file is no network that this package knows, or is damaged.

    Example::

        load_network("runs/source")
    """
    file = network_file(path)
    return EmbeddingNetwork.load(file) if file.suffix == ".safetensors" else load_published(file)


def network_file(path: str | Path) -> Path:
    """The file of the network at ``path``: itself, or that of a run directory or of a folder for the hub.

    Raises:
        UsageError: If there is nothing at ``path``, or a directory without a network.
    """
    path = Path(path)
    if not path.exists():
        raise UsageError(f"no such network: {path} (expected a run directory, a .safetensors or a released .pth file)")
    if not path.is_dir():
        return path
    for name in (BEST, OF_HUB):
        if (path / name).exists():
            return path / name
    raise UsageError(f"{path} has no {BEST}: expected the directory of a training that has evaluated once")
