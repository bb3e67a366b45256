"""A network whose vectors pass a linear map: again a network of ours, as its last layer is linear, too."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor


def projected(
    state: Mapping[str, Tensor], description: Mapping[str, Any], weight: Tensor, bias: Tensor | None
) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """State and description of the network that gives W t + b where another gives t.

    Of a network that normalizes its vectors it is unit(W t): t before it is normalized has the same direction.

    Args:
        state: Of the network that gives t, vectors of length d.
        description: Of that network.
        weight: W (d_s, d).
        bias: b (d_s,), or ``None``, as it must be for a network that normalizes.
    """
    head_weight = weight @ state["head.weight"]  # (d_s, features)
    head_bias = weight @ state["head.bias"] + (0 if bias is None else bias)  # (d_s,)
    wider = {**state, "head.weight": head_weight, "head.bias": head_bias}
    return wider, {**description, "embedding_dim": len(weight)}
