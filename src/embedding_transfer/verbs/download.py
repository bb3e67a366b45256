"""Download: an image set of the paper, or a source that was released with it, by explicit wish alone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from embedding_transfer.errors import InputError, UsageError

if TYPE_CHECKING:
    from embedding_transfer.images.download.places import Checkpoint


def download(
    name: str | None = None, output: Path | None = None, keep_archive: bool = False, dry_run: bool = False
) -> Path | None:
    """Fetch an image set of the paper or a released source network, and check that it is the right one.

    A transfer that broke off goes on where it stopped. What is there already and right is not fetched again. An image
    set is unpacked and its numbers are compared with the published ones; a network is opened.

    Args:
        name: What to fetch: an image set (``cub``, ``sop``; of ``cars`` it is said how to get it by hand), or a source
            (``cub-bn-inception``, ``sop-resnet50``, ...). Without a name, all of them are listed.
        output: Folder to put it in; default: ``data`` for image sets, ``pretrained_source`` for sources, where recipes
            look for them.
        keep_archive: Keep the archive of an image set after it is unpacked.
        dry_run: Say what would be fetched, from where, how large it is and where it would be put, and stop.

    Returns:
        The folder of the image set or the file of the network; ``None`` after a list.

    Raises:
        UsageError: If there is nothing of this name, or it has to be fetched by hand.
        InputError: If something is at its place that is not right.
        DownloadError: If it cannot be fetched whole and right. What is there of it is kept for the next call.

    Example::

        download("cub-bn-inception", dry_run=True)
    """
    from embedding_transfer.images.download.cars_by_hand import cars_by_hand, check_cars
    from embedding_transfer.images.download.obtain import obtain_file, obtain_images
    from embedding_transfer.images.download.places import Checkpoint, place_of
    from embedding_transfer.images.download.plan import list_of_places, plan_of

    if name is None:
        print(list_of_places())
        return None
    place = place_of(name)
    folder = Path(place.output if output is None else output)
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is a file: --output must be a folder")
    result = folder / place.result
    if dry_run:
        print(plan_of(place, folder) if place.url else cars_by_hand(result))
        return result
    if isinstance(place, Checkpoint):
        said = obtain_file(place, folder, lambda file: _network_in(file, place))
    elif place.url:
        said = obtain_images(place, folder, keep_archive)
    else:
        said = check_cars(result)
    print(f"{result}: {said}")
    return result


def _network_in(file: Path, place: Checkpoint) -> str:
    """What a released checkpoint is, in a line.

    Raises:
        InputError: If it is none, or another than its place promises.
    """
    from embedding_transfer.networks.released_checkpoints import load_published

    network = load_published(file)
    if (network.backbone_name, network.embedding_dim) != (place.backbone, place.embedding_dim):
        raise InputError(
            f"{file} is {network.backbone_name} with {network.embedding_dim} dimensions, "
            f"and not {place.backbone} with {place.embedding_dim}"
        )
    parameters = sum(parameter.numel() for parameter in network.parameters())
    return f"{place.backbone}, {place.embedding_dim} dimensions, {parameters:,} parameters"
