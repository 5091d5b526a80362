"""Who may come in: invite links, and the browser sessions that they turn into, kept in the table `visit`.

Only hashes are stored. A fast hash is right here: the tokens are 256 random bits, so there is nothing to guess.
"""

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from secrets import token_urlsafe
from typing import Any

from sqlalchemy import bindparam, update
from sqlmodel import Session, col, select

from secondreader.db.core.engine import execute, select_columns
from secondreader.db.core.tables import Annotator, Invite, Visit, utc_now

BROWSER_SESSION_HOURS = 12
INVITE_DAYS = 30
ROLES = frozenset({"annotator", "adjudicator", "researcher"})


@dataclass(frozen=True, slots=True)
class Visitor:
    """The person behind a valid cookie."""

    annotator_id: int
    study_id: int | None
    """None for a researcher, who belongs to no single study."""
    name: str
    role: str
    """annotator, adjudicator or researcher"""


VISITOR_QUERY = (
    select_columns(Annotator.id, Annotator.study_id, Annotator.name, Annotator.role)
    .join(Invite, col(Invite.annotator_id) == col(Annotator.id))
    .join(Visit, col(Visit.invite_id) == col(Invite.id))
    .where(
        col(Visit.cookie_hash) == bindparam("cookie_hash"),
        col(Visit.ended_at).is_(None),
        col(Invite.revoked_at).is_(None),
        col(Visit.expires_at) > bindparam("now"),
    )
)


def hash_token(token: str) -> str:
    """SHA-256 of a token, in hex."""
    return hashlib.sha256(token.encode()).hexdigest()


def create_invite(session: Session, annotator_id: int, days: float = INVITE_DAYS) -> str:
    """Make an invite for one person and return its token: the only moment at which it exists in the clear."""
    token = token_urlsafe(32)
    expires = utc_now() + timedelta(days=days)
    session.add(Invite(annotator_id=annotator_id, token_hash=hash_token(token), expires_at=expires))
    session.flush()
    return token


def revoke_invites(session: Session, annotator_id: int) -> int:
    """Close every open invite of a person, and with them every session; returns how many were open."""
    open_invites = session.exec(
        select(Invite).where(Invite.annotator_id == annotator_id, col(Invite.revoked_at).is_(None))
    ).all()
    for invite in open_invites:
        invite.revoked_at = utc_now()
        session.add(invite)
    return len(open_invites)


def redeem_invite(session: Session, token: str, roles: frozenset[str] = ROLES) -> str | None:
    """Turn a valid invite token of one of these roles into a new session and return its cookie; None if there is none."""
    return start_browser_session(session, Invite.token_hash == hash_token(token), roles)


def redeem_account(session: Session, annotator_id: int, roles: frozenset[str]) -> str | None:
    """Begin a session of a person who signed in; None without an open invite, which sets how long it may last."""
    return start_browser_session(session, Invite.annotator_id == annotator_id, roles)


def start_browser_session(session: Session, invite_condition: Any, roles: frozenset[str]) -> str | None:
    """Begin a session on the open invite that lasts longest among these, and return its cookie."""
    invite = session.exec(
        select(Invite)
        .join(Annotator, col(Annotator.id) == Invite.annotator_id)
        .where(invite_condition, col(Annotator.role).in_(roles))
        .where(col(Invite.revoked_at).is_(None), Invite.expires_at > utc_now())
        .order_by(col(Invite.expires_at).desc())
    ).first()
    if invite is None or invite.id is None:
        return None
    cookie = token_urlsafe(32)
    # a session never outlives the invite that opened it
    expires = min(invite.expires_at, utc_now() + timedelta(hours=BROWSER_SESSION_HOURS))
    session.add(Visit(invite_id=invite.id, cookie_hash=hash_token(cookie), expires_at=expires))
    session.flush()
    return cookie


def find_visitor(session: Session, cookie: str) -> Visitor | None:
    """Who holds this cookie; None if it is unknown, ended or expired, or if its invite was revoked."""
    row = execute(session, VISITOR_QUERY, {"cookie_hash": hash_token(cookie), "now": utc_now()}).first()
    return Visitor(*row) if row is not None else None


def end_browser_session(session: Session, cookie: str) -> None:
    """Sign out: the cookie is worth nothing from now on."""
    execute(
        session, update(Visit).where(col(Visit.cookie_hash) == hash_token(cookie)).values(ended_at=utc_now())
    )
