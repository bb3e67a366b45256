"""``timm:NAME``: a network of timm as a source, as it is: its own pooling, size, crop, mean and std."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from embedding_transfer.errors import EmbeddingTransferError, UsageError, nearest, reason
from embedding_transfer.networks.backbone import Normalization
from embedding_transfer.networks.backbone_names import plain_backbone_name
from embedding_transfer.networks.image_size import resize_input
from embedding_transfer.networks.normalize import Normalize
from embedding_transfer.networks.weights import load_module_weights

PREFIX = "timm:"


class TimmSource(nn.Module):
    """A timm network without its classifier, which makes of a picture what ``forward_head(pre_logits=True)`` gives.

    Args:
        name: A name of ``timm.list_models()``, also as model cards write it: ``"hf-hub:timm/NAME"``.
        weights: File of its weights.
        pretrained: Download the weights that timm offers under this name.
        image_size: Side in pixels of what it sees; default: the one in timm's configuration.

    Raises:
        UsageError: If there is no such network, it makes no vectors, or neither weights nor ``pretrained`` are given: a
            source of random weights knows nothing.
        InputError: If the weights do not fit.
        EmbeddingTransferError: If they cannot be downloaded.
    """

    def __init__(
        self, name: str, weights: Path | None = None, pretrained: bool = False, image_size: int | None = None
    ) -> None:
        super().__init__()
        import timm
        from timm.data.config import resolve_model_data_config
        from timm.data.transforms_factory import transforms_imagenet_eval
        from torchvision.transforms.v2 import Compose, ToPILImage

        name = plain_backbone_name(name.removeprefix(PREFIX))
        if not timm.is_model(name):
            raise UsageError(f"timm has no network {name!r}{nearest(name, timm.list_models())}")
        if weights is None and not pretrained:
            raise UsageError(
                f"source {PREFIX}{name} needs its weights: --source-weights FILE, or --source-pretrained to download"
            )
        self.model = _created(name, pretrained)
        if weights is not None:
            load_module_weights(self.model, weights)
        config = resolve_model_data_config(self.model)
        self.backbone_name = name
        self.own_size = int(config["input_size"][-1])
        self.image_size = image_size or self.own_size
        if image_size is not None:
            resize_input(self.model, image_size)
        self.crop = float(config["crop_pct"])
        seen = ("crop_pct", "crop_mode", "interpolation")
        to_tensor = transforms_imagenet_eval(self.image_size, normalize=False, **{name: config[name] for name in seen})
        self.evaluation_view = Compose([to_tensor, ToPILImage()])
        self.normalize = Normalize(Normalization(tuple(config["mean"]), tuple(config["std"])))
        self.eval()
        self.embedding_dim = self._trial()

    def forward(self, images: Tensor) -> Tensor:
        """Vectors (n, d) of images (n, 3, h, w), float RGB in [0, 1]."""
        features = self.model.forward_features(self.normalize(images))
        return self.model.forward_head(features, pre_logits=True)

    @torch.no_grad()
    def _trial(self) -> int:
        """The length of the vectors, by one gray picture."""
        try:
            vectors = self(torch.full((1, 3, self.image_size, self.image_size), 0.5))
        except (AssertionError, AttributeError, RuntimeError, TypeError, NotImplementedError) as error:
            message = f"{PREFIX}{self.backbone_name} makes no vectors of pictures of {self.image_size}"
            raise UsageError(f"{message}: {reason(error)}") from error
        if not isinstance(vectors, Tensor) or vectors.ndim != 2:
            shape = tuple(vectors.shape) if isinstance(vectors, Tensor) else type(vectors).__name__
            raise UsageError(f"{PREFIX}{self.backbone_name} makes no vectors of pictures but {shape}")
        return vectors.shape[1]


def _created(name: str, pretrained: bool) -> Any:
    import timm

    try:
        return timm.create_model(name, pretrained=pretrained, num_classes=0)
    except Exception as error:
        if pretrained:
            raise EmbeddingTransferError(
                f"no weights of {name} from timm ({reason(error)}): give a file with --source-weights"
            ) from error
        raise UsageError(f"timm cannot build {name}: {reason(error)}") from error
