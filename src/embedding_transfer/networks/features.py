"""What a backbone makes of images, before pooling."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor


class Features(NamedTuple):
    """What a backbone makes of n images.

    Attributes:
        maps: Stage maps [(n, c, h, w)], early stages first, at most four.
        final: (n, c, h, w), the final map, without prefix tokens.
        prefix: (n, p, c), the tokens that come before those of the picture: a class token, then others such as
            registers. ``None`` where there are none.
        own: (n, features), what the network itself pools to; ``None`` where another pooling is wanted.
    """

    maps: list[Tensor]
    final: Tensor
    prefix: Tensor | None = None
    own: Tensor | None = None
