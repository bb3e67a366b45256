"""What tests of retrieval share: labels that are any integers, and a look at how much is held at once."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

STRANGE_LABELS = {
    "negative": torch.tensor([-5, -1, -40, -2, -3, -77, -8, -9]),
    "huge": torch.tensor([2**62, 3, 10**15, 2**63 - 1, 0, -(2**63), 10**12, 10**11]),
    "not contiguous": torch.tensor([7, 700, 70_000, 1, 17, 999, 12_345, 6]),
    "int32": torch.tensor([2**31 - 1, -(2**31), 5, 4, 3, 2, 1, 0], dtype=torch.int32),
    "uint8": torch.tensor([255, 0, 1, 2, 3, 4, 200, 100], dtype=torch.uint8),
}


@pytest.fixture(params=STRANGE_LABELS)
def strange_labels(request: pytest.FixtureRequest) -> torch.Tensor:
    """Eight labels that are not 0 to 7."""
    return STRANGE_LABELS[request.param]


class _Largest(TorchDispatchMode):
    size = 0

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = function(*args, **(kwargs or {}))
        sizes = [x.numel() * x.element_size() for x in tree_leaves(result) if isinstance(x, torch.Tensor)]
        self.size = max([self.size, *sizes])
        return result


@pytest.fixture
def largest_tensor() -> Callable[[Callable[[], Any]], int]:
    """A function that runs another one and gives the bytes of the largest tensor that it made."""

    def measure(run: Callable[[], Any]) -> int:
        with _Largest() as largest:
            run()
        return largest.size

    return measure
