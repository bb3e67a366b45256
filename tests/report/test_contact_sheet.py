"""Contact sheets: every picture is in its place."""

from PIL import Image

from embedding_transfer.report.contact_sheet import CAPTION, COLUMNS, SIDE, contact_sheet
from embedding_transfer.report.gallery import GAP

RED, BLUE = (255, 0, 0), (0, 0, 255)


def middle(sheet: Image.Image, row: int, column: int) -> object:
    """The pixel in the middle of a picture."""
    x = GAP + column * (SIDE + GAP) + SIDE // 2
    return sheet.getpixel((x, GAP + row * (CAPTION + SIDE + GAP) + CAPTION + SIDE // 2))


def test_pictures_are_where_they_belong() -> None:
    red, blue = Image.new("RGB", (5, 9), RED), Image.new("RGB", (400, 30), BLUE)
    sheet = contact_sheet([("reds", [red, red]), ("a blue one", [blue])])
    assert sheet.width == GAP + COLUMNS * (SIDE + GAP)
    assert sheet.height == GAP + 2 * (CAPTION + SIDE + GAP)
    places = [(row, column) for row in range(2) for column in range(3)]
    white = (255, 255, 255)
    assert [middle(sheet, *place) for place in places] == [RED, RED, white, BLUE, white, white]


def test_an_unreadable_picture_is_crossed_out() -> None:
    sheet = contact_sheet([("broken", [None])])
    assert (
        sheet.getpixel((GAP, GAP + CAPTION))
        == sheet.getpixel((GAP + SIDE // 2, GAP + CAPTION + SIDE // 2))
        != (255,) * 3
    )


def test_a_row_is_full_at_some_point_and_a_caption_too() -> None:
    red = Image.new("RGB", (5, 5), RED)
    sheet = contact_sheet([("very long caption " * 50, [red] * (COLUMNS + 3))])
    assert sheet.width == GAP + COLUMNS * (SIDE + GAP)
    margin = sheet.crop((sheet.width - GAP, 0, sheet.width, sheet.height))
    assert margin.getcolors(1) is not None  # neither a picture nor the caption runs out of the sheet
    assert sheet.crop((0, GAP, sheet.width, GAP + CAPTION)).getcolors(2) is None  # but the caption is there
