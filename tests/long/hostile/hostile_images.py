"""Hostile pictures, folders and tables."""

from __future__ import annotations

import io
import os
import socket
from pathlib import Path

import numpy as np
from damage import damaged, damaged_text, pick
from kept import Reads, Rng, once
from PIL import Image

from embedding_transfer.cli import main
from embedding_transfer.images import load_images
from embedding_transfer.images.decode import read_rgb

FORMATS = "PNG JPEG GIF BMP TIFF WEBP PPM TGA ICO DDS PCX SGI XBM ICNS JPEG2000 DIB MSP SPIDER EPS PDF"
POSTSCRIPT = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n(owned) (w) file closefile\nshowpage\n"


def whole_pictures() -> list[bytes]:
    pixels = np.random.default_rng(0).integers(0, 256, (12, 14, 3), dtype=np.uint8)
    found = []
    for name in FORMATS.split():
        for mode in ("RGB", "L", "1", "P", "RGBA"):
            file = io.BytesIO()
            try:
                Image.fromarray(pixels).convert(mode).save(file, name)
            except (OSError, ValueError, KeyError):
                continue
            found.append(file.getvalue())
    huge = b"P6 60000 60000 255\n" + bytes(100)
    return [*found, POSTSCRIPT, huge, b"", b"<svg/>", b"PK\x03\x04", b"\x1f\x8b"]


def picture(rng: Rng, folder: Path) -> Reads:
    content = pick(rng, once(whole_pictures))
    content = content if rng.random() < 0.1 else damaged(rng, content)
    if rng.random() < 0.5:
        return lambda: read_rgb(content, "picture")
    file = folder / f"x{pick(rng, ('.png', '.jpg', '.tif', '.gif', '.eps', '.ico', ''))}"
    file.write_bytes(content)
    return lambda: read_rgb(file)


NAMES = (
    "a.png",
    "b\n.png",
    "\x1b[2J.png",
    "c\udce9.png",
    " .png",
    "-.png",
    "'\";.jpg",
    "%s.png",
    "é.png",
)


def folder_of_images(rng: Rng, folder: Path) -> Reads:
    """Class folders with names, links, pipes, sockets and folders where pictures should be."""
    for half in ("train", "test"):
        for number in range(2):
            place = folder / "set" / half / f"{half}{number}{pick(rng, ('', chr(10), chr(0xE9), chr(27)))}"
            place.mkdir(parents=True)
            for name in (pick(rng, NAMES), pick(rng, NAMES)):
                (place / name).write_bytes(pick(rng, once(whole_pictures)))
            _odd_thing(rng, place)
    root = str(folder / "set")
    look = ["check-images", "--root", root, "--workers", "0"]
    ways = (
        *(lambda: load_images("folder", root) for _ in range(4)),
        *(lambda: load_images("unlabeled", root) for _ in range(4)),
        lambda: main(look),
        lambda: main([*look, "--output", str(folder / "page")]),
    )
    return pick(rng, ways)


def _odd_thing(rng: Rng, place: Path) -> None:
    thing, odd = place / f"odd{pick(rng, ('.png', '.jpg', '', '.csv'))}", int(rng.integers(7))
    if odd == 0:
        os.mkfifo(thing)
    elif odd == 1:
        thing.mkdir()
    elif odd == 2:
        thing.symlink_to("/dev/zero")
    elif odd == 3:
        thing.symlink_to(place.parent)
    elif odd == 4:
        thing.symlink_to("nowhere")
    elif odd == 5:
        with socket.socket(socket.AF_UNIX) as listening:
            before = os.getcwd()
            os.chdir(place)  # names of sockets are short
            try:
                listening.bind(thing.name)
            finally:
                os.chdir(before)
    else:
        thing.write_bytes(damaged(rng, pick(rng, once(whole_pictures))))


TABLE = "path,label,split\n" + "".join(f"{i}.png,{'abcd'[i]},{'train' if i < 2 else 'test'}\n" for i in range(4))


def table(rng: Rng, folder: Path) -> Reads:
    for number in range(4):
        (folder / f"{number}.png").write_bytes(once(whole_pictures)[0])
    text, file = TABLE, folder / "table.csv"
    for _ in range(int(rng.integers(1, 4))):
        text = damaged_text(rng, text)
    content = text.encode("utf-8", "surrogateescape")
    file.write_bytes(content if rng.random() < 0.7 else damaged(rng, content))
    name, incomplete = pick(rng, ("table", "folder", "unlabeled")), rng.random() < 0.5
    return lambda: load_images(name, file, incomplete)
