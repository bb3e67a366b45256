"""Names of backbones, also as model cards of the Hugging Face hub write them."""

from __future__ import annotations

import re

from embedding_transfer.errors import UsageError

_HUB_NAME = re.compile(
    r"(?:(?:https?://)?(?:www\.)?(?:huggingface\.co|hf\.co)/|hf[-_]hub:)?(?:models/)?timm/"
    r"(?P<name>[^/?#\s]+)(?:/(?:tree|blob|resolve|raw)/[^?#\s]*)?/?(?:[?#]\S*)?",
    re.IGNORECASE,
)


def plain_backbone_name(name: str) -> str:
    """The name by which a backbone is built and remembered: timm's own, whatever the place it was copied from.

    Args:
        name: ``"resnet18.a1_in1k"``, ``"timm/resnet18.a1_in1k"``, ``"hf-hub:timm/resnet18.a1_in1k"``,
            ``"hf_hub:timm/..."`` or the address ``"https://huggingface.co/timm/resnet18.a1_in1k"``.

    Returns:
        ``"resnet18.a1_in1k"``; a name of another form as it is.

    Raises:
        UsageError: If it is no text, or names a repository of the hub that is not timm's.

    Example::

        >>> plain_backbone_name("hf-hub:timm/resnet18.a1_in1k")
        'resnet18.a1_in1k'
    """
    if not isinstance(name, str):
        raise UsageError(f"a backbone is named by a text such as 'resnet18'; got {name!r}")
    name = name.strip()
    match = _HUB_NAME.fullmatch(name)
    if match:
        return match["name"]
    if re.match(r"https?://|hf[-_]hub:", name, re.IGNORECASE):
        raise UsageError(
            f"unknown backbone {name!r}: of the Hugging Face hub, the networks of timm are known (timm/NAME)"
        )
    return name
