"""Small studies of two judge prompts, and the limits of their estimates."""

import numpy as np
import pandas as pd

from secondreader.judge.inference.estimate import Estimate


def bounds(one: Estimate) -> tuple[float, float]:
    """The limits of an estimate that has an interval."""
    assert one.low is not None
    assert one.high is not None
    return one.low, one.high


def two_prompts(right_one: float, right_two: float, seed: int = 0) -> pd.DataFrame:
    """One annotator and two judge prompts on 60 scenarios x 4."""
    rng = np.random.default_rng(seed)
    truth = rng.random(240) < 0.3
    base = pd.DataFrame({"item": [f"t{i}" for i in range(240)], "cluster": np.arange(240) // 4})

    def build_rows(rater: str, kind: str, right: float) -> pd.DataFrame:
        answer = np.where(rng.random(240) < right, truth, ~truth)
        return base.assign(rater=rater, kind=kind, answer=np.where(answer, "yes", "no"))

    parts = [
        build_rows("h", "human", 1.0),
        build_rows("v1", "judge", right_one),
        build_rows("v2", "judge", right_two),
    ]
    return pd.concat(parts, ignore_index=True)
