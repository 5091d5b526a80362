"""Audit log: what was done, by whom and why, newest first, and whether the chain of hashes holds."""

import json
import re
from collections.abc import Mapping

import pandas as pd
import streamlit as st

from secondreader.db.core.audit_log import events, first_broken_event, n_events, subject_names
from secondreader.db.core.engine import reading
from secondreader.db.core.tables import AuditEvent
from secondreader.db.core.unavailable import Engine
from secondreader.reports.widgets.view import View, done, moment, refusal, table
from secondreader.reports.wording.names import plural

EVENTS_A_PAGE = 200
SHOWN = 12
"""Characters of a hash that are shown."""
HASH = re.compile(r"^[0-9a-f]{32,64}$")
TIME = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d[\d:.]*\+00:00$")


class BrokenChain(Exception):
    """An event that does not follow from the one before it."""


def page(view: View) -> None:
    """Events of all studies."""
    show(view.engine)


def without_study(engine: Engine, _actor: str) -> None:
    """The same where there is no study."""
    show(engine)


def show(engine: Engine) -> None:
    """The chain's state, then one page of events."""
    with reading(engine) as session:
        total, broken = n_events(session), first_broken_event(session)
        first = 0
        if total > EVENTS_A_PAGE:
            first = int(st.number_input("Skip the newest", 0, total - 1, 0, step=EVENTS_A_PAGE))
        found = events(session, limit=EVENTS_A_PAGE, offset=first)
        names = subject_names(session, found)
    if broken is None:
        done(f"{plural(total, 'event')}; every hash follows from its event and the one before it.")
    else:
        refusal(BrokenChain(f"Event {broken} does not follow from the one before: the log was changed."))
    if found:
        table(events_frame(found, names), {"detail": st.column_config.TextColumn(width="large")})
    st.caption("The log only grows: the database refuses to change or delete an event.")


def events_frame(found: list[AuditEvent], names: Mapping[str, str]) -> pd.DataFrame:
    """One row an event; `names` has the subjects that have one."""
    rows = [
        [
            one.id,
            moment(one.at),
            one.actor,
            one.action,
            names.get(one.subject, one.subject),
            details(one),
            one.hash[:SHOWN],
        ]
        for one in found
    ]
    return pd.DataFrame(rows, columns=["event", "at", "by", "what", "of", "detail", "hash"])


def details(event: AuditEvent) -> str:
    """What else is known of an event, the reason first."""
    rest = {name: value for name, value in event.detail.items() if name != "why"}
    parts = [str(event.detail["why"])] if event.detail.get("why") else []
    parts += [
        f"{name}: {shortened(value) if isinstance(value, str) else json.dumps(value)}"
        for name, value in rest.items()
    ]
    return "; ".join(parts)


def shortened(value: str) -> str:
    """A hash by its beginning, a time to the minute; everything else as it is."""
    if HASH.match(value):
        return value[:SHOWN]
    return f"{value[:10]} {value[11:16]} UTC" if TIME.match(value) else value
