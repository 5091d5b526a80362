"""Small words of the console's pages: times, hashes, commands, shares of a shared queue."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine

from secondreader.db.core.engine import read_session
from secondreader.judge.inference.estimate import Estimate, Reason
from secondreader.judge.rates.corrected import RateDifference
from secondreader.judge.rates.estimators import NAIVE
from secondreader.reports.analysis.load import load_snapshot
from secondreader.reports.analysis.study_facts import summarize_study
from secondreader.reports.pages.audit import shorten_value
from secondreader.reports.pages.progress import compute_share, describe_progress
from secondreader.reports.pages.rates import describe_differences
from secondreader.reports.render.environment import mark_code_spans
from secondreader.reports.widgets.widgets import format_time
from tests.db.shared_study import shared_study


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("4cfc10b40da404394dded803c11f01e159637a872fe37135b39534deb1220757", "4cfc10b40da4"),
        ("2026-12-26T11:03:06.529015+00:00", "2026-12-26 11:03 UTC"),
        ("2026-12-26T11:03:06+00:00", "2026-12-26 11:03 UTC"),
        ("two annotators compared notes", "two annotators compared notes"),
        ("2026-12-26", "2026-12-26"),
    ],
)
def test_details_of_an_event_are_short(value: str, shown: str) -> None:
    """Hashes by their beginning, times to the minute, words as they are."""
    assert shorten_value(value) == shown


def test_times_are_in_utc_to_the_minute() -> None:
    """One form for all tables; no time stays no time, which a table shows as a dash."""
    assert format_time(datetime(2026, 5, 4, 3, 2, 59, tzinfo=UTC)) == "2026-05-04 03:02 UTC"
    assert format_time(None) is None


def test_commands_in_a_sentence_are_set_as_code_and_escaped() -> None:
    """What stands between backticks is code; nothing of it is HTML."""
    assert mark_code_spans("say `a <b>` now") == "say <code>a &lt;b&gt;</code> now"


def test_shares_are_whole_per_cent() -> None:
    """A bar says 88 %, not 88.24 %; of nothing there is no share."""
    assert compute_share(15, 17) == 0.88
    assert compute_share(0, None) is None
    assert compute_share(0, 0) is None


def test_a_shared_queue_is_not_measured_by_what_people_hold(lite: Engine) -> None:
    """Nobody has labelled and nothing is assigned in advance: no share of assigned labels is told."""
    shared_study(lite, 2, 4, 1)
    with read_session(lite) as session:
        facts = summarize_study(load_snapshot(session, "shared"))
    assert describe_progress(facts) == "4 transcripts from 4 scenarios; 0 labels so far, from a shared queue"


def test_undefined_differences_are_counted_not_repeated() -> None:
    """One sentence for each known difference, one for all the others."""
    known = Estimate(NAIVE, 0.1, low=0.0, high=0.2, n=9)
    unknown = Estimate(NAIVE, None, reason=Reason.NOT_IDENTIFIED)
    pairs = [("a", known), ("b", unknown), ("c", unknown)]
    made = [RateDifference("persona", name, "none", known, corrected) for name, corrected in pairs]
    assert describe_differences(made, "persona") == [
        "a minus none: +10.0 percentage points [+0.0, +20.0].",
        "2 differences of corrected rates cannot be computed from these data; the table says why",
    ]
    assert describe_differences(made, "model") == []
