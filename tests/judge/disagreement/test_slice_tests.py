"""Slices against kinds of wrong verdict: which are tested, what a row holds, and how p-values share alpha."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import false_discovery_control

from secondreader.judge.data.slices import Kind, Slice, SliceSet
from secondreader.judge.disagreement.slice_tests import (
    ALPHA_SHARES,
    PermutationSettings,
    SliceTests,
    add_p_values,
    is_worse_than_parents,
    restrict_outcome,
    run_outcome_tests,
    run_slice_tests,
    select_rows,
)
from secondreader.judge.inference.permutation import (
    Outcome,
    Scores,
    compute_adjusted_p,
    compute_raw_p,
    make_outcome,
    score_columns,
)

SETTINGS = PermutationSettings(199, 3)
N, SIZE = 120, 3


def name_slice(label: str, kind: Kind = "one-way", parents: tuple[int, ...] = ()) -> Slice:
    """A slice "attribute = value"."""
    attribute, _, value = label.partition(" = ")
    return Slice(label, (attribute,), (value,), kind, parents)


def build_slices(columns: dict[str, np.ndarray], kind: Kind = "one-way") -> SliceSet:
    """Slices of these memberships."""
    table = np.stack([np.asarray(column) for column in columns.values()], axis=1).astype(np.float32)
    return SliceSet(tuple(name_slice(label, kind) for label in columns), table)


def build_outcome(
    wrong: np.ndarray,
    name: str = "error",
    eligible: np.ndarray | None = None,
    cluster: np.ndarray | None = None,
    weight: np.ndarray | None = None,
) -> Outcome:
    """An outcome of scenarios of three items unless stated otherwise."""
    n = len(wrong)
    return make_outcome(
        name,
        np.ones(n, dtype=bool) if eligible is None else eligible,
        wrong.astype(bool),
        np.arange(n) % 2,
        np.arange(n) // SIZE if cluster is None else cluster,
        np.ones(n) if weight is None else weight,
    )


def draw_errors(seed: int = 0, rate: float = 0.3) -> np.ndarray:
    """Random wrong verdicts."""
    return np.random.default_rng(seed).random(N) < rate


def halve(seed: int) -> np.ndarray:
    """A random half of the scenarios, as membership of items."""
    return np.repeat(np.random.default_rng(seed).permutation(N // SIZE) < N // SIZE // 2, SIZE)


NOBODY = np.full(N, np.nan)


def run(outcomes: list[Outcome], slices: SliceSet, human: np.ndarray = NOBODY) -> SliceTests:
    """All tests with the default settings."""
    return run_slice_tests(outcomes, slices, human, SETTINGS)


def test_the_error_that_a_slice_holds_is_detected() -> None:
    """Every verdict wrong inside and none outside: the smallest p that 199 permutations can give."""
    inside = halve(1)
    tests = run([build_outcome(inside)], build_slices({"topic = a": inside, "topic = b": ~inside}))
    bad, good = tests.table.to_dict("records")
    assert (bad["n_in"], bad["wrong_in"], bad["wrong_out"], bad["difference"]) == (60, 60, 0, 1)
    assert np.isnan(bad["ratio"])
    assert bad["p"] == bad["p_adjusted"] == pytest.approx(1 / 200)
    assert good["p"] == good["p_adjusted"] == 1
    assert bad["t"] == pytest.approx(-good["t"], rel=1e-4)


def test_a_row_agrees_with_a_plain_count() -> None:
    """Counts, rates and names of every test are those of a group-by."""
    wrong, inside = draw_errors(), halve(2)
    row = run([build_outcome(wrong)], build_slices({"topic = a": inside})).table.iloc[0]
    frame = pd.DataFrame({"inside": inside, "wrong": wrong})
    counts = frame.groupby("inside")["wrong"].agg(["size", "sum", "mean"])
    assert (row["n_in"], row["n_out"]) == (counts.loc[True, "size"], counts.loc[False, "size"])
    assert (row["wrong_in"], row["wrong_out"]) == (counts.loc[True, "sum"], counts.loc[False, "sum"])
    assert row["rate_in"] == pytest.approx(counts.loc[True, "mean"])
    assert row["rate_out"] == pytest.approx(counts.loc[False, "mean"])
    assert row["low"] < row["difference"] < row["high"]
    names = row[["slice", "attributes", "values", "kind", "statistic"]].tolist()
    assert names == ["topic = a", "topic", "a", "one-way", "error"]


@pytest.mark.parametrize("kind", ["one-way", "two-way", "term"])
def test_only_one_way_slices_without_support_are_listed(kind: Kind) -> None:
    """19 items are too few; pairs and terms are left out in silence, one-way slices with a sentence."""
    few = np.arange(N) < 19
    tests = run([build_outcome(draw_errors())], build_slices({"topic = a": few}, kind))
    assert tests.table.empty
    assert [(u.slice, u.statistic) for u in tests.untested] == (
        [("topic = a", "error")] if kind == "one-way" else []
    )
    assert all("19 items of 7 scenarios inside" in u.reason for u in tests.untested)


@pytest.mark.parametrize("wrong", [np.zeros(N), np.ones(N)])
def test_verdicts_of_one_kind_are_not_tested(wrong: np.ndarray) -> None:
    """All right or all wrong: nothing to compare, and a reason."""
    tests = run([build_outcome(wrong)], build_slices({"topic = a": halve(0)}))
    assert tests.table.empty
    assert len(tests.untested) == 1
    assert "all right or all wrong" in tests.untested[0].reason


def test_tests_point_back_at_outcome_and_slice() -> None:
    """Positions of outcome and slice match the names of each row, also where a slice is skipped."""
    slices = build_slices({"topic = a": np.arange(N) < 10, "topic = b": halve(1), "topic = c": halve(2)})
    outcomes = [build_outcome(draw_errors(1), "error"), build_outcome(draw_errors(2), "unparsed")]
    tests = run(outcomes, slices)
    assert tests.outcome.tolist() == [0, 0, 1, 1]
    assert tests.slice.tolist() == [1, 2, 1, 2]
    rows = tests.table[["statistic", "slice"]].to_numpy().tolist()
    assert rows == [
        [outcomes[o].name, slices.slices[s].label] for o, s in zip(tests.outcome, tests.slice, strict=True)
    ]


def test_an_outcome_is_tested_on_its_own_items() -> None:
    """Items that cannot err in this way are in no count, and their human disagreement in no mean."""
    eligible, inside = np.arange(N) % 4 < 2, halve(4)
    human = np.where(eligible, np.where(inside, 0.25, 0.75), 99.0)
    outcome = build_outcome(draw_errors(), eligible=eligible)
    row = run([outcome], build_slices({"topic = a": inside}), human).table.iloc[0]
    assert row["n_in"] == (eligible & inside).sum()
    assert row["n_out"] == (eligible & ~inside).sum()
    assert (row["human_disagreement_in"], row["human_disagreement_out"]) == (0.25, 0.75)


def test_rows_are_selected_only_where_items_are_missing() -> None:
    """Without a restriction the table itself is passed on, uncopied."""
    table = build_slices({"topic = a": halve(0)}).columns
    assert select_rows(build_outcome(draw_errors()), table) is table
    part = build_outcome(draw_errors(), eligible=np.arange(N) >= 100)
    assert select_rows(part, table).tolist() == table[100:].tolist()


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 1000))
def test_the_order_of_slices_does_not_matter(seed: int) -> None:
    """Each slice keeps its p, adjusted p and q when the others change places."""
    columns = {f"topic = {i}": halve(seed + i) for i in range(4)}
    there = run([build_outcome(draw_errors(seed))], build_slices(columns)).table
    back = run([build_outcome(draw_errors(seed))], build_slices(dict(reversed(columns.items())))).table
    for name in ("p", "p_adjusted", "q", "rate_in", "expected_wrong"):
        assert back[name].to_numpy()[::-1] == pytest.approx(there[name].to_numpy()), name


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 1000), st.floats(0.01, 100))
def test_the_unit_of_weights_does_not_matter(seed: int, factor: float) -> None:
    """Weights count relative to each other: no rate and no p changes with their unit."""
    weight = np.random.default_rng(seed).uniform(1, 4, N)
    slices = build_slices({"topic = a": halve(seed)})
    rows = [
        run([build_outcome(draw_errors(seed), weight=weight * unit)], slices).table.iloc[0]
        for unit in (1.0, factor)
    ]
    for name in ("rate_in", "rate_out", "low", "high", "expected_wrong"):
        assert rows[0][name] == pytest.approx(rows[1][name], rel=1e-4), name
    assert rows[0]["t"] == pytest.approx(rows[1]["t"], abs=1e-3)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 1000))
def test_p_values_keep_their_order(seed: int) -> None:
    """P <= q <= 1 within a family, and the adjusted p is never below p."""
    kinds: list[Kind] = ["one-way", "two-way", "term"]
    parts = [build_slices({f"{kind} = {i}": halve(seed + 7 * i)}, kind) for i, kind in enumerate(kinds)]
    slices = SliceSet(tuple(s for p in parts for s in p.slices), np.hstack([p.columns for p in parts]))
    table = run([build_outcome(draw_errors(seed)), build_outcome(draw_errors(seed + 1))], slices).table
    assert len(table) == 6
    for low, high in (("p", "q"), ("p", "p_adjusted")):
        assert (table[low] <= table[high] + 1e-12).all()
    assert (table[["q", "p_adjusted"]] <= 1).all().all()
    for _, family in table.groupby("kind"):
        assert family["q"].tolist() == pytest.approx(false_discovery_control(family["p"]).tolist())


def draw_scores(columns: int) -> Scores:
    """Scores of no real slice: normal draws."""
    rng = np.random.default_rng(columns)
    null = rng.standard_normal((199, columns)).astype(np.float32)
    return Scores(rng.standard_normal(columns) + 2, null, np.ones(columns, dtype=bool))


def test_a_family_without_tests_leaves_its_share() -> None:
    """One-way tests alone spend the whole of alpha; beside terms they spend 18/19 of it."""
    scores = draw_scores(4)
    alone = add_p_values(pd.DataFrame({"kind": ["one-way"] * 4}), scores)
    expected = compute_adjusted_p(scores, np.zeros(4, dtype=np.intp), np.array([1.0]))
    assert alone["p_adjusted"].tolist() == expected.tolist()
    mixed = add_p_values(pd.DataFrame({"kind": ["one-way", "one-way", "term", "term"]}), scores)
    share = np.array([0.9, 0.05]) / 0.95
    expected = compute_adjusted_p(scores, np.array([0, 0, 1, 1]), share)
    assert mixed["p_adjusted"].tolist() == pytest.approx(expected.tolist())
    assert mixed["p"].tolist() == compute_raw_p(scores).tolist()
    assert sum(ALPHA_SHARES.values()) == pytest.approx(1)


def test_no_test_has_no_p_value() -> None:
    """An empty table gets its columns and no rows."""
    table = add_p_values(pd.DataFrame({"kind": pd.Series([], dtype=object)}), draw_scores(0))
    assert table.empty
    assert {"t", "p", "p_adjusted", "q"} <= set(table.columns)


def test_a_restricted_outcome_keeps_its_scenarios() -> None:
    """Positions and scenario numbers stay those of the frame; weights have mean 1 again."""
    eligible = np.arange(N) >= 30
    weight = np.linspace(1, 3, N)
    outcome = build_outcome(draw_errors(), eligible=eligible, weight=weight)
    inside = (np.arange(90) >= 60).astype(np.float32)
    narrow = restrict_outcome(outcome, inside)
    assert narrow.index.tolist() == list(range(90, 120))
    assert narrow.scenario.tolist() == list(range(30, 40))
    assert narrow.wrong.tolist() == outcome.wrong[60:].tolist()
    assert narrow.weight == pytest.approx(weight[90:] / weight[90:].mean())
    assert narrow.name == outcome.name


def test_a_restriction_to_everything_changes_no_score() -> None:
    """Restricted to all of its items an outcome has the same scores, digit by digit."""
    outcome = build_outcome(draw_errors(), eligible=np.arange(N) % 5 > 0)
    same = restrict_outcome(outcome, np.ones(len(outcome.index), dtype=np.float32))
    column = halve(3).astype(np.float32)[outcome.index][:, None]
    first, second = (score_columns(o, column, 99, 1) for o in (outcome, same))
    assert first.t.tolist() == second.t.tolist()
    assert first.null.tolist() == second.null.tolist()


def test_nothing_is_left_of_an_outcome_without_items() -> None:
    """An empty slice of an outcome is an outcome without items."""
    narrow = restrict_outcome(build_outcome(draw_errors()), np.zeros(N, dtype=np.float32))
    assert (len(narrow.index), narrow.n_clusters) == (0, 0)


@pytest.mark.parametrize(("where", "worse"), [("both", True), ("first", False), ("second", False)])
def test_a_pair_must_be_worse_than_each_parent(where: str, worse: bool) -> None:
    """Errors in the overlap alone single the pair out; errors all over a parent do not."""
    scenario = np.arange(N) // SIZE
    first, second = scenario % 2 == 0, scenario % 4 < 2
    wrong = {"both": first & second, "first": first, "second": second}[where]
    slices = SliceSet(
        (name_slice("a = 1"), name_slice("b = 1"), name_slice("a = 1 and b = 1", "two-way", (0, 1))),
        np.stack([first, second, first & second], axis=1).astype(np.float32),
    )
    assert is_worse_than_parents(build_outcome(wrong), 2, slices, SETTINGS, 0.05) is worse


def test_the_same_seed_gives_the_same_tests() -> None:
    """Two runs agree digit by digit, another seed moves the score."""
    slices, outcome = build_slices({"topic = a": halve(5)}), build_outcome(draw_errors(5))
    first, _ = run_outcome_tests(outcome, slices, NOBODY, SETTINGS)
    again, _ = run_outcome_tests(outcome, slices, NOBODY, SETTINGS)
    other, _ = run_outcome_tests(outcome, slices, NOBODY, PermutationSettings(199, 4))
    assert first.scores.null.tolist() == again.scores.null.tolist()
    assert first.scores.t.tolist() != other.scores.t.tolist()
    assert first.rates.low.tolist() == other.rates.low.tolist()
