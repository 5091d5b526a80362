"""What adjudicators found missing in a guideline, as Markdown and as the beginning of the codebook's next version."""

import re
from collections.abc import Sequence
from itertools import groupby

from secondreader.db.core.codebook import Codebook
from secondreader.db.research.adjudication_outcomes import AdjudicationDecision
from secondreader.runner.exporters.codebook_toml import bump_version, format_codebook_toml

MARKUP = re.compile(r"([\\`*_{}\[\]<>()#+!|~-])")


def render_gaps(book: Codebook, gaps: Sequence[AdjudicationDecision]) -> str:
    """One section a question with its gaps; `gaps` in the order of the questions. Says so where there are none."""
    lines = [
        f"# Guideline gaps of codebook {escape_markdown(book.name)}, version {escape_markdown(book.version)}",
        "",
    ]
    if not gaps:
        return "\n".join([*lines, "No adjudicator has named a guideline gap."]) + "\n"
    texts = {question.id: question.text for question in book.questions}
    for question, of_question in groupby(gaps, key=lambda gap: gap.question):
        lines += [
            f"## {escape_markdown(texts[question])}",
            "",
            *(f"- {format_gap(gap)}" for gap in of_question),
            "",
        ]
    return "\n".join(lines)


def format_gap(gap: AdjudicationDecision) -> str:
    """Reason, decision and what readers had answered, on one line."""
    return (
        f"{escape_markdown(gap.reason)} (decided: {escape_markdown(gap.answer or 'contested')}; {format_rater_answers(gap)}; "
        f"transcript `{gap.item}`; {escape_markdown(gap.adjudicator)}, {gap.decided_at:%Y-%m-%d})"
    )


def format_rater_answers(gap: AdjudicationDecision) -> str:
    """`readers: no 2, yes 1`."""
    return "readers: " + ", ".join(f"{escape_markdown(answer)} {n}" for answer, n in gap.answers.items())


def escape_markdown(text: str) -> str:
    """Text that Markdown shows as it stands, on one line."""
    return MARKUP.sub(r"\\\1", " ".join(text.split()))


def make_next_codebook(book: Codebook, gaps: Sequence[AdjudicationDecision]) -> str:
    """The codebook with the next version as TOML, the gaps as comments before the questions that they are about."""
    remarks: dict[str, list[str]] = {}
    for gap in gaps:
        remarks.setdefault(gap.question, []).append(f"gap: {' '.join(gap.reason.split())} ({gap.item})")
    return format_codebook_toml(book.model_copy(update={"version": bump_version(book.version)}), remarks)
