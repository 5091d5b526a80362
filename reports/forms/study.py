"""The form of a study's plan: its fields become the same StudyFile as a TOML file does."""

import csv
from typing import Any

import streamlit as st

from secondreader.db.core.codebook import BUILTIN_CODEBOOKS
from secondreader.db.design.study_file import StudyFile, StudyFileError, parse_control_items, parse_study_file
from secondreader.reports.analysis.study_facts import StudySummary
from secondreader.reports.wording.names import pluralize
from secondreader.reports.wording.plan import UNSURE_MEANINGS

UNCHANGED = "as it is"
REPEATS_HELP = (
    "Share of transcripts that come back to the same person, unannounced; in a shared queue, of those that the person "
    "labels. Where somebody labels too few for the gap, nothing comes back."
)
CONTROL_ITEMS_HELP = "CSV: the columns transcript (id), why, and one for each question; leave the cell of a question empty if its answer does not count."


def ask_study_file(summary: StudySummary) -> StudyFile:
    """The plan that the fields describe now. Raises StudyFileError for one that is impossible."""
    fields: dict[str, Any] = {"name": summary.name, **ask_texts(summary)}
    fields["draw"] = ask_sampling(summary)
    fields |= ask_onboarding()
    fields["rules"] = ask_rules(summary)
    unsure = st.selectbox(
        "Unsure counts as",
        list(UNSURE_MEANINGS),
        format_func=lambda policy: UNSURE_MEANINGS.get(policy, policy),
        key="plan-unsure",
    )
    judge = ask_headline_judge(
        summary, "the judge of the strata, else the one with the most verdicts", key="plan-headline"
    )
    notes = st.text_input("Analysis plan, in words", key="plan-notes")
    fields["analyses"] = {"unsure": unsure, "judge": judge, "notes": notes}
    fields["interim_looks"] = st.checkbox(
        "Allow judge and people to be compared before the study is closed (the report will say so)",
        key="plan-interim",
    )
    fields["accept_leaks"] = ask_leak_reason(summary)
    return parse_study_file(fields)


def ask_leak_reason(summary: StudySummary) -> str:
    """Why to freeze with leak findings that nobody has decided on; not asked where there are none."""
    if not summary.leaks.n_undecided:
        return ""
    n_undecided = pluralize(summary.leaks.n_undecided, "transcript")
    return st.text_input(
        f"Reason to freeze although nobody has decided on leak findings in {n_undecided}",
        max_chars=500,
        key="plan-leaks",
        help="Better: decide on each of them on the page Leak review. The report prints this reason.",
    )


def ask_headline_judge(summary: StudySummary, unnamed: str, *, key: str) -> str | None:
    """The judge that is named for the headline figures; None, shown as `unnamed`, where none is."""
    judges = [judge.judge for judge in summary.judges]
    return st.selectbox(
        "Judge of the headline figures",
        [None, *judges],
        format_func=lambda judge: judge or unnamed,
        key=key,
    )


def forget_other_studies(name: str) -> None:
    """Reset the form when the researcher turns to another study."""
    # widgets keep their values by key, and the keys are the same for every study
    if st.session_state.get("form-of") != name:
        for key in [key for key in st.session_state if str(key).startswith("plan-")]:
            del st.session_state[key]
        st.session_state["form-of"] = name


def should_keep_questions() -> bool:
    """Whether the draft keeps the codebook and guideline that it has."""
    return bool(st.session_state.get("plan-codebook", UNCHANGED) == UNCHANGED)


def ask_texts(summary: StudySummary) -> dict[str, Any]:
    """What annotators see of the study."""
    left, right = st.columns(2)
    title = left.text_input("Title that annotators see", summary.title, max_chars=200, key="plan-title")
    notice = right.text_input("Notice above every page", summary.notice, key="plan-notice")
    book = st.selectbox("Codebook and guideline", [UNCHANGED, *BUILTIN_CODEBOOKS], key="plan-codebook")
    return {
        "title": title,
        "notice": notice,
        "codebook": BUILTIN_CODEBOOKS[0] if book in {None, UNCHANGED} else book,
    }


