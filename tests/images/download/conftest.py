"""A server on this machine that serves one file as well or as badly as a test wants."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from embedding_transfer.images.download import fetch, progress


class FileServer(ThreadingHTTPServer):
    """Serves ``content`` at ``/file``, with Range, unless told otherwise.

    Attributes:
        content: The file.
        etag: Its ETag, if any.
        ranges: Whether it understands Range.
        break_after: For each request to come, after how many bytes of the body it breaks off.
        announced: What Content-Length says in place of the truth.
        content_type: Of the file.
        pages: Path to what is done there in place of serving the file.
        asked: The Range of every request, ``None`` for the whole.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.content = bytes(range(256)) * 40
        self.etag: str | None = '"1"'
        self.ranges = True
        self.break_after: list[int] = []
        self.announced: int | None = None
        self.content_type = "application/octet-stream"
        self.pages: dict[str, Callable[[Handler], None]] = {}
        self.asked: list[str | None] = []
        self.url = f"http://127.0.0.1:{self.server_port}/file"


class Handler(BaseHTTPRequestHandler):
    server: FileServer

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        self.server.asked.append(self.headers.get("Range"))
        self.server.pages.get(path, Handler.send_file)(self)

    def send_file(self) -> None:
        server, start = self.server, 0
        asked = self.headers.get("Range")
        is_same = self.headers.get("If-Range") in (None, server.etag)
        if asked and server.ranges and is_same:
            start = int(asked.removeprefix("bytes=").rstrip("-"))
            if start >= len(server.content):
                return self.send(416, b"", {"Content-Range": f"bytes */{len(server.content)}"})
        body, headers = server.content[start:], {"Content-Type": server.content_type}
        if server.etag:
            headers["ETag"] = server.etag
        if start:
            headers["Content-Range"] = f"bytes {start}-{len(server.content) - 1}/{len(server.content)}"
        announced = len(body) if server.announced is None else server.announced
        sent = body[: server.break_after.pop(0)] if server.break_after else body
        return self.send(206 if start else 200, sent, headers, announced)

    def send(self, status: int, body: bytes, headers: dict[str, str], announced: int | None = None) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body) if announced is None else announced))
        self.end_headers()
        self.wfile.write(body)

    def send_page(self, page: str, status: int = 200) -> None:
        self.send(status, page.encode(), {"Content-Type": "text/html; charset=utf-8"})

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[FileServer]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(fetch, "PAUSE", 0.0)
    monkeypatch.setattr(progress, "EVERY", 0.0)
    with FileServer() as server:
        Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield server
        server.shutdown()
