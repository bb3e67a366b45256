"""The map that is learned: linear, or linear with a small network beside it."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from embedding_transfer.relations import unit_rows
from embedding_transfer.vectors.linear_maps import LinearMap


class ShortMap(nn.Module):
    r"""x -> y, (n, d) -> (n, k), of the directions of x alone, in the type of x.

    .. math:: u = x / |x|, \quad v = u W + b + \mathrm{gelu}(u A + a) C, \quad y = v / |v|

    A row of zeros has no direction: its u is zero.

    Args:
        dim: d.
        short_dim: k.
        hidden: Columns of A; 0: no network, the map is linear in u. C is zero at first, so both start alike.
        normalize: Whether y has length 1; if not, y = v.

    Example::

        >>> ShortMap(8, 2)(torch.randn(5, 8)).norm(dim=1).allclose(torch.ones(5))
        True
    """

    def __init__(self, dim: int, short_dim: int, hidden: int = 0, normalize: bool = True) -> None:
        super().__init__()
        self.hidden, self.normalize = hidden, normalize
        self.linear = nn.Linear(dim, short_dim)
        if hidden:
            self.inner, self.outer = nn.Linear(dim, hidden), nn.Linear(hidden, short_dim, bias=False)
            nn.init.normal_(self.inner.weight)  # rows have length 1, so that u A has variance 1
            nn.init.zeros_(self.inner.bias)
            nn.init.zeros_(self.outer.weight)

    def forward(self, x: Tensor) -> Tensor:
        v = self.unscaled(unit_rows(x))
        return unit_rows(v) if self.normalize else v

    def unscaled(self, units: Tensor) -> Tensor:
        """v (n, k) of rows u (n, d)."""
        v = self.linear(units)
        return v + self.outer(F.gelu(self.inner(units))) if self.hidden else v

    @torch.no_grad()
    def start(self, linear: LinearMap) -> None:
        """Begin as a linear map."""
        self.linear.weight.copy_(linear.weight.T)
        self.linear.bias.copy_(linear.bias)
