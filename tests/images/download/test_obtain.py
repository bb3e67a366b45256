"""From a server to an image set: whole and right under its name, or not there at all."""

from __future__ import annotations

import io
import os
import shutil
import tarfile
import zipfile
from dataclasses import replace
from hashlib import md5
from pathlib import Path
from typing import Any

import pytest

from embedding_transfer.errors import DownloadError, InputError
from embedding_transfer.images.download import fetch
from embedding_transfer.images.download.lock import only_process
from embedding_transfer.images.download.obtain import obtain_images
from embedding_transfer.images.download.places import PLACES, ImageArchive
from embedding_transfer.images.published_counts import PUBLISHED

COUNTS = "cub/train: 120 images of 100 classes; cub/test: 100 images of 100 classes"


def packed_cub(n_train: int, n_test: int = 100) -> bytes:
    """An archive in the layout of the published one; its pictures are empty, and nothing decodes them."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz", compresslevel=1) as tar:
        tar.addfile(tarfile.TarInfo("./attributes.txt"))
        for first, total in ((1, n_train), (101, n_test)):
            for index in range(total):
                number = first + index % 100
                tar.addfile(tarfile.TarInfo(f"CUB_200_2011/images/{number:03d}.Bird/Bird_{index:04d}.jpg"))
    return content.getvalue()


@pytest.fixture(autouse=True)
def _no_wait_for_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Which waits for all programs that write; nobody pulls the plug during a test."""
    monkeypatch.setattr(os, "sync", lambda: None, raising=False)


@pytest.fixture(scope="module")
def published() -> bytes:
    return packed_cub(120)


@pytest.fixture
def cub(server: Any, published: bytes, monkeypatch: pytest.MonkeyPatch) -> ImageArchive:
    """CUB from the server, as if the published set had 220 images."""
    counts = {**PUBLISHED["cub"], "training images": 120, "test images": 100}
    monkeypatch.setitem(PUBLISHED, "cub", counts)
    server.content = published
    place = PLACES["cub"]
    assert isinstance(place, ImageArchive)
    return replace(place, url=server.url, size=len(published), md5=md5(published).hexdigest())


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


