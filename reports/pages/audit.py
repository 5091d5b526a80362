"""Audit log: what was done, by whom and why, newest first, and whether the chain of hashes holds."""

import json
import re
from collections.abc import Mapping

import pandas as pd
import streamlit as st

from secondreader.db.core.audit_log import (
    EventRow,
    count_events,
    find_first_broken_event,
    list_events,
    resolve_subject_names,
)
from secondreader.db.core.engine import Database, read_session
from secondreader.reports.widgets.view import ConsoleView
from secondreader.reports.widgets.widgets import format_time, show_refusal, show_success, show_table
from secondreader.reports.wording.names import pluralize

EVENTS_PER_PAGE = 200
SHOWN_HASH_LENGTH = 12
"""Characters of a hash that are shown."""
HASH_PATTERN = re.compile(r"^[0-9a-f]{32,64}$")
TIME_PATTERN = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d[\d:.]*\+00:00$")


class BrokenChainError(Exception):
    """An event that does not follow from the one before it."""


def page(view: ConsoleView) -> None:
    """Events of all studies."""
    show_events(view.engine)


def show_without_study(engine: Database, _actor: str) -> None:
    """The same where there is no study."""
    show_events(engine)


def show_events(engine: Database) -> None:
    """The chain's state, then one page of events."""
    with read_session(engine) as session:
        total, broken = count_events(session), find_first_broken_event(session)
        first = 0
        if total > EVENTS_PER_PAGE:
            first = int(st.number_input("Skip the newest", 0, total - 1, 0, step=EVENTS_PER_PAGE))
        events = list_events(session, limit=EVENTS_PER_PAGE, offset=first)
        names = resolve_subject_names(session, events)
    if broken is None:
        show_success(f"{pluralize(total, 'event')}; every hash follows from its event and the one before it.")
    else:
        show_refusal(
            BrokenChainError(f"Event {broken} does not follow from the one before: the log was changed.")
        )
    if events:
        show_table(build_events_frame(events, names), {"detail": st.column_config.TextColumn(width="large")})
    st.caption("The log only grows: the database refuses to change or delete an event.")


def build_events_frame(audit_events: list[EventRow], names: Mapping[str, str]) -> pd.DataFrame:
    """One row an event; `names` has the subjects that have one."""
    rows = [
        [
            event.event_id,
            format_time(event.at),
            event.actor,
            event.action,
            names.get(event.subject, event.subject),
            format_details(event),
            event.hash[:SHOWN_HASH_LENGTH],
        ]
        for event in audit_events
    ]
    return pd.DataFrame(rows, columns=["event", "at", "by", "what", "of", "detail", "hash"])


def format_details(event: EventRow) -> str:
    """What else is known of an event, the reason first."""
    rest = {name: value for name, value in event.detail.items() if name != "why"}
    parts = [str(event.detail["why"])] if event.detail.get("why") else []
    parts += [
        f"{name}: {shorten_value(value) if isinstance(value, str) else json.dumps(value)}"
        for name, value in rest.items()
    ]
    return "; ".join(parts)


def shorten_value(value: str) -> str:
    """A hash by its beginning, a time to the minute; everything else as it is."""
    if HASH_PATTERN.match(value):
        return value[:SHOWN_HASH_LENGTH]
    return f"{value[:10]} {value[11:16]} UTC" if TIME_PATTERN.match(value) else value
