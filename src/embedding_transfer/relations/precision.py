"""Relations are formed in float32 or better, outside autocast and without TF32.

A squared distance is a small difference of large products, and 10 bits of mantissa would leave nothing of it (seen:
0.67 instead of 2.07).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch


@contextmanager
def full_precision(device: torch.device) -> Iterator[None]:
    """Products in the precision of their inputs: without autocast, TF32 and a CPU's bfloat16; then as it was."""
    with torch.autocast(device.type, enabled=False), _exact_products(device.type):
        yield


@contextmanager
def _exact_products(device_type: str) -> Iterator[None]:
    settings: Any = {"cuda": torch.backends.cuda, "cpu": torch.backends.mkldnn}.get(device_type)
    matmul: Any = getattr(settings, "matmul", None)
    if hasattr(matmul, "fp32_precision"):
        before = matmul.fp32_precision
        matmul.fp32_precision = "ieee"
        try:
            yield
        finally:
            matmul.fp32_precision = before
    else:  # torch before 2.9: one setting for all devices
        before = torch.get_float32_matmul_precision()
        torch.set_float32_matmul_precision("highest")
        try:
            yield
        finally:
            torch.set_float32_matmul_precision(before)
