"""Any network of timm (PyTorch Image Models) as a backbone."""

from __future__ import annotations

from typing import Any

import timm
import torch
from torch import Tensor, nn

from embedding_transfer.errors import EmbeddingTransferError, UsageError, reason
from embedding_transfer.networks.backbone import Backbone, Normalization

MOST_STAGES = 4
"""How many stage maps a backbone gives at most: the last ones."""


class TimmBackbone(Backbone):
    """A timm network without its classifier.

    Its maps are the outputs of the last four stages (for ResNets ``layer1`` to ``layer4``, for vision transformers
    the last four blocks with tokens laid out as a map). The final map is what timm's ``forward_features`` gives,
    without prefix tokens.

    Args:
        name: A name that ``timm.list_models()`` knows, with or without a tag: ``"resnet50"``, ``"resnet50.a1_in1k"``.
        image_size: Side of the square pictures.
        pretrained: Whether timm downloads the weights that belong to the name.

    Raises:
        UsageError: If the network has no stage maps or does not fit this image size.
        EmbeddingTransferError: If the weights cannot be downloaded.
    """

    def __init__(self, name: str, *, image_size: int = 224, pretrained: bool = False) -> None:
        super().__init__()
        self.model = _create(name, image_size, pretrained)
        if not hasattr(self.model, "forward_intermediates"):
            raise UsageError(f"backbone {name} gives no maps of its stages in timm {timm.__version__}: use another one")
        stages = self.model.feature_info
        self.reduction = stages[-1]["reduction"]
        self.stage_count = min(MOST_STAGES, len(stages))
        config = self.model.pretrained_cfg
        self.normalization = Normalization(tuple(config["mean"]), tuple(config["std"]))
        try:
            maps, final = self._trial(image_size)
        except (RuntimeError, AssertionError, ValueError) as error:
            raise UsageError(f"image size {image_size} does not fit backbone {name}: {reason(error)}") from error
        self.map_channels = [stage.shape[1] for stage in maps]
        self.features = final.shape[1]

    @property
    def weights_module(self) -> nn.Module:
        return self.model

    def forward(self, images: Tensor) -> tuple[list[Tensor], Tensor]:
        final, maps = self.model.forward_intermediates(images, indices=self.stage_count, output_fmt="NCHW")
        return maps, self._as_map(final, maps[-1])

    def _as_map(self, final: Tensor, last_map: Tensor) -> Tensor:
        """The output of ``forward_features``, whatever its layout, as a map (n, features, h, w)."""
        if final.ndim == 3:  # (n, prefix + h w, features): a transformer's tokens
            tokens = final[:, getattr(self.model, "num_prefix_tokens", 0) :]
            return tokens.transpose(1, 2).reshape(len(tokens), -1, *last_map.shape[2:])
        if getattr(self.model, "output_fmt", "NCHW") == "NHWC":
            return final.permute(0, 3, 1, 2)
        return final

    def _trial(self, image_size: int) -> tuple[list[Tensor], Tensor]:
        """Maps of one black picture; layers that have no part in them, such as a classifier's, are taken out."""
        self.eval()
        with torch.enable_grad():
            maps, final = self(torch.zeros(1, 3, image_size, image_size))
        parameters = dict(self.model.named_parameters())
        gradients = torch.autograd.grad(final.sum(), list(parameters.values()), allow_unused=True)
        used = {
            name.split(".")[0] for name, gradient in zip(parameters, gradients, strict=True) if gradient is not None
        }
        for name, layer in self.model.named_children():
            if name not in used and list(layer.parameters()):
                setattr(self.model, name, nn.Identity())
        self.train()
        return maps, final


def _create(name: str, image_size: int, pretrained: bool) -> Any:
    """timm's network without classifier; networks of fixed input size, such as ViT and Swin, are told the size."""
    try:
        config = timm.get_pretrained_cfg(name, allow_unregistered=True)
        size: dict[str, Any] = {"img_size": image_size} if config is not None and config.fixed_input_size else {}
        return timm.create_model(name, pretrained=pretrained, num_classes=0, **size)
    except Exception as error:
        if pretrained:
            message = f"no weights of {name} from timm ({reason(error)}): give a file with weights=FILE"
            raise EmbeddingTransferError(message) from error
        raise UsageError(f"backbone {name} cannot be built for image size {image_size}: {reason(error)}") from error
