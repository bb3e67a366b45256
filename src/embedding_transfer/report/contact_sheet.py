"""A contact sheet: rows of small pictures, each row under its caption."""

from __future__ import annotations

from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageOps

from embedding_transfer.report.gallery import GAP, INK, PAPER, font

SIDE, CAPTION, COLUMNS = 96, 22, 8  # pixels: of a picture, of the line above a row; pictures in a row
UNREADABLE, FRAME_COLOR, GAP_COLOR = "#d55e00", "#bbbbbb", "#eeeeee"


def contact_sheet(rows: Sequence[tuple[str, Sequence[Image.Image | None]]]) -> Image.Image:
    """One picture of many.

    Args:
        rows: Caption and pictures of each row, ``COLUMNS`` at most; ``None`` is a picture that cannot be read and
            becomes a crossed frame.
    """
    step = CAPTION + SIDE + GAP
    sheet = Image.new("RGB", (GAP + COLUMNS * (SIDE + GAP), GAP + len(rows) * step), PAPER)
    draw = ImageDraw.Draw(sheet)
    for row, (caption, pictures) in enumerate(rows):
        top = GAP + row * step
        draw.text((GAP, top), _shortened(caption, sheet.width - 2 * GAP), fill=INK, font=font(13))
        for column, picture in enumerate(pictures[:COLUMNS]):
            left, upper = GAP + column * (SIDE + GAP), top + CAPTION
            right, lower = left + SIDE - 1, upper + SIDE - 1
            if picture is None:
                draw.line((left, upper, right, lower), fill=UNREADABLE)
                draw.line((left, lower, right, upper), fill=UNREADABLE)
            else:
                square = ImageOps.pad(picture, (SIDE, SIDE), Image.Resampling.BICUBIC, color=GAP_COLOR)
                sheet.paste(square, (left, upper))
            draw.rectangle((left, upper, right, lower), outline=UNREADABLE if picture is None else FRAME_COLOR)
    return sheet


def _shortened(text: str, width: int) -> str:
    """``text`` with its middle left out until it is at most ``width`` pixels long."""
    kept = len(text)
    shorter = text
    while kept and font(13).getlength(shorter) > width:
        kept -= 1
        shorter = text[: (kept + 1) // 2] + "…" + text[len(text) - kept // 2 :]
    return shorter
