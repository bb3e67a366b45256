"""Cars-196: classes 1 to 98 train, 99 to 196 test, from any of the three layouts that are in use."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from embedding_transfer.errors import InputError
from embedding_transfer.images.folder import read_classes
from embedding_transfer.images.image_set import ImageSet, ImageSplits
from embedding_transfer.images.left_out import LeftOutFiles
from embedding_transfer.images.listed import find_place, no_such_layout
from embedding_transfer.images.published_counts import published_splits
from embedding_transfer.images.stored_pictures import joined

HOMES = ("cars196", "stanford_cars", "car_data/car_data", "car_data", ".")
LAYOUTS = (
    "cars_annos.mat with car_ims/",
    "devkit/cars_train_annos.mat with cars_test_annos_withlabels.mat, cars_train/ and cars_test/",
    "train/<class>/ with test/<class>/",
)
N_CLASSES, N_TRAIN_CLASSES = 196, 98


def load_cars(root: str | Path, allow_incomplete: bool = False) -> ImageSplits:
    """Read Cars-196 (Krause et al. 2013), split by class as in Song et al. 2016.

    The original has ``cars_annos.mat`` and ``car_ims/``. The devkit has separate annotations of ``cars_train/`` and
    ``cars_test/``, which are halves of every class; they are put together before classes are parted. So are ``train/``
    and ``test/`` of the mirrors with a folder for each class. These have names instead of numbers: in alphabetical
    order the first 98 are the published 98, though not in the published order.

    Args:
        root: The folder of one of these layouts, or the one with ``cars196``, ``stanford_cars`` or ``car_data`` in it.
        allow_incomplete: Warn instead of raising where numbers are not the published ones or images are missing.

    Raises:
        UsageError: If ``root`` is no folder.
        InputError: If it has none of these layouts, test labels or images are missing, or numbers are wrong.
    """
    home = find_place(root, HOMES, "cars")
    devkit = home / "devkit" if (home / "devkit").is_dir() else home
    if (home / "cars_annos.mat").exists() and (home / "car_ims").is_dir():
        images = _read_original(home)
    elif (devkit / "cars_train_annos.mat").exists():
        images = _read_devkit(home, devkit)
    elif (home / "train").is_dir() and (home / "test").is_dir():
        images = _read_class_folders(home)
    else:
        raise no_such_layout(home, LAYOUTS, "cars")
    return published_splits("cars", images, images.labels < N_TRAIN_CLASSES, root, allow_incomplete)


def _read_original(home: Path) -> ImageSet:
    file = home / "cars_annos.mat"
    annotations = _read_mat(file, "annotations", ("relative_im_path", "class"))
    paths = [home / path for path in annotations["relative_im_path"]]
    return ImageSet("cars", paths, annotations["class"].astype(np.int64) - 1, _class_names(file))


def _read_devkit(home: Path, devkit: Path) -> ImageSet:
    labeled = "cars_test_annos_withlabels.mat"
    test = next((folder / labeled for folder in (devkit, home) if (folder / labeled).exists()), None)
    if test is None:
        raise InputError(
            f"{home} has no labels of cars_test/: put {labeled} there (the devkit's own cars_test_annos.mat has none)"
        )
    paths: list[Path] = []
    classes: list[int] = []
    for file, folder in ((devkit / "cars_train_annos.mat", "cars_train"), (test, "cars_test")):
        annotations = _read_mat(file, "annotations", ("fname", "class"))
        pictures = home / folder / folder if (home / folder / folder).is_dir() else home / folder
        paths += [pictures / name for name in annotations["fname"]]
        classes += annotations["class"].tolist()
    return ImageSet("cars", paths, np.array(classes, dtype=np.int64) - 1, _class_names(devkit / "cars_meta.mat"))


def _class_names(file: Path) -> tuple[str, ...]:
    """Names such as ``AM General Hummer SUV 2000`` in the published order; numbers from 1 without a file."""
    if not file.exists():
        return tuple(str(number) for number in range(1, N_CLASSES + 1))
    return tuple(str(name) for name in _read_mat(file, "class_names"))


def _read_class_folders(home: Path) -> ImageSet:
    left_out = LeftOutFiles(home)
    halves = [read_classes(home / half, "cars", left_out) for half in ("train", "test")]
    left_out.warn()
    names = sorted({name for half in halves for name in half.class_names})
    number = {name: index for index, name in enumerate(names)}
    labels = [number[half.class_names[label]] for half in halves for label in half.labels]
    return ImageSet("cars", joined(*(half.images for half in halves)), np.array(labels), tuple(names))


def _read_mat(file: Path, variable: str, fields: tuple[str, ...] = ()) -> np.ndarray:
    """A variable (n,) of a MATLAB file, which has these fields."""
    try:
        from scipy.io import loadmat
    except ImportError as error:
        raise InputError(f"reading {file} needs scipy: pip install scipy") from error
    try:
        value = np.atleast_1d(loadmat(file, squeeze_me=True)[variable])
    except Exception as error:  # scipy raises what it meets: its own errors, those of zlib, KeyError, ...
        raise InputError(f"cannot read {variable} of {file}: {error}") from error
    for field in fields:
        if field not in (value.dtype.names or ()):
            raise InputError(
                f"{variable} of {file} have no {field!r}, only {', '.join(value.dtype.names or ('values',))}"
            )
    return value
