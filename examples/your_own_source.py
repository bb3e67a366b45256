"""A source of your own: any module from images to vectors teaches a target; here, colors at three sizes.

python examples/your_own_source.py
"""

import tempfile
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from embedding_transfer import ImageSplits, load_images, load_network, transfer


class Colors(nn.Module):
    """The colors of a picture in 1, 4 and 16 fields: images (n, 3, 28, 28), RGB in [0, 1], to vectors (n, 63)."""

    image_size = 28

    def forward(self, images: Tensor) -> Tensor:
        return torch.cat([F.adaptive_avg_pool2d(images, fields).flatten(1) for fields in (1, 2, 4)], dim=1)


if __name__ == "__main__":
    few = ImageSplits(*(half.subset(half.labels < 100) for half in load_images("glyphs")))  # to be quick
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder) / "run"
        told = {"backbone": "convnet-8", "embedding_dim": 8, "epochs": 2, "lr": 3e-3, "workers": 0}
        result = transfer(Colors(), images=few, output=run, **told)
        network = load_network(run)
        print(f"Recall@1 after two epochs: {100 * result.best['recall@1']:.1f} %, {network.embedding_dim} dimensions")
