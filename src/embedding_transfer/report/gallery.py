"""A picture of retrieval: queries and their nearest neighbors, right ones framed in blue, wrong ones in orange."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib
import numpy as np
from PIL import Image, ImageDraw, ImageFont, ImageOps
from torch import Tensor

from embedding_transfer.images.image_set import ImageSet

RIGHT, WRONG, QUERY, PAPER, INK = "#0072b2", "#e69f00", "#333333", "#ffffff", "#333333"
CELL, FRAME, GAP, BLOCK = 64, 4, 6, 26  # pixels: side of a picture, its frame, between pictures, between searchers


def neighbor_gallery(images: ImageSet, queries: Sequence[int], found: Mapping[str, Tensor]) -> Image.Image:
    """One row for each query: the query, then what each searcher finds, nearest first.

    Args:
        images: Holds queries and neighbors.
        queries: Rows of the queries.
        found: For each searcher, by its name, the neighbors (len(queries), k) of the queries.
    """
    columns = [neighbors.shape[1] for neighbors in found.values()]
    step, top = CELL + GAP, 34
    width = GAP + step + sum(BLOCK + k * step for k in columns)
    height = top + len(queries) * step + 30
    paper = Image.new("RGB", (width, height), PAPER)
    draw = ImageDraw.Draw(paper)
    draw.text((GAP, 8), "query", fill=INK, font=font(15))
    left = GAP + step
    for (name, neighbors), k in zip(found.items(), columns, strict=True):
        left += BLOCK
        draw.text((left, 8), name, fill=INK, font=font(15))
        for row, query in enumerate(queries):
            for column, neighbor in enumerate(neighbors[row].tolist()):
                color = _color(images, query, neighbor)
                paper.paste(_cell(images, neighbor, color), (left + column * step, top + row * step))
        left += k * step
    for row, query in enumerate(queries):
        paper.paste(_cell(images, query, QUERY), (GAP, top + row * step))
    legend = ((RIGHT, "same class as the query"), (WRONG, "another class")) if images.is_labeled else ()
    left = GAP
    for color, meaning in legend:
        draw.rectangle((left, height - 22, left + 14, height - 8), outline=color, width=FRAME)
        draw.text((left + 20, height - 24), meaning, fill=INK, font=font(13))
        left += 40 + int(draw.textlength(meaning, font=font(13)))
    return paper


def sample_queries(images: ImageSet, count: int, seed: int = 0) -> list[int]:
    """Rows of ``count`` queries, of different classes where there are labels, drawn at random."""
    rng = np.random.default_rng(seed)
    rows = np.arange(len(images)) if images.is_query is None else np.flatnonzero(images.is_query)
    if not images.is_labeled:
        return [int(row) for row in rng.permutation(rows)[:count]]
    classes = rng.permutation(np.unique(images.labels[rows]))[:count]
    return [int(rng.choice(rows[images.labels[rows] == c])) for c in classes]


def _color(images: ImageSet, query: int, neighbor: int) -> str:
    """Of the frame around what was found; without labels nothing is right or wrong."""
    if not images.is_labeled:
        return QUERY
    return RIGHT if images.labels[neighbor] == images.labels[query] else WRONG


def _cell(images: ImageSet, row: int, color: str) -> Image.Image:
    inner = CELL - 2 * FRAME
    picture = ImageOps.pad(images.image(row), (inner, inner), Image.Resampling.BICUBIC, color=PAPER)
    return ImageOps.expand(picture, FRAME, fill=color)


def font(size: int) -> ImageFont.FreeTypeFont:
    """DejaVu Sans, which matplotlib brings along, in ``size`` points."""
    return ImageFont.truetype(f"{matplotlib.get_data_path()}/fonts/ttf/DejaVuSans.ttf", size)
