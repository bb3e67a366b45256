"""What a file is that was taken for a picture, and what to do with it."""

from __future__ import annotations

from embedding_transfer.images.formats import HEIF_ENDINGS, formats

BEGINNINGS = (
    (b"%!PS", "it is PostScript, which is not run; save it as PNG"),
    (b"\xc5\xd0\xd3\xc6", "it is PostScript, which is not run; save it as PNG"),
    (b"%PDF", "it is a PDF; save its pages as PNG"),
    (b"PK\x03\x04", "it is a zip archive; unpack it"),
    (b"\x1f\x8b", "it is packed with gzip; unpack it"),
    (b"version https://git-lfs", "it stands for a file in Git LFS; get it with git lfs pull"),
    (b"<svg", "it is an SVG drawing; save it as PNG"),
    (b"<!doctype html", "it is a web page, perhaps a failed download"),
    (b"<html", "it is a web page, perhaps a failed download"),
)


BEGINNING = 64
"""How many of the first bytes are looked at."""


def what_it_is_instead(beginning: bytes, ending: str = "") -> str:
    """Half a sentence about a file that no reader of pictures recognizes.

    Args:
        beginning: Its first bytes.
        ending: Of its name, such as ``.heic``.

    Example::

        >>> what_it_is_instead(b"%PDF-1.7")
        'it is a PDF; save its pages as PNG'
    """
    if not beginning:
        return "it is empty"
    plain = beginning.lstrip().lower()
    for start, meaning in BEGINNINGS:
        if plain.startswith(start.lower()):
            return meaning
    is_heif = ending.lower() in HEIF_ENDINGS or beginning[4:11] == b"ftyphei"
    if is_heif and "HEIF" not in formats():
        return 'it is HEIF, which needs pillow-heif: pip install "embedding-transfer[heic]"'
    return "it is damaged, or of a format or kind of pixels that is not read; save it as JPEG or PNG"
