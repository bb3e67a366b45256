"""Networks on the Hugging Face hub: fetched where one is asked for by name, and never otherwise."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from embedding_transfer.errors import DownloadError, reason
from embedding_transfer.networks.load import OF_HUB, network_file

REPOSITORY = re.compile(r"(?!.*(?:--|\.\.))[A-Za-z0-9_][\w.-]{0,95}/[A-Za-z0-9_][\w.-]{0,95}", re.ASCII)
"""``OWNER/NAME``."""


def pretrained_file(name: str | Path) -> Path:
    """The file of a network that is here, or of a repository of the hub, which is fetched into the hub's cache.

    Args:
        name: A folder or a file (see :func:`load_network`), or ``"OWNER/NAME"`` where there is no folder ``OWNER``.

    Raises:
        UsageError: If it is neither.
        DownloadError: If the repository cannot be reached, or holds no ``model.safetensors``.

    Example::

        pretrained_file("exported/short")
    """
    owner, _, _ = str(name).partition("/")
    if Path(name).exists() or not is_repository(name) or Path(owner).is_dir():
        return network_file(name)
    try:
        return Path(hub().hf_hub_download(repo_id=str(name), filename=OF_HUB))
    except Exception as error:  # of the hub, of the connection, of the disk
        raise DownloadError(f"no network {name} from the Hugging Face hub: {reason(error)}") from error


def is_repository(name: str | Path) -> bool:
    """Whether this could name a repository.

    Example::

        >>> is_repository("anna/shoes-64"), is_repository("shoes-64"), is_repository("runs/a/b")
        (True, False, False)
    """
    return REPOSITORY.fullmatch(str(name)) is not None


def hub() -> Any:
    """The library of the hub, imported when it is needed: it reads settings from the environment."""
    import huggingface_hub

    return huggingface_hub
