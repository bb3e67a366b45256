"""A folder as the Hugging Face hub wants it: the network, what it is, and a card for readers."""

from __future__ import annotations

import json
from pathlib import Path

from embedding_transfer.errors import EmbeddingTransferError, reason
from embedding_transfer.exports.model_card import model_card
from embedding_transfer.exports.past import past_of
from embedding_transfer.files import whole_folder
from embedding_transfer.networks import EmbeddingNetwork
from embedding_transfer.networks.exported_input import ExportedInput
from embedding_transfer.networks.hub import hub
from embedding_transfer.networks.load import OF_HUB


def write_hub_folder(
    folder: Path, network: EmbeddingNetwork, run: Path, license_name: str | None, repository: str | None
) -> None:
    """Fill a new folder with ``model.safetensors``, ``config.json`` and ``README.md``, all of it or nothing.

    ``EmbeddingNetwork.from_pretrained(folder)`` reads it.

    Args:
        folder: Is not there yet.
        network: What to export.
        run: Where it came from; a run directory tells of its training.
        license_name: For the card; ``None``: unknown.
        repository: Under which name the card shows how it is used; default: the folder's own.

    Raises:
        InputError: If the files of the run are damaged.
    """
    view = ExportedInput("float32", network.image_size, network.crop)
    config = {
        "architectures": ["EmbeddingNetwork"],
        "library_name": "embedding-transfer",
        **network.description,
        "resize": view.resize,
    }
    card = model_card(network, past_of(run), repository or folder.name, license_name, may_fetch=repository is not None)
    with whole_folder(folder) as unfinished:
        network.save(unfinished / OF_HUB)
        (unfinished / "config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
        (unfinished / "README.md").write_text(card, encoding="utf-8")


def upload(folder: Path, name: str) -> str:
    """Upload a folder to the repository ``name`` of the hub, which is made if it is not there; returns its address.

    Raises:
        EmbeddingTransferError: If the hub refuses it, such as where nobody is logged in.
    """
    try:
        api = hub().HfApi()
        api.create_repo(repo_id=name, repo_type="model", exist_ok=True)
        message = "Upload by embedding-transfer"
        api.upload_folder(folder_path=str(folder), repo_id=name, repo_type="model", commit_message=message)
    except Exception as error:  # of the hub, of the connection, of the disk
        raise EmbeddingTransferError(
            f"{folder} is written, but was not uploaded to {name}: {reason(error)} (hf auth login logs in)"
        ) from error
    return f"https://huggingface.co/{name}"
