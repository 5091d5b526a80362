"""What the console's pages share: the choices of the sidebar, the cached analysis, and text that stays text.

Names and transcripts come from outside. They are shown through `html`, which escapes them, or in data frames; never
through functions that read Markdown.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import pandas as pd
import streamlit as st

from secondreader.db.core.engine import Database, read_session
from secondreader.db.core.hashing import compute_content_hash
from secondreader.db.research.saved_reports import list_study_names
from secondreader.reports.analysis.analyse import analyse
from secondreader.reports.analysis.load import load_snapshot
from secondreader.reports.analysis.options import LABEL_SOURCES, AnalysisOptions, choose_label_source
from secondreader.reports.analysis.preparation import compute_study_hash
from secondreader.reports.analysis.result import INTERIM_LOOKS_NOTE, Analysis
from secondreader.reports.analysis.study_facts import StudySummary, summarize_study
from secondreader.reports.charts.marks import list_rows
from secondreader.reports.document.markup import Html, finish_sentence, render_sentences, tag
from secondreader.reports.document.tables import format_cells
from secondreader.reports.wording.names import name_row

DESK_ADDRESS = "http://localhost:8501"
"""Where annotators reach the desk, unless a form says otherwise."""
LINKS_SHOWN_ONCE = "Links are secrets and are shown this once: copy them now. Only their hashes are kept."
FRESH_SECONDS = 3
"""How old the page's view of the data may be."""
MAX_ROWS = 25
"""Rows up to which a table is shown whole; a longer one scrolls in a box."""
STYLE = """<style>
div[data-testid="stMainBlockContainer"] { padding-top: 2rem; padding-bottom: 4rem; }
div[data-testid="stMainBlockContainer"] h1 { font-size: 2.2rem; padding: .4rem 0 .6rem; }
@media (max-width: 768px) { div[data-testid="stMainBlockContainer"] { padding-top: 3.75rem; } }
div[data-testid="stVegaLiteChart"] svg :is(.role-axis-label, .role-axis-title, .role-legend-label) text { fill: currentColor; }
.sr p, .sr li, .sr dd { overflow-wrap: anywhere; max-width: 52rem; }
.sr ul { padding-left: 1.2rem; }
.sr li { margin: .3rem 0; }
.sr-notice p { margin: 0; }
.sr-notice p + p { margin-top: .4rem; }
.sr-notice { margin: 0; padding: .6rem 1rem; font-weight: 600; border-left: 4px solid #d9a520;
  background: color-mix(in srgb, #d9a520 16%, transparent); overflow-wrap: anywhere; }
.sr-done { margin: 0; padding: .6rem 1rem; border-left: 4px solid #2e8b57;
  background: color-mix(in srgb, #2e8b57 14%, transparent); overflow-wrap: anywhere; }
.sr-quiet { opacity: .75; font-size: .9rem; }
div[data-testid="stCaptionContainer"] { opacity: .8; }
button[data-testid^="stBaseButton-primary"] p { color: light-dark(#fff, #10151d); }
button[data-testid^="stBaseButton-primary"]:is(:hover, :active) p { color: #fff; }
.sr-turn { border: 1px solid color-mix(in srgb, currentColor 18%, transparent); border-radius: .5rem;
  padding: .5rem .85rem; margin: .6rem 0; overflow-wrap: anywhere; }
.sr-turn pre, .sr-said pre { white-space: pre-wrap; overflow-wrap: anywhere; font: inherit; margin: .35rem 0;
  background: none; padding: 0; }
.sr-role { font-weight: 600; font-size: .85rem; }
.sr-tool { background: color-mix(in srgb, currentColor 5%, transparent); }
.sr-reasoning { border-left: 3px solid color-mix(in srgb, currentColor 30%, transparent); padding-left: .75rem; }
.sr-call { font-family: ui-monospace, Menlo, Consolas, monospace; font-size: .85rem; }
.sr-evidence { border-left: 4px solid #d9a520; }
.sr-mark { background: color-mix(in srgb, #d9a520 28%, transparent); border-radius: .3rem; padding: 0 .4rem;
  margin-left: .4rem; font-weight: 400; }
.sr mark { background: color-mix(in srgb, #d9a520 34%, transparent); color: inherit; border-radius: .2rem; }
.sr-said { border-top: 1px solid color-mix(in srgb, currentColor 18%, transparent); padding: .5rem 0; }
.sr dl { display: grid; grid-template-columns: minmax(7rem, max-content) minmax(0, 1fr); gap: .2rem 1rem; margin: 0; padding: 0; }
.sr dt { opacity: .75; }
.sr dd { margin: 0; }
</style>"""


@dataclass(frozen=True, slots=True)
class ConsoleView:
    """What the researcher looks at."""

    engine: Database
    summary: StudySummary
    options: AnalysisOptions
    actor: str = "researcher"
    """Who looks and decides, for the audit log."""

    @property
    def study(self) -> str:
        """Name of the study."""
        return self.summary.name


def show_html(*parts: Any) -> None:
    """Show HTML made by `markup`; Streamlit strips scripts and handlers once more."""
    st.html(tag("div", *parts, class_="sr"))


def show_refusal(error: Exception) -> None:
    """Why something was not done."""
    show_html(tag("p", str(error), class_="sr-notice", role="alert"))


def show_success(sentence: str) -> None:
    """What was done."""
    show_html(tag("p", sentence, class_="sr-done", role="status"))


