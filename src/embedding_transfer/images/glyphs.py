"""Glyphs: the embedded default, made on the spot. A class is a letter, its images are fonts and styles.

The letters come from the fonts that matplotlib ships (DejaVu, STIX, Computer Modern). Networks train on Latin letters
and are tested on scripts they never saw: Greek, Cyrillic, Armenian, Georgian and others.
"""

import hashlib
import os
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.ft2font import FT2Font
from PIL import Image, ImageDraw, ImageFont

from embedding_transfer.files import whole_file
from embedding_transfer.images.image_set import ImageSet, ImageSplits

SIDE = 32  # pixels
FONTS_FOR_A_CLASS = 12
LETTERS = {"Lu", "Ll", "Lt", "Lo"}  # Unicode categories; modifier letters are smaller copies of others
KIND = re.compile("LETTER|LIGATURE")  # and not signs such as KELVIN SIGN or the DOUBLE-STRUCK capitals of mathematics
FONTS = (
    *(f"DejaVuSans{style}" for style in ("", "-Bold", "-Oblique", "-BoldOblique")),
    *(f"DejaVuSansMono{style}" for style in ("", "-Bold", "-Oblique", "-BoldOblique")),
    *(f"DejaVuSerif{style}" for style in ("", "-Bold", "-Italic", "-BoldItalic")),
    *(f"STIXGeneral{style}" for style in ("", "Bol", "Italic", "BolIta")),
)
ASCII_FONTS = ("cmr10", "cmss10", "cmtt10", "cmti10", "cmb10")  # outside ASCII their codes mean other letters
SINCE_3_11 = {"cmti10"}  # an older matplotlib draws 52 pictures fewer to train on, and the same ones to test on


def load_glyphs(cache: Path | None = None) -> ImageSplits:
    """Render the glyphs, or read them from the cache.

    Args:
        cache: Folder of the cached pictures (default: ``embedding-transfer`` in ``$XDG_CACHE_HOME`` or ``~/.cache``).

    Returns:
        Latin letters for training, letters of all other scripts for testing; pictures are (32, 32) uint8,
        black on white. The same fonts give the same pictures, in the same order.
    """
    folder = cache or Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "embedding-transfer"
    path = folder / f"glyphs-{_fingerprint()}.npz"
    if not path.exists():
        _write(path, *_render())
    with np.load(path) as cached:
        pictures, labels, names = cached["pictures"], cached["labels"], tuple(cached["names"].tolist())
    glyphs = ImageSet("glyphs", pictures, labels, names)
    latin = np.array(["LATIN" in name for name in names])[labels]
    return ImageSplits(glyphs.subset(latin, "glyphs/train"), glyphs.subset(~latin, "glyphs/test"))


def _render() -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Pictures (n, 32, 32), labels (n,) and class names such as ``"A LATIN, GREEK, CYRILLIC"``."""
    drawings: dict[str, list[np.ndarray]] = defaultdict(list)  # letter -> a picture per font
    letters_of_picture: dict[tuple[str, bytes], list[str]] = defaultdict(list)
    for font, letter, picture in _draw_all_fonts():
        drawings[letter].append(picture)
        letters_of_picture[font, picture.tobytes()].append(letter)
    kept = sorted(letter for letter, pictures in drawings.items() if len(pictures) >= FONTS_FOR_A_CLASS)
    classes = _merge(kept, letters_of_picture.values())
    pictures: list[np.ndarray] = []
    labels: list[int] = []
    names: list[str] = []
    for letters in classes:
        different = {picture.tobytes(): picture for letter in letters for picture in drawings[letter]}
        pictures += different.values()
        labels += [len(names)] * len(different)
        scripts = dict.fromkeys(unicodedata.name(letter).split()[0] for letter in letters)
        names.append(f"{letters[0]} {', '.join(scripts)}")
    return np.stack(pictures), np.array(labels, dtype=np.int64), names


def _draw_all_fonts() -> Iterator[tuple[str, str, np.ndarray]]:
    for name in _fonts_here():
        path = _font_path(name)
        codes = sorted(FT2Font(str(path)).get_charmap())
        for letter in (chr(code) for code in codes if name in FONTS or code < 128):
            if unicodedata.category(letter) in LETTERS and KIND.search(unicodedata.name(letter, "")):
                picture = _draw(letter, path)
                if picture.min() < 128:  # some fonts map letters to empty glyphs
                    yield name, letter, picture


def _draw(letter: str, path: Path) -> np.ndarray:
    """Black on white (32, 32), in the largest size up to 22 points that fits."""
    for points in range(22, 5, -2):
        font = _font(path, points)
        left, top, right, bottom = font.getbbox(letter, anchor="ls")
        if right - left <= SIDE - 2 and bottom - top <= SIDE - 2:
            break
    baseline = min(max(23, 1 - top), SIDE - 1 - bottom)
    paper = Image.new("L", (SIDE, SIDE), 255)
    ImageDraw.Draw(paper).text(((SIDE - left - right) / 2, baseline), letter, fill=0, font=font, anchor="ls")
    return np.asarray(paper)


_opened: dict[tuple[Path, int], ImageFont.FreeTypeFont] = {}


def _font(path: Path, points: int) -> ImageFont.FreeTypeFont:
    if (path, points) not in _opened:
        _opened[path, points] = ImageFont.truetype(str(path), points, layout_engine=ImageFont.Layout.BASIC)
    return _opened[path, points]


def _merge(letters: list[str], groups: Iterable[list[str]]) -> list[list[str]]:
    """Letters that look the same in some font (Latin A, Greek Alpha, Cyrillic A) become one class (union-find)."""
    parent = {letter: letter for letter in letters}

    def root(letter: str) -> str:
        while parent[letter] != letter:
            letter = parent[letter]
        return letter

    for group in groups:
        alike = [letter for letter in group if letter in parent]
        for other in alike[1:]:
            first, second = sorted((root(alike[0]), root(other)))
            parent[second] = first
    classes = defaultdict(list)
    for letter in letters:
        classes[root(letter)].append(letter)
    return list(classes.values())


def _font_path(name: str) -> Path:
    return Path(matplotlib.get_data_path()) / "fonts" / "ttf" / f"{name}.ttf"


def _fonts_here() -> list[str]:
    """The fonts of this matplotlib."""
    return [name for name in (*FONTS, *ASCII_FONTS) if name not in SINCE_3_11 or _font_path(name).exists()]


def _fingerprint() -> str:
    """Changes with the fonts and with this file, so that a cache is never stale."""
    fonts = [f"{name} {_font_path(name).stat().st_size}".encode() for name in _fonts_here()]
    parts = [Path(__file__).read_bytes(), *fonts]
    return hashlib.sha256(b"|".join(parts)).hexdigest()[:12]


def _write(path: Path, pictures: np.ndarray, labels: np.ndarray, names: list[str]) -> None:
    with whole_file(path) as unfinished, unfinished.open("wb") as file:
        np.savez_compressed(file, pictures=pictures, labels=labels, names=np.array(names))
