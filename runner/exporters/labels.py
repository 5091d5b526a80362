"""What researchers take home of a study's labels, as files: the use of each label, decisions, gaps of the guideline."""

from collections.abc import Iterable
from io import StringIO
from typing import TYPE_CHECKING

from secondreader.db.core.codebook import Codebook
from secondreader.db.core.engine import DatabaseSession
from secondreader.db.research.adjudication_outcomes import (
    AdjudicationDecision,
    list_decisions,
    load_guideline_gaps,
)
from secondreader.db.research.label_usage import USAGE_COLUMNS, UsageRow, build_csv_row, list_label_usage
from secondreader.runner.exporters.guideline_gaps import render_gaps
from secondreader.runner.exporters.spreadsheet_csv import write_rows

if TYPE_CHECKING:
    from secondreader.db.core.records import StudyRecord

DECISION_COLUMNS = (
    "item",
    "question",
    "adjudicator",
    "answer",
    "kind",
    "reason",
    "decided_at",
    "counts",
    "readers_then",
    "changed_since",
    "after_unblinding",
)


def list_usage_rows(
    session: DatabaseSession, study: "StudyRecord", questions: Iterable[str]
) -> list[UsageRow]:
    """Every revision of every label, once for each of these questions."""
    return [row for question in questions for row in list_label_usage(session, study, question)]


def format_usage_csv(rows: Iterable[UsageRow]) -> str:
    """Which label is used in which figure, or why it is not."""
    out = StringIO()
    write_rows(out, USAGE_COLUMNS, map(build_csv_row, rows))
    return out.getvalue()


def format_decisions_csv(rows: Iterable[AdjudicationDecision]) -> str:
    """Every decision of adjudicators, corrected ones too."""
    out = StringIO()
    write_rows(out, DECISION_COLUMNS, map(decision_to_row, rows))
    return out.getvalue()


def decision_to_row(decision: AdjudicationDecision) -> tuple[str | bool | None, ...]:
    """One row of a CSV file."""
    return (
        decision.item,
        decision.question,
        decision.adjudicator,
        decision.answer,
        decision.kind,
        decision.reason,
        decision.decided_at.isoformat(),
        decision.is_latest,
        "; ".join(f"{answer} {n}" for answer, n in decision.answers.items()),
        decision.has_changed,
        decision.is_after_unblinding,
    )


def build_label_files(session: DatabaseSession, study: "StudyRecord") -> dict[str, str]:
    """File name -> content. Decisions and gaps are there where somebody has adjudicated."""
    book = Codebook.model_validate(study.codebook)
    files = {
        "labels.csv": format_usage_csv(
            list_usage_rows(session, study, [question.id for question in book.questions])
        )
    }
    made = list_decisions(session, study)
    if made:
        files["decisions.csv"] = format_decisions_csv(made)
        files["guideline-gaps.md"] = render_gaps(book, load_guideline_gaps(session, study))
    return files
