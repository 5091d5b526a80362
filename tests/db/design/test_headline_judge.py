"""Which judge the headline is about, and what is said where another one is shown."""

from typing import Any

import pytest

from secondreader.db.design.headline_judge import (
    PLAN_JUDGE,
    SECONDARY_JUDGE,
    STRATA_JUDGE,
    choose_headline_judge,
)

STRATIFIED = {"strata": "verdict", "judge": "b"}
NAMED = STRATIFIED | {"analyses": {"judge": "c"}}


@pytest.mark.parametrize(
    ("plan", "judge", "role", "others"),
    [
        (NAMED, "c", PLAN_JUDGE, SECONDARY_JUDGE),
        (STRATIFIED, "b", STRATA_JUDGE, SECONDARY_JUDGE),
        (STRATIFIED | {"strata": "none"}, "a", "", ""),
        ({}, "a", "", ""),
    ],
)
def test_the_plan_goes_before_the_strata_and_these_before_the_counts(
    plan: dict[str, Any], judge: str, role: str, others: str
) -> None:
    """The judge of no strata is none; the others are secondary where the plan tells them apart."""
    found = choose_headline_judge(plan, ["a", "b", "c"])
    assert (found.judge, found.role) == (judge, role)
    assert [found.get_role(one) for one in "abc" if one != judge] == [others] * 2
    assert judge in found.reason


def test_one_judge_is_named_only_if_the_plan_names_it() -> None:
    """Alone, a judge is not distinguished from others; no judge at all is said."""
    assert choose_headline_judge(STRATIFIED, ["b"]).format_title("b") == "b"
    assert choose_headline_judge(STRATIFIED, ["b"]).reason == "b: the only judge"
    assert choose_headline_judge(NAMED, ["c"]).format_title("c") == "c (the plan's judge)"
    assert choose_headline_judge({}, []).reason == "none: there are no verdicts yet"


def test_sentences_begin_with_the_role() -> None:
    """As the report says them."""
    found = choose_headline_judge(NAMED, ["a", "c"])
    assert [found.format_sentence_start(one) for one in "ca"] == [
        "The plan's judge c",
        "The secondary judge a",
    ]
    assert choose_headline_judge({}, ["A b"]).format_sentence_start("A b") == "The judge A b"


@pytest.mark.parametrize(
    ("plan", "shown", "chosen", "reference", "sentence"),
    [
        (NAMED, "ca", None, None, None),
        (NAMED, "c", "c", "a", None),
        (NAMED, "", None, None, None),
        (STRATIFIED, "a", "a", None, None),
        (NAMED, "a", "a", None, "these are figures of a alone: the analyst's choice, and a deviation"),
        (
            NAMED,
            "ab",
            None,
            "c",
            "the others are compared with it, and these are figures of a, b: a deviation",
        ),
        (NAMED, "ab", None, None, "it has no verdict on this question, and figures of a, b are secondary."),
    ],
)
def test_another_judge_than_the_plans_is_told(
    plan: dict[str, Any], shown: str, chosen: str | None, reference: str | None, sentence: str | None
) -> None:
    """Only where the plan names one whose figures are not there."""
    said = choose_headline_judge(plan, ["a", "b", "c"]).explain_deviation(
        list(shown), chosen=chosen, reference=reference
    )
    assert (said is None) is (sentence is None)
    assert sentence is None or (said is not None and sentence in said)
