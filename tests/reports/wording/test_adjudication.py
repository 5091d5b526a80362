"""What a report says of adjudication: only what there is."""

from dataclasses import replace
from types import SimpleNamespace
from typing import cast

import pytest

from secondreader.db.research.adjudication_outcomes import AdjudicationSummary
from secondreader.reports.analysis.result import Analysis
from secondreader.reports.wording.adjudication import describe_adjudication, describe_contested

NONE = AdjudicationSummary(0, 0, 0, 0, 0, 0, 0, {})
SOME = replace(NONE, n_split=5, n_waiting=2, n_decided=3, n_contested=1, kinds={"mistake": 2, "contested": 1})


def describe(summary: AdjudicationSummary | None, unit: str = "transcript") -> list[str]:
    """The sentences on an analysis with this summary; nothing else of the analysis is read."""
    codebook = SimpleNamespace(unit=unit)
    analysis = SimpleNamespace(adjudication=summary, summary=SimpleNamespace(codebook=codebook))
    return list(describe_adjudication(cast(Analysis, analysis)))


@pytest.mark.parametrize("summary", [None, NONE])
def test_without_disputes_there_is_nothing_to_say(summary: AdjudicationSummary | None) -> None:
    """Imported labels have no adjudication; a study without disputes needs none."""
    assert describe(summary) == []


def test_disputes_that_wait_have_no_decisions_to_count() -> None:
    """One sentence, in the codebook's unit."""
    (sentence,) = describe(replace(NONE, n_split=1, n_waiting=1), "scenario")
    assert sentence.startswith("Annotators disagree on 1 scenario, or marked them as contested")
    assert "adjudicators settled 0 scenarios, 1 still wait." in sentence


def test_decisions_are_counted_by_kind() -> None:
    """And contested items are named as items without gold."""
    _, kinds = describe(SOME)
    assert kinds == "Decisions by kind: mistake 2, contested 1. Contested, so without gold: 1 of 3."


def test_what_calls_for_action_is_said() -> None:
    """Labels that changed after a decision, and decisions after unblinding."""
    changed, unblinded = describe(replace(SOME, n_changed=1, n_after_unblinding=2))[2:]
    assert (
        changed == "Annotators have changed their answers on 1 settled transcript since: settle them again."
    )
    assert unblinded == "2 transcripts were settled after judge and people could be compared."
    assert describe(replace(SOME, n_after_unblinding=1))[2].startswith("1 transcript was settled")


def test_contested_because_adjudicators_differ() -> None:
    """Their own disputes are a part of the contested items."""
    assert describe_contested(replace(SOME, n_disputed=1)) == (
        "Contested, so without gold: 1 of 3, on 1 of them because adjudicators differ."
    )
