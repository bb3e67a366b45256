"""Any network of timm (PyTorch Image Models) as a backbone."""

from __future__ import annotations

from typing import Any

import timm
import torch
from torch import Tensor, nn

from embedding_transfer.errors import EmbeddingTransferError, UsageError, reason
from embedding_transfer.networks.backbone import Backbone, Normalization
from embedding_transfer.networks.features import Features
from embedding_transfer.networks.pooling import Pooling, check_pooling, new_pooling
from embedding_transfer.networks.unused_parameters import take_out_unused

MOST_STAGES = 4
"""How many stage maps a backbone gives at most: the last ones."""


class TimmBackbone(Backbone):
    """A timm network without its classifier.

    Its maps are the outputs of the last four stages (for ResNets ``layer1`` to ``layer4``, for vision transformers
    the last four blocks with tokens laid out as a map). The final map is what timm's ``forward_features`` gives,
    without prefix tokens. Layers that have no part in the maps and in what is pooled are taken out.

    Args:
        name: A name that ``timm.list_models()`` knows, with or without a tag: ``"resnet50"``, ``"resnet50.a1_in1k"``.
        image_size: Side of the square pictures.
        pretrained: Whether timm downloads the weights that belong to the name.
        pooling: What will be pooled. ``None``: average plus maximum, as published, where timm's final features are a
            map with channels first (n, c, h, w), as of convolutional networks; the network's own where they are tokens
            (n, tokens, c) or a map with channels last, as of vision transformers, MLP-Mixer and Swin.

    Raises:
        UsageError: If the network has no stage maps, does not fit this image size, or cannot be pooled this way.
        EmbeddingTransferError: If the weights cannot be downloaded.
    """

    def __init__(
        self, name: str, *, image_size: int = 224, pretrained: bool = False, pooling: Pooling | None = None
    ) -> None:
        super().__init__()
        self.model = _create(name, image_size, pretrained)
        if not hasattr(self.model, "forward_intermediates"):
            raise UsageError(f"backbone {name} gives no maps of its stages in timm {timm.__version__}: use another one")
        stages = self.model.feature_info
        self.reduction = stages[-1]["reduction"]
        self.stage_count = min(MOST_STAGES, len(stages))
        config = self.model.pretrained_cfg
        self.normalization = Normalization(tuple(config["mean"]), tuple(config["std"]))
        self.eval()
        with torch.enable_grad():
            picture = torch.zeros(1, 3, image_size, image_size)
            try:
                final, maps = self._final_and_maps(picture)
            except (RuntimeError, AssertionError, ValueError, TypeError) as error:
                made_for = self.model.pretrained_cfg["input_size"][-1]
                message = f"image size {image_size} does not fit backbone {name}, which was made for {made_for}"
                raise UsageError(f"{message}: {reason(error)}") from error
            if not isinstance(final, Tensor):
                raise UsageError(f"backbone {name} ends in several maps, not one: use another one")
            has_class_token = _prefix_tokens(final, maps) > 0 and getattr(self.model, "cls_token", ...) is not None
            check_pooling(pooling, name, has_class_token=has_class_token)  # a register is none
            self.pooling = pooling or ("average+maximum" if self._is_channels_first(final) else "own")
            pooled = self._trial(final, maps, name)
        take_out_unused(self.model, pooled)
        self.train()
        self.map_channels = [stage.shape[1] for stage in maps]
        self.features = pooled.shape[1]

    @property
    def weights_module(self) -> nn.Module:
        return self.model

    def forward(self, images: Tensor) -> Features:
        return self._features(*self._final_and_maps(images))

    def _final_and_maps(self, images: Tensor) -> tuple[Tensor, list[Tensor]]:
        """The output of timm's ``forward_features``, whatever its layout, and the stage maps [(n, c, h, w)]."""
        final, maps = self.model.forward_intermediates(images, indices=self.stage_count, output_fmt="NCHW")
        return final, maps

    def _features(self, final: Tensor, maps: list[Tensor]) -> Features:
        own = self.model.forward_head(final, pre_logits=True) if self.pooling == "own" else None
        if final.ndim == 3:  # (n, p + h w, c): a transformer's tokens
            count = _prefix_tokens(final, maps)
            prefix, tokens = final[:, :count], final[:, count:]
            laid_out = tokens.transpose(1, 2).unflatten(2, maps[-1].shape[2:]) if tokens.numel() else maps[-1]
            return Features(maps, laid_out, prefix if count else None, own)
        return Features(maps, final if self._is_channels_first(final) else final.permute(0, 3, 1, 2), None, own)

    def _is_channels_first(self, final: Tensor) -> bool:
        return final.ndim == 4 and getattr(self.model, "output_fmt", "NCHW") == "NCHW"

    def _trial(self, final: Tensor, maps: list[Tensor], name: str) -> Tensor:
        """What is pooled of one picture: (1, features)."""
        try:
            pooled = new_pooling(self.pooling)(self._features(final, maps))
        except (RuntimeError, AssertionError, ValueError, TypeError, AttributeError) as error:
            message = f"backbone {name} cannot be pooled by {self.pooling}"
            raise UsageError(f"{message}: {reason(error)}; use another pooling such as average") from error
        if not isinstance(pooled, Tensor) or pooled.ndim != 2:
            raise UsageError(f"backbone {name} makes no vectors by itself: use another pooling such as average")
        return pooled


def _prefix_tokens(final: Tensor, maps: list[Tensor]) -> int:
    """How many of the final tokens (n, p + h w, c) come before those of the picture: all where there are none of it."""
    if final.ndim != 3:
        return 0
    tokens, of_picture = final.shape[1], maps[-1].shape[2:].numel()
    return tokens - of_picture if tokens >= of_picture else tokens


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
