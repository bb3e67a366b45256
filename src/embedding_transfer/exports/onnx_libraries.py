"""The libraries that write and run ONNX, which are an extra."""

from __future__ import annotations

import importlib
from typing import Any

from embedding_transfer.errors import UsageError


def onnx_libraries(what: str) -> tuple[Any, Any]:
    """The modules ``onnx`` and ``onnxruntime``.

    Args:
        what: What needs them, for the message: ``"writing short.onnx"``.

    Raises:
        UsageError: If one of them, or ``onnxscript``, which torch writes ONNX with, is not installed.
    """
    try:
        importlib.import_module("onnxscript")
        return importlib.import_module("onnx"), importlib.import_module("onnxruntime")
    except ImportError as error:
        raise UsageError(f"{what} needs {error.name}: pip install 'embedding-transfer[onnx]'") from error
