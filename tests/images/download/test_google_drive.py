"""Google Drive: its question is answered, its refusal is one line, and neither is taken for the file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from embedding_transfer.errors import DownloadError
from embedding_transfer.images.download.fetch import fetch
from embedding_transfer.images.download.google_drive import confirmed_url
from embedding_transfer.images.download.partial_file import PartialFile

QUESTION = """<!DOCTYPE html><html><head><title>Google Drive - Virus scan warning</title></head><body>
<form id="search"><input type="hidden" name="q" value="no"></form>
<form id="download-form" action="ACTION" method="get"><input type="submit" value="Download anyway"/>
<input type="hidden" name="id" value="1Tcl_r"><input type="hidden" name="confirm" value="t">
<input type="hidden" name="uuid" value="a&amp;b"></form><input type="hidden" name="more" value="no"></body></html>"""
QUOTA = """<!DOCTYPE html><html><head><title>Google Drive - Quota exceeded</title></head><body>
<p class="uc-error-subcaption">Too many users have viewed or downloaded this file recently.</p></body></html>"""


def test_the_question_is_answered_also_for_the_rest(tmp_path: Path, server: Any) -> None:
    answered = []

    def confirmed(handler: Any) -> None:
        answered.append(handler.path)
        handler.send_file()

    server.pages["/file"] = lambda handler: handler.send_page(QUESTION.replace("ACTION", "/download"))
    server.pages["/download"] = confirmed
    server.break_after = [4000]
    part = PartialFile(tmp_path / "set.zip", server.url)
    fetch(part)
    assert part.path.read_bytes() == server.content
    assert answered == ["/download?id=1Tcl_r&confirm=t&uuid=a%26b"] * 2
    assert server.asked == [None, None, "bytes=4000-", "bytes=4000-"]


@pytest.mark.parametrize("status", [200, 403, 429])
@pytest.mark.parametrize("at", ["/file", "/download"])
def test_too_many_people(at: str, status: int, tmp_path: Path, server: Any) -> None:
    server.pages["/file"] = lambda handler: handler.send_page(QUESTION.replace("ACTION", "/download"))
    server.pages[at] = lambda handler: handler.send_page(QUOTA, status)
    with pytest.raises(DownloadError, match=r"Google Drive does not hand out .*: try again in 24 hours"):
        fetch(PartialFile(tmp_path / "set.zip", server.url))
    assert not list(tmp_path.iterdir())


def test_a_question_that_comes_again_is_no_file(tmp_path: Path, server: Any) -> None:
    server.pages["/file"] = lambda handler: handler.send_page(QUESTION.replace("ACTION", "/file"))
    with pytest.raises(DownloadError, match=r"web page \('Google Drive - Virus scan warning'\) in place of the file"):
        fetch(PartialFile(tmp_path / "set.zip", server.url))
    assert len(server.asked) == 2


def test_a_question_that_leads_out_of_the_web(tmp_path: Path, server: Any) -> None:
    server.pages["/file"] = lambda handler: handler.send_page(QUESTION.replace("ACTION", "file:///etc/passwd"))
    with pytest.raises(DownloadError, match=r"leads to file:///etc/passwd.*, which is not safe to follow"):
        fetch(PartialFile(tmp_path / "set.zip", server.url))


def test_other_pages_have_no_such_button() -> None:
    assert confirmed_url(QUOTA) is None
    assert confirmed_url("") is None
    assert confirmed_url("<form id='download-form'><input name=x") is None
