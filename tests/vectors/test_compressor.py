"""The estimator: scikit-learn's own checks, what it learns on real vectors, what it keeps and refuses."""

import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from embedding_transfer.errors import InputError, UsageError
from embedding_transfer.losses import PKTLoss
from embedding_transfer.vectors import EmbeddingCompressor, Neighborhoods
from embedding_transfer.vectors.linear_maps import LINEAR_MAPS, moments_of

ROWS = np.random.default_rng(0).normal(size=(300, 16)).astype(np.float32)


@parametrize_with_checks([EmbeddingCompressor(2, steps=2)])
def test_scikit_learn_finds_nothing_wrong(estimator: EmbeddingCompressor, check) -> None:  # type: ignore[no-untyped-def]
    check(estimator)


@pytest.fixture(scope="module")
def digits() -> tuple[np.ndarray, np.ndarray, torch.Tensor]:
    """Handwritten digits as vectors of their 64 pixels: to learn from, to judge by, and the classes of the latter."""
    pixels, classes = load_digits(return_X_y=True)
    return pixels[:900].astype(np.float32), pixels[900:].astype(np.float32), torch.from_numpy(classes[900:])


def test_what_is_learned_keeps_more_neighbors_than_any_simple_map(
    digits: tuple[np.ndarray, np.ndarray, torch.Tensor],
) -> None:
    train, test, _ = digits
    near = Neighborhoods(test)
    learned = near.fidelity(EmbeddingCompressor(8, steps=200).fit(train).transform(test))["overlap@10"]
    units = [torch.nn.functional.normalize(torch.from_numpy(rows)) for rows in (train, test)]
    simple = {
        name: near.fidelity(make(moments_of([units[0]]), 8)(units[1]))["overlap@10"]
        for name, make in LINEAR_MAPS.items()
    }
    assert learned > max(simple.values()) + 0.02, simple


def test_zero_steps_are_the_start(digits: tuple[np.ndarray, np.ndarray, torch.Tensor]) -> None:
    train, test, _ = digits
    short = EmbeddingCompressor(8, steps=0, start="pca", normalize=False).fit(train).transform(test)
    units = [torch.nn.functional.normalize(torch.from_numpy(rows)) for rows in (train, test)]
    expected = LINEAR_MAPS["pca"](moments_of([units[0]]), 8)(units[1])
    np.testing.assert_allclose(short, expected.numpy(), atol=1e-5)


def test_a_cut_vector_is_worth_more_if_it_was_learned_for_that(
    digits: tuple[np.ndarray, np.ndarray, torch.Tensor],
) -> None:
    train, test, _ = digits
    near = Neighborhoods(test)
    nested, plain = (
        near.fidelity(EmbeddingCompressor(16, steps=150, nested_dims=dims).fit(train).transform(test)[:, :4])
        for dims in ((4,), None)
    )
    assert nested["overlap@10"] > plain["overlap@10"]


def test_other_aims_and_losses_make_other_maps() -> None:
    options = [{}, {"keep": "classes"}, {"loss": "RKDLoss"}, {"loss": PKTLoss()}, {"hidden": 8}, {"random_state": 1}]
    maps = [EmbeddingCompressor(4, steps=5, batch_size=64, **o).fit(ROWS).transform(ROWS) for o in options]
    for i, one in enumerate(maps):
        assert np.isfinite(one).all()
        assert all(np.abs(one - other).max() > 1e-5 for other in maps[:i])


def test_the_same_seed_makes_the_same_map_whatever_was_drawn_before() -> None:
    first = EmbeddingCompressor(4, steps=5, hidden=4, batch_size=64).fit(ROWS).transform(ROWS)
    torch.rand(7)
    second = EmbeddingCompressor(4, steps=5, hidden=4, batch_size=64).fit(ROWS).transform(ROWS)
    np.testing.assert_array_equal(first, second)


def test_save_load_and_pickle_keep_everything(tmp_path: Path) -> None:
    fitted = EmbeddingCompressor(4, steps=3, nested_dims=(2,), keep="classes").fit(ROWS)
    fitted.save(tmp_path / "map.safetensors")
    for again in (EmbeddingCompressor.load(tmp_path / "map.safetensors"), pickle.loads(pickle.dumps(fitted))):
        assert again.get_params() == fitted.get_params()
        np.testing.assert_array_equal(again.transform(ROWS), fitted.transform(ROWS))
    with pytest.raises(UsageError, match="loss of your own"):
        EmbeddingCompressor(4, steps=1, loss=PKTLoss()).fit(ROWS).save(tmp_path / "own.safetensors")


def test_tensors_give_tensors_and_files_may_be_mapped(tmp_path: Path) -> None:
    np.save(tmp_path / "rows.npy", ROWS)
    mapped = np.load(tmp_path / "rows.npy", mmap_mode="r")
    fitted = EmbeddingCompressor(4, steps=2).fit(mapped)
    short = fitted.transform(torch.from_numpy(ROWS))
    assert isinstance(short, torch.Tensor)
    np.testing.assert_array_equal(short.numpy(), fitted.transform(mapped))
    assert fitted.transform(ROWS.astype(np.float64)).dtype == np.float64
    assert list(fitted.get_feature_names_out()) == [f"embeddingcompressor{i}" for i in range(4)]


def test_it_is_a_step_of_a_pipeline() -> None:
    pipeline = make_pipeline(StandardScaler(), EmbeddingCompressor(4, steps=2))
    np.testing.assert_allclose(np.linalg.norm(pipeline.fit_transform(ROWS), axis=1), 1, atol=1e-5)


def test_hard_rows_do_no_harm() -> None:
    """Fewer rows than dimensions, duplicates, zeros, a constant column."""
    rows = np.concatenate([ROWS[:4], ROWS[:4], np.zeros((1, 16), np.float32)])
    rows[:, 2] = 0
    short = EmbeddingCompressor(12, steps=5).fit(rows).transform(rows)
    assert np.isfinite(short).all()
    np.testing.assert_allclose(short[:4], short[4:8], atol=1e-6)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_components": 17}, "vectors of 16 numbers cannot become shorter with dim 17"),
        ({"n_components": 0}, "dim must be at least 1; got 0"),
        ({"keep": "neighbours"}, "keep: expected .* did you mean neighbors"),
        ({"start": "pcs"}, "start: expected"),
        ({"near_share": 1.5}, "near_share is a share"),
        ({"lr": 0.0}, "lr must be positive"),
        ({"nested_dims": (5,)}, "nested_dims are from 1 to 4"),
        ({"loss": "CRDLoss"}, "CRDLoss"),
        ({"device": "abacus"}, "no device abacus"),
    ],
)
def test_wrong_options_are_one_line(options: dict[str, object], message: str) -> None:
    with pytest.raises((UsageError, InputError), match=message):
        EmbeddingCompressor(**{"n_components": 4, "steps": 1, **options}).fit(ROWS)  # type: ignore[arg-type]
