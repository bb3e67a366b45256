"""Pictures the right way up, as their EXIF says, also where some of the EXIF is damaged or odd."""

from __future__ import annotations

from struct import unpack_from

from PIL import ExifTags, Image

TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What sets a picture upright that has this orientation; 1 is upright."""

SHORT = 3  # how EXIF stores an orientation: as a whole number of 16 bits


def load_upright(image: Image.Image) -> Image.Image:
    """Decode an opened image and turn it as its EXIF says; what cannot be read of the EXIF is passed over.

    Unlike :func:`PIL.ImageOps.exif_transpose` it does not write the EXIF anew, which fails on tags of odd types.
    """
    exif = _readable_exif(image)
    image.getexif = lambda: exif  # type: ignore[method-assign]  # Pillow turns TIFF by itself, with what is readable
    image.load()
    turn = TURNS.get(_orientation(exif, image.info.get("exif")))
    return image if turn is None else image.transpose(turn)


def _readable_exif(image: Image.Image) -> Image.Exif:
    for _ in range(2):  # what was read up to a fault is there when one asks again
        try:
            return image.getexif()
        except Exception:  # Pillow raises what it meets: struct.error, TypeError, OSError, ...
            continue
    return Image.Exif()


def _orientation(exif: Image.Exif, stored: object) -> int:
    """1 to 8; 1 where it is not there or no number."""
    try:
        value = exif.get(ExifTags.Base.Orientation)
        if value is None and isinstance(stored, bytes):
            return _entry(stored.removeprefix(b"Exif\0\0"), ExifTags.Base.Orientation)
        return int(value[0] if isinstance(value, (tuple, bytes)) else value or 1)
    except Exception:  # as above
        return 1


def _entry(stored: bytes, wanted: int) -> int:
    """A small number in the first directory of an EXIF whose other tags Pillow cannot read; 1 if it is not there."""
    order = "<" if stored.startswith(b"II") else ">"
    (start,) = unpack_from(f"{order}L", stored, 4)
    (count,) = unpack_from(f"{order}H", stored, start)
    for place in range(start + 2, start + 2 + 12 * count, 12):
        tag, kind, _, value = unpack_from(f"{order}HHL4s", stored, place)
        if tag == wanted and kind == SHORT:
            return int(unpack_from(f"{order}H", value)[0])
    return 1
