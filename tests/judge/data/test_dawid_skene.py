"""Dawid and Skene's model against the published fit."""

import numpy as np
import pytest

from secondreader.judge.data.dawid_skene import fit_dawid_skene
from tests.judge.inference.test_coefficients import oracles


def test_dawid_skene_equals_the_published_fit() -> None:
    """The anaesthetists' data give the published marginals, error rates and posteriors."""
    for entry in oracles("dawid_skene"):
        data, expected = entry["input"], entry["expected"]
        item, rater, rating = (np.array(data[key]) - 1 for key in ("item", "rater", "rating"))
        counts = np.zeros((item.max() + 1, rater.max() + 1, rating.max() + 1))
        np.add.at(counts, (item, rater, rating), 1)
        fit = fit_dawid_skene(counts, np.ones(len(counts)))
        assert fit.marginals == pytest.approx(expected["class_marginals_precise"], abs=1e-4)
        assert fit.log_likelihood == pytest.approx(expected["loglik"], abs=1e-3)
        assert fit.errors[0, 0] == pytest.approx(expected["observer1_error_row1"], abs=1e-3)
        assert fit.errors[0, 2] == pytest.approx(expected["observer1_error_row3"], abs=1e-3)
        assert fit.posterior[34] == pytest.approx(expected["posterior_item35"], abs=1e-3)
        assert fit.posterior[37] == pytest.approx(expected["posterior_item38"], abs=1e-3)
