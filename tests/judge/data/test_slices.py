"""One cut of every attribute: values, bands of numbers, lists, missing ones."""

from collections import Counter

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from secondreader.judge.agreement.report import agree
from secondreader.judge.data.frame import FrameError, Ratings, read_frame
from secondreader.judge.data.slices import (
    FEW_NUMBERS,
    MOST_VALUES,
    SliceSet,
    cut_attributes,
    cut_slices,
    format_numbers,
    split_list,
)
from secondreader.judge.disagreement.search import find_disagreements
from secondreader.judge.disagreement.verdict_errors import count_unread_by_slice
from secondreader.judge.rates.corrected import estimate_corrected_rates


def labels_of(pieces: SliceSet) -> list[str]:
    """The labels in order."""
    return [piece.label for piece in pieces.slices]


def test_every_value_is_a_slice_and_missing_is_one_too() -> None:
    """Values sort, whole numbers lose their .0, items without a value stay visible and come last."""
    table = pd.DataFrame({"motive": ["z", "a", None, "a"], "level": [1.0, 2.0, 1.0, np.nan]})
    pieces = cut_attributes(table)
    assert labels_of(pieces) == [
        "motive = a",
        "motive = z",
        "motive = missing",
        "level = 1",
        "level = 2",
        "level = missing",
    ]
    np.testing.assert_array_equal(pieces.columns[:, 0], [0, 1, 0, 1])
    assert (pieces.slices[0].attribute, pieces.slices[0].value) == ("motive", "a")


def test_numbers_are_cut_at_terciles() -> None:
    """Ninety lengths make three slices of thirty, named by their range; missing ones are apart."""
    pieces = cut_attributes(pd.DataFrame({"length": [*range(1, 91), np.nan]}))
    assert labels_of(pieces) == ["length 1 to 30", "length 31 to 60", "length 61 to 90", "length = missing"]
    assert pieces.columns.sum(axis=0).tolist() == [30, 30, 30, 1]


@pytest.mark.parametrize("convert", [int, float, str, np.int64, lambda number: f" {number}.0 "])
def test_numbers_are_cut_alike_however_a_table_holds_them(convert: type) -> None:
    """Whole, broken, written as text or beside empty cells: the same bands with the same labels."""
    values = [convert(k) for k in range(1, 31)]
    for column in (pd.Series(values), pd.Series([*values, None], dtype=object), pd.Series([*values, ""])):
        pieces = cut_attributes(pd.DataFrame({"length": column}))
        assert labels_of(pieces)[:3] == ["length 1 to 10", "length 11 to 20", "length 21 to 30"]


def test_a_band_of_one_number_has_the_label_of_a_value() -> None:
    """Most items have five calls: the band says 5, never 5 to 5, and bands of ties may be fewer than three."""
    calls = [1, 2, 3, 4, *[5] * 20, 6, 7, 8]
    assert labels_of(cut_attributes(pd.DataFrame({"n_calls": calls}))) == [
        "n_calls 1 to 5",
        "n_calls 6 to 8",
    ]
    calls = [*[3] * 10, *[5] * 10, 6, 7, 8, 9, 10, 11]
    assert labels_of(cut_attributes(pd.DataFrame({"n_calls": calls}))) == [
        "n_calls = 3",
        "n_calls = 5",
        "n_calls 6 to 11",
    ]


def test_numbers_that_pile_up_at_the_top_are_still_cut() -> None:
    """Where two thirds of the items have the largest number, it is one band and the rest another."""
    pieces = cut_attributes(pd.DataFrame({"score": [1, 2, 3, 4, 5, 6, *[9] * 30]}))
    assert labels_of(pieces) == ["score 1 to 6", "score = 9"]
    assert pieces.columns.sum(axis=0).tolist() == [6, 30]


def test_values_that_differ_by_white_space_are_two() -> None:
    """Twins are never merged: whoever made the table decides what is a typing error."""
    assert len(cut_attributes(pd.DataFrame({"motive": ["care", " care", "care "]})).slices) == 3


def test_a_word_for_missing_is_not_the_missing_slice() -> None:
    """Where a table says "missing" itself, its empty cells are told apart from that word."""
    pieces = cut_attributes(pd.DataFrame({"motive": ["missing", "care", None]}))
    assert labels_of(pieces) == ["motive = care", "motive = missing", "motive = missing value"]
    assert pieces.columns.sum(axis=0).tolist() == [1, 1, 1]


