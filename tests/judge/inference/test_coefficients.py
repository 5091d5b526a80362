import json
from typing import Any

import krippendorff
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.metrics import (
    balanced_accuracy_score,
    cohen_kappa_score,
    f1_score,
    matthews_corrcoef,
)

from secondreader.judge.inference.alpha import Level
from tests.real_data import ORACLES
from tests.reference.point_estimates import (
    compute_expected_agreement,
    compute_group_coefficients,
    compute_specific_agreement,
    compute_table_coefficients,
)
from tests.reference.published_errors import (
    count_answers,
    linearise_ac1,
    linearise_alpha,
    linearise_conger,
    linearise_fleiss,
    linearise_table,
    run_fleiss_test,
    run_kappa_test,
)

LEVELS: tuple[Level, ...] = ("ordinal", "interval", "ratio")
NOMINAL: Level = "nominal"


def oracles(method: str) -> list[dict[str, Any]]:
    """The published worked examples of one method."""
    chosen = [entry for entry in json.loads(ORACLES.read_text()) if entry["method"] == method]
    assert chosen
    return chosen


def coded(ratings: list[list[Any]]) -> tuple[Any, list[Any]]:
    """Raters x units with None as an items x raters matrix of codes, and the answers."""
    seen = sorted({value for row in ratings for value in row if value is not None})
    rows = [[-1 if value is None else seen.index(value) for value in row] for row in ratings]
    return np.array(rows, dtype=np.int8).T, seen


def expected(entry: dict[str, Any], key: str, tol: float = 1e-9) -> Any:
    """An expected value with its tolerance."""
    return pytest.approx(entry["expected"][key], abs=tol)


def test_alpha_equals_published_values() -> None:
    """Krippendorff's examples come out at every level of measurement."""
    for entry in oracles("krippendorff_alpha"):
        matrix, seen = coded(entry["input"]["ratings"])
        numbers = [float(value) for value in seen]
        ours = compute_group_coefficients(matrix, len(seen), levels=LEVELS, numbers=numbers)
        if "alpha_precise" in entry["expected"]:
            assert ours["alpha"] == expected(entry, "alpha_precise")
        for level in set(LEVELS) & set(entry["expected"]):
            assert ours[f"alpha_{level}"] == expected(entry, level)


def test_gwets_coefficients_and_errors_equal_published_values() -> None:
    """AC1, Fleiss, Conger and alpha with their standard errors come out as in Gwet's handbook."""
    functions = {
        "ac1": linearise_ac1,
        "fleiss": linearise_fleiss,
        "conger": linearise_conger,
        "alpha": linearise_alpha,
    }
    for entry in oracles("multi_rater_cac"):
        matrix, seen = coded(entry["input"]["ratings"])
        figures = compute_group_coefficients(matrix, len(seen))
        for name, function in functions.items():
            wanted, ours = entry["expected"][name], function(matrix, len(seen))
            assert ours.value == pytest.approx(wanted["value_precise"], abs=1e-9)
            assert ours.error == pytest.approx(wanted["se_precise"], abs=1e-9)
            assert figures[name] == pytest.approx(wanted["value_precise"], abs=1e-9)
            limits = (ours.observed, ours.expected, ours.low, ours.high)
            assert limits == pytest.approx([wanted[k] for k in ("pa", "pe", "ci_low", "ci_high")], abs=6e-4)


def test_two_by_two_indices_equal_published_values() -> None:
    """The kappa paradox tables give the published kappa, PABAK, indices, AC1, alpha and specific agreement."""
    names = {"po": "raw", "ppa": "positive_agreement", "npa": "negative_agreement", "scott_pi": "fleiss"}
    for entry in oracles("binary_2x2"):
        ours = compute_table_coefficients(entry["input"]["table"])
        for key in set(entry["expected"]) - {"pe", "ac1_se", "kappa_precise"}:
            tol = entry["tol"].get(key, entry["tol"]["default"])
            assert ours[names.get(key, key)] == expected(entry, key, tol)
        if "pe" in entry["expected"]:
            assert compute_expected_agreement(entry["input"]["table"]) == expected(entry, "pe")
        if "ac1_se" in entry["expected"]:
            assert linearise_table(entry["input"]["table"]).ac1.error == expected(entry, "ac1_se", 1e-8)


