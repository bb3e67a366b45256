"""Checkpoints released with the paper's research code."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from embedding_transfer.errors import InputError
from embedding_transfer.networks.embedding_network import EmbeddingNetwork
from embedding_transfer.networks.fit import load_state
from embedding_transfer.networks.state_dicts import all_weights
from embedding_transfer.networks.torch_file import read_torch_file

PREFIX = "model."
SEVERAL_GPUS = re.compile(r"^(?:module\.)+")
"""What ``nn.DataParallel`` puts before all names."""

HEAD = "embedding."
CLASSIFIERS = ("last_linear.", "fc.")
"""ImageNet classifiers, which the research code stored but never used."""

RESNETS = {(False, 2): "resnet18", (True, 6): "resnet50", (True, 23): "resnet101"}
"""By whether blocks have a third convolution, and the number of blocks in ``layer3``."""


def load_published(path: str | Path, *, l2_normalize: bool = True) -> EmbeddingNetwork:
    """A network released with "Embedding Transfer with Label Relaxation" (Kim et al., CVPR 2021).

    The file is a dict of ``torch.save`` with the weights under ``model_state_dict``; names that begin with ``module.``,
    as those of a training on several GPUs, are fine. It is read without running code from it. Backbone (BN-Inception,
    ResNet-18, 50 or 101) and embedding length follow from names and shapes.

    Args:
        path: The ``.pth`` file.
        l2_normalize: Whether embeddings get length 1; the file does not say. The default suits the released sources,
            which Proxy-Anchor trained on directions; the research code's flag was ``--target-norm``.

    Returns:
        The network, in evaluation mode, on the CPU; save it and ``EmbeddingNetwork.load`` reads it again.

    Raises:
        UsageError: If there is no such file.
        InputError: If it is not such a checkpoint; the message says what differs.

    Example::

        load_published("cub_bn_inception_512.pth").save("cub_bn_inception_512.safetensors")
    """
    weights = _released_weights(read_torch_file(Path(path)), str(path))
    backbone = _recognized_backbone(weights)
    head = weights.get(f"{HEAD}weight")
    if backbone is None or head is None or head.ndim != 2:
        raise InputError(
            f"{path} is no BN-Inception, ResNet-18, 50 or 101 with an embedding layer; "
            f"a training starts from plain weights with weights={path}"
        )
    embedding_dim = len(head)
    network = EmbeddingNetwork(backbone, embedding_dim, l2_normalize=l2_normalize)
    load_state(network.head, _under(HEAD, weights), f"the embedding layer in {path}")
    of_backbone = {key: value for key, value in weights.items() if not key.startswith((HEAD, *CLASSIFIERS))}
    load_state(network.backbone.weights_module, of_backbone, str(path))
    return network.eval()


def _released_weights(content: Any, path: str) -> dict[str, Tensor]:
    """The tensors of a checkpoint, their names without the common prefix."""
    of_all = (weights.state for weights in all_weights(content, path))
    found = [{SEVERAL_GPUS.sub("", key): value for key, value in state.items()} for state in of_all]
    state = max(found, key=lambda state: len(_under(PREFIX, state)))
    weights = _under(PREFIX, state)
    if len(weights) < len(state):
        other = next(key for key in state if not key.startswith(PREFIX))
        raise InputError(
            f"{path} is not a checkpoint of the research code: {other!r} does not start with {PREFIX!r}; "
            f"a training starts from plain weights with weights={path}"
        )
    return weights


def _recognized_backbone(weights: Mapping[str, Tensor]) -> str | None:
    if "conv1_7x7_s2.weight" in weights:
        return "bn_inception"
    third_convolution = "layer1.0.conv3.weight" in weights
    blocks = {key.split(".")[1] for key in weights if key.startswith("layer3.")}
    return RESNETS.get((third_convolution, len(blocks)))


def _under(prefix: str, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {key.removeprefix(prefix): value for key, value in state.items() if key.startswith(prefix)}
