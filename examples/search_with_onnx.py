"""Search a folder of pictures with an exported network: onnxruntime, NumPy and Pillow, and nothing else.

embedding-transfer export runs/short my-images --output short.onnx
python examples/search_with_onnx.py index short.onnx my-images index.npz
python examples/search_with_onnx.py find short.onnx index.npz my-images/test/shoes/1.jpg
"""

import json
import sys
from pathlib import Path

import numpy as np
import onnxruntime
from PIL import Image, ImageOps

ENDINGS = {".jpg", ".jpeg", ".png", ".webp", ".bmp"}


def open_network(path: str) -> onnxruntime.InferenceSession:
    return onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])


def view(path: Path, resize: int, size: int) -> np.ndarray:
    """What the network sees of a picture, as its evaluation did: (3, size, size) uint8.

    Upright as its EXIF says, transparency on white, the shorter side resized to ``resize`` (the longer one in
    proportion, rounded down) by Pillow's BILINEAR, then the center.
    """
    picture = ImageOps.exif_transpose(Image.open(path))
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture)
    w, h = picture.size
    side = (resize, int(resize * h / w)) if w <= h else (int(resize * w / h), resize)
    picture = picture.convert("RGB").resize(side, Image.Resampling.BILINEAR)
    left, top = round((side[0] - size) / 2), round((side[1] - size) / 2)
    return np.asarray(picture.crop((left, top, left + size, top + size))).transpose(2, 0, 1)


def embed(network: onnxruntime.InferenceSession, paths: list[Path], batch: int = 32) -> np.ndarray:
    """Vectors (n, d) of pictures; the file says what it wants of them."""
    (images,) = network.get_inputs()
    wants = json.loads(network.get_modelmeta().custom_metadata_map["embedding_transfer"])
    found = []
    for start in range(0, len(paths), batch):
        pixels = np.stack([view(path, wants["resize"], wants["image_size"]) for path in paths[start : start + batch]])
        if wants["pixels"] == "float32":
            pixels = pixels.astype(np.float32) / 255
        found.append(network.run(None, {images.name: pixels})[0])
    return np.concatenate(found)


def nearest(query: np.ndarray, gallery: np.ndarray, k: int) -> list[tuple[int, float]]:
    """Rows of the gallery (n, d) that are nearest to one vector (d,), and their Euclidean distances."""
    distances = np.linalg.norm(gallery - query, axis=1)  # (n,)
    return [(int(row), float(distances[row])) for row in np.argsort(distances, kind="stable")[:k]]


def main(words: list[str]) -> None:
    match words:
        case ["index", network, folder, index]:
            paths = sorted(path for path in Path(folder).rglob("*") if path.suffix.lower() in ENDINGS)
            np.savez(index, vectors=embed(open_network(network), paths), paths=[str(path) for path in paths])
            print(f"{index}: {len(paths)} pictures")
        case ["find", network, index, picture]:
            known = np.load(index)
            (query,) = embed(open_network(network), [Path(picture)])
            for row, distance in nearest(query, known["vectors"], k=5):
                print(f"{distance:.4f}  {known['paths'][row]}")
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
