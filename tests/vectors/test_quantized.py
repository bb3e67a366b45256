"""Codes: what they lose, and what rescoring brings back."""

import numpy as np
import pytest

from embedding_transfer.errors import InputError
from embedding_transfer.vectors.quantized import Calibration, calibrate, calibration_of, rescored_neighbors

ROWS = np.random.default_rng(0).normal(size=(500, 20)).astype(np.float32)


def nearest(queries: np.ndarray, rows: np.ndarray) -> np.ndarray:
    return (-queries @ rows.T).argsort(axis=1)[:, :10]


def share(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.mean([len({*x} & {*y}) / 10 for x, y in zip(a, b, strict=True)]))


def test_int8_has_the_scale_with_the_least_error() -> None:
    calibration = calibrate("int8", ROWS)
    codes = calibration.codes(ROWS)
    assert codes.dtype == np.int8

    def error(scale: float) -> float:
        return float(np.square(np.clip(np.rint(ROWS / scale), -127, 127) * scale - ROWS).mean())

    assert error(calibration.scale) <= min(error(calibration.scale * by) for by in (0.7, 1.4)) + 1e-9
    assert np.square(calibration.decoded(codes) - ROWS).mean() == pytest.approx(error(calibration.scale), rel=1e-4)


def test_bits_say_what_is_above_the_median() -> None:
    calibration = calibrate("binary", ROWS)
    codes = calibration.codes(ROWS)
    assert codes.shape == (500, 3)
    np.testing.assert_array_equal(calibration.decoded(codes) > 0, np.median(ROWS, axis=0) < ROWS)
    with pytest.raises(InputError, match="20 bits have 3 bytes each; got 2"):
        calibration.decoded(codes[:, :2])


def test_what_a_header_says_decodes_alike() -> None:
    for kind in ("int8", "binary"):
        calibration = calibrate(kind, ROWS)
        assert calibration_of({"quantized": calibration._asdict()}) == calibration
    assert calibration_of({}) is None


@pytest.mark.parametrize("kind", ["int8", "binary"])
def test_rescoring_finds_more(kind: str) -> None:
    calibration = calibrate(kind, ROWS)
    codes, queries = calibration.codes(ROWS), ROWS[:40]
    true = nearest(queries, ROWS)
    coarse = nearest(calibration.decoded(calibration.codes(queries)), calibration.decoded(codes))
    rescored = rescored_neighbors(queries, codes, calibration, 10, oversample=8)
    assert share(rescored, true) >= share(coarse, true)
    if kind == "binary":
        assert share(rescored, true) > share(coarse, true) + 0.05


def test_more_neighbors_than_codes_are_refused() -> None:
    with pytest.raises(InputError, match="10 nearest neighbors among 3"):
        rescored_neighbors(ROWS, np.zeros((3, 20), np.int8), Calibration("int8"), 10)
