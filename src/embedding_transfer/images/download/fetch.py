"""Fetching one file: what is there is gone on with, what is lost is asked for again."""

from __future__ import annotations

import time
from http.client import HTTPException, HTTPResponse

from embedding_transfer.errors import DownloadError, reason
from embedding_transfer.images.download.connection import ConnectionLostError, open_file
from embedding_transfer.images.download.partial_file import PartialFile, Version
from embedding_transfer.images.download.progress import Progress, in_words, say

TRIES = 5
PAUSE = 5.0
"""Seconds before a lost connection is made again."""

CHUNK = 1 << 18


def fetch(part: PartialFile, expected_size: int | None = None) -> None:
    """Fetch what is missing of a file.

    A lost connection is made again as long as each brings something new. The part is gone on with only if the server's
    file still has the size and the ETag, or date, that it had when the part was begun.

    Args:
        part: What is there of it; in the end it is whole, and still has the name of a part.
        expected_size: Bytes that the file must have, if that is known.

    Raises:
        ConnectionLostError: If the server cannot be reached or breaks off; the part stays, for the next call.
        DownloadError: If the server answers with an error, a web page, or a file of another size.
    """
    for tries_left in reversed(range(TRIES)):
        before = part.n_bytes
        try:
            return _transfer(part, expected_size)
        except ConnectionLostError as error:
            if part.n_bytes <= before or not tries_left:
                raise ConnectionLostError(f"{part.url}: {error}; {_kept(part)}") from error
            say(f"{error}; trying again")
            time.sleep(PAUSE)


def _kept(part: PartialFile) -> str:
    if not part.n_bytes:
        return "check the connection and try again"
    return f"{in_words(part.n_bytes)} are kept in {part.path}, the same command goes on from there"


def _transfer(part: PartialFile, expected_size: int | None) -> None:
    if part.is_whole:
        return
    with _open(part, expected_size) as answer:
        size = part.version.size if part.version else None
        with part.path.open("ab") as file, Progress(f"fetching {part.final.name}", size, part.n_bytes) as progress:
            while chunk := _read(answer):
                file.write(chunk)
                progress.at(file.tell())
            if size is not None and file.tell() < size:
                raise ConnectionLostError(f"the connection broke off after {in_words(file.tell())} of {in_words(size)}")
    if not part.n_bytes or (size is not None and part.n_bytes > size):
        sent = f"{part.n_bytes:,} bytes" + (f" in place of {size:,}" if size else "")
        part.remove()
        raise DownloadError(f"{part.url} sent {sent}: try again later")
    part.note_whole()


def _open(part: PartialFile, expected_size: int | None) -> HTTPResponse:
    """The answer that brings what is missing; the part is emptied if that is everything."""
    if part.n_bytes and part.version is not None:
        answer = open_file(part.url, part.n_bytes, part.version.condition)
        is_same = Version.of(answer).is_same(part.version)
        begins = answer.headers.get("Content-Range", "").startswith(f"bytes {part.n_bytes}-")
        if answer.status == 206 and begins and is_same:
            return answer
        why = "the server sends whole files only" if is_same else "the server's file is not the one that was begun"
        say(f"{why}: fetching {part.final.name} from its beginning")
        if answer.status == 206:
            answer.close()
            answer = open_file(part.url)
    else:
        answer = open_file(part.url)
    version = Version.of(answer)
    if expected_size is not None and version.size not in (None, expected_size):
        answer.close()
        raise DownloadError(f"{part.url} has {version.size:,} bytes, and not the published {expected_size:,}")
    part.start_over(version)
    return answer


def _read(answer: HTTPResponse) -> bytes:
    try:
        return answer.read1(CHUNK)
    except (OSError, HTTPException) as error:
        raise ConnectionLostError(f"the connection broke off ({reason(error)})") from error
