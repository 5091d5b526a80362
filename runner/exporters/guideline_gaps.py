"""What adjudicators found missing in a guideline, as Markdown and as the beginning of the codebook's next version."""

import re
from collections.abc import Sequence
from itertools import groupby

from secondreader.db.core.codebook import Codebook
from secondreader.db.core.codebook_toml import codebook_toml, next_version
from secondreader.db.research.adjudication_outcomes import Decision

MARKUP = re.compile(r"([\\`*_{}\[\]<>()#+!|~-])")


def gaps_markdown(book: Codebook, gaps: Sequence[Decision]) -> str:
    """One section a question with its gaps; `gaps` in the order of the questions. Says so where there are none."""
    lines = [f"# Guideline gaps of codebook {plain(book.name)}, version {plain(book.version)}", ""]
    if not gaps:
        return "\n".join([*lines, "No adjudicator has named a guideline gap."]) + "\n"
    texts = {question.id: question.text for question in book.questions}
    for question, found in groupby(gaps, key=lambda one: one.question):
        lines += [f"## {plain(texts[question])}", "", *(f"- {gap_line(one)}" for one in found), ""]
    return "\n".join(lines)


def gap_line(gap: Decision) -> str:
    """Reason, decision and what readers had answered, on one line."""
    return (
        f"{plain(gap.reason)} (decided: {plain(gap.answer or 'contested')}; {readers_words(gap)}; "
        f"transcript `{gap.item}`; {plain(gap.adjudicator)}, {gap.decided_at:%Y-%m-%d})"
    )


def readers_words(gap: Decision) -> str:
    """`readers: no 2, yes 1`."""
    return "readers: " + ", ".join(f"{plain(answer)} {n}" for answer, n in gap.answers.items())


def plain(text: str) -> str:
    """Text that Markdown shows as it stands, on one line."""
    return MARKUP.sub(r"\\\1", " ".join(text.split()))


def next_codebook(book: Codebook, gaps: Sequence[Decision]) -> str:
    """The codebook with the next version as TOML, the gaps as comments before the questions that they are about."""
    remarks: dict[str, list[str]] = {}
    for gap in gaps:
        remarks.setdefault(gap.question, []).append(f"gap: {' '.join(gap.reason.split())} ({gap.item})")
    return codebook_toml(book.model_copy(update={"version": next_version(book.version)}), remarks)
