"""Division that leaves the undefined undefined: NaN inside arrays, never 0 or 1."""

import numpy as np

from secondreader.judge.inference.cluster_sums import Floats

# below this an expected disagreement is rounding noise of a sample without variation
TINY = 1e-12


def compute_ratio(top: Floats, bottom: Floats) -> Floats:
    """Top / bottom, NaN where nothing is there to divide by."""
    top, bottom = np.broadcast_arrays(top, bottom)
    out: Floats = np.divide(top, bottom, out=np.full(top.shape, np.nan), where=bottom > TINY)
    return out


def correct_for_chance(observed: Floats, chance: Floats) -> Floats:
    """(observed - chance) / (1 - chance); NaN where chance alone explains everything."""
    return compute_ratio(observed - chance, 1 - chance)
