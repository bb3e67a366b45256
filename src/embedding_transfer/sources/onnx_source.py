"""``FILE.onnx`` as a source, run by onnxruntime."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from embedding_transfer.errors import InputError, UsageError, reason
from embedding_transfer.networks.backbone import Normalization
from embedding_transfer.networks.exported_input import read_exported_input
from embedding_transfer.networks.normalize import Normalize

AS_IT_IS = Normalization((0.0, 0.0, 0.0), (1.0, 1.0, 1.0))
"""For files that normalize for themselves."""


class OnnxSource(nn.Module):
    """An ONNX network from one input of pictures (n, 3, h, w) to vectors (n, d), its first two-dimensional output.

    A file that ``export`` wrote says itself what it takes, and normalizes for itself.

    Args:
        path: The file; its input may have a fixed number of pictures.
        normalization: What the network of another program expects of pictures: mean, std, channel order, value range.
        image_size: Side of the pictures, where the file leaves it open.

    Raises:
        UsageError: If onnxruntime is not installed, there is no such file, or the size is open.
        InputError: If the file is no ONNX, or no network from pictures to vectors.
    """

    def __init__(self, path: Path, normalization: Normalization, image_size: int | None = None) -> None:
        super().__init__()
        self.name, self.file = str(path), path
        self.session = _open(path)
        inputs = self.session.get_inputs()
        if (
            len(inputs) != 1
            or len(inputs[0].shape) != 4
            or (inputs[0].shape[1] not in (3, "3") and isinstance(inputs[0].shape[1], int))
        ):
            shapes = ", ".join(f"{entry.name} {entry.shape}" for entry in inputs)
            raise InputError(f"{path} must have one input (n, 3, h, w) of pictures; it has {shapes}")
        self.input = inputs[0]
        self.batch = self.input.shape[0] if isinstance(self.input.shape[0], int) else None
        fixed = self.input.shape[2] if isinstance(self.input.shape[2], int) else None
        size = fixed or image_size
        if size is None:
            raise UsageError(f"{path} leaves the size of its pictures open: give --source-image-size")
        if fixed and image_size and fixed != image_size:
            raise UsageError(f"{path} takes pictures of {fixed}, not of --source-image-size {image_size}")
        exported = read_exported_input(self.session.get_modelmeta().custom_metadata_map, str(path))
        self.image_size, self.crop = size, exported.crop if exported else 1.0
        self.normalize = Normalize(AS_IT_IS if exported else normalization)
        self.output = self._vector_output(path)
        self.eval()

    def forward(self, images: Tensor) -> Tensor:
        """Vectors (n, d) float32 of images (n, 3, h, w), float RGB in [0, 1]."""
        parts = self.normalize(images).split(self.batch or len(images))
        return torch.cat([self._run(part, self.output) for part in parts])

    def _run(self, images: Tensor, output: str) -> Tensor:
        """One call; where the file fixes the number of pictures, the last ones are filled up and cut off again."""
        n, pixels = len(images), images.cpu()
        if self.batch is not None and n < self.batch:
            pixels = torch.cat([pixels, pixels[-1:].expand(self.batch - n, -1, -1, -1)])
        if "uint8" in self.input.type:
            shown = (pixels * 255).round().numpy().astype("uint8")
        else:
            shown = pixels.numpy().astype("float16" if "float16" in self.input.type else "float32")
        (found,) = self.session.run([output], {self.input.name: shown})
        return torch.from_numpy(found)[:n].float().to(images.device)

    def _vector_output(self, path: Path) -> str:
        """The name of the first output that is (n, d) on gray pictures; sets the length of the vectors."""
        gray = torch.full((self.batch or 2, 3, self.image_size, self.image_size), 0.5)
        shapes = []
        for output in self.session.get_outputs():
            try:
                found = self._run(self.normalize(gray), output.name)
            except Exception as error:
                raise InputError(f"{path} fails on pictures of {self.image_size}: {reason(error)}") from error
            if found.ndim == 2 and len(found) == len(gray):
                self.embedding_dim = found.shape[1]
                return str(output.name)
            shapes.append(f"{output.name} {tuple(found.shape)}")
        raise InputError(f"{path} gives no vectors (n, d) of pictures but {', '.join(shapes)}")


def _open(path: Path) -> Any:
    try:
        import onnxruntime
    except ImportError as error:
        raise UsageError(f"reading {path} needs onnxruntime: pip install 'embedding-transfer[onnx]'") from error
    if not path.is_file():
        raise UsageError(f"no file {path}")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    try:
        available = onnxruntime.get_available_providers()
        wanted = [name for name in ("CUDAExecutionProvider", "CPUExecutionProvider") if name in available]
        return onnxruntime.InferenceSession(str(path), options, providers=wanted)
    except Exception as error:  # onnxruntime has its own errors, all of one family without a name
        raise InputError(f"{path} is no ONNX network ({reason(error)})") from error
