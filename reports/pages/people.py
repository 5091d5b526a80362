"""People: invite links, who used them, and closing them."""

from datetime import datetime

import pandas as pd
import streamlit as st

from secondreader.db.core.engine import Database, read_session, write_session
from secondreader.db.core.errors import StudyError
from secondreader.db.design.people import (
    ROLES,
    Person,
    close_links,
    create_invite_link,
    list_people_with_links,
)
from secondreader.db.design.studies import get_study
from secondreader.reports.widgets.view import ConsoleView
from secondreader.reports.widgets.widgets import (
    DESK_ADDRESS,
    format_time,
    rerun_with_message,
    show_links,
    show_refusal,
    show_table,
)
from secondreader.reports.wording.names import pluralize


def page(view: ConsoleView) -> None:
    """People of the study, and the researchers."""
    show_people_and_links(view.engine, view.study, view.actor)


def show_without_study(engine: Database, actor: str) -> None:
    """Researchers alone, who belong to no study."""
    show_people_and_links(engine, None, actor)


def show_people_and_links(engine: Database, study: str | None, actor: str) -> None:
    """A form for a new link, the people, a form that closes links."""
    show_link_form(engine, study, actor)
    people = list_people(engine, study)
    st.subheader("People and their links", anchor=False)
    if people:
        show_table(build_people_frame(people))
    else:
        st.info("Nobody has been invited yet.")
    show_close_form(engine, [person for person in people if person.can_sign_in], actor)


def list_people(engine: Database, study: str | None) -> list[Person]:
    """The study's people, then the researchers."""
    with read_session(engine) as session:
        study_people = list_people_with_links(session, get_study(session, study)) if study else []
        return study_people + list_people_with_links(session, None)


def show_link_form(engine: Database, study: str | None, actor: str) -> None:
    """A new link for one person."""
    st.subheader("New invite link", anchor=False)
    roles = ROLES if study else ("researcher",)
    with st.form("invite", border=True):
        left, middle, right = st.columns([2, 2, 1])
        role = left.selectbox("Role", roles, key="invite-role") or roles[0]
        name = middle.text_input("Pseudonym", max_chars=80, key="invite-name")
        days = right.number_input("Days", 1, 365, 30, key="invite-days")
        desk = left.text_input("Address of the desk", DESK_ADDRESS, key="invite-desk")
        why = middle.text_input("Reason", max_chars=500, key="invite-why")
        is_submitted = st.form_submit_button("Make the link", type="primary", key="invite-make")
    st.caption("The frozen plan names the annotators; adjudicators and researchers may be new names.")
    if not is_submitted:
        return
    try:
        with write_session(engine) as session:
            # researchers belong to no study
            row = get_study(session, study) if study and role != "researcher" else None
            token = create_invite_link(session, row, name, role, days=float(days), actor=actor, why=why)
    except StudyError as error:
        show_refusal(error)
        return
    # researchers work in the console, everybody else at the desk, whose address only the form knows
    address = find_console_address() if role == "researcher" else desk
    show_links(address, [(name.strip(), token)])


def find_console_address() -> str:
    """Scheme, host and port by which this browser reached the console."""
    url = st.context.url or "http://localhost:8502"
    return "/".join(url.split("/")[:3])


def build_people_frame(people: list[Person]) -> pd.DataFrame:
    """One row a person."""
    return pd.DataFrame(
        [
            {
                "person": person.name,
                "role": person.role,
                "can sign in": person.can_sign_in,
                "links": ", ".join(describe_links(person)) or "none",
                "open until": format_time(
                    find_latest([link.expires_at for link in person.links if link.state == "open"])
                ),
                "last session": format_time(person.last_session_at),
                "sessions": sum(link.n_browser_sessions for link in person.links),
                "account": "bound" if person.has_account else None,
            }
            for person in people
        ]
    )


def describe_links(person: Person) -> list[str]:
    """Counts of links by state, without zeros: `1 open`, `2 expired`."""
    counts = {state: 0 for state in ("open", "expired", "revoked")}
    for link in person.links:
        counts[link.state] += 1
    return [f"{n} {state}" for state, n in counts.items() if n]


def find_latest(times: list[datetime]) -> datetime | None:
    """The latest time; None without any."""
    return max(times, default=None)


def show_close_form(engine: Database, people: list[Person], actor: str) -> None:
    """Close all links of one person, after a confirmation."""
    if not people:
        return
    st.subheader("Close somebody's links", anchor=False)
    names = {person.annotator_id: f"{person.name} ({person.role})" for person in people}
    with st.form("close", clear_on_submit=True):
        left, right = st.columns(2)
        chosen = left.selectbox(
            "Person", list(names), format_func=lambda person: names.get(person, ""), key="close-person"
        )
        why = right.text_input("Reason", key="close-why")
        is_confirmed = st.checkbox(
            "Close every link of this person, and end every session that was opened with one",
            key="close-sure",
        )
        is_submitted = st.form_submit_button("Close the links", key="close-links")
    if not is_submitted or chosen is None:
        return
    if not (is_confirmed and why.strip()):
        st.warning("Nothing was closed: give a reason and tick the box.")
        return
    with write_session(engine) as session:
        n_closed = close_links(session, chosen, actor=actor, why=why.strip())
    rerun_with_message(f"{names[chosen]}: {pluralize(n_closed, 'link')} closed.")
