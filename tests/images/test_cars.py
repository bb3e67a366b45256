"""Cars-196 in the three layouts that are in use."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat

from embedding_transfer.errors import InputError
from embedding_transfer.images import ImageSplits
from embedding_transfer.images.cars import load_cars
from embedding_transfer.images.published_counts import PUBLISHED

NAMES = [f"Make {number:03d} Sedan 2012" for number in range(1, 197)]
TINY = {"training images": 6, "training classes": 2, "test images": 6, "test classes": 3}
# (class, image) of six training images of classes 2 and 98 and six test images of classes 99, 150 and 196
CLASSES = [2, 99, 98, 150, 2, 196, 98, 98, 98, 99, 150, 196]

Draw = Callable[[Path], Path]


@pytest.fixture
def _tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PUBLISHED, "cars", TINY)


def write_annotations(path: Path, **fields: list[object]) -> None:
    """A MATLAB file with a struct array (1, n) of boxes and these fields, as the original ones have."""
    columns = {**{f"bbox_{corner}": [1] * len(CLASSES) for corner in ("x1", "y1", "x2", "y2")}, **fields}
    n = len(next(iter(fields.values())))
    annotations = np.empty((1, n), dtype=[(name, object) for name in columns])
    for name, values in columns.items():
        annotations[name][0] = [np.uint8(v) if isinstance(v, int) else v for v in values[:n]]
    path.parent.mkdir(parents=True, exist_ok=True)
    savemat(path, {"annotations": annotations, "class_names": np.array([NAMES], dtype=object)})


def check(splits: ImageSplits, names: list[str]) -> None:
    train, test = splits
    assert train.class_names == (names[1], names[97])
    assert test.class_names == (names[98], names[149], names[195])
    assert np.bincount(train.labels).tolist() == [2, 4]
    assert np.bincount(test.labels).tolist() == [2, 2, 2]
    assert all(images.image(i).size == (1, 1) for images in splits for i in range(len(images)))


@pytest.mark.usefixtures("_tiny")
def test_the_original(tmp_path: Path, draw: Draw) -> None:
    home = tmp_path / "cars196"
    paths = [f"car_ims/{number:06d}.jpg" for number in range(1, 13)]
    for path in paths:
        draw(home / path)
    is_test = [number % 2 for number in range(12)]  # of the classification split, which does not matter here
    write_annotations(home / "cars_annos.mat", relative_im_path=paths, **{"class": CLASSES}, test=is_test)
    for root in (tmp_path, home):
        check(load_cars(root), NAMES)
    assert load_cars(home).test.images[0] == home / "car_ims/000002.jpg"
    (home / "car_ims/000007.jpg").unlink()
    with pytest.raises(InputError, match=r"cars: 1 of 12 listed images are missing, the first is .*000007\.jpg"):
        load_cars(home)


def write_devkit(home: Path, draw: Draw, labeled: Path | None, nested: bool = False) -> None:
    """Training and test images by halves of every class, each with its own annotations."""
    for half, classes in (("train", CLASSES[::2]), ("test", CLASSES[1::2])):
        names = [f"{number:05d}.jpg" for number in range(1, 7)]
        for name in names:
            draw(home / f"cars_{half}" / (f"cars_{half}" if nested else ".") / name)
        write_annotations(home / f"devkit/cars_{half}_annos.mat", **{"class": classes}, fname=names)
        if half == "test":
            write_annotations(home / "devkit/cars_test_annos.mat", fname=names)
            if labeled:
                write_annotations(labeled, **{"class": classes}, fname=names)


@pytest.mark.usefixtures("_tiny")
@pytest.mark.parametrize("nested", [False, True])
@pytest.mark.parametrize("place", ["devkit", "."])
def test_the_devkit(tmp_path: Path, draw: Draw, place: str, nested: bool) -> None:
    home = tmp_path / "stanford_cars"
    write_devkit(home, draw, home / place / "cars_test_annos_withlabels.mat", nested)
    check(load_cars(tmp_path), [str(number) for number in range(1, 197)])
    savemat(home / "devkit/cars_meta.mat", {"class_names": np.array([NAMES], dtype=object)})
    check(load_cars(home), NAMES)


def test_the_devkit_without_test_labels(tmp_path: Path, draw: Draw) -> None:
    write_devkit(tmp_path, draw, labeled=None)
    with pytest.raises(InputError, match=r"no labels of cars_test/: put cars_test_annos_withlabels\.mat there"):
        load_cars(tmp_path)
    unlabeled = tmp_path / "devkit/cars_test_annos.mat"
    unlabeled.rename(tmp_path / "cars_test_annos_withlabels.mat")
    with pytest.raises(InputError, match=r"annotations of .*withlabels\.mat have no 'class', only bbox_x1, .*, fname$"):
        load_cars(tmp_path)


def test_class_folders_of_mirrors(tmp_path: Path, draw: Draw, monkeypatch: pytest.MonkeyPatch) -> None:
    """At the border of training and test, the published order is not the alphabetical one, but the halves agree."""
    border = ["Dodge Charger Sedan 2012", "Dodge Charger SRT-8 2009", "Eagle Talon Hatchback 1998"]
    border += ["FIAT 500 Abarth 2012", "FIAT 500 Convertible 2012", "Ferrari FF Coupe 2012"]
    before, after = [f"AM General {n:03d}" for n in range(95)], [f"Ford {n:03d}" for n in range(94)]
    published = [*before, *border, *after, "smart fortwo Convertible 2012"]  # classes 1 to 196
    assert sorted(published) != published
    home = tmp_path / "car_data" / "car_data"
    for name in published:
        draw(home / "train" / name / "0.jpg")
        draw(home / "test" / name / "0.jpg")
    draw(home / "test" / border[2] / "1.jpg")
    with pytest.raises(InputError, match=r"197 training images instead of 8,054, 196 test images instead of 8,131"):
        load_cars(tmp_path)
    numbers = {"training images": 197, "training classes": 98, "test images": 196, "test classes": 98}
    monkeypatch.setitem(PUBLISHED, "cars", numbers)
    train, test = load_cars(tmp_path)
    assert train.class_names == tuple(sorted(published[:98]))
    assert test.class_names == tuple(sorted(published[98:]))
    assert np.bincount(train.labels).tolist() == [2] * 97 + [3]


def test_the_published_numbers(tmp_path: Path, draw: Draw) -> None:
    picture = draw(tmp_path / "car_ims/000001.jpg")
    classes = [1 + i % 98 for i in range(8054)] + [99 + i % 98 for i in range(8131)]
    annotations = np.empty((1, len(classes)), dtype=[("relative_im_path", object), ("class", object)])
    annotations["relative_im_path"] = str(picture.relative_to(tmp_path))
    annotations["class"][0] = classes
    savemat(tmp_path / "cars_annos.mat", {"annotations": annotations, "class_names": np.array([NAMES], dtype=object)})
    assert [len(part) for part in load_cars(tmp_path)] == [8054, 8131]


def test_other_layouts_are_told(tmp_path: Path) -> None:
    (tmp_path / "cars_annos.mat").touch()  # as in mirrors whose images have other names
    with pytest.raises(InputError, match=r"looked for cars_annos\.mat with car_ims/ or devkit/.* or train/<class>/"):
        load_cars(tmp_path)
    (tmp_path / "car_ims").mkdir()
    with pytest.raises(InputError, match=r"cannot read annotations of .*cars_annos\.mat: "):
        load_cars(tmp_path)
    savemat(tmp_path / "cars_annos.mat", {"something": 1})
    with pytest.raises(InputError, match=r"cannot read annotations of .*cars_annos\.mat: 'annotations'"):
        load_cars(tmp_path)
