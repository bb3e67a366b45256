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
    """Products in the precision of their inputs: leaves autocast and turns TF32 off, then puts both back."""
    if device.type != "cuda" and not torch.is_autocast_enabled(device.type):
        yield
        return
    settings: Any = torch.backends.cuda.matmul
    option, exact = ("fp32_precision", "ieee") if hasattr(settings, "fp32_precision") else ("allow_tf32", False)
    before = getattr(settings, option)
    setattr(settings, option, exact)
    try:
        with torch.autocast(device.type, enabled=False):
            yield
    finally:
        setattr(settings, option, before)
