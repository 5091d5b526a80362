"""The people of a study and their links: who may come in until when, who came, and the making and closing of links."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, StringConstraints
from sqlalchemy import func
from sqlmodel import Session, col, select

from secondreader.db.access.invites import create_invite, hash_token, revoke_invites
from secondreader.db.core.audit_log import append_event
from secondreader.db.core.engine import execute, select_columns
from secondreader.db.core.errors import StudyError
from secondreader.db.core.records import StudyRecord
from secondreader.db.core.tables import Annotator, Invite, Visit, utc_now
from secondreader.db.core.text import make_storable
from secondreader.db.design.studies import ensure_annotator

ROLES = ("annotator", "adjudicator", "researcher")
MAX_INVITE_DAYS = 3650
MAX_NAME = 80

Pseudonym = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_NAME),
    AfterValidator(make_storable),
]
"""A person's name in a plan: one that a link can be made for."""


@dataclass(frozen=True, slots=True)
class InviteLink:
    """One invite link; its token is known to nobody but its holder."""

    state: str
    """open, expired or revoked"""
    made_at: datetime
    expires_at: datetime
    n_browser_sessions: int
    """How often a browser came in by it."""
    last_session_at: datetime | None


@dataclass(frozen=True, slots=True)
class Person:
    """One person who comes in by links."""

    annotator_id: int
    name: str
    role: str
    has_account: bool
    """Whether an account is bound that may sign in as this person."""
    links: tuple[InviteLink, ...]
    """Oldest first."""

    @property
    def can_sign_in(self) -> bool:
        """Whether one of the links is open."""
        return any(link.state == "open" for link in self.links)

    @property
    def last_session_at(self) -> datetime | None:
        """When a browser last came in by one of the links."""
        return max((link.last_session_at for link in self.links if link.last_session_at), default=None)


def list_people_with_links(session: Session, study: StudyRecord | None) -> list[Person]:
    """Those who come in by links, by role and name (None: the researchers); imported annotators are left out."""
    of_study = Annotator.study_id == study.id if study else col(Annotator.study_id).is_(None)
    people = session.exec(
        select(Annotator)
        # imported annotators never come in by a link
        .where(of_study, Annotator.source == "desk")
        .order_by(col(Annotator.role), col(Annotator.name))
    ).all()
    links = load_links_by_person(session, [person.id or 0 for person in people])
    return [
        Person(
            person.id or 0,
            person.name,
            person.role,
            person.identity_hash is not None,
            tuple(links[person.id or 0]),
        )
        for person in people
    ]


def load_links_by_person(session: Session, annotator_ids: list[int]) -> dict[int, list[InviteLink]]:
    """Every link of these people with its visits."""
    visits = (
        select_columns(
            Visit.invite_id, func.count().label("n"), func.max(col(Visit.created_at)).label("last")
        )
        .group_by(col(Visit.invite_id))
        .subquery()
    )
    rows = execute(
        session,
        select_columns(Invite.annotator_id, Invite.created_at, Invite.expires_at, Invite.revoked_at, visits.c.n, visits.c.last)
        .join(visits, visits.c.invite_id == col(Invite.id), isouter=True)
        .where(col(Invite.annotator_id).in_(annotator_ids))
        .order_by(col(Invite.id)),
    )  # fmt: skip
    links_by_person: dict[int, list[InviteLink]] = defaultdict(list)
    for person, made, expires, revoked, n, last in rows:
        # revoked first: a link that was closed by hand is not "expired", however old it is
        state = "revoked" if revoked else "expired" if expires <= utc_now() else "open"
        links_by_person[person].append(InviteLink(state, made, expires, n or 0, last))
    return links_by_person


def ensure_person_to_invite(session: Session, study: StudyRecord | None, name: str, role: str) -> int:
    """Id of the person whom a link is for; adjudicators and researchers may be new. Raises StudyError."""
    name = make_storable(name.strip())
    if role not in ROLES:
        raise StudyError(f"There is no role {role!r}; choose one of {', '.join(ROLES)}.")
    if not 1 <= len(name) <= MAX_NAME:
        raise StudyError(f"A pseudonym has 1 to {MAX_NAME} characters.")
    if role == "researcher":
        return ensure_annotator(session, None, name, role)
    if study is None:
        raise StudyError(f"An {role} belongs to a study; name it.")
    # adjudicators are no part of the plan and may join a frozen study
    if role == "adjudicator":
        return ensure_annotator(session, study, name, role)
    annotators = {
        person.name: person.annotator_id
        for person in list_people_with_links(session, study)
        if person.role == role
    }
    if name not in annotators:
        there = f"there is: {', '.join(annotators)}" if annotators else "freeze the study's plan to make them"
        raise StudyError(f"Study {study.name!r} has no annotator {name!r}; {there}.")
    return annotators[name]


def create_invite_link(
    session: Session,
    study: StudyRecord | None,
    name: str,
    role: str,
    *,
    days: float,
    actor: str,
    why: str = "",
) -> str:
    """A new link's token for one person, on record: the only moment at which it is known. Raises StudyError."""
    if not 0 < days <= MAX_INVITE_DAYS:
        raise StudyError(f"A link lasts more than 0 and at most {MAX_INVITE_DAYS} days.")
    person = ensure_person_to_invite(session, study, name, role)
    token = create_invite(session, person, days)
    until = session.exec(select(Invite.expires_at).where(Invite.token_hash == hash_token(token))).one()
    detail = {"role": role, "until": until.isoformat(), "why": why.strip()}
    append_event(session, actor, "link made", f"annotator {person}", **detail)
    return token


def invite_annotators(
    session: Session, study: StudyRecord, names: Iterable[str], *, days: float, actor: str, why: str
) -> list[tuple[str, str]]:
    """(name, token) of a new link for each of these annotators, on record. Raises StudyError."""
    return [
        (name, create_invite_link(session, study, name, "annotator", days=days, actor=actor, why=why))
        for name in names
    ]


def close_links(session: Session, annotator_id: int, *, actor: str, why: str) -> int:
    """Close every link of a person, on record; returns how many were not revoked yet. Raises StudyError."""
    person = session.get(Annotator, annotator_id)
    if person is None:
        raise StudyError(f"There is no person {annotator_id}.")
    if not why.strip():
        raise StudyError("Nothing was closed: give a reason, it goes on record.")
    n_closed = revoke_invites(session, annotator_id)
    detail = {"role": person.role, "n": n_closed, "why": why.strip()}
    append_event(session, actor, "links closed", f"annotator {annotator_id}", **detail)
    return n_closed