def ask_sampling(summary: StudySummary) -> dict[str, Any]:
    """Annotators, size and strata of the sample. Raises StudyFileError while nobody is named.

    The fields that depend on the number of people come after their names: their defaults would stay as they were.
    """
    st.subheader("Sample", anchor=False)
    people = st.text_input("Annotators (pseudonyms, separated by commas)", key="plan-annotators")
    names = [name.strip() for name in people.split(",") if name.strip()]
    if not names:
        raise StudyFileError("Name the annotators to see the rest of the form.")
    columns = st.columns(5)
    items = columns[0].number_input(
        "Transcripts", 1, max(summary.n_pool, 1), min(60, max(summary.n_pool, 1)), key="plan-items"
    )
    overlap = columns[1].number_input(
        "Annotators for each", 1, max(len(names), 1), max(len(names), 1), key="plan-overlap"
    )
    repeats = columns[2].number_input(
        "Share of repeats", 0.0, 0.5, 0.0, step=0.05, key="plan-repeats", help=REPEATS_HELP
    )
    gap = columns[3].number_input(
        "Gap",
        1,
        1000,
        20,
        key="plan-gap",
        help="Fewest other transcripts between a transcript and its repeat.",
    )
    seed = columns[4].number_input("Seed", 0, 2**31, 0, key="plan-seed")
    judges = [judge.judge for judge in summary.judges]
    strata, judge = "none", None
    if judges:
        left, right = st.columns(2)
        strata = left.selectbox("Strata", ["none", "verdict"], key="plan-strata") or "none"
        judge = right.selectbox("Judge whose verdicts are the strata", judges, key="plan-judge")
    return {
        "items": items,
        "annotators": names,
        "overlap": overlap,
        "repeats": repeats,
        "repeat_gap": gap,
        "seed": seed,
        "strata": strata,
        "judge": judge if strata == "verdict" else None,
    }


def ask_onboarding() -> dict[str, Any]:
    """Control items and the size of the norming round."""
    with st.expander("Qualification, attention checks and norming round"):
        qualification = st.text_area("Qualification items", key="plan-practice", help=CONTROL_ITEMS_HELP)
        attention = st.text_area("Attention checks", key="plan-attention", help=CONTROL_ITEMS_HELP)
        n_norming = st.number_input(
            "Transcripts of the norming round, which all label first", 0, 1000, 0, key="plan-calibration"
        )
    return {
        "qualification": {"items": parse_control_text(qualification, "Qualification items")},
        "attention": {"items": parse_control_text(attention, "Attention checks")},
        "calibration": {"n": n_norming},
    }


def parse_control_text(text: str, name: str) -> list[dict[str, Any]]:
    """Control items from lines of CSV. Raises StudyFileError."""
    if not text.strip():
        return []
    try:
        return [item.build_body() for item in parse_control_items(text.strip().splitlines(), name)]
    except csv.Error as error:
        raise StudyFileError(f"{name}: not CSV: {error}.") from None


def ask_rules(summary: StudySummary) -> dict[str, Any]:
    """The rules by which the desk hands out transcripts."""
    questions = {question.id: question.text for question in summary.codebook.questions}
    with st.expander("Rules of the desk"):
        left, right = st.columns(2)
        queue = left.selectbox("Queue", ["fixed", "shared"], key="plan-queue")
        lease = right.number_input(
            "Minutes until a taken transcript returns to the queue", 5, 10_080, 120, key="plan-lease"
        )
        threshold = left.number_input(
            "Share of qualification items to get right", 0.0, 1.0, 0.8, key="plan-threshold"
        )
        rounds = right.number_input("Qualification rounds", 1, 10, 2, key="plan-rounds")
        guesses = left.number_input("Guesses of the model at the end", 0, 50, 0, key="plan-guesses")
        after = right.selectbox(
            "Show visible reasoning after",
            [None, *questions],
            format_func=lambda question: questions.get(question, "at once") if question else "at once",
            key="plan-reasoning",
        )
    return {
        "queue": queue,
        "lease_minutes": lease,
        "qualification_threshold": threshold,
        "qualification_rounds": rounds,
        "guesses": guesses,
        "reasoning_after": after,
    }
