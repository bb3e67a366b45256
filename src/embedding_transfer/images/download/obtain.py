"""From a place to what is there in the end: found, fetched or unpacked, and proven in each case."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path

from embedding_transfer.errors import DownloadError, InputError
from embedding_transfer.files import whole_folder
from embedding_transfer.images.download.connection import ConnectionLostError
from embedding_transfer.images.download.fetch import fetch
from embedding_transfer.images.download.lock import only_process
from embedding_transfer.images.download.partial_file import PartialFile
from embedding_transfer.images.download.places import Checkpoint, ImageArchive
from embedding_transfer.images.download.progress import in_words, say
from embedding_transfer.images.download.unpack import unpack
from embedding_transfer.images.listed import IncompleteImages
from embedding_transfer.images.load import load_images

Prove = Callable[[Path], str]
"""Says in a line what a file or folder is; raises InputError if it is not what it should be."""


def obtain_images(place: ImageArchive, output: Path, keep_archive: bool = False) -> str:
    """Have the image set of a place in ``output``, with its published numbers.

    Args:
        place: Whose image set.
        output: Where its folder is, or will be.
        keep_archive: Keep the archive that was fetched. One that was there before is kept anyway.

    Returns:
        How many images and classes there are.

    Raises:
        InputError: If a folder or an archive is there and is not right.
        DownloadError: If it cannot be fetched, or the archive is not what it should be.
    """
    folder, archive = output / place.folder, output / place.file

    def unpacked(path: Path) -> str:
        check_md5(path, place.md5)
        with whole_folder(folder) as unfinished:
            unpack(path, place.folder, unfinished)
            return counts_of(place.name, unfinished)

    def counted(path: Path) -> str:
        return counts_of(place.name, path)

    if folder.exists():
        return _there_already(folder, counted)
    with only_process(folder):
        if folder.exists():  # the process before this one has made it
            return _there_already(folder, counted)
        if archive.exists():
            return _there_already(archive, unpacked)
        return _fetched(place, archive, unpacked, keep_archive)


def obtain_file(place: Checkpoint, output: Path, prove: Prove) -> str:
    """Have the file of a place in ``output``; the same errors.

    Returns:
        What ``prove`` says of it.
    """
    file = output / place.file
    if file.exists():
        return _there_already(file, prove)
    with only_process(file):
        if file.exists():
            return _there_already(file, prove)
        return _fetched(place, file, prove, keep=True)


def counts_of(name: str, folder: Path) -> str:
    """How many images and classes an image set has.

    Raises:
        InputError: If these are not the published numbers.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("error", IncompleteImages)
        try:
            train, test = load_images(name, folder, allow_incomplete=True)
        except IncompleteImages as fault:
            raise InputError(str(fault)) from fault
    return f"{train.summary()}; {test.summary()}"


def check_md5(path: Path, md5: str | None) -> None:
    """Raises InputError if a checksum is known and the file has another."""
    if md5 is None:
        return
    from torchvision.datasets.utils import calculate_md5

    found = calculate_md5(path)
    if found != md5:
        raise InputError(f"the MD5 checksum of {path} is {found}, and not the published {md5}")


def _there_already(path: Path, prove: Prove) -> str:
    say(f"{path} is there already: it is checked and not fetched")
    try:
        return prove(path)
    except InputError as error:
        raise InputError(f"{path} is there but is not right: {error}; move it away to fetch it anew") from error


def _fetched(place: ImageArchive | Checkpoint, final: Path, prove: Prove, keep: bool) -> str:
    if place.url is None:
        raise DownloadError(f"nobody serves {place.name!r} any more")
    part = PartialFile(final, place.url)
    try:
        fetch(part, place.size if place.md5 else None)
        said = prove(part.path)
    except KeyboardInterrupt:
        say(f"{in_words(part.n_bytes)} are kept in {part.path}: the same command goes on from there")
        raise
    except InputError as error:
        part.remove()
        raise DownloadError(f"{place.url} did not bring {place.what}: {error}") from error
    except ConnectionLostError:
        raise
    except DownloadError as error:
        advice = f"or fetch it with a browser, put it at {final}, and give the same command again"
        raise DownloadError(f"{error}; {advice}") from error
    if keep:
        part.finish()
    else:
        part.remove()
    return said