def held(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def test_an_image_set_is_fetched_once(cub: ImageArchive, data: Path, server: Any) -> None:
    server.break_after = [500]
    assert obtain_images(cub, data) == COUNTS
    assert held(data) == ["CUB_200_2011"]
    assert held(data / "CUB_200_2011") == ["images"]
    assert server.asked == [None, "bytes=500-"]
    assert obtain_images(cub, data) == COUNTS
    assert len(server.asked) == 2


def test_all_of_an_image_set(cub: ImageArchive, data: Path, server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    server.content = packed_cub(5864, 5924)
    said = obtain_images(replace(cub, md5=None), data)
    assert said == "cub/train: 5,864 images of 100 classes; cub/test: 5,924 images of 100 classes"


def test_the_archive_is_kept_if_asked_for(cub: ImageArchive, data: Path, published: bytes) -> None:
    assert obtain_images(cub, data, keep_archive=True) == COUNTS
    assert held(data) == ["CUB_200_2011", "CUB_200_2011.tgz"]
    assert (data / "CUB_200_2011.tgz").read_bytes() == published


def test_an_archive_that_a_browser_fetched_is_used_and_kept(
    cub: ImageArchive, data: Path, server: Any, published: bytes
) -> None:
    data.mkdir()
    (data / "CUB_200_2011.tgz").write_bytes(published)
    assert obtain_images(cub, data) == COUNTS
    assert held(data) == ["CUB_200_2011", "CUB_200_2011.tgz"]
    assert server.asked == []


def test_an_archive_that_is_there_and_wrong_is_left_alone(cub: ImageArchive, data: Path, server: Any) -> None:
    data.mkdir()
    (data / "CUB_200_2011.tgz").write_bytes(b"half")
    with pytest.raises(InputError, match=r"tgz is there but is not right: the MD5 .*; move it away to fetch it anew"):
        obtain_images(cub, data)
    with pytest.raises(InputError, match=r"tgz is there but is not right: .*tgz is damaged or cut off"):
        obtain_images(replace(cub, md5=None), data)
    assert held(data) == ["CUB_200_2011.tgz"]
    assert server.asked == []


def test_a_folder_that_is_there_and_wrong_is_left_alone(cub: ImageArchive, data: Path, server: Any) -> None:
    (data / "CUB_200_2011/images/001.Bird").mkdir(parents=True)
    (data / "CUB_200_2011/images/001.Bird/1.jpg").touch()
    with pytest.raises(InputError, match=r"CUB_200_2011 is there but is not right: .* is not the published 'cub'"):
        obtain_images(cub, data)
    assert held(data) == ["CUB_200_2011"]
    assert server.asked == []


def test_other_numbers_are_not_the_set(cub: ImageArchive, data: Path, server: Any) -> None:
    server.content = packed_cub(119)
    with pytest.raises(
        DownloadError, match=r"/file did not bring CUB-200-2011, birds: .*119 training images instead of 120"
    ) as raised:
        obtain_images(replace(cub, md5=None), data)
    assert "allow-incomplete" not in str(raised.value)
    assert held(data) == []


def test_another_checksum_is_not_the_set(cub: ImageArchive, data: Path) -> None:
    with pytest.raises(DownloadError, match=r"did not bring .* MD5 checksum of .* and not the published 0"):
        obtain_images(replace(cub, md5="0"), data)
    assert held(data) == []


def test_a_server_that_announces_too_little_brings_no_set(cub: ImageArchive, data: Path, server: Any) -> None:
    server.announced = 1000
    with pytest.raises(DownloadError, match=r"CUB_200_2011\.tgz\.part is damaged or cut off"):
        obtain_images(replace(cub, md5=None), data)
    assert held(data) == []


def test_a_browser_is_advised_where_the_server_refuses(cub: ImageArchive, data: Path, server: Any) -> None:
    server.pages["/file"] = lambda handler: handler.send_page("", 404)
    with pytest.raises(
        DownloadError, match=r"no longer there; or fetch it with a browser, put it at .*_2011\.tgz, and"
    ):
        obtain_images(cub, data)
    assert held(data) == []


def test_ctrl_c_in_a_transfer_leaves_a_part_to_go_on_with(
    cub: ImageArchive, data: Path, server: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(fetch, "CHUNK", 300)
        patch.setattr(fetch.Progress, "at", interrupt)
        with pytest.raises(KeyboardInterrupt):
            obtain_images(cub, data)
    assert "300 bytes are kept in" in capsys.readouterr().err
    assert held(data) == ["CUB_200_2011.tgz.part", "CUB_200_2011.tgz.part.json"]
    assert obtain_images(cub, data) == COUNTS
    assert server.asked == [None, "bytes=300-"]


def test_nothing_is_half_there_after_an_interruption(
    cub: ImageArchive, data: Path, server: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """While it is unpacked, by Ctrl-C and by a full disk: the archive is whole and needs no second transfer."""
    for error in (KeyboardInterrupt(), OSError(28, "No space left on device")):
        seen = []

        def interrupt(*_: object, error: BaseException = error, seen: list[int] = seen) -> None:
            seen.append(1)
            if len(seen) == 3:
                raise error

        with monkeypatch.context() as patch:
            patch.setattr(shutil, "copyfileobj", interrupt)
            with pytest.raises(type(error)):
                obtain_images(cub, data)
        assert held(data) == ["CUB_200_2011.tgz.part", "CUB_200_2011.tgz.part.json"]
    assert "are kept in" in capsys.readouterr().err
    assert obtain_images(cub, data) == COUNTS
    assert server.asked == [None]
    assert held(data) == ["CUB_200_2011"]


def test_one_process_at_a_time(cub: ImageArchive, data: Path, server: Any) -> None:
    with (
        only_process(data / "CUB_200_2011"),
        pytest.raises(DownloadError, match=r"another process is fetching .*_2011"),
    ):
        obtain_images(cub, data)
    assert server.asked == []
    assert obtain_images(cub, data) == COUNTS


def test_what_a_killed_process_left_is_no_obstacle(cub: ImageArchive, data: Path) -> None:
    (data / ".CUB_200_2011.part/images/000.Old").mkdir(parents=True)
    (data / ".CUB_200_2011.lock").touch()
    assert obtain_images(cub, data) == COUNTS
    assert held(data) == ["CUB_200_2011"]


def test_stanford_online_products(data: Path, server: Any) -> None:
    """Its own lists name a few pictures many times over, which makes the published numbers out of a small archive."""
    header = "image_id class_id super_class_id path"
    train = [f"{1 + i} {1 + i % 11318} 1 bicycle_final/1_0.JPG" for i in range(59551)]
    test = [f"{1 + i} {11319 + i % 11316} 1 bicycle_final/1_0.JPG" for i in range(60502)]
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("__MACOSX/._Stanford_Online_Products", b"")
        archive.writestr("Stanford_Online_Products/", b"")
        archive.writestr("Stanford_Online_Products/bicycle_final/1_0.JPG", b"")
        archive.writestr("Stanford_Online_Products/Ebay_train.txt", "\n".join([header, *train]))
        archive.writestr("Stanford_Online_Products/Ebay_test.txt", "\n".join([header, *test]))
    server.content = content.getvalue()
    place = PLACES["sop"]
    assert isinstance(place, ImageArchive)
    said = obtain_images(replace(place, url=server.url), data)
    assert said == "sop/train: 59,551 images of 11,318 classes; sop/test: 60,502 images of 11,316 classes"
    assert held(data / "Stanford_Online_Products") == ["Ebay_test.txt", "Ebay_train.txt", "bicycle_final"]
