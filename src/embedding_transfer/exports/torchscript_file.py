"""A network as a TorchScript file, which torch runs without Python code of ours, also in C++."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import torch

from embedding_transfer.errors import EmbeddingTransferError, reason
from embedding_transfer.exports.agreement import check_agreement
from embedding_transfer.exports.exported_network import ExportedNetwork
from embedding_transfer.files import whole_file
from embedding_transfer.networks import EmbeddingNetwork
from embedding_transfer.networks.exported_input import Pixels
from embedding_transfer.networks.network_file import METADATA_KEY


def write_torchscript(path: Path, network: EmbeddingNetwork, pixels: Pixels, views: np.ndarray) -> float:
    """Write ``path``, to be read by ``torch.jit.load``; the number of pictures is free.

    Args:
        path: The file.
        network: What to export; it stays as it is.
        pixels: What the file shall take.
        views: Pictures (n, 3, s, s) uint8 to check it with.

    Returns:
        The largest difference between its embeddings and the network's.

    Raises:
        EmbeddingTransferError: If the network cannot be traced, or the file does not give its numbers; then there is
            no file.
    """
    exported = ExportedNetwork(network, pixels)
    side = exported.input.image_size
    example = torch.zeros(2, 3, side, side, dtype=torch.uint8 if pixels == "uint8" else torch.float32)
    with whole_file(path) as unfinished, warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # of shapes that become constants: what comes out is checked
        try:
            traced = torch.jit.freeze(torch.jit.trace(exported, example, check_trace=False))
        except Exception as error:  # whatever a backbone's code does
            message = f"{network.backbone_name} cannot be written as TorchScript ({reason(error)})"
            raise EmbeddingTransferError(message) from error
        torch.jit.save(traced, str(unfinished), {METADATA_KEY: exported.input.as_metadata()})
        loaded = torch.jit.load(str(unfinished), map_location="cpu")
        return check_agreement(lambda shown: loaded(torch.from_numpy(shown)).numpy(), network, views, pixels, str(path))
