"""Weights of a backbone, from whatever file they are passed on in."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import safe_open
from torch import Tensor, nn

from embedding_transfer.errors import InputError, reason
from embedding_transfer.networks.backbone import Backbone
from embedding_transfer.networks.fit import CLASSIFIERS, load_state
from embedding_transfer.networks.state_dicts import fitting_weights
from embedding_transfer.networks.torch_file import check_is_file, read_torch_file


def read_safetensors(path: str | Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Tensors and header metadata of a safetensors file.

    Raises:
        UsageError: If there is no such file.
        InputError: If it is not a safetensors file.
    """
    path = Path(path)
    check_is_file(path)
    try:
        with safe_open(path, framework="pt") as file:
            return {key: file.get_tensor(key) for key in file.keys()}, file.metadata() or {}  # noqa: SIM118
    except Exception as error:  # SafetensorError, OSError, and what types of numbers lead to that torch does not know
        raise InputError(f"{path} is not a safetensors file ({reason(error)})") from error


def load_backbone_weights(backbone: Backbone, path: str | Path) -> None:
    """Load weights of a backbone: published ones, such as ImageNet's of torchvision or timm, or a trained network's.

    Takes safetensors files and files of ``torch.save``. The weights may be under any key, beside an optimizer's state
    or arguments (averages over the training, such as ``state_dict_ema``, come first), and their names may begin with
    ``module.``, ``model.``, ``backbone.`` or anything else (see :func:`fitting_weights`). The classifier and other
    layers behind the backbone are left out. An extra first dimension of 1 (BN-Inception converted from Caffe) is
    removed, and numbers of 16 bits become those of the backbone.

    Args:
        backbone: Gets the weights.
        path: The file.

    Raises:
        UsageError: If there is no such file.
        InputError: If it is not a file of weights, or they do not fit; the message says what they are likely to be.

    Example::

        load_backbone_weights(build_backbone("resnet18"), "resnet18-f37072fd.pth")
    """
    load_module_weights(backbone.weights_module, path)


def load_module_weights(module: nn.Module, path: str | Path) -> None:
    """Load the weights of a module that is named as in published files; see :func:`load_backbone_weights`."""
    path = Path(path)
    content: Any = read_safetensors(path)[0] if path.suffix == ".safetensors" else read_torch_file(path)
    own = module.state_dict()
    weights = fitting_weights(content, own, str(path)).state
    behind = _layers_behind(own, weights)
    state = {}
    for key, value in weights.items():
        if key in own or key.split(".")[0] not in behind:
            extra_dimension = key in own and value.ndim == own[key].ndim + 1 and value.shape[0] == 1
            state[key] = value.squeeze(0) if extra_dimension else value
    for key, value in own.items():
        layer, _, name = key.rpartition(".")
        if name == "num_batches_tracked" and f"{layer}.running_mean" in state:
            state.setdefault(key, value)  # files older than torch 0.4.1 have none
    load_state(module, state, str(path))


def _layers_behind(own: Mapping[str, Tensor], weights: Mapping[str, Tensor]) -> set[str]:
    """Layers in a file that come after the backbone: classifiers, and what has no name in common with the backbone."""
    layers = {key.split(".")[0] for key in weights}
    if not any(key in own for key in weights):
        return layers.intersection(CLASSIFIERS)
    return layers.intersection(CLASSIFIERS) | layers.difference(key.split(".")[0] for key in own)
