"""Self-contained HTML pages: text, tables and pictures in one file that needs nothing else."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

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
"""


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
        buffer = io.BytesIO()
        image.save(buffer, "PNG")
        data = base64.b64encode(buffer.getvalue()).decode()
        self.parts.append(f'<img src="data:image/png;base64,{data}" alt="{html.escape(meaning, quote=True)}">')

    def write(self, path: Path) -> None:
        """Write the page, all of it or nothing."""
        head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><style>{STYLE}</style>'
        text = f"<!doctype html><html lang=en><head>{head}<title>{html.escape(self.title)}</title></head><body>"
        write_text(path, text + "\n".join(self.parts) + "</body></html>\n")