def test_two_rater_table_limits_equal_published_values() -> None:
    """AC1 and kappa of the abstractors' table come with Gwet's limits."""
    for entry in oracles("two_rater_table"):
        ours = linearise_table(entry["input"]["table"])
        assert ours.ac1.value == expected(entry, "ac1", 6e-4)
        assert [ours.ac1.low, ours.ac1.high] == expected(entry, "ac1_ci", 6e-4)
        assert ours.kappa.value == expected(entry, "kappa", 6e-4)
        assert [ours.kappa.low, ours.kappa.high] == expected(entry, "kappa_ci_gwet", 6e-4)


def test_cohens_kappa_and_errors_equal_published_values() -> None:
    """Cohen's table, Artstein and Poesio's table and the SAS example come out with their errors."""
    for entry in oracles("cohen_kappa_table"):
        ours = run_kappa_test(entry["input"]["table"], entry["input"].get("n"))
        fields = {
            "kappa": ours.kappa,
            "ase": ours.error,
            "ci_low": ours.low,
            "ci_high": ours.high,
            "ase_h0": ours.error_null,
            "z": ours.z,
            "p_two_sided": ours.p_two_sided,
            "po": ours.observed,
        }
        for key in set(entry["expected"]) & set(fields):
            assert fields[key] == expected(entry, key, 1e-3 if entry["id"] == "cohen1960_table2" else 5e-5)


def test_fleiss_equals_published_values() -> None:
    """Fleiss' psychiatric diagnoses and Randolph's example come out, per answer too."""
    for entry in oracles("fleiss_kappa"):
        if "counts" in entry["input"]:
            counts = np.array(entry["input"]["counts"])
        else:
            matrix, seen = coded(np.array(entry["input"]["ratings_units_x_raters"]).T.tolist())
            counts = count_answers(matrix, len(seen))
            assert compute_group_coefficients(matrix, len(seen))["fleiss"] == expected(entry, "kappa_precise")
        ours = run_fleiss_test(counts)
        assert ours.kappa == expected(entry, "kappa", 5e-4)
        if "z" in entry["expected"]:
            assert ours.z == expected(entry, "z", 1e-6)
            assert ours.category_kappa.tolist() == expected(entry, "category_kappa", 5e-4)
            assert ours.percent_unanimous == expected(entry, "percent_unanimous", 1e-6)
        else:
            assert ours.free_marginal_kappa == expected(entry, "free_marginal_kappa", 6e-7)


def test_specific_agreement_equals_brute_force() -> None:
    """Specific agreement on each answer equals the count over ordered rater pairs."""
    for entry in oracles("specific_agreement"):
        matrix, seen = coded(entry["input"]["ratings"])
        assert compute_specific_agreement(matrix, len(seen)) == pytest.approx(
            list(entry["expected"].values()), abs=1e-9
        )


def test_classifier_figures_equal_published_values() -> None:
    """Chicco and Jurman's example: high accuracy and F1, MCC near zero."""
    for entry in oracles("binary_classifier"):
        given = entry["input"]
        ours = compute_table_coefficients(np.array([[given["tp"], given["fn"]], [given["fp"], given["tn"]]]))
        assert ours["raw"] == expected(entry, "accuracy", 1e-12)
        assert ours["f1"] == expected(entry, "f1", 5e-5)
        assert ours["mcc"] == expected(entry, "mcc_precise")
        assert ours["balanced_accuracy"] == expected(entry, "balanced_accuracy")


def test_undefined_stays_undefined() -> None:
    """Without variation kappa, alpha and Fleiss are None; raw, AC1 and PABAK are 1."""
    for entry in oracles("undefined"):
        if "ratings" in entry["input"]:
            ours = compute_group_coefficients(np.array(entry["input"]["ratings"], dtype=np.int8).T, 2)
        else:
            cells = np.zeros((2, 2))
            np.add.at(cells, (entry["input"]["human"], entry["input"]["judge"]), 1)
            ours = compute_table_coefficients(cells, positive=1, negative=0)
        names = {"ppa": "positive_agreement", "npa": "negative_agreement"}
        for key in set(entry["expected"]) - {"kappa"} | ({"kappa"} & set(ours)):
            assert ours[names.get(key, key)] == entry["expected"][key]


matrices = hnp.arrays(np.int8, st.tuples(st.integers(2, 25), st.integers(2, 5)), elements=st.integers(-1, 2))


