"""A network as an ONNX file, for onnxruntime and whatever else reads ONNX."""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch

from embedding_transfer.errors import EmbeddingTransferError, UsageError, reason
from embedding_transfer.exports.agreement import check_agreement
from embedding_transfer.exports.exported_network import ExportedNetwork
from embedding_transfer.exports.onnx_libraries import onnx_libraries
from embedding_transfer.exports.session import Session
from embedding_transfer.files import whole_file
from embedding_transfer.networks import EmbeddingNetwork
from embedding_transfer.networks.exported_input import Pixels
from embedding_transfer.networks.network_file import METADATA_KEY

OPSET, IR_VERSION = 18, 8
"""Which runtimes of 2023 read already."""

MOST_BYTES = 2**31 - 2**24
"""Of the weights: a file of one piece ends at 2 GiB."""


def write_onnx(path: Path, network: EmbeddingNetwork, pixels: Pixels, views: np.ndarray) -> float:
    """Write a graph from ``images`` (n, 3, s, s) to ``embedding`` (n, d); n is free, normalization is inside.

    Args:
        path: The file.
        network: What to export; it stays as it is.
        pixels: What the file shall take.
        views: Pictures (n, 3, s, s) uint8 to check it with.

    Returns:
        The largest difference between its embeddings, by onnxruntime, and the network's.

    Raises:
        UsageError: If onnx, onnxruntime or onnxscript is not installed, or the network is too large for one file.
        EmbeddingTransferError: If there is no such graph, or it does not give the network's numbers; then there is no
            file.
    """
    onnx, _ = onnx_libraries(f"writing {path}")
    size = sum(parameter.numel() for parameter in network.parameters()) * 4
    if size > MOST_BYTES:
        raise UsageError(
            f"{network.backbone_name} has {size / 2**30:.1f} GiB of weights and ONNX files end at 2: use --format "
            "torchscript or hub-folder"
        )
    exported = ExportedNetwork(network, pixels)
    model = _graph(exported, network.backbone_name)
    onnx.helper.set_model_props(model, {METADATA_KEY: exported.input.as_metadata()})
    onnx.checker.check_model(model)
    with whole_file(path) as unfinished:
        unfinished.write_bytes(model.SerializeToString())
        return check_agreement(Session(unfinished).run, network, views, pixels, str(path))


def _graph(exported: ExportedNetwork, backbone: str) -> Any:
    """The network as an ``onnx.ModelProto`` that tells nothing of where it was made."""
    side = exported.input.image_size
    dtype = torch.uint8 if exported.input.pixels == "uint8" else torch.float32
    try:
        with _in_silence(), torch.no_grad():
            program = torch.onnx.export(
                exported,
                (torch.zeros(2, 3, side, side, dtype=dtype),),
                dynamo=True,
                dynamic_shapes=({0: torch.export.Dim("n")},),
                input_names=["images"],
                output_names=["embedding"],
                opset_version=OPSET,
                optimize=False,  # runtimes do it when they load, in a tenth of the time
                verbose=False,
            )
    except Exception as error:  # whatever a backbone's code does
        raise EmbeddingTransferError(f"{backbone} cannot be written as ONNX ({reason(error)})") from error
    assert program is not None
    model = program.model_proto
    model.ir_version, model.producer_name = IR_VERSION, "embedding-transfer"
    for part in (model.graph, *model.graph.node, *model.graph.value_info, *model.graph.initializer, *model.functions):
        part.ClearField("metadata_props")  # files and lines of Python, as they lie on this machine
        part.ClearField("doc_string")
    return model


@contextlib.contextmanager
def _in_silence() -> Any:
    """What the exporter says while it works is for its developers."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)
