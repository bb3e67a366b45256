"""One file from a server that breaks off, lies, changes its mind or is not there: whole, or a part and one line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from embedding_transfer.errors import DownloadError
from embedding_transfer.images.download.connection import ConnectionLostError
from embedding_transfer.images.download.fetch import TRIES, fetch
from embedding_transfer.images.download.partial_file import PartialFile, Version


@pytest.fixture
def final(tmp_path: Path) -> Path:
    return tmp_path / "data" / "set.tgz"


def fetched(final: Path, server: Any, expected_size: int | None = None) -> bytes:
    part = PartialFile(final, server.url)
    fetch(part, expected_size)
    part.finish()
    assert [file.name for file in final.parent.iterdir()] == [final.name]
    return final.read_bytes()


def broken_off(final: Path, server: Any, after: int) -> None:
    """Leave a part of so many bytes."""
    server.break_after = [after, 0]
    with pytest.raises(ConnectionLostError, match=r"are kept in .*set\.tgz\.part, the same command goes on from there"):
        fetch(PartialFile(final, server.url))
    assert PartialFile(final, server.url).n_bytes == after
    assert not final.exists()
    server.break_after, server.asked = [], []


def test_a_whole_file(final: Path, server: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert fetched(final, server, expected_size=10240) == server.content
    said = capsys.readouterr().err.splitlines()
    assert said[0] == "fetching set.tgz: 10.2 kB"
    assert "(100%)" in said[-2]
    assert said[-1].startswith("fetching set.tgz: done, 10.2 kB in ")


def test_the_next_call_goes_on_where_it_broke_off(final: Path, server: Any, capsys: pytest.CaptureFixture[str]) -> None:
    broken_off(final, server, 4000)
    assert fetched(final, server) == server.content
    assert server.asked == ["bytes=4000-"]
    assert "10.2 kB, of which 4 kB are there" in capsys.readouterr().err


def test_a_lost_connection_is_made_again_in_the_same_call(final: Path, server: Any) -> None:
    server.break_after = [1000, 2000, 3000]
    assert fetched(final, server) == server.content
    assert server.asked == [None, "bytes=1000-", "bytes=3000-", "bytes=6000-"]


def test_not_for_ever(final: Path, server: Any) -> None:
    server.break_after = [10] * 100
    with pytest.raises(ConnectionLostError, match="50 bytes are kept"):
        fetch(PartialFile(final, server.url))
    assert len(server.asked) == TRIES


def test_a_server_without_range_begins_anew(final: Path, server: Any, capsys: pytest.CaptureFixture[str]) -> None:
    broken_off(final, server, 4000)
    server.ranges = False
    assert fetched(final, server) == server.content
    assert server.asked == ["bytes=4000-"]
    assert "the server sends whole files only: fetching set.tgz from its beginning" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("before", "now", "size"),
    [
        *(('"1"', '"2"', size) for size in (10240, 5000, 3000, 20000)),
        *(('W/"1"', 'W/"2"', size) for size in (10240, 5000, 3000)),
        *((None, None, size) for size in (5000, 4000, 3000, 20000)),
    ],
)
def test_a_file_that_changed_is_begun_anew(
    before: str | None, now: str | None, size: int, final: Path, server: Any
) -> None:
    server.etag = before
    broken_off(final, server, 4000)
    server.content, server.etag = b"new!" * (size // 4), now
    assert fetched(final, server) == server.content


def test_a_file_of_the_same_size_and_another_date_has_changed() -> None:
    version = Version(100, None, "Mon, 01 Jan 2024 00:00:00 GMT")
    assert version.is_same(Version(100, None, "Mon, 01 Jan 2024 00:00:00 GMT"))
    assert not version.is_same(Version(100, None, "Tue, 02 Jan 2024 00:00:00 GMT"))
    assert not Version(None, None, None).is_same(Version(None, None, None))
    assert version.condition == "Mon, 01 Jan 2024 00:00:00 GMT"
    assert Version(100, 'W/"1"', None).condition is None


def test_a_server_that_ignores_the_condition_is_not_believed(final: Path, server: Any) -> None:
    """It sends the rest of the new file though the old one was asked for."""
    broken_off(final, server, 4000)
    server.content = server.content[::-1]

    def rest_of_the_new(handler: Any) -> None:
        del handler.headers["If-Range"]
        server.etag = '"2"'
        handler.send_file()

    server.pages["/file"] = rest_of_the_new
    assert fetched(final, server) == server.content
    assert server.asked == ["bytes=4000-", None]


def test_a_part_of_nobody_knows_what_is_not_used(final: Path, server: Any) -> None:
    broken_off(final, server, 4000)
    facts = final.with_name("set.tgz.part.json")
    for content in (
        "",
        "[]",
        "{}",
        json.dumps({"url": "http://elsewhere", "size": 1, "etag": None, "last_modified": 0}),
    ):
        facts.write_text(content)
        assert PartialFile(final, server.url).version is None
    facts.unlink()
    assert fetched(final, server) == server.content
    assert server.asked == [None]


def test_a_whole_part_needs_no_server(final: Path, server: Any) -> None:
    part = PartialFile(final, server.url)
    fetch(part)
    server.asked = []
    assert fetched(final, server) == server.content
    assert server.asked == []


def test_more_announced_than_sent_is_never_whole(final: Path, server: Any) -> None:
    server.announced = 20000
    with pytest.raises(ConnectionLostError, match=r"broke off after 10\.2 kB of 20 kB"):
        fetch(PartialFile(final, server.url))
    assert not final.exists()


def test_less_announced_than_sent_is_not_the_published_size(final: Path, server: Any) -> None:
    server.announced = 5000
    with pytest.raises(DownloadError, match="has 5,000 bytes, and not the published 10,240"):
        fetch(PartialFile(final, server.url), expected_size=10240)
    assert not final.parent.exists()


def test_an_empty_answer_is_no_file(final: Path, server: Any) -> None:
    server.content = b""
    with pytest.raises(DownloadError, match="sent 0 bytes"):
        fetch(PartialFile(final, server.url))
    assert not list(final.parent.iterdir())


def test_a_server_that_says_no_size(final: Path, server: Any) -> None:
    def chunked(handler: Any, last: bytes = b"0\r\n\r\n") -> None:
        handler.protocol_version = "HTTP/1.1"
        handler.send_response(200)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.send_header("Connection", "close")
        handler.end_headers()
        handler.wfile.write(b"5\r\nhello\r\n" + last)
        handler.close_connection = True

    server.pages["/file"] = lambda handler: chunked(handler, b"9\r\nhal")
    with pytest.raises(ConnectionLostError, match="the connection broke off"):
        fetch(PartialFile(final, server.url))
    server.pages["/file"] = chunked
    assert fetched(final, server) == b"hello"


def test_redirects_are_followed(final: Path, server: Any) -> None:
    server.pages["/file"] = lambda handler: handler.send(302, b"", {"Location": "/elsewhere"})
    broken_off(final, server, 4000)
    assert fetched(final, server) == server.content
    assert server.asked == ["bytes=4000-"] * 2


@pytest.mark.parametrize("location", ["ftp://127.0.0.1/x", "file:///etc/passwd"])
def test_redirects_out_of_the_web_are_not(location: str, final: Path, server: Any) -> None:
    server.pages["/file"] = lambda handler: handler.send(302, b"", {"Location": location})
    with pytest.raises(DownloadError):
        fetch(PartialFile(final, server.url))
    assert not final.parent.exists()


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (404, r"/file answers 404 Not Found: the file is no longer there"),
        (403, r"answers 403 Forbidden: the server does not hand it out, try again later"),
        (500, r"answers 500 Internal Server Error: the server is out of order, try again later"),
    ],
)
def test_errors_of_the_server(status: int, said: str, final: Path, server: Any) -> None:
    server.pages["/file"] = lambda handler: handler.send_page("<html>sorry</html>", status)
    with pytest.raises(DownloadError, match=said):
        fetch(PartialFile(final, server.url))
    assert not final.parent.exists()


def test_an_error_leaves_the_part(final: Path, server: Any) -> None:
    broken_off(final, server, 4000)
    server.pages["/file"] = lambda handler: handler.send_page("", 503)
    with pytest.raises(DownloadError, match="503"):
        fetch(PartialFile(final, server.url))
    server.pages.clear()
    assert fetched(final, server) == server.content
    assert server.asked[-1] == "bytes=4000-"


def test_nobody_there(final: Path, server: Any) -> None:
    server.url = "http://127.0.0.1:9/file"
    with pytest.raises(ConnectionLostError, match=r"cannot reach 127\.0\.0\.1:9 \(.*\); check the connection"):
        fetch(PartialFile(final, server.url))
    assert not final.parent.exists()


@pytest.mark.parametrize("content_type", ["text/html", "application/octet-stream"])
def test_a_web_page_is_never_saved_as_the_file(content_type: str, final: Path, server: Any) -> None:
    server.content_type = content_type
    server.content = b"\n<!DOCTYPE html><html><head><title>Sign in &amp;\n pay</title></head></html>"
    with pytest.raises(DownloadError, match=r"answers with a web page \('Sign in & pay'\) in place of the file"):
        fetch(PartialFile(final, server.url))
    assert not final.parent.exists()
