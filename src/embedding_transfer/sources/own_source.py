"""A module or function of the user's own as a source: images in, vectors out."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from embedding_transfer.build.classes import find_class
from embedding_transfer.build.ranges import ImageSize, Share
from embedding_transfer.build.values import as_type
from embedding_transfer.errors import InputError, UsageError, reason

DEFAULT_SIZE = 224


class OwnSource(nn.Module):
    """Anything that makes vectors (n, d) of images (n, 3, h, w), float RGB in [0, 1].

    Args:
        given: A module or a function of images; or a class, or a function without parameters, that makes one. Its
            ``image_size`` is the side of the pictures that it wants (default 224), its ``crop`` the share of a picture
            that it sees when vectors are compared (default 1).
        name: What messages call it.
        image_size: Side of the pictures, in place of its own.

    Raises:
        UsageError: If it cannot be called, or makes no vectors.

    Example::

        >>> source = OwnSource(lambda images: images.mean(dim=(2, 3)), "mean color")
        >>> source.embedding_dim, source.image_size
        (3, 224)
    """

    def __init__(self, given: Callable[..., Any], name: str, image_size: int | None = None) -> None:
        super().__init__()
        self.given = _made(given, name)  # a module is found by torch, and moves with this one
        self.own_size = as_type(getattr(self.given, "image_size", DEFAULT_SIZE), ImageSize, f"image_size of {name}")
        self.image_size = image_size or self.own_size
        self.crop = as_type(getattr(self.given, "crop", 1.0), Share, f"crop of {name}")
        self.name = name
        self.eval()
        with torch.no_grad():
            try:
                vectors = self(torch.full((2, 3, self.image_size, self.image_size), 0.5))
            except InputError as error:
                raise UsageError(str(error)) from error
            except Exception as error:
                raise UsageError(f"source {name} fails on pictures of {self.image_size}: {reason(error)}") from error
        self.embedding_dim = vectors.shape[1]

    def forward(self, images: Tensor) -> Tensor:
        """Vectors (n, d), float32 or better.

        Raises:
            InputError: If what it makes is no such tensor.
        """
        vectors = self.given(images)
        if not isinstance(vectors, Tensor) or vectors.ndim != 2 or len(vectors) != len(images) or not vectors.numel():
            got = tuple(vectors.shape) if isinstance(vectors, Tensor) else type(vectors).__name__
            wanted = f"vectors ({len(images)}, d) of {len(images)} images"
            raise InputError(f"source {self.name} must make {wanted}; got {got}")
        return vectors.to(torch.promote_types(vectors.dtype, torch.float32))


def find_own_source(class_path: str) -> Callable[..., Any]:
    """What ``package.module.NAME`` is.

    Raises:
        UsageError: If it is not there.
    """
    return find_class(class_path, ())


def _made(given: Callable[..., Any], name: str) -> Callable[..., Any]:
    """The callable on images: what was given, or what it makes without arguments."""
    makes_one = inspect.isclass(given) or (
        not isinstance(given, nn.Module) and inspect.isroutine(given) and not _required_parameters(given)
    )
    if not makes_one:
        return given
    try:
        made = given()
    except Exception as error:
        raise UsageError(f"source {name} cannot be made: {reason(error)}") from error
    if not callable(made):
        raise UsageError(f"source {name} makes a {type(made).__name__}, which cannot be called with images")
    return made


def _required_parameters(function: Callable[..., Any]) -> list[str]:
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):  # a builtin without a signature
        return ["images"]
    return [p.name for p in parameters if p.default is p.empty and p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)]
