"""What the researcher looks at: the choices of the sidebar, and the analysis that they ask for, computed once."""

from dataclasses import dataclass

import streamlit as st

from secondreader.db.core.engine import Database, read_session
from secondreader.db.core.hashing import compute_content_hash
from secondreader.db.research.saved_reports import list_study_names
from secondreader.reports.analysis.analyse import analyse
from secondreader.reports.analysis.load import load_snapshot
from secondreader.reports.analysis.options import LABEL_SOURCES, AnalysisOptions, choose_label_source
from secondreader.reports.analysis.preparation import compute_study_hash
from secondreader.reports.analysis.result import Analysis
from secondreader.reports.analysis.study_facts import StudySummary, summarize_study

FRESH_SECONDS = 3
"""How old the page's view of the data may be."""


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


def choose_view(engine: Database, actor: str, *, results: bool = True) -> ConsoleView | None:
    """The study from the sidebar, for `results` with question and source of labels; None where there is no study."""
    with read_session(engine) as session:
        names = list_study_names(session)
    if not names:
        return None
    with st.sidebar:
        name = st.selectbox("Study", names, key="study", bind="query-params") or names[0]
        # read anew on each run: the sidebar must not offer judges or labels of a minute ago
        with read_session(engine) as session:
            facts = summarize_study(load_snapshot(session, name))
        if not results:
            return ConsoleView(engine, facts, AnalysisOptions(), actor)
        ids = [question.id for question in facts.codebook.questions]
        texts = {question.id: question.text for question in facts.codebook.questions}
        question = st.selectbox(
            "Question", ids, format_func=lambda value: texts.get(value, value), key=f"question-{name}"
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
    # the hash is a part of the key: new labels are a new analysis
    data = compute_current_hash(view.engine, view.study)
    return load_cached_analysis(view.engine, view.study, view.options, data)
