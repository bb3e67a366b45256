"""Embed pictures and search among them: the distance of two, and the nearest ones of a query.

Draws letters with the fonts of matplotlib and searches with a network that nobody has trained, which already finds
letters of the same shape; put your own network and folder in the two lines that say so. Takes seconds on a CPU.
"""

from pathlib import Path
from tempfile import TemporaryDirectory

import torch

from embedding_transfer import EmbeddingNetwork, embed_images, load_images, search_neighbors

torch.manual_seed(0)
network = EmbeddingNetwork("convnet-16", embedding_dim=64, image_size=28, crop=1.0).eval()
# yours: network = load_network("runs/short")

with TemporaryDirectory() as folder:
    letters = load_images("glyphs").test
    for i in range(200):
        name = letters.class_names[letters.labels[i]].replace(" ", "-").replace("/", "-")
        letters.image(i).save(Path(folder) / f"{i:03d}-{name}.png")
    pictures = sorted(Path(folder).iterdir())  # yours: sorted(Path("photos").rglob("*.jpg"))

    one, other = embed_images(network, pictures[:2], workers=0)
    print(f"distance of {pictures[0].name} and {pictures[1].name}: {(one - other).norm():.4f}")

    vectors = embed_images(network, folder, workers=0)  # (200, 64): a folder, a list of paths or an image set
    found = search_neighbors(vectors[:3], 4, gallery=vectors)  # a query finds itself first
    for query, indices, distances in zip(pictures, found.indices.tolist(), found.distances.tolist(), strict=False):
        nearest = [f"{pictures[i].name} ({distance:.4f})" for i, distance in zip(indices, distances, strict=True)]
        print(f"{query.name}: {', '.join(nearest)}")
