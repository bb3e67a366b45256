"""Self-contained HTML pages: text, tables, charts and pictures in one file that needs nothing else."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

from PIL import Image, ImageOps

from embedding_transfer.files import write_text
from embedding_transfer.report import markup
from embedding_transfer.report.html_table import Cell, html_table

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
        self.parts = [f"<h1>{markup.name(title)}</h1>"]

    def heading(self, text: str) -> None:
        self.parts.append(f"<h2>{markup.text(text)}</h2>")

    def text(self, text: str) -> None:
        self.parts.append(f"<p>{markup.text(text)}</p>")

    def note(self, text: str) -> None:
        """A sentence that explains, in small print."""
        self.parts.append(f'<p class="note">{markup.text(text)}</p>')

    def items(self, texts: Sequence[str], kind: str = "") -> None:
        """A list of sentences."""
        lines = "".join(f"<li>{markup.text(text)}</li>" for text in texts)
        self.parts.append(f'<ul class="{markup.text(kind)}">{lines}</ul>')

    def table(self, head: Sequence[str], rows: Sequence[Sequence[str | Cell]], title: str = "numbers") -> None:
        """A table; where it has several rows, clicks on its head sort them."""
        self.parts.append(html_table(head, rows, title))

    def markup(self, part: str) -> None:
        """A part that is HTML already."""
        self.parts.append(part)

    def folded(self, summary: str, part: str) -> None:
        """HTML that shows when it is asked for."""
        self.parts.append(f"<details><summary>{markup.text(summary)}</summary>{part}</details>")

    def picture(self, image: Image.Image, meaning: str) -> None:
        """A picture; ``meaning`` is read out where it cannot be seen."""
        self.parts.append(_image(image, meaning, "PNG"))

    def row(self, pictures: Sequence[tuple[Image.Image | None, Sequence[str]]]) -> None:
        """Small pictures side by side, each with the lines under it; ``None``: there is a frame in its place.

        The first one stands a little apart and has a frame: it is what the others belong to.
        """
        figures = []
        for picture, lines in pictures:
            caption = "<br>".join(markup.text(line) for line in lines)
            small = None if picture is None else ImageOps.pad(picture, (SIDE, SIDE), color="#ffffff")
            shown = '<div class="none"></div>' if small is None else _image(small, " ".join(lines), "JPEG")
            figures.append(f"<figure>{shown}<figcaption>{caption}</figcaption></figure>")
        self.parts.append(f'<div class="row" tabindex="0" role="group">{"".join(figures)}</div>')

    def write(self, path: Path) -> None:
        """Write the page, all of it or nothing."""
        write_text(path, self.html())

    def html(self) -> str:
        """The whole page."""
        home = files("embedding_transfer.report")
        style, script = (home.joinpath(name).read_text(encoding="utf-8") for name in ("page.css", "page.js"))
        head = (
            '<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
            f'<link rel="icon" href="data:,"><title>{markup.text(self.title)}</title><style>{style}</style>'
        )
        body = "\n".join(self.parts)
        return (
            f'<!doctype html>\n<html lang="en"><head>{head}</head>\n<body><main>{body}</main>\n'
            f"<script>{script}</script></body></html>\n"
        )


def _image(image: Image.Image, meaning: str, form: str) -> str:
    """The tag of an image that stands in the page itself."""
    buffer = io.BytesIO()
    image.save(buffer, form, quality=90)
    data = base64.b64encode(buffer.getvalue()).decode()
    return f'<img src="data:image/{form.lower()};base64,{data}" alt="{markup.text(meaning)}">'
