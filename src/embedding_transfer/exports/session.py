"""An ONNX file at work in onnxruntime, on a given number of threads."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from embedding_transfer.exports.onnx_libraries import onnx_libraries
from embedding_transfer.networks.exported_input import Pixels


class Session:
    """An exported network, run by onnxruntime on the CPU.

    Args:
        path: The file.
        threads: Of one call; default: as many as onnxruntime likes.

    Attributes:
        pixels: ``"float32"`` or ``"uint8"``.
        side: Of its pictures.

    Raises:
        UsageError: If onnxruntime is not installed.
    """

    def __init__(self, path: Path, threads: int = 0) -> None:
        _, onnxruntime = onnx_libraries(f"running {path}")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.log_severity_level = threads, 3
        self._session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        (self._images,) = self._session.get_inputs()
        self.pixels: Pixels = "uint8" if "uint8" in self._images.type else "float32"
        self.side = int(self._images.shape[2])

    def run(self, images: np.ndarray) -> np.ndarray:
        """Embeddings (n, d) float32 of images (n, 3, s, s)."""
        found: np.ndarray = self._session.run(None, {self._images.name: images})[0]
        return found
