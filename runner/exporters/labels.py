"""What researchers take home of a study's labels, as files: the use of each label, decisions, gaps of the guideline."""

from collections.abc import Iterable
from io import StringIO
from typing import TYPE_CHECKING

from secondreader.db.core.codebook import Codebook
from secondreader.db.research.adjudication_outcomes import Decision, decisions, guideline_gaps
from secondreader.db.research.label_usage import COLUMNS as USAGE_COLUMNS
from secondreader.db.research.label_usage import UsageRow, csv_row, label_usage
from secondreader.runner.exporters.guideline_gaps import gaps_markdown
from secondreader.runner.exporters.spreadsheet_csv import write_rows

if TYPE_CHECKING:
    from sqlmodel import Session

    from secondreader.db.core.tables import Study

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


def usage_rows(session: "Session", study: "Study", questions: Iterable[str]) -> list[UsageRow]:
    """Every revision of every label, once for each of these questions."""
    return [row for question in questions for row in label_usage(session, study, question)]


def usage_csv(rows: Iterable[UsageRow]) -> str:
    """Which label is used in which figure, or why it is not."""
    out = StringIO()
    write_rows(out, USAGE_COLUMNS, map(csv_row, rows))
    return out.getvalue()


def decisions_csv(made: Iterable[Decision]) -> str:
    """Every decision of adjudicators, corrected ones too."""
    out = StringIO()
    write_rows(out, DECISION_COLUMNS, map(decision_row, made))
    return out.getvalue()


def decision_row(one: Decision) -> tuple[str | bool | None, ...]:
    """One row of a CSV file."""
    return (
        one.item,
        one.question,
        one.adjudicator,
        one.answer,
        one.kind,
        one.reason,
        one.decided_at.isoformat(),
        one.is_latest,
        "; ".join(f"{answer} {n}" for answer, n in one.answers.items()),
        one.has_changed,
        one.is_after_unblinding,
    )


def label_files(session: "Session", study: "Study") -> dict[str, str]:
    """File name -> content. Decisions and gaps are there where somebody has adjudicated."""
    book = Codebook.model_validate(study.codebook)
    files = {"labels.csv": usage_csv(usage_rows(session, study, [one.id for one in book.questions]))}
    made = decisions(session, study)
    if made:
        files["decisions.csv"] = decisions_csv(made)
        files["guideline-gaps.md"] = gaps_markdown(book, guideline_gaps(session, study))
    return files