def test_few_numbers_are_values_in_their_order() -> None:
    """Up to six different numbers are codes, sorted as numbers; the seventh makes a measure of them."""
    codes = [10, 2, -1, 7, 5, 3]
    assert labels_of(cut_attributes(pd.DataFrame({"code": codes}))) == [
        f"code = {code}" for code in sorted(codes)
    ]
    assert len(codes) == FEW_NUMBERS
    assert len(cut_attributes(pd.DataFrame({"code": [*codes, 8]})).slices) == 3


def test_true_and_false_and_words_are_no_numbers() -> None:
    """Booleans and a column with one word stay values, however many."""
    table = pd.DataFrame({"flag": [True, False] * 4, "mixed": [*map(str, range(7)), "many"]})
    assert labels_of(cut_attributes(table))[:2] == ["flag = False", "flag = True"]
    assert labels_of(cut_attributes(table))[2:4] == ["mixed = 0", "mixed = 1"]
    assert len(cut_attributes(table).slices) == 2 + 8


@pytest.mark.parametrize(
    ("column", "reason"),
    [
        ([f"r{k}" for k in range(MOST_VALUES + 1)], f"{MOST_VALUES + 1} values, more than {MOST_VALUES}"),
        (["x", "x"], "one value"),
        ([None, None], "one value"),
        ([], "no value"),
    ],
)
def test_an_attribute_without_slices_is_listed_with_the_reason(column: list[object], reason: str) -> None:
    """A run id, a constant and an empty column are named rather than dropped silently."""
    pieces = cut_attributes(pd.DataFrame({"run": pd.Series(column, dtype=object)}))
    assert not pieces.slices
    assert reason in pieces.uncut[0].reason


@pytest.mark.parametrize(
    ("cell", "values"),
    [
        ("send_mail; read_file", {"send_mail", "read_file"}),
        ("a,b  b", {"a", "b"}),
        (["x", "y"], {"x", "y"}),
        (None, set()),
    ],
)
def test_lists_are_text_or_lists(cell: object, values: set[str]) -> None:
    """Commas, semicolons and white space part values; a missing cell has none."""
    assert split_list(cell) == values


def test_each_value_of_a_list_is_a_slice() -> None:
    """A tool's slice holds the items that list it, whatever else they list; what all or none have makes none."""
    tools = ["read, send_mail", "read;delete", "read", "", None]
    pieces = cut_attributes(pd.DataFrame({"tools": tools}), lists=["tools"])
    assert labels_of(pieces) == ["tool 'delete'", "tool 'read'", "tool 'send_mail'"]
    assert pieces.columns.sum(axis=0).tolist() == [1, 3, 1]
    assert {piece.kind for piece in pieces.slices} == {"term"}
    alike = cut_attributes(pd.DataFrame({"tools": ["read"] * 3}), lists=["tools"])
    assert "some items have and others lack" in alike.uncut[0].reason


def test_rare_entries_of_a_long_list_are_counted_in_a_sentence() -> None:
    """Of a hundred tools the sixty of most transcripts are slices."""
    tools = [f"t{k:02d}, common" if k else "none" for k in range(101)]
    pieces = cut_attributes(pd.DataFrame({"tools": tools}), lists=["tools"])
    assert len(pieces.slices) == MOST_VALUES
    assert "tool 'common'" in labels_of(pieces)
    assert pieces.uncut[0].reason.startswith("42 rare values of tools")


def test_an_unknown_attribute_is_an_error_that_says_which_there_are() -> None:
    """One sentence for agreement, rates and the search alike."""
    rows = [("a", "H", "human", "yes", "x"), ("a", "J", "judge", "yes", "x"), ("b", "H", "human", "no", "y")]
    ratings = read_frame(pd.DataFrame(rows, columns=["item", "rater", "kind", "answer", "motive"]))
    sentence = "no slice column 'motif': choose from: motive"
    with pytest.raises(FrameError, match=sentence):
        agree(ratings, slices=["motif"])
    with pytest.raises(FrameError, match=sentence):
        estimate_corrected_rates(ratings, by=["motif"])
    with pytest.raises(FrameError, match=sentence):
        find_disagreements(ratings, slices=["motif"])


def test_an_empty_table_has_no_slices() -> None:
    """No attribute, no slice, no error."""
    pieces = cut_attributes(pd.DataFrame(index=pd.RangeIndex(5)))
    assert pieces.slices == ()
    assert pieces.columns.shape == (5, 0)


