"""Krippendorff's alpha from coincidences, at every level of measurement."""

from typing import Literal

import numpy as np

from secondreader.judge.inference.cluster_sums import Floats
from secondreader.judge.inference.ratios import TINY, compute_ratio

Level = Literal["nominal", "ordinal", "interval", "ratio"]


def compute_squared_distance(level: Level, values: Floats, counts: Floats) -> Floats:
    """Krippendorff's squared difference of each two answers, shape (..., Q, Q).

    `values` are the answers as numbers, shape (Q,); `counts` how often each occurs, shape (..., Q).
    """
    if level == "ordinal":
        middle = np.cumsum(counts, axis=-1) - counts / 2
        return np.asarray(np.square(middle[..., :, None] - middle[..., None, :]))
    across, down = values[:, None], values[None, :]
    if level == "nominal":
        return np.asarray(across != down, dtype=np.float64)
    if level == "interval":
        return np.asarray(np.square(across - down))
    total = across + down
    return np.asarray(np.square(np.divide(across - down, total, out=np.zeros_like(total), where=total != 0)))


def compute_alpha_agreement(coincidence: Floats, n_values: Floats, distance: Floats) -> tuple[Floats, Floats]:
    """Observed and expected agreement whose correction for chance is Krippendorff's alpha.

    alpha = 1 - D_o / D_e; with weights the shares are weighted and (n - 1) / n keeps the plain number
    of answers n. `coincidence` (..., Q, Q), `n_values` (...), `distance` (..., Q, Q).
    """
    totals = coincidence.sum(axis=-1)
    n = totals.sum(axis=-1)
    share = compute_ratio(totals, n[..., None])
    observed = compute_ratio((coincidence * distance).sum(axis=(-2, -1)), n)
    expected = (share[..., :, None] * share[..., None, :] * distance).sum(axis=(-2, -1))
    # scaled by the largest distance so that "no variation" has one threshold on every level
    scale = np.maximum(np.broadcast_to(distance, coincidence.shape).max(axis=(-2, -1)), TINY)
    bias = compute_ratio(n_values, n_values - 1)
    return 1 - observed / scale, 1 - expected / scale * bias
