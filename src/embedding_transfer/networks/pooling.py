"""Ways to make one vector of what a backbone gives for an image."""

from __future__ import annotations

from typing import Literal, get_args

import torch
from torch import Tensor, nn

from embedding_transfer.errors import UsageError, nearest
from embedding_transfer.networks.features import Features

Pooling = Literal["average+maximum", "average", "class-token", "gem", "own"]
"""What is pooled: global average plus global maximum of the final map (as published), the average alone, the class
token, the generalized mean of the final map, or what the network itself was trained to pool to."""

POOLINGS: tuple[Pooling, ...] = get_args(Pooling)


class AverageMaximum(nn.Module):
    """Global average plus global maximum of the final map: (n, c, h, w) to (n, c). timm's ``avgmax`` is half of it."""

    def forward(self, features: Features) -> Tensor:
        return features.final.mean(dim=(2, 3)) + features.final.amax(dim=(2, 3))


class Average(nn.Module):
    """Global average of the final map: (n, c, h, w) to (n, c); prefix tokens have no part in it."""

    def forward(self, features: Features) -> Tensor:
        return features.final.mean(dim=(2, 3))


class ClassToken(nn.Module):
    """The first prefix token: (n, p, c) to (n, c)."""

    def forward(self, features: Features) -> Tensor:
        if features.prefix is None:
            raise UsageError("there is no class token: use another pooling")
        return features.prefix[:, 0]


class GeneralizedMean(nn.Module):
    """Generalized mean of the final map, ``mean(max(x, eps) ** power) ** (1 / power)``: (n, c, h, w) to (n, c).

    Radenovic, Tolias, Chum, "Fine-tuning CNN Image Retrieval with No Human Annotation", TPAMI 2018. The power is
    learned; 1 is the average, and the larger it is, the closer to the maximum. Computed in 32 bits at least, since
    powers of small numbers vanish in 16.

    Args:
        power: The power at first.
        eps: Smaller and negative values of the map count as this.

    Example::

        >>> features = Features([], torch.tensor([[[[1.0, 2.0, 3.0]]]]))
        >>> round(GeneralizedMean(power=3.0)(features).item() ** 3, 3)  # (1 + 8 + 27) / 3
        12.0
    """

    def __init__(self, power: float = 3.0, eps: float = 1e-6) -> None:
        super().__init__()
        self.power = nn.Parameter(torch.tensor(power))
        self.eps = eps

    def forward(self, features: Features) -> Tensor:
        dtype = torch.promote_types(features.final.dtype, torch.float32)
        positive = features.final.to(dtype).clamp(min=self.eps)
        mean = positive.pow(self.power.to(dtype)).mean(dim=(2, 3)).pow(1 / self.power.to(dtype))
        return mean.to(features.final.dtype)


class Own(nn.Module):
    """What the network itself pools to; the layers that do it are the backbone's."""

    def forward(self, features: Features) -> Tensor:
        if features.own is None:
            raise UsageError("this backbone was built for another pooling than its own")
        return features.own


def new_pooling(pooling: Pooling) -> nn.Module:
    """The module that pools :class:`Features` this way.

    Example::

        >>> new_pooling("average")(Features([], torch.ones(2, 5, 3, 3))).shape
        torch.Size([2, 5])
    """
    kinds: dict[Pooling, type[nn.Module]] = {
        "average+maximum": AverageMaximum,
        "average": Average,
        "class-token": ClassToken,
        "gem": GeneralizedMean,
        "own": Own,
    }
    return kinds[pooling]()


def check_pooling(pooling: str | None, backbone: str, *, has_class_token: bool) -> None:
    """Refuse a pooling that does not exist, or that a backbone cannot have.

    Args:
        pooling: One of :data:`POOLINGS`; ``None``, the default of the backbone, is fine.
        backbone: Its name, for messages.
        has_class_token: Whether it has a class token.

    Raises:
        UsageError: If there is no such pooling, or no class token to take.
    """
    if pooling is not None and pooling not in POOLINGS:
        raise UsageError(
            f"unknown pooling {pooling!r}{nearest(str(pooling), POOLINGS)}: use one of {', '.join(POOLINGS)}"
        )
    if pooling == "class-token" and not has_class_token:
        raise UsageError(f"backbone {backbone} has no class token: use pooling average, gem or own")
