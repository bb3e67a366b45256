"""8-bit numbers in the place of 32 in an ONNX file, by onnxruntime's static quantization."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from embedding_transfer.errors import EmbeddingTransferError, reason
from embedding_transfer.exports.agreement import as_pixels
from embedding_transfer.exports.onnx_libraries import onnx_libraries
from embedding_transfer.exports.session import Session
from embedding_transfer.files import whole_file

BATCH = 8
"""Calibration pictures at a time: their activations are all in memory."""


def write_int8(path: Path, from_file: Path, views: np.ndarray) -> None:
    """Write ``path``: the network in ``from_file`` with weights and activations of 8 bits (QDQ).

    Weights have a scale per output channel. The range of each activation is what calibration pictures reach. Input and
    output stay as they are, and so does what is not a convolution, a product of matrices or between two of these.

    Args:
        path: The file.
        from_file: What :func:`write_onnx` wrote.
        views: Calibration pictures (n, 3, s, s) uint8.

    Raises:
        UsageError: If onnx or onnxruntime is not installed.
        EmbeddingTransferError: If onnxruntime cannot do it, or what comes out gives no finite vectors; then there is no
            file.
    """
    onnx_libraries(f"writing {path}")
    from onnxruntime import quantization

    pixels = Session(from_file).pixels
    batches = iter([as_pixels(views[start : start + BATCH], pixels) for start in range(0, len(views), BATCH)])

    class Pictures(quantization.CalibrationDataReader):  # type: ignore[misc]
        def get_next(self) -> Any:
            batch = next(batches, None)
            return None if batch is None else {"images": batch}

    with TemporaryDirectory() as folder, whole_file(path) as unfinished:
        prepared = Path(folder) / "prepared.onnx"
        try:
            with _errors_alone():
                quantization.quant_pre_process(str(from_file), str(prepared), skip_symbolic_shape=True)
                quantization.quantize_static(
                    str(prepared),
                    str(unfinished),
                    Pictures(),
                    quant_format=quantization.QuantFormat.QDQ,
                    per_channel=True,
                    activation_type=quantization.QuantType.QUInt8,
                    weight_type=quantization.QuantType.QInt8,
                )
        except Exception as error:  # onnxruntime has its own errors, all of one family without a name
            raise EmbeddingTransferError(f"{from_file} cannot be quantized ({reason(error)})") from error
        found = Session(unfinished).run(as_pixels(views[:2], pixels))
        if not np.isfinite(found).all():
            raise EmbeddingTransferError(f"{path} is not kept: 8 bits make its vectors infinite; keep {from_file}")


@contextlib.contextmanager
def _errors_alone() -> Iterator[None]:
    """onnxruntime warns of every quantization that it was not prepared for this one, with a link."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(before)