numbers = st.one_of(
    st.integers(-5, 30).map(float), st.floats(allow_nan=False, allow_infinity=False, width=64), st.none()
)


@given(st.lists(numbers, min_size=1, max_size=60))
def test_the_slices_of_an_attribute_share_out_the_items(values: list[float | None]) -> None:
    """Every item is in exactly one slice, no slice is empty, and no two read alike or name a range of one number."""
    pieces = cut_attributes(pd.DataFrame({"x": pd.Series(values, dtype="float64")}))
    distinct = {value for value in values if value is not None}
    if len(distinct) + (None in values) < 2:
        assert not pieces.slices
        return
    np.testing.assert_array_equal(pieces.columns.sum(axis=1), 1)
    assert (pieces.columns.sum(axis=0) > 0).all()
    assert max(Counter(labels_of(pieces)).values()) == 1
    for piece in pieces.slices:
        low, _, high = piece.value.partition(" to ")
        assert low != high


@given(st.sets(st.floats(allow_nan=False, allow_infinity=False), max_size=30))
def test_different_numbers_read_differently(values: set[float]) -> None:
    """However close two numbers are, their labels differ."""
    assert len(set(format_numbers(values).values())) == len(values)


def judged_frame() -> Ratings:
    """120 items with a word, a measure in whole numbers, one in text, a code, lists and gaps."""
    rng = np.random.default_rng(8)
    items = pd.DataFrame(
        {
            "item": [f"i{k:03d}" for k in range(120)],
            "cluster": [f"s{k // 3}" for k in range(120)],
            "motive": rng.choice(["care", "speed", "none"], 120),
            "n_calls": np.where(rng.random(120) < 0.5, 5, rng.integers(1, 14, 120)),
            "length": [str(number) for number in rng.integers(100, 9_000, 120)],
            "level": rng.integers(0, 3, 120),
            "tools": rng.choice(["read, mail", "read", "mail, delete"], 120),
        }
    )
    items.loc[:25, "motive"] = None
    items.loc[90:, "length"] = ""
    people = [items.assign(rater=r, kind="human", answer=rng.choice(["yes", "no"], 120)) for r in "ABC"]
    judge = items.assign(
        rater="J", kind="judge", answer=rng.choice(np.array(["yes", "no", None], dtype=object), 120)
    )
    return read_frame(pd.concat([*people, judge], ignore_index=True))


def test_every_section_cuts_an_attribute_in_the_same_way() -> None:
    """Agreement, rates, tests and unread verdicts name the same slices, with the same items in them."""
    ratings = judged_frame()
    members = {(piece.attribute, piece.value): mask for piece, mask in cut_slices(ratings).list_members()}
    labels = {(piece.attribute, piece.value): piece.label for piece in cut_slices(ratings).slices}
    figures = agree(ratings, resamples=0)
    scopes = {(estimate.scope.slice_name, estimate.scope.slice_value) for estimate in figures.estimates} - {
        ("", "")
    }
    assert scopes == set(members)
    for key, mask in members.items():
        share = figures.find("unparsed_share", "judge-human", slice_name=key[0], slice_value=key[1])
        assert share.n == mask.sum()
    rates = estimate_corrected_rates(ratings, by=list(ratings.slices.columns))
    assert {(group.column, group.group): group.n_judged for group in rates.groups} == {
        key: mask.sum() for key, mask in members.items()
    }
    assert {group.label for group in rates.groups} == set(labels.values())
    search = find_disagreements(ratings, permutations=199, pairs=False)
    tests = search.build_frame().query("statistic == 'error'")
    tested = dict(zip(zip(tests["attributes"], tests["values"], strict=True), tests["slice"], strict=True))
    assert tested
    assert tested.items() <= labels.items()
    gold = figures.gold.isin(["yes", "no"]).to_numpy() & (ratings.verdict[:, 0] >= 0)
    for row in tests.to_dict("records"):
        assert row["n_in"] == (members[row["attributes"], row["values"]] & gold).sum()
    unread = count_unread_by_slice(ratings, 0)
    lost = ratings.state[:, 0] > 1
    assert dict(zip(unread["slice"], unread["n_unread"], strict=True)) == {
        labels[key]: (mask & lost).sum() for key, mask in members.items() if (mask & lost).any()
    }
