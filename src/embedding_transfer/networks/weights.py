"""Files of weights, read without running code from them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from embedding_transfer.errors import InputError, UsageError, reason
from embedding_transfer.networks.backbone import Backbone

CLASSIFIERS = ("fc", "last_linear", "classifier", "head")
"""What the ImageNet classifier of a published network is called; embedding networks have no use for it."""

METADATA_KEY = "embedding_transfer"
"""Under this key the header of our own files holds the description of the network, as JSON."""

BACKBONE = "backbone."
"""What the names of a backbone's weights begin with in our own files."""


def read_safetensors(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Tensors and header metadata of a safetensors file.

    Raises:
        UsageError: If there is no such file.
        InputError: If it is not a safetensors file.
    """
    _check_is_file(path)
    try:
        with safe_open(path, framework="pt") as file:
            return {key: file.get_tensor(key) for key in file.keys()}, file.metadata() or {}  # noqa: SIM118
    except SafetensorError as error:
        raise InputError(f"{path} is not a safetensors file ({error})") from error


def read_torch_file(path: Path) -> Any:
    """What ``torch.save`` wrote to a file, tensors on the CPU; only tensors and plain containers are accepted.

    Raises:
        UsageError: If there is no such file.
        InputError: If it is not a file of torch, or holds anything that would need code to be run.
    """
    _check_is_file(path)
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch lets through whatever its unpickler stumbles over
        raise InputError(f"{path} holds no plain torch tensors ({reason(error)})") from error


def load_state(module: nn.Module, state: Mapping[str, Tensor], origin: str) -> None:
    """Load a state dict that must fit exactly.

    Args:
        module: Gets the values.
        state: The tensors by name.
        origin: Where they come from, for messages.

    Raises:
        InputError: If names or shapes differ; the message names them.
    """
    own = module.state_dict()
    complaints = [
        ("missing", [key for key in own if key not in state]),
        ("unexpected", [key for key in state if key not in own]),
        (
            "of another shape",
            [
                f"{key} {tuple(state[key].shape)} instead of {tuple(own[key].shape)}"
                for key in own
                if key in state and state[key].shape != own[key].shape
            ],
        ),
    ]
    found = [f"{what}: {_shortened(names)}" for what, names in complaints if names]
    if found:
        raise InputError(f"{origin} does not fit the network: {'; '.join(found)}")
    module.load_state_dict(state)


def load_backbone_weights(backbone: Backbone, path: Path) -> None:
    """Load weights of a backbone: published ones, such as ImageNet's of torchvision or timm, or a trained network's.

    Takes a network that this package saved, whose embedding layer is left out; or a safetensors file or one of
    ``torch.save`` with a state dict, bare or under the key ``state_dict`` or ``model``, whose classifier is left out.
    There an extra first dimension of 1 (BN-Inception converted from Caffe) is removed.

    Args:
        backbone: Gets the weights.
        path: The file.

    Raises:
        UsageError: If there is no such file.
        InputError: If it is not a file of weights, or they do not fit; the message names what differs.
    """
    content, metadata = read_safetensors(path) if path.suffix == ".safetensors" else (read_torch_file(path), {})
    if METADATA_KEY in metadata:
        own_file = {key.removeprefix(BACKBONE): value for key, value in content.items() if key.startswith(BACKBONE)}
        return load_state(backbone, own_file, f"the backbone in {path}")
    for key in ("state_dict", "model"):
        content = content[key] if isinstance(content, Mapping) and isinstance(content.get(key), Mapping) else content
    if not isinstance(content, Mapping) or not all(isinstance(value, Tensor) for value in content.values()):
        raise InputError(f"{path} holds no state dict of a backbone (names and tensors)")

    module = backbone.weights_module
    own = module.state_dict()
    state = {key: value for key, value in own.items() if key.endswith("num_batches_tracked")}  # old files have none
    for key, value in content.items():
        if key in own or key.split(".")[0] not in CLASSIFIERS:
            extra_dimension = key in own and value.ndim == own[key].ndim + 1 and value.shape[0] == 1
            state[key] = value.squeeze(0) if extra_dimension else value
    load_state(module, state, str(path))


def _check_is_file(path: Path) -> None:
    if not path.exists():
        raise UsageError(f"no such file: {path}")
    if not path.is_file():
        raise UsageError(f"{path} is not a file")


def _shortened(names: list[str], most: int = 4) -> str:
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")
