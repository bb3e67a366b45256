"""Convert: a checkpoint of the paper's research code becomes a network of this package."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from embedding_transfer.build.ranges import ImageSize
from embedding_transfer.build.typed_arguments import in_range
from embedding_transfer.errors import UsageError

if TYPE_CHECKING:
    from embedding_transfer.networks import EmbeddingNetwork


@in_range
def convert(checkpoint: Path, output: Path, l2_normalize: bool = True, image_size: ImageSize = 224) -> EmbeddingNetwork:
    """Turn a checkpoint released with the research code into a network file of this package.

    ``transfer --source`` and ``evaluate`` take such checkpoints as they are; a converted one also remembers what the
    checkpoint does not say.

    Args:
        checkpoint: The ``.pth`` file: a dict with ``model_state_dict``. It is read without running code from it.
        output: The ``.safetensors`` file to write.
        l2_normalize: Divide embeddings by their Euclidean norm. The file does not say whether they were: the released
            sources were used so, targets trained with the research code's defaults were not.
        image_size: Side in pixels of the views.

    Returns:
        The network.

    Raises:
        UsageError: If there is no such checkpoint, or ``output`` is no new ``.safetensors`` file.
        InputError: If it is no checkpoint of the research code; the message says what differs.

    Example::

        convert("cub_bn_inception_512dim_Proxy_Anchor_ckpt.pth", "sources/cub.safetensors")
    """
    output = Path(output)
    if output.suffix != ".safetensors":
        raise UsageError(f"a network is written to a .safetensors file; got --output {output}")
    if output.exists():
        raise UsageError(f"{output} exists already: give another --output")

    from embedding_transfer.networks.released_checkpoints import load_published  # imports torch

    network = load_published(checkpoint, l2_normalize=l2_normalize)
    network.image_size = image_size
    network.check_image_size()
    network.save(output)
    parameters = sum(parameter.numel() for parameter in network.parameters())
    length = "length 1" if l2_normalize else "any length"
    print(f"{checkpoint}: {network.backbone_name}, {parameters:,} parameters (without the unused ImageNet classifier)")
    print(f"embeddings of {network.embedding_dim} dimensions, {length}; images of {image_size} x {image_size}")
    print(f"network: {output}")
    return network
