"""Glyphs: letters from fonts, the same wherever the fonts are the same."""

from pathlib import Path

import numpy as np
import pytest

from embedding_transfer.images import ImageSplits, glyphs, load_images
from embedding_transfer.images.glyphs import load_glyphs


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def letters(cache: Path) -> ImageSplits:
    return load_glyphs(cache)


def test_pictures_are_black_on_white_and_never_empty(letters: ImageSplits) -> None:
    for part in letters:
        pictures = np.asarray(part.images)
        assert pictures.dtype == np.uint8
        assert pictures.shape == (len(part), 32, 32)
        assert pictures.min(axis=(1, 2)).max() < 128
        assert (np.median(pictures, axis=(1, 2)) == 255).all()
        assert np.bincount(part.labels).min() >= 2
        assert len(part.class_names) == part.labels.max() + 1 > 300


def test_rendering_again_gives_the_same_pictures(letters: ImageSplits, tmp_path: Path) -> None:
    for first, again in zip(letters, load_glyphs(tmp_path), strict=True):
        assert np.array_equal(first.images, again.images)
        assert np.array_equal(first.labels, again.labels)
        assert first.class_names == again.class_names


def test_training_is_latin_and_testing_is_every_other_script(letters: ImageSplits) -> None:
    assert all("LATIN" in name for name in letters.train.class_names)
    assert not any("LATIN" in name for name in letters.test.class_names)
    scripts = {script for name in letters.test.class_names for script in name[2:].split(", ")}
    assert {"GREEK", "CYRILLIC", "ARMENIAN", "GEORGIAN"} <= scripts
    assert not {name[0] for name in letters.train.class_names} & {name[0] for name in letters.test.class_names}


def test_letters_that_look_the_same_are_one_class(letters: ImageSplits) -> None:
    assert "A LATIN, GREEK, CYRILLIC" in letters.train.class_names
    assert not any(
        name[0] in "\N{GREEK CAPITAL LETTER ALPHA}\N{CYRILLIC CAPITAL LETTER A}" for name in letters.test.class_names
    )
    class_of_picture: dict[bytes, str] = {}
    for part in letters:
        for picture, label in zip(np.asarray(part.images), part.labels, strict=True):
            assert class_of_picture.setdefault(picture.tobytes(), part.class_names[label]) == part.class_names[label]
    assert len(class_of_picture) == sum(map(len, letters)), "a class holds the same picture twice"


def test_an_older_matplotlib_draws_the_same_pictures_to_test_on(
    letters: ImageSplits, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before 3.11 it had no cmti10; Python 3.10 has none newer."""
    there = glyphs._font_path
    monkeypatch.setattr(glyphs, "_font_path", lambda name: tmp_path / "none" if name == "cmti10" else there(name))
    older = load_glyphs(tmp_path)
    assert np.array_equal(older.test.images, letters.test.images)
    assert older.train.class_names == letters.train.class_names
    newest = there("cmti10").exists()
    assert len(letters.train) - len(older.train) == (52 if newest else 0)


def test_the_cache_is_read_again(letters: ImageSplits, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(glyphs, "_render", lambda: pytest.fail("rendered although cached"))
    assert np.array_equal(load_glyphs(cache).test.images, letters.test.images)


def test_the_cache_lies_where_caches_belong(letters: ImageSplits, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))
    (cache / "embedding-transfer").symlink_to(cache)
    monkeypatch.setattr(glyphs, "_render", lambda: pytest.fail("rendered although cached"))
    assert len(load_images("glyphs").train) == len(letters.train)


def test_a_cache_that_could_not_be_written_is_not_there(
    letters: ImageSplits, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = letters.train.subset(np.arange(20)), letters.test.subset(np.arange(20))
    pictures = np.concatenate([np.asarray(part.images) for part in parts])
    rendered = (pictures, np.repeat([0, 1], 20), ["A LATIN", "B GREEK"])
    monkeypatch.setattr(glyphs, "_render", lambda: rendered)

    def full_disk(file: object, **arrays: np.ndarray) -> None:
        file.write(b"half")
        raise OSError("no space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(np, "savez_compressed", full_disk)
        with pytest.raises(OSError, match="no space"):
            load_glyphs(tmp_path)
    assert not list(tmp_path.glob("*.npz"))
    splits = load_glyphs(tmp_path)
    assert np.array_equal(splits.train.images, pictures[:20])
    assert len(list(tmp_path.glob("*.npz"))) == 1
