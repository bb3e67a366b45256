"""A cache gives what decoding gives: exactly, after a file has changed, after damage, to many processes at once."""

import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from embedding_transfer.errors import InputError, UsageError
from embedding_transfer.images import picture_cache
from embedding_transfer.images.batches import Drawn
from embedding_transfer.images.decode import read_rgb
from embedding_transfer.images.image_set import ImageSet, ImageSplits
from embedding_transfer.images.picture_cache import PictureCache, shrunk
from embedding_transfer.images.views import EvaluationViews, TrainingViews, training_view


def as_it_is(picture: Image.Image) -> Image.Image:
    return picture


def never(picture: Image.Image) -> Image.Image:
    raise AssertionError("decoded again")


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    return drawn(tmp_path / "photo.jpg", seed=0)


def drawn(path: Path, seed: int, size: tuple[int, int] = (60, 40)) -> Path:
    noise = np.random.default_rng(seed).integers(0, 256, (size[1] // 4, size[0] // 4, 3), dtype=np.uint8)
    Image.fromarray(noise).resize(size, Image.Resampling.BICUBIC).save(path, quality=90)
    return path


def entries(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_a_picture_is_decoded_once_and_comes_back_to_the_bit(photo: Path, tmp_path: Path) -> None:
    cache, expected = PictureCache(tmp_path / "cache"), np.asarray(read_rgb(photo))
    assert np.array_equal(cache.pixels(photo, "whole", as_it_is), expected)
    assert np.array_equal(cache.pixels(photo, "whole", never), expected)
    (entry,) = entries(tmp_path / "cache")
    assert np.array_equal(np.asarray(Image.open(entry)), expected)  # a file that any viewer shows


def test_what_is_made_of_a_picture_is_kept_apart(photo: Path, tmp_path: Path) -> None:
    cache = PictureCache(tmp_path / "cache")
    assert cache.pixels(photo, "whole", as_it_is).shape == (40, 60, 3)
    assert cache.pixels(photo, "short-side-20", shrunk(20)).shape == (20, 30, 3)
    assert len(entries(tmp_path / "cache")) == 2


def test_a_changed_file_is_decoded_anew(photo: Path, tmp_path: Path) -> None:
    cache = PictureCache(tmp_path / "cache")
    before = cache.pixels(photo, "whole", as_it_is)
    drawn(photo, seed=1)
    os.utime(photo, ns=(0, photo.stat().st_mtime_ns + 1))  # also where the clock of the files is coarse
    after = cache.pixels(photo, "whole", as_it_is)
    assert np.array_equal(after, np.asarray(read_rgb(photo)))
    assert not np.array_equal(after, before)


def test_an_entry_of_another_version_is_not_found(photo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = PictureCache(tmp_path / "cache")
    cache.pixels(photo, "whole", as_it_is)
    monkeypatch.setattr(picture_cache, "VERSION", picture_cache.VERSION + 1)
    with pytest.raises(AssertionError, match="decoded again"):
        cache.pixels(photo, "whole", never)


@pytest.mark.parametrize(
    "damage", [b"", b"P6 60 40 2", b"P6 60 40 255\nab", b"P6 60 40 255\n" + bytes(60 * 40 * 3 + 1)]
)
def test_a_half_written_entry_is_never_read(damage: bytes, photo: Path, tmp_path: Path) -> None:
    cache = PictureCache(tmp_path / "cache")
    whole = cache.pixels(photo, "whole", as_it_is)
    (entry,) = entries(tmp_path / "cache")
    entry.write_bytes(damage)
    assert np.array_equal(cache.pixels(photo, "whole", as_it_is), whole)
    assert np.array_equal(cache.pixels(photo, "whole", never), whole)  # and it is mended


def _look(folder: Path, photos: list[Path]) -> list[bytes]:
    cache = PictureCache(folder)
    return [cache.pixels(photo, "short-side-20", shrunk(20)).tobytes() for photo in photos]


def test_many_processes_share_a_folder(tmp_path: Path) -> None:
    photos = [drawn(tmp_path / f"{number}.jpg", number) for number in range(10)]
    expected = [np.asarray(shrunk(20)(read_rgb(photo))).tobytes() for photo in photos]
    with ProcessPoolExecutor(4, get_context("fork")) as processes:
        found = [processes.submit(_look, tmp_path / "cache", photos) for _ in range(4)]
        assert all(one.result() == expected for one in found)
    assert len(entries(tmp_path / "cache")) == 10  # and nothing unfinished


def test_a_small_picture_stays_as_it_is_and_a_large_one_keeps_its_shape(photo: Path) -> None:
    picture = read_rgb(photo)
    assert shrunk(40)(picture) is picture
    assert shrunk(20)(picture.rotate(90, expand=True)).size == (20, 30)


def test_views_are_the_same_with_a_cache_where_pictures_are_small(tmp_path: Path) -> None:
    photos = [drawn(tmp_path / f"{number}.jpg", number) for number in range(3)]
    plain = ImageSet("photos", photos)
    cached = ImageSplits(plain, plain).cached_in(tmp_path / "cache").train.subset(np.array([2, 0]))
    transform = training_view("photo", 24)
    for _ in range(2):  # when entries are made, and when they are found
        for resize in ("pillow", "torch"):
            for now, before in ((0, 2), (1, 0)):
                seen = TrainingViews(cached, transform, 2, 0, resize, 48)._picture(now)
                expected = TrainingViews(plain, transform, 2, 0, resize)._picture(before)
                assert np.array_equal(np.asarray(seen), np.asarray(expected))
        evaluated, expected = EvaluationViews(cached, 32, 0.875), EvaluationViews(plain, 32, 0.875)
        assert (evaluated[1] == expected[0]).all()
    views = TrainingViews(cached, transform, 2, 0, cached_side=48)[Drawn(0, 1)][0]
    again = TrainingViews(plain.subset(np.array([2, 0])), transform, 2, 0)[Drawn(0, 1)][0]
    assert (views == again).all()


def test_evaluation_is_exact_for_large_pictures_and_training_sees_them_shrunk(tmp_path: Path) -> None:
    plain = ImageSet("photos", [drawn(tmp_path / "large.jpg", 0, (400, 300))])
    cached = ImageSplits(plain, plain).cached_in(tmp_path / "cache").test
    exact = EvaluationViews(plain, 32, 0.875)[0]
    assert (EvaluationViews(cached, 32, 0.875)[0] == exact).all()
    assert (EvaluationViews(cached, 32, 0.875)[0] == exact).all()
    small = read_rgb(tmp_path / "large.jpg").resize((85, 64), Image.Resampling.LANCZOS)
    by_hand = ImageSet("photos", np.asarray(small)[None])
    expected = TrainingViews(by_hand, training_view("photo", 32), 8, 0)[Drawn(0, 0)][0]
    for _ in range(2):
        assert (
            TrainingViews(cached, training_view("photo", 32), 8, 0, cached_side=64)[Drawn(0, 0)][0] == expected
        ).all()


def test_what_is_wrong_with_a_picture_is_said_as_without_a_cache(tmp_path: Path) -> None:
    cache = PictureCache(tmp_path / "cache")
    (tmp_path / "text.jpg").write_text("no picture")
    for name in ("text.jpg", "missing.jpg", "."):
        said: list[str] = []
        looks: tuple[Callable[[Path], object], ...] = (read_rgb, lambda path: cache.pixels(path, "whole", as_it_is))
        for look in looks:
            with pytest.raises(InputError) as error:
                look(tmp_path / name)
            said.append(str(error.value))
        assert said[0] == said[1]
    assert not (tmp_path / "cache").exists()


def test_a_cache_that_cannot_be_written_is_named(photo: Path, tmp_path: Path) -> None:
    cache = PictureCache(tmp_path / "cache")
    (tmp_path / "cache").write_text("in the way")
    with pytest.raises(InputError, match=r"cannot keep .*photo.jpg in the cache .*cache: .*leave out --cache"):
        cache.pixels(photo, "whole", as_it_is)
    with pytest.raises(UsageError, match="cache is a file"):
        PictureCache(tmp_path / "cache")


def test_images_that_are_no_files_have_no_cache(tmp_path: Path) -> None:
    pixels = ImageSet("pixels", np.zeros((2, 4, 4), dtype=np.uint8))
    with pytest.raises(UsageError, match="pixels holds no image files"):
        ImageSplits(pixels, pixels).cached_in(tmp_path / "cache")