@settings(deadline=None, max_examples=60)
@given(matrices)
def test_alpha_equals_the_krippendorff_package(matrix: Any) -> None:
    """Nominal, ordinal, interval and ratio alpha equal the reference implementation to 1e-10."""
    ours = compute_group_coefficients(matrix, 3, levels=LEVELS, numbers=(1.0, 2.0, 3.0))
    if ours["alpha"] is None:
        return
    counts = np.stack([(matrix == q).sum(axis=1) for q in range(3)], axis=1)
    for level in (NOMINAL, *LEVELS):
        theirs = krippendorff.alpha(
            value_counts=counts, value_domain=[1.0, 2.0, 3.0], level_of_measurement=level
        )
        name = "alpha" if level == NOMINAL else f"alpha_{level}"
        assert ours[name] == pytest.approx(theirs, abs=1e-10)


@settings(deadline=None, max_examples=60)
@given(hnp.arrays(np.int64, (2, 2), elements=st.integers(0, 40)))
def test_table_figures_equal_scikit_learn(cells: Any) -> None:
    """Kappa, MCC, F1 and balanced accuracy equal scikit-learn's wherever ours are defined."""
    gold = np.repeat([0, 0, 1, 1], cells.ravel())
    judge = np.repeat([0, 1, 0, 1], cells.ravel())
    ours = compute_table_coefficients(cells, positive=1, negative=0)
    functions = {
        "kappa": cohen_kappa_score,
        "mcc": matthews_corrcoef,
        "f1": f1_score,
        "balanced_accuracy": balanced_accuracy_score,
    }
    for name, function in functions.items():
        if ours[name] is not None:
            assert ours[name] == pytest.approx(function(gold, judge), abs=1e-10)


def close(first: dict[str, float | None], second: dict[str, float | None], *, tol: float = 1e-12) -> bool:
    """Whether two sets of figures agree, undefined ones included."""
    return {name: value for name, value in second.items()} == {
        name: None if value is None else pytest.approx(value, abs=tol) for name, value in first.items()
    }


@settings(deadline=None, max_examples=40)
@given(matrices, st.randoms(use_true_random=False))
def test_order_of_raters_items_and_answers_does_not_matter(matrix: Any, random: Any) -> None:
    """Permuting raters or items changes nothing; relabelling answers keeps every overall coefficient."""
    figures = compute_group_coefficients(matrix, 3)
    raters, items = list(range(matrix.shape[1])), list(range(len(matrix)))
    random.shuffle(raters)
    random.shuffle(items)
    assert close(figures, compute_group_coefficients(matrix[items][:, raters], 3))
    table = np.array([2, 0, 1, -1], dtype=np.int8)
    assert close(figures, compute_group_coefficients(table[matrix], 3, positive=0, negative=2))


@settings(deadline=None, max_examples=40)
@given(matrices)
def test_duplicated_data_and_equal_weights_change_no_point_estimate(matrix: Any) -> None:
    """Data twice over or weights all alike give the same figures; alpha keeps only its (n - 1) / n."""
    figures = compute_group_coefficients(matrix, 3)
    assert close(figures, compute_group_coefficients(matrix, 3, weight=np.full(len(matrix), 7.0)))
    twice = compute_group_coefficients(np.concatenate([matrix, matrix]), 3)
    alpha, alpha_twice = figures.pop("alpha"), twice.pop("alpha")
    assert close(figures, twice)
    if alpha is not None and alpha_twice is not None:
        n = int((matrix >= 0).sum(axis=1)[(matrix >= 0).sum(axis=1) >= 2].sum())
        assert (1 - alpha) * n / (n - 1) == pytest.approx((1 - alpha_twice) * 2 * n / (2 * n - 1), abs=1e-10)


def test_weights_equal_repeated_items() -> None:
    """An item of weight 3 counts like three items in all but alpha's small-sample correction."""
    rng = np.random.default_rng(1)
    matrix = rng.integers(-1, 3, (40, 4)).astype(np.int8)
    weight = rng.integers(1, 4, 40)
    weighted = compute_group_coefficients(matrix, 3, weight=weight.astype(float))
    repeated = compute_group_coefficients(np.repeat(matrix, weight, axis=0), 3)
    del weighted["alpha"], repeated["alpha"]
    assert close(weighted, repeated)


def test_one_item_with_many_raters_does_not_move_fleiss_far() -> None:
    """Ten raters on one item never rescale the others: Fleiss moves a little, not from -1 to -0.09."""
    matrix = np.full((21, 10), -1, dtype=np.int8)
    matrix[:20, :2] = [0, 1]
    alone = compute_group_coefficients(matrix[:20], 2)
    matrix[20] = 0
    after = compute_group_coefficients(matrix, 2)
    assert alone["fleiss"] == pytest.approx(-1.0)
    assert after["raw"] == pytest.approx(1 / 21)
    assert after["fleiss"] is not None
    assert after["fleiss"] < -0.85
