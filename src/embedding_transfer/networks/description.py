"""What a network is apart from its weights, as JSON data in the header of its file: written, read and checked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from embedding_transfer import __version__
from embedding_transfer.errors import InputError, shown
from embedding_transfer.networks.backbone import Normalization
from embedding_transfer.networks.pooling import POOLINGS, Pooling

IN_FILES: dict[str, Pooling] = {pooling.replace("+", " + "): pooling for pooling in POOLINGS}
"""Poolings by what files call them: ``"average + maximum"``, as the only one was called in version 0.1."""


LARGEST = 1e6
"""Of the numbers in a description: pictures have values up to 255."""


class Description(NamedTuple):
    """All that is needed to build a network again, apart from its weights.

    Attributes:
        backbone: Its name, see :func:`build_backbone`.
        embedding_dim: Length of the embedding vector.
        l2_normalize: Whether embeddings have length 1.
        image_size: Side in pixels of the square pictures.
        crop: Share of the picture that evaluation sees.
        batch_norm_momentum: Of BatchNorm's running statistics; ``None``: the backbone's own.
        normalization: How the network wants its pictures.
        pooling: What is pooled, see :data:`Pooling`.
    """

    backbone: str
    embedding_dim: int
    l2_normalize: bool
    image_size: int
    crop: float
    batch_norm_momentum: float | None
    normalization: Normalization
    pooling: Pooling = "average+maximum"

    def as_json(self) -> dict[str, Any]:
        """Plain JSON data, with the version of the package that wrote it."""
        normalization = self.normalization._asdict()
        return {
            **self._asdict(),
            "pooling": self.pooling.replace("+", " + "),
            "normalization": {
                key: list(value) if isinstance(value, tuple) else value for key, value in normalization.items()
            },
            "package_version": __version__,
        }


def read_description(data: Any) -> Description:
    """The description in what :meth:`Description.as_json` gave, also in files of version 0.1.

    Raises:
        InputError: If it is no mapping, lacks something, or something in it is of another kind than it should be.

    Example::

        >>> read_description({"backbone": 18})
        Traceback (most recent call last):
        ...
        embedding_transfer.errors.InputError: the description of the network is damaged: backbone is 18, not a name
    """
    data = _mapping(data, "the whole of it")
    normalization = data.get("normalization", data.get("normalisation"))  # as files of version 0.1 spell it
    return Description(
        backbone=_checked(data, "backbone", _is_name, "a name"),
        embedding_dim=_checked(data, "embedding_dim", _is_count, "a whole number above 0"),
        l2_normalize=_checked(data, "l2_normalize", lambda value: isinstance(value, bool), "true or false"),
        image_size=_checked(data, "image_size", _is_count, "a whole number above 0"),
        crop=_checked(data, "crop", lambda value: _is_above_0(value) and value <= 1, "a share"),
        batch_norm_momentum=_checked(
            data,
            "batch_norm_momentum",
            lambda value: value is None or (_is_number(value) and 0 <= value <= 1),
            "a number from 0 to 1 or null",
        ),
        normalization=_normalization(_mapping(normalization, "normalization")),
        pooling=_pooling(data.get("pooling")),
    )


def _pooling(word: Any) -> Pooling:
    if not isinstance(word, str) or word not in IN_FILES:
        raise InputError(
            f"this version pools by {', '.join(IN_FILES)}; pooling in the description is {shown(repr(word))}"
        )
    return IN_FILES[word]


def _normalization(data: Mapping[str, Any]) -> Normalization:
    data = {f"normalization.{key}": value for key, value in data.items()}  # the names that messages say
    return Normalization(
        mean=tuple(_checked(data, "normalization.mean", _are_three, "three numbers")),
        std=tuple(_checked(data, "normalization.std", _are_three_above_0, "three numbers above 0")),
        channel_order=_checked(
            data, "normalization.channel_order", lambda value: value in ("rgb", "bgr"), "rgb or bgr"
        ),
        value_range=_checked(data, "normalization.value_range", _is_above_0, "a number above 0"),
    )


def _mapping(data: Any, what: str) -> Mapping[str, Any]:
    if not isinstance(data, Mapping):
        raise InputError(f"the description of the network is damaged: {what} is {shown(repr(data))}, not a mapping")
    return data


def _checked(data: Mapping[str, Any], key: str, is_right: Callable[[Any], bool], kind: str) -> Any:
    if key not in data:
        raise InputError(f"the description of the network is damaged: it lacks {key}")
    if not is_right(data[key]):
        raise InputError(f"the description of the network is damaged: {key} is {shown(repr(data[key]))}, not {kind}")
    return data[key]


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= LARGEST


def _are_three(value: Any) -> bool:
    return isinstance(value, list | tuple) and len(value) == 3 and all(map(_is_number, value))


def _is_above_0(value: Any) -> bool:
    return _is_number(value) and value > 0


def _are_three_above_0(value: Any) -> bool:
    return _are_three(value) and all(map(_is_above_0, value))
