"""What pages and forms of the console show things with, and text that stays text.

Names and transcripts come from outside. They are shown as blocks, whose renderer escapes them, or in data frames; never
through functions that read Markdown.
"""

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import pandas as pd
import streamlit as st
from markupsafe import Markup

from secondreader.reports.analysis.result import INTERIM_LOOKS_NOTE, Analysis
from secondreader.reports.charts.drawing import draw_interval_chart
from secondreader.reports.charts.marks import IntervalChart
from secondreader.reports.render.environment import render_blocks
from secondreader.reports.sections.blocks import Block, Figures, Heading, Paragraph, Sentences, Table, Tone
from secondreader.reports.sections.figures import make_figures
from secondreader.reports.wording.names import finish_sentence

STYLE_FILE = Path(__file__).parent / "console.css"
DESK_ADDRESS = "http://localhost:8501"
"""Where annotators reach the desk, unless a form says otherwise."""
LINKS_SHOWN_ONCE = "Links are secrets and are shown this once: copy them now. Only their hashes are kept."
MAX_ROWS = 25
"""Rows up to which a table is shown whole; a longer one scrolls in a box."""


def show_html(*parts: Markup) -> None:
    """Show what the templates made; Streamlit strips scripts and handlers once more."""
    # one box for the style sheet to find what is ours among what is Streamlit's
    st.html(f'<div class="sr">{Markup("").join(parts)}</div>')


def show_blocks(*blocks: Block) -> None:
    """Show blocks one after the other; empty ones leave no trace."""
    if any(not block.is_empty for block in blocks):
        show_html(render_blocks(blocks))


def show_paragraph(text: str, tone: Tone = "plain") -> None:
    """Show running text."""
    show_blocks(Paragraph(text, tone))


def show_sentences(sentences: Iterable[str], title: str = "") -> None:
    """Show a list, under its title if it has one; nothing where there is no sentence."""
    items = tuple(sentences)
    if items:
        show_blocks(*([Heading(title, level=4)] if title else []), Sentences(items))


def show_refusal(error: Exception) -> None:
    """Why something was not done."""
    show_paragraph(str(error), "refusal")


def show_success(sentence: str) -> None:
    """What was done."""
    show_paragraph(sentence, "done")


def show_links(address: str, links: Iterable[tuple[str, str]]) -> None:
    """New links of (name, token). What follows the # is never sent with a request, so no log holds it."""
    show_success(LINKS_SHOWN_ONCE)
    for name, token in links:
        show_paragraph(name)
        # a code block has a button to copy the whole link
        st.code(f"{address.rstrip('/')}/join#{token}", language=None, wrap_lines=True)


def rerun_with_message(sentence: str) -> None:
    """Run the page again, which then shows the new state below this sentence."""
    # session state survives the rerun, which draws a new page
    st.session_state["settled"] = sentence
    st.rerun()


def show_rerun_message() -> None:
    """The sentence of what was just done, once."""
    sentence = st.session_state.pop("settled", None)
    if sentence:
        show_success(sentence)


def show_notices(analysis: Analysis) -> None:
    """What is missing, above everything else on a page."""
    show_blocks(Sentences(analysis.deviations, "caution"))
    show_blocks(Sentences(analysis.missing, "caution"))
    if analysis.sealed:
        show_paragraph("The page Progress closes and unblinds a study.", "quiet")
    if analysis.summary.interim_looks and analysis.judges:
        show_paragraph(finish_sentence(INTERIM_LOOKS_NOTE), "quiet")


def show_table(frame: pd.DataFrame, columns: dict[str, Any] | None = None) -> None:
    """A table without row numbers, `columns` as in st.dataframe; a cell without a value has a dash."""
    # a table of known length is not cut to a box that scrolls
    high: Literal["content", "auto"] = "content" if len(frame) <= MAX_ROWS else "auto"
    st.dataframe(frame, hide_index=True, column_config=columns, placeholder="–", height=high)


def format_time(at: datetime | None) -> str | None:
    """A time for a table: as everywhere, in UTC and to the minute."""
    return None if at is None else f"{at:%Y-%m-%d %H:%M} UTC"


def shorten_id(item: str) -> str:
    """As much of a transcript's id as tells it from others."""
    return item[:8]


def build_table_frame(table: Table) -> pd.DataFrame:
    """A table of a report as a frame."""
    return pd.DataFrame(list(table.rows), columns=list(table.head))


def build_figures_frame(figures: Figures) -> pd.DataFrame:
    """A table of figures as a frame."""
    head = [*figures.scope, "figure", "value", "95 % interval", "n", "scenarios", "remarks"]
    rows = [
        [
            *figure.scope,
            figure.name,
            figure.value or "undefined",
            figure.interval or "–",
            figure.n,
            figure.n_scenarios,
            f"{figure.reason} {figure.remarks}".strip(),
        ]
        for figure in figures.figures
    ]
    return pd.DataFrame(rows, columns=head)


def show_estimates(estimates: pd.DataFrame, scope: dict[str, str] | None = None) -> None:
    """A table of figures; `scope` maps scope columns to headings. Nothing where there is no figure."""
    figures = make_figures(estimates, "", scope)
    if not figures.is_empty:
        show_table(build_figures_frame(figures))


def show_chart(chart: IntervalChart, alt: str) -> None:
    """The chart of a report; nothing where there is nothing to draw."""
    if chart.has_values:
        st.altair_chart(draw_interval_chart(chart), alt=alt)


def choose_judge(analysis: Analysis, key: str) -> str | None:
    """One judge of the analysis, at first the headline's; None where there is none.

    A choice is of this study: in another one, its own headline's judge is chosen again.
    """
    names = [part.judge for part in analysis.judges]
    if len(names) < 2:
        return names[0] if names else None
    headline = analysis.summary.headline
    chosen = st.selectbox(
        "Judge", names, format_func=headline.format_title, key=f"{key}-{analysis.summary.name}"
    )
    away = headline.explain_deviation([chosen or names[0]], chosen=chosen, reference=None)
    if away and headline.judge in names:
        show_paragraph(away, "caution")
    return chosen or names[0]