def show_links(address: str, links: Iterable[tuple[str, str]]) -> None:
    """New links of (name, token). What follows the # is never sent with a request, so no log holds it."""
    show_success(LINKS_SHOWN_ONCE)
    for name, token in links:
        show_html(tag("p", name))
        st.code(f"{address.rstrip('/')}/join#{token}", language=None, wrap_lines=True)


def rerun_with_message(sentence: str) -> None:
    """Run the page again, which then shows the new state below this sentence."""
    st.session_state["settled"] = sentence
    st.rerun()


def show_rerun_message() -> None:
    """The sentence of what was just done, once."""
    sentence = st.session_state.pop("settled", None)
    if sentence:
        show_success(sentence)


def choose_view(engine: Database, actor: str, *, results: bool = True) -> ConsoleView | None:
    """The study from the sidebar, for `results` with question and source of labels; None where there is no study."""
    with read_session(engine) as session:
        names = list_study_names(session)
    if not names:
        return None
    with st.sidebar:
        name = st.selectbox("Study", names, key="study", bind="query-params") or names[0]
        with read_session(engine) as session:
            facts = summarize_study(load_snapshot(session, name))
        if not results:
            return ConsoleView(engine, facts, AnalysisOptions(), actor)
        ids = [one.id for one in facts.codebook.questions]
        texts = {one.id: one.text for one in facts.codebook.questions}
        question = st.selectbox(
            "Question", ids, format_func=lambda one: texts.get(one, one), key=f"question-{name}"
        )
        usual = LABEL_SOURCES.index(choose_label_source(facts))
        source = st.selectbox("Labels from", LABEL_SOURCES, index=usual, key=f"source-{name}")
    return ConsoleView(engine, facts, AnalysisOptions(question=question or ids[0], source=source), actor)


@st.cache_data(ttl=FRESH_SECONDS, max_entries=64, show_spinner=False)
def compute_current_hash(_engine: Database, name: str) -> str:
    """Hash of a study's data and of whether it is blind, looked at every few seconds."""
    with read_session(_engine) as session:
        snapshot = load_snapshot(session, name)
    return compute_content_hash([compute_study_hash(snapshot), snapshot.seal])


@st.cache_resource(max_entries=16, show_spinner="Computing agreement and intervals")
def load_cached_analysis(_engine: Database, name: str, options: AnalysisOptions, data: str) -> Analysis:
    """The analysis of these very data; shared by all researchers, for nobody's name or role is in it."""
    with read_session(_engine) as session:
        snapshot = load_snapshot(session, name, texts=options.words)
    return analyse(snapshot, options)


def load_analysis(view: ConsoleView) -> Analysis:
    """The analysis that the view asks for, computed once for the same data and options."""
    data = compute_current_hash(view.engine, view.study)
    return load_cached_analysis(view.engine, view.study, view.options, data)


def render_inline_code(sentence: str) -> list[Html | str]:
    """A sentence of ours whose commands stand between backticks."""
    return [tag("code", part) if at % 2 else part for at, part in enumerate(sentence.split("`"))]


def show_notices(analysis: Analysis) -> None:
    """What is missing, above everything else on a page."""
    for notes in (analysis.deviations, analysis.missing):
        if notes:
            show_html(
                tag(
                    "div",
                    *(tag("p", *render_inline_code(finish_sentence(one))) for one in notes),
                    class_="sr-notice",
                )
            )
    if analysis.sealed:
        show_html(tag("p", "The page Progress closes and unblinds a study.", class_="sr-quiet"))
    if analysis.summary.interim_looks and analysis.judges:
        show_html(tag("p", finish_sentence(INTERIM_LOOKS_NOTE), class_="sr-quiet"))


def show_table(frame: pd.DataFrame, columns: dict[str, Any] | None = None) -> None:
    """A table without row numbers, `columns` as in st.dataframe; a cell without a value has a dash."""
    high: Literal["content", "auto"] = "content" if len(frame) <= MAX_ROWS else "auto"
    st.dataframe(frame, hide_index=True, column_config=columns, placeholder="–", height=high)


def format_time(at: datetime | None) -> str | None:
    """A time for a table: as everywhere, in UTC and to the minute."""
    return None if at is None else f"{at:%Y-%m-%d %H:%M} UTC"


def shorten_id(item: str) -> str:
    """As much of a transcript's id as tells it from others."""
    return item[:8]


def build_estimates_frame(estimates: pd.DataFrame, scope: dict[str, str] | None = None) -> pd.DataFrame:
    """Figures as a reader's table; `scope` maps scope columns to headings."""
    wanted = scope or {}
    head = [*wanted.values(), "figure", "value", "95 % interval", "n", "scenarios", "remarks"]
    rows = [
        [*(row[one] for one in wanted), name_row(row), *format_cells(row)] for row in list_rows(estimates)
    ]
    return pd.DataFrame(rows, columns=head)


def show_estimates(estimates: pd.DataFrame, scope: dict[str, str] | None = None) -> None:
    """A table of figures."""
    if len(estimates):
        show_table(build_estimates_frame(estimates, scope))


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
        show_html(tag("p", away, class_="sr-notice"))
    return chosen or names[0]


def show_sentences(title: str, items: Iterable[str]) -> None:
    """Sentences under a heading; nothing where there is none."""
    body: Html = render_sentences(items)
    if body:
        show_html(tag("h4", title), body)
