"""Pictures without labels: folders of any depth, tables without a column of labels, and all that works with them."""

import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from embedding_transfer.errors import InputError, UsageError
from embedding_transfer.images import Batches, ImageSet, ImageSplits, hold_out_classes, load_images
from embedding_transfer.images.batches import Drawn
from embedding_transfer.images.left_out import ImagesNote, LeftOut
from embedding_transfer.images.views import EvaluationViews, TrainingViews, training_view

Draw = Callable[[Path], Path]


@pytest.fixture
def photos(tmp_path: Path, draw: Draw) -> Path:
    """40 pictures at three depths."""
    for number in range(40):
        draw(tmp_path / "photos" / ("", "2023/", "2024/may/")[number % 3] / f"{number}.png")
    return tmp_path / "photos"


def names(images: ImageSet) -> set[str]:
    return {Path(key).stem for key in images.keys}


def test_all_pictures_of_a_folder_at_any_depth(photos: Path) -> None:
    train, test = load_images("unlabeled", photos)
    assert (train.name, test.name) == ("photos/train", "photos/test")
    assert names(train) | names(test) == {str(number) for number in range(40)}
    assert len(train) + len(test) == 40
    assert len(test) >= 2
    assert not train.is_labeled
    assert train.class_names == ()
    assert "2024/may/2.png" in [*train.keys, *test.keys]
    assert train.summary() == f"photos/train: {len(train)} images without labels"
    assert train.describe(0) == str(train.images[0])


def test_pictures_for_evaluation_stay_when_others_are_added(photos: Path, draw: Draw) -> None:
    before = load_images("unlabeled", photos).test.keys
    for number in range(40, 80):
        draw(photos / "new" / f"{number}.png")
    after = load_images("unlabeled", photos).test.keys
    assert [key for key in after if not key.startswith("new/")] == before or len(before) == 2


def test_halves_that_are_given(tmp_path: Path, draw: Draw) -> None:
    for path in ("training/0.png", "training/deep/er/1.png", "val/2.png", "extra/3.png", "4.png"):
        draw(tmp_path / "set" / path)
    with pytest.warns(LeftOut) as caught:
        train, test = load_images("unlabeled", tmp_path / "set")
    assert (train.keys, test.keys) == (["training/0.png", "training/deep/er/1.png"], ["val/2.png"])
    told = " ".join(str(warning.message) for warning in caught)
    assert "left out folder extra" in told
    assert "1 outside of the two halves; the first is" in told


def test_errors_say_what_to_do(tmp_path: Path, draw: Draw) -> None:
    with pytest.raises(UsageError, match=r"no folder .*nowhere: --root must be the folder that holds the pictures"):
        load_images("unlabeled", tmp_path / "nowhere")
    with pytest.raises(InputError, match="holds no pictures that are read"):
        load_images("unlabeled", tmp_path)
    for number in range(3):
        draw(tmp_path / f"{number}.png")
    with pytest.raises(InputError, match="has 3 images: 2 to learn from and 2 for evaluation are the least"):
        load_images("unlabeled", tmp_path)
    with pytest.raises(InputError, match=r"if there are no classes, read it by --images unlabeled"):
        load_images("folder", tmp_path)
    (tmp_path / "train").mkdir()
    draw(tmp_path / "test" / "0.png")
    with pytest.warns(LeftOut), pytest.raises(InputError, match=r"train holds no pictures that are read"):
        load_images("unlabeled", tmp_path)


def write(folder: Path, lines: list[str]) -> Path:
    path = folder / "list.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def test_a_table_without_labels_is_told(photos: Path) -> None:
    paths = sorted(str(path.relative_to(photos)) for path in photos.rglob("*.png"))
    with pytest.warns(ImagesNote, match=r"list\.csv has no column 'label': its images have no labels"):
        train, test = load_images("table", write(photos, ["path", *paths]))
    assert not train.is_labeled
    assert sorted(test.keys) == sorted(load_images("unlabeled", photos).test.keys)
    halves = [f"{path},{'train' if number else 'test'}" for number, path in enumerate(paths)]
    with pytest.warns(ImagesNote, match="no column 'label'"):
        assert load_images("folder", write(photos, ["path,split", *halves])).test.keys == paths[:1]


def test_labels_of_a_table_are_left_alone_where_this_is_asked_for(photos: Path) -> None:
    paths = sorted(str(path.relative_to(photos)) for path in photos.rglob("*.png"))
    table = write(photos, ["path,label", *(f"{path}," for path in paths)])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        train, test = load_images("unlabeled", table)
    assert not train.is_labeled
    assert len(train) + len(test) == 40
    with pytest.raises(InputError, match="has no column 'split'"):
        load_images("table", table)


def gray(n: int) -> ImageSet:
    return ImageSet("gray", np.broadcast_to(np.arange(n, dtype=np.uint8)[:, None, None], (n, 8, 8)))


def test_subsets_and_halves_without_labels() -> None:
    train, test = gray(8).split(np.arange(8) < 5)
    assert (train.keys, test.keys) == (list("01234"), list("567"))
    assert not train.is_labeled
    assert test.describe(1) == "gray/test[1]"
    assert test.subset(np.array([2, 0]), "part").keys == ["7", "5"]
    with pytest.raises(InputError, match=r"^part has no labels"):
        len(test.subset(np.array([2]), "part").labels)


def test_images_are_held_out_where_there_are_no_classes() -> None:
    train, test = gray(20).split(np.arange(20) < 16)
    kept, validation = hold_out_classes(ImageSplits(train, test), 0.25, seed=0)
    assert validation is not None
    assert (len(kept.train), len(validation), validation.name) == (12, 4, "gray/validation")
    assert sorted(kept.train.keys + validation.keys) == sorted(train.keys)
    with pytest.raises(UsageError, match=r"validation 0.05 holds out 1 of 16 training images; 2 to 14 do"):
        hold_out_classes(ImageSplits(train, test), 0.05, seed=0)


def test_batches_are_shuffled_and_never_balanced() -> None:
    batches = Batches(gray(10), 4)
    assert len({draw.image for batch in batches for draw in batch}) == 8
    with pytest.raises(UsageError, match="gray has no labels, so no batch can hold 2 images of each class: leave out"):
        Batches(gray(10), 4, 2)


def test_views_have_the_label_minus_one() -> None:
    views, label, index = TrainingViews(gray(4), training_view("photo", 8), 2, seed=0)[Drawn(0, 3)]
    assert (tuple(views.shape), label, index) == ((2, 3, 8, 8), -1, 3)
    assert (EvaluationViews(gray(4), 8, 1.0)[3] == 3).all()
