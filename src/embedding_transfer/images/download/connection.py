"""Asking a server for a file, or for the rest of it: never taking a web page for the file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import unescape
from http.client import HTTPException, HTTPMessage, HTTPResponse
from typing import IO
from urllib.error import HTTPError, URLError
from urllib.parse import urljoin, urlsplit
from urllib.request import HTTPCookieProcessor, HTTPRedirectHandler, OpenerDirector, Request, build_opener

from embedding_transfer.errors import DownloadError, one_line, reason
from embedding_transfer.images.download.google_drive import confirmed_url, is_quota_page

SECONDS_OF_SILENCE = 60
"""After which a connection counts as lost."""

MOST_OF_A_PAGE = 1 << 20


class ConnectionLostError(DownloadError):
    """The server cannot be reached, or was silent in the middle: the same again may well succeed."""


def open_file(url: str, first_byte: int = 0, unchanged: str | None = None) -> HTTPResponse:
    """Ask for a file; redirects are followed, and Google Drive's question whether one is sure is answered.

    Args:
        url: Of the file.
        first_byte: Where to begin. A server may send the whole file all the same; the answer's status is then 200 and
            not 206.
        unchanged: ETag or date of the file that ``first_byte`` belongs to: the server sends a newer one whole.

    Returns:
        The answer, whose body is to be read.

    Raises:
        ConnectionLostError: If the server cannot be reached.
        DownloadError: If it answers with an error, or with a web page in place of the file.
    """
    headers = {"User-Agent": "embedding-transfer", "Accept-Encoding": "identity"}
    if first_byte:
        headers["Range"] = f"bytes={first_byte}-"
        headers |= {"If-Range": unchanged} if unchanged else {}
    opener = build_opener(HTTPCookieProcessor(), _Redirects())
    answer = _ask(opener, url, headers)
    if page := _web_page(answer):
        confirmed = confirmed_url(page)
        if confirmed is None:
            raise _page_in_place_of_file(url, page)
        confirmed = urljoin(answer.url, confirmed)
        _check_as_safe(answer.url, confirmed)
        answer = _ask(opener, confirmed, headers)
        if page := _web_page(answer):
            raise _page_in_place_of_file(url, page)
    return answer


def _ask(opener: OpenerDirector, url: str, headers: Mapping[str, str]) -> HTTPResponse:
    try:
        answer: HTTPResponse = opener.open(Request(url, headers=dict(headers)), timeout=SECONDS_OF_SILENCE)
        return answer
    except HTTPError as error:
        with error:
            page = error.read(MOST_OF_A_PAGE).decode("utf-8", "replace") if error.fp else ""
        if error.code == 416 and "Range" in headers:  # nothing begins there: the file has become shorter
            return _ask(opener, url, {name: value for name, value in headers.items() if "Range" not in name})
        if is_quota_page(page):
            raise _quota(url) from error
        raise DownloadError(f"{url} answers {error.code} {one_line(error.reason)}: {_advice(error.code)}") from error
    except (OSError, HTTPException) as error:
        cause = error.reason if isinstance(error, URLError) and isinstance(error.reason, Exception) else error
        raise ConnectionLostError(f"cannot reach {urlsplit(url).netloc} ({reason(cause)})") from error


def _advice(code: int) -> str:
    if code in (404, 410):
        return "the file is no longer there"
    if code >= 500:
        return "the server is out of order, try again later"
    return "the server does not hand it out, try again later"


def _web_page(answer: HTTPResponse) -> str:
    """The web page that came in place of a file, or nothing. The answer is closed if it is one."""
    try:
        if not _is_web_page(answer):
            return ""
        with answer:
            return answer.read(MOST_OF_A_PAGE).decode("utf-8", "replace") or "<html>"
    except (OSError, HTTPException) as error:
        raise ConnectionLostError(f"the connection broke off ({reason(error)})") from error


def _is_web_page(answer: HTTPResponse) -> bool:
    if answer.headers.get_content_type() in ("text/html", "application/xhtml+xml"):
        return True
    return answer.status == 200 and answer.peek(64).lstrip()[:5].lower() in (b"<!doc", b"<html")


def _page_in_place_of_file(url: str, page: str) -> DownloadError:
    if is_quota_page(page):
        return _quota(url)
    title = re.search(r"<title[^>]*>(.*?)</title>", page, re.DOTALL | re.IGNORECASE)
    called = f" ({one_line(unescape(title[1]))[:80]!r})" if title else ""
    return DownloadError(f"{url} answers with a web page{called} in place of the file")


def _quota(url: str) -> DownloadError:
    return DownloadError(
        f"Google Drive does not hand out {url} now, because too many people fetched it lately: try again in 24 hours"
    )


class _Redirects(HTTPRedirectHandler):
    """Follows redirects, but from https to https alone."""

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> Request | None:
        _check_as_safe(req.full_url, newurl)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _check_as_safe(url: str, following: str) -> None:
    """Raises DownloadError if ``following`` is no web address, or is open to eavesdroppers where ``url`` was not."""
    safe = ("https",) if urlsplit(url).scheme == "https" else ("https", "http")
    if urlsplit(following).scheme not in safe:
        raise DownloadError(f"{url} leads to {following}, which is not safe to follow")
