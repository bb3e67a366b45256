"""Unpacking: a set as it should be, and archives that want out of their folder."""

from __future__ import annotations

import io
import stat
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from embedding_transfer.errors import InputError
from embedding_transfer.images.download.unpack import unpack

Files = dict[str, bytes]


def tgz(path: Path, files: Files, *others: tarfile.TarInfo) -> Path:
    with tarfile.open(path, "w:gz") as tar:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            info.mode = 0o6777
            tar.addfile(info, io.BytesIO(content))
        for info in others:
            tar.addfile(info)
    return path


def zipped(path: Path, files: Files, *others: zipfile.ZipInfo) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
        for info in others:
            archive.writestr(info, b"/etc/passwd")
    return path


BIRDS = {"attributes.txt": b"beside", "./birds/images/wren/1.jpg": b"wren" * 999, "birds/images.txt": b""}
PACK = pytest.mark.parametrize("pack", [tgz, zipped])
Pack = Callable[..., Path]


@pytest.fixture
def into(tmp_path: Path) -> Path:
    folder = tmp_path / "inner" / "into"
    folder.mkdir(parents=True)
    return folder


def all_files(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


@PACK
def test_one_folder_of_it(pack: Pack, tmp_path: Path, into: Path) -> None:
    unpack(pack(tmp_path / "a", BIRDS), "birds", into)
    assert all_files(into) == {"images/wren/1.jpg": b"wren" * 999, "images.txt": b""}
    assert not (into / "images/wren/1.jpg").stat().st_mode & (stat.S_ISUID | stat.S_ISGID | stat.S_IXUSR)


@PACK
@pytest.mark.parametrize(
    "name",
    [
        "/tmp/evil",
        "../evil",
        "birds/../../evil",
        "birds/images/../../../evil",
        "birds\\..\\..\\evil",
        "C:\\evil",
        "C:evil",
        "\\\\host\\share\\evil",
        "//host/evil",
        "beside/../../evil",
    ],
)
def test_paths_that_lead_out(pack: Pack, name: str, tmp_path: Path, into: Path) -> None:
    archive = pack(tmp_path / "a", {**BIRDS, name: b"evil"})
    with pytest.raises(InputError, match=r"a is not safe to unpack: .* leads out of its folder"):
        unpack(archive, "birds", into)
    assert not list(tmp_path.rglob("*evil*"))


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE])
@pytest.mark.parametrize("name", ["birds/images", "beside"])
def test_links_and_devices_in_tar(kind: bytes, name: str, tmp_path: Path, into: Path) -> None:
    link = tarfile.TarInfo(name)
    link.type, link.linkname = kind, "/etc"
    with pytest.raises(InputError, match=f"'{name}' is a link or a device"):
        unpack(tgz(tmp_path / "a.tgz", {}, link), "birds", into)
    assert not list(into.iterdir())


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFCHR, stat.S_IFIFO, stat.S_IFSOCK])
@pytest.mark.parametrize("name", ["birds/images", "birds/images/"])
def test_links_and_devices_in_zip(kind: int, name: str, tmp_path: Path, into: Path) -> None:
    link = zipfile.ZipInfo(name)
    link.external_attr = (kind | 0o777) << 16
    with pytest.raises(InputError, match=f"'{name}' is a link or a device"):
        unpack(zipped(tmp_path / "a.zip", {}, link), "birds", into)
    assert not list(into.iterdir())


@PACK
@pytest.mark.parametrize("kept", [0, 1, 30, 0.3, 0.6, 0.9, -1])
def test_cut_off(pack: Pack, kept: float, tmp_path: Path, into: Path) -> None:
    archive = pack(tmp_path / "a", {f"birds/{i}": bytes(range(i, 256)) for i in range(20)})
    content = archive.read_bytes()
    archive.write_bytes(content[: int(kept * len(content)) if 0 < kept < 1 else int(kept)])
    with pytest.raises(InputError, match="a is damaged or cut off"):
        unpack(archive, "birds", into)


@PACK
@pytest.mark.parametrize("place", [0.2, 0.5])
def test_damaged(pack: Pack, place: float, tmp_path: Path, into: Path) -> None:
    archive = pack(tmp_path / "a", {"birds/1": bytes(range(256)) * 20})
    content = bytearray(archive.read_bytes())
    content[int(place * len(content))] ^= 0xFF
    archive.write_bytes(content)
    with pytest.raises(InputError, match="a is damaged or cut off"):
        unpack(archive, "birds", into)


def test_no_archive_at_all(tmp_path: Path, into: Path) -> None:
    (tmp_path / "a").write_bytes(b"<html>" * 1000)
    with pytest.raises(InputError, match="a is damaged or cut off"):
        unpack(tmp_path / "a", "birds", into)


@PACK
def test_another_archive(pack: Pack, tmp_path: Path, into: Path) -> None:
    with pytest.raises(InputError, match="holds no folder cars/: it is another archive"):
        unpack(pack(tmp_path / "a", BIRDS), "cars", into)


@PACK
@pytest.mark.parametrize(
    "files", [{"birds": b"file"}, {"birds/a": b"", "birds/a/b": b""}, {"birds/a/b": b"", "birds/a": b""}]
)
def test_files_in_place_of_folders(pack: Pack, files: Files, tmp_path: Path, into: Path) -> None:
    with pytest.raises(InputError, match="twice, as a file and as a folder"):
        unpack(pack(tmp_path / "a", files), "birds", into)
