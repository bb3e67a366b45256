"""Which files are pictures: formats that are read, known by the ending of a name or by a file's first bytes."""

from __future__ import annotations

from contextlib import suppress
from functools import cache
from pathlib import Path

import PIL
from PIL import Image


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


FORMATS = _words(
    "AVIF BLP BMP CUR DCX DDS DIB FLI FTEX GBR GIF HEIF ICNS ICO JPEG JPEG2000 MSP PCD PCX PIXAR PNG PPM PSD QOI "
    "SGI SUN TGA TIFF WEBP XBM XPM"
)
"""What is read, in Pillow's names: formats that Pillow decodes itself.

PostScript is not among them, because Pillow runs Ghostscript on it; nor is IPTC, which may hold PostScript; nor
formats that Pillow can only write (PDF), knows by name alone (HDF5, MPEG, WMF), unpacks without a limit (FITS) or is
about to drop (IM).
"""

READ_SINCE = {"DDS": (12, 3)}
"""The first Pillow that stops at the end of a damaged file of a format, where those before it go on for minutes."""

WITH_SIGNATURE = _words("AVIF BMP GIF HEIF JPEG JPEG2000 PNG TIFF WEBP")
"""Formats by which a file without a known ending is taken for a picture."""

HEIF_ENDINGS = frozenset((".heic", ".heics", ".heif", ".heifs", ".hif"))

CAMERA_ENDINGS = frozenset(
    _words(".3fr .arw .cr2 .cr3 .crw .dng .erf .iiq .kdc .mos .mrw .nef .nrw .orf .pef .raf .raw .rw2 .sr2 .srw .x3f")
)
"""Raw pictures of cameras. Many look like TIFF, but what Pillow finds in them is a thumbnail."""

OTHER_ENDINGS = frozenset(
    _words(
        ".7z .aac .aae .avi .bz2 .cfg .css .csv .db .doc .docx .flac .gz .h5 .hdf .hdf5 .htm .html .ini .ipynb .js "
        ".json .jsonl .lmdb .lnk .log .m4a .m4v .mat .md .mkv .mov .mp3 .mp4 .mpeg .mpg .npy .npz .odt .ogg "
        ".parquet .pdf .pkl .ppt .pptx .pt .pth .py .rar .rst .rtf .safetensors .sh .sqlite .tar .tex .tgz .toml "
        ".tsv .txt .url .wav .webm .wmv .xls .xlsx .xml .xmp .xz .yaml .yml .zip"
    )
)
"""Files that lie beside pictures and are none: they are left alone without a word."""


@cache
def formats() -> tuple[str, ...]:
    """Those of :data:`FORMATS` that can be read here; HEIF needs pillow-heif, DDS Pillow 12.3."""
    Image.init()
    with suppress(ImportError):
        from pillow_heif import register_heif_opener

        register_heif_opener()
    pillow = tuple(int(number) for number in PIL.__version__.split(".")[:2])
    return tuple(name for name in FORMATS if name in Image.OPEN and pillow >= READ_SINCE.get(name, (0, 0)))


@cache
def picture_endings() -> frozenset[str]:
    """Endings, in small letters, of pictures that can be read here."""
    read = {*formats(), "MPO"}  # MPO is JPEG with more than one picture
    return frozenset(ending for ending, name in Image.registered_extensions().items() if name in read)


def looks_like_a_picture(path: str | Path) -> bool:
    """Whether the first bytes of a file are those of a picture that can be read here."""
    try:
        with open(path, "rb") as file:
            beginning = file.read(16)
    except OSError:
        return False
    accepting = (Image.OPEN[name][1] for name in WITH_SIGNATURE if name in formats())
    return any(accepts is not None and accepts(beginning) is True for accepts in accepting)
