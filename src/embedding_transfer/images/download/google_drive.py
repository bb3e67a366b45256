"""Pages that Google Drive sends in place of a file: is one sure, or was it fetched too often?"""

from __future__ import annotations

from html.parser import HTMLParser
from urllib.parse import urlencode

QUOTA = ("too many users have viewed or downloaded", "quota exceeded", "download quota")
"""How pages and answers say that a file was fetched too often, in small letters."""


def is_quota_page(page: str) -> bool:
    """Whether a page says that the file was fetched too often lately."""
    return any(words in page.lower() for words in QUOTA)


def confirmed_url(page: str) -> str | None:
    """Where the button "Download anyway" of a page leads, ``None`` if there is none.

    Drive asks so for files that are too large for its scan for viruses.
    """
    form = _DownloadForm()
    form.feed(page)
    if not form.action:
        return None
    return f"{form.action}{'&' if '?' in form.action else '?'}{urlencode(form.fields)}"


class _DownloadForm(HTMLParser):
    """Reads ``<form id="download-form" action=...>`` and the hidden inputs in it."""

    def __init__(self) -> None:
        super().__init__()
        self.action = ""
        self.fields: dict[str, str] = {}
        self._is_inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "form" and values.get("id") == "download-form":
            self.action, self._is_inside = values.get("action", ""), True
        elif tag == "input" and self._is_inside and values.get("type") == "hidden":
            self.fields[values.get("name", "")] = values.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        self._is_inside = self._is_inside and tag != "form"
