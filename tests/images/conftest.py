"""Pictures of one pixel, each of its own color, for trees in the layouts of real image sets."""

from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest
from PIL import Image


@pytest.fixture
def draw() -> Callable[[Path], Path]:
    """``draw(path)`` writes a picture that differs from every other, and its folder if it is missing."""
    colors = count(1)

    def write(path: Path) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        number = next(colors)
        Image.new("RGB", (1, 1), (number % 256, number // 256 % 256, number // 65536)).save(path, "PNG")
        return path

    return write
