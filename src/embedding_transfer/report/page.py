"""Self-contained HTML pages: text, tables and pictures in one file that needs nothing else."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageOps

from embedding_transfer.files import write_text

STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.2rem; margin-top: 2rem; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .3rem .8rem; text-align: right; border-bottom: 1px solid #8884; }
th:first-child, td:first-child { text-align: left; }
.wide { overflow-x: auto; } img, svg { max-width: 100%; height: auto; background: #fff; border-radius: 4px; }
small { opacity: .7; }
.row { display: flex; gap: .6rem; overflow-x: auto; padding: .3rem 0 .8rem; border-bottom: 1px solid #8884; }
figure { margin: 0; width: 8.5rem; flex: none; } figure:first-child { margin-right: 1rem; }
figcaption { font-size: .75rem; line-height: 1.3; overflow-wrap: anywhere; } figure img { display: block; }
figure .none { width: 128px; height: 128px; border: 1px dashed #8888; border-radius: 4px; }
figure:first-child img { outline: 3px solid #888; outline-offset: -3px; }
"""

SIDE = 128  # pixels, of the pictures in a row


class Page:
    """Collects the parts of a page from top to bottom, then writes it.

    Example::

        page = Page("My run")
        page.text("What it is.")
        page.table(["network", "R@1"], [["source", "71.0 %"]])
        page.write(Path("report.html"))
    """

    def __init__(self, title: str) -> None:
        self.title = title
        self.parts = [f"<h1>{html.escape(title)}</h1>"]

    def heading(self, text: str) -> None:
        self.parts.append(f"<h2>{html.escape(text)}</h2>")

    def text(self, text: str) -> None:
        self.parts.append(f"<p>{html.escape(text)}</p>")

    def table(self, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        def line(tag: str, cells: Sequence[str]) -> str:
            return "<tr>" + "".join(f"<{tag}>{html.escape(cell)}</{tag}>" for cell in cells) + "</tr>"

        body = "".join(line("td", row) for row in rows)
        self.parts.append(f'<div class="wide"><table>{line("th", head)}{body}</table></div>')

    def picture(self, image: Image.Image, meaning: str) -> None:
        """A picture; ``meaning`` is read out where it cannot be seen."""
        self.parts.append(_image(image, meaning, "PNG"))

    def row(self, pictures: Sequence[tuple[Image.Image | None, Sequence[str]]]) -> None:
        """Small pictures side by side, each with the lines under it; ``None``: there is a frame in its place.

        The first one stands a little apart and has a frame: it is what the others belong to.
        """
        figures = []
        for picture, lines in pictures:
            caption = "<br>".join(html.escape(line) for line in lines)
            small = None if picture is None else ImageOps.pad(picture, (SIDE, SIDE), color="#ffffff")
            shown = '<div class="none"></div>' if small is None else _image(small, " ".join(lines), "JPEG")
            figures.append(f"<figure>{shown}<figcaption>{caption}</figcaption></figure>")
        self.parts.append(f'<div class="row">{"".join(figures)}</div>')

    def write(self, path: Path) -> None:
        """Write the page, all of it or nothing."""
        head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><style>{STYLE}</style>'
        text = f"<!doctype html><html lang=en><head>{head}<title>{html.escape(self.title)}</title></head><body>"
        write_text(path, text + "\n".join(self.parts) + "</body></html>\n")


def _image(image: Image.Image, meaning: str, form: str) -> str:
    """The tag of an image that stands in the page itself."""
    buffer = io.BytesIO()
    image.save(buffer, form, quality=90)
    data = base64.b64encode(buffer.getvalue()).decode()
    return f'<img src="data:image/{form.lower()};base64,{data}" alt="{html.escape(meaning, quote=True)}">'
