"""Accounts of an OpenID Connect provider, and the people of a study that they may sign in as.

Only a hash binds an account to a person: the database does not hold who an annotator is.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlmodel import Session, col, select

from secondreader.db.core.audit_log import append_event
from secondreader.db.core.tables import Annotator, Invite, Study, utc_now


@dataclass(frozen=True, slots=True)
class Account:
    """What a provider's signed token says of the person who signed in."""

    issuer: str
    subject: str
    """The provider's own id of the account, which never changes hands."""
    email: str
    """Lower case; empty if the provider named none."""
    is_verified: bool
    """Whether the provider vouches for the e-mail address."""
    signed_in_at: datetime

    def compute_hashes(self) -> frozenset[str]:
        """The hashes under which a person may be bound to this account; an unverified e-mail opens nothing."""
        hashes = {compute_account_hash(self.issuer, subject=self.subject)}
        if self.email and self.is_verified:
            hashes.add(compute_account_hash(self.issuer, email=self.email))
        return frozenset(hashes)


@dataclass(frozen=True, slots=True)
class BoundPerson:
    """A person whom an account may come in as."""

    annotator_id: int
    title: str
    """What the study is called on screens; empty for a researcher."""
    role: str
    is_invited: bool
    """Whether an invite is open: without one nobody comes in, however they sign in."""


def compute_account_hash(issuer: str, *, email: str = "", subject: str = "") -> str:
    """SHA-256 of an issuer and an account, in hex: an e-mail address in any case, or the provider's own id.

    Which of the two it is goes in, so that a subject that looks like an address cannot pass for a verified one.
    """
    account = f"email:{email.strip().lower()}" if email else f"subject:{subject.strip()}"
    return hashlib.sha256(f"{issuer.strip().rstrip('/')}\n{account}".encode()).hexdigest()


def parse_account(claims: Mapping[str, Any]) -> Account | None:
    """The account behind a verified token's claims; None if they name no issuer, subject or time."""
    issuer, subject, at = claims.get("iss"), claims.get("sub"), claims.get("iat")
    if not (isinstance(issuer, str) and issuer and isinstance(subject, str) and subject):
        return None
    if not isinstance(at, int | float):
        return None
    return Account(
        issuer=issuer,
        subject=subject,
        email=str(claims.get("email") or "").strip().lower(),
        is_verified=claims.get("email_verified") is True,
        signed_in_at=datetime.fromtimestamp(at, UTC),
    )


def list_bound_people(session: Session, account: Account, roles: frozenset[str]) -> list[BoundPerson]:
    """Everybody of these roles who is bound to the account, oldest first."""
    rows = session.exec(
        select(Annotator.id, Annotator.role, Study.title)
        .join(Study, col(Study.id) == Annotator.study_id, isouter=True)
        .where(col(Annotator.identity_hash).in_(account.compute_hashes()), col(Annotator.role).in_(roles))
        .order_by(col(Annotator.id))
    ).all()
    return [
        BoundPerson(person, title or "", role, has_open_invite(session, person))
        for person, role, title in rows
        if person is not None
    ]


def has_open_invite(session: Session, annotator_id: int) -> bool:
    """Whether a person has an invite that is neither revoked nor expired."""
    query = select(Invite.id).where(
        Invite.annotator_id == annotator_id,
        col(Invite.revoked_at).is_(None),
        Invite.expires_at > utc_now(),
    )
    return session.exec(query).first() is not None


def bind_account(session: Session, annotator_id: int, bound: str, *, actor: str) -> None:
    """Let the account of this hash, and no other one, sign in as a person; the audit log records it."""
    person = session.get_one(Annotator, annotator_id)
    person.identity_hash = bound
    session.add(person)
    append_event(session, actor, "account bound", f"annotator {annotator_id}")


def unbind_account(session: Session, annotator_id: int, *, actor: str) -> None:
    """Let no account sign in as this person any more. Sessions that are open stay open: revoke the invite to end them."""
    person = session.get_one(Annotator, annotator_id)
    person.identity_hash = None
    session.add(person)
    append_event(session, actor, "account unbound", f"annotator {annotator_id}")
