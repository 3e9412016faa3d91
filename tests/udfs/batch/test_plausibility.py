"""Checks of physics on rows."""

import numpy as np

from udfs.batch import error_budget, plausibility


def test_demagnified_and_undefined_rows_are_not_valid():
    magnification = np.array([1.0, 0.996, 0.99, np.nan, 5.0, 5.0])
    closure = np.array([1.0, 1.0, 1.0, 1.0, 0.5, 1.02])
    valid = plausibility.is_valid(magnification, closure)
    assert valid.tolist() == [True, True, False, False, True, False]


def test_warnings_name_what_is_unusual():
    texts = plausibility.warnings(
        np.array([2.0, 2e3, 2.0]),
        np.array([1.0, 0.9, 1.0]),
        np.array([1.0, 0.5, 0.6]),
        np.full(3, 1.2),
    )
    assert texts[0] is None
    assert texts[1] == (
        "Einstein radius below half the PSF width; magnification above 1000; "
        "light off the stamp above 5 %"
    )
    assert texts[2] is None


def test_budget_covers_what_is_promised_and_no_more():
    n = np.array([0.5, 1.0, 1.0, 2.5, 2.5, 4.0, 4.0, 4.1, 1.0])
    reff = np.array([0.08, 0.08, 0.079, 0.13, 0.12, 0.2, 0.19, 1.0, 0.3])
    q = np.array([0.5] * 8 + [0.19])
    beyond = error_budget.is_beyond_budget(n, reff, q, 0.262)
    assert beyond.tolist() == [False, False, True, False, True, False, True, True, True]
