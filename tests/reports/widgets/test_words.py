"""Small words of the console's pages: times, hashes, commands, shares of a shared queue."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine

from secondreader.db.core.engine import reading
from secondreader.db.design.studies import get_study
from secondreader.judge.inference.estimate import Estimate, Reason
from secondreader.judge.rates.corrected import RateDifference
from secondreader.reports.analysis.study_facts import study_facts
from secondreader.reports.pages.audit import shortened
from secondreader.reports.pages.progress import share, standing
from secondreader.reports.pages.rates import difference_sentences
from secondreader.reports.widgets.view import code, moment
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
    assert shortened(value) == shown


def test_times_are_in_utc_to_the_minute() -> None:
    """One form for all tables; no time stays no time, which a table shows as a dash."""
    assert moment(datetime(2026, 5, 4, 3, 2, 59, tzinfo=UTC)) == "2026-05-04 03:02 UTC"
    assert moment(None) is None


def test_commands_in_a_sentence_are_set_as_code_and_escaped() -> None:
    """What stands between backticks is code; nothing of it is HTML."""
    assert code("say `a <b>` now") == ["say ", "<code>a &lt;b&gt;</code>", " now"]


def test_shares_are_whole_per_cent() -> None:
    """A bar says 88 %, not 88.24 %; of nothing there is no share."""
    assert share(15, 17) == 0.88
    assert share(0, None) is None
    assert share(0, 0) is None


def test_a_shared_queue_is_not_measured_by_what_people_hold(lite: Engine) -> None:
    """Nobody has labelled and nothing is assigned in advance: no share of assigned labels is told."""
    shared_study(lite, 2, 4, 1)
    with reading(lite) as session:
        facts = study_facts(session, get_study(session, "shared"))
    assert standing(facts) == "4 transcripts from 4 scenarios; 0 labels so far, from a shared queue"


def test_undefined_differences_are_counted_not_repeated() -> None:
    """One sentence for each known difference, one for all the others."""
    known = Estimate("d", 0.1, low=0.0, high=0.2, n=9)
    unknown = Estimate("d", None, reason=Reason.NOT_IDENTIFIED)
    pairs = [("a", known), ("b", unknown), ("c", unknown)]
    made = [RateDifference("persona", name, "none", known, one) for name, one in pairs]
    assert difference_sentences(made, "persona") == [
        "a minus none: +10.0 percentage points [+0.0, +20.0].",
        "2 differences of corrected rates cannot be told from these data; the table says why",
    ]
    assert difference_sentences(made, "model") == []
