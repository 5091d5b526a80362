"""Commands about people: their links, made and closed on record, and the accounts that sign in as them."""

from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from secondreader.runner.cli.options import DEFAULT_ACTOR, DEFAULT_DATABASE, Actor, Database, SignIn
from secondreader.runner.cli.study import study_app

if TYPE_CHECKING:
    from secondreader.db.core.engine import DatabaseSession

DESK_URL = "http://localhost:8501"
CONSOLE_URL = "http://localhost:8502"

OptionalStudy = Annotated[str | None, typer.Argument(help="Name of the study; none for a researcher.")]
Pseudonym = Annotated[str, typer.Option(help="The person's pseudonym.")]
DeskUrl = Annotated[str, typer.Option(help="Where annotators reach the desk.")]
ConsoleUrl = Annotated[str, typer.Option(help="Where researchers reach the console.")]
Days = Annotated[float, typer.Option(min=0.01, max=3650, help="Days until the link expires.")]


class Role(StrEnum):
    """What a person may do."""

    ANNOTATOR = "annotator"
    ADJUDICATOR = "adjudicator"
    RESEARCHER = "researcher"


class LinkError(Exception):
    """A link that cannot be made or closed, in one sentence."""


def register(_app: typer.Typer) -> None:
    """Add this file's commands to those of studies."""
    study_app.command()(invite)
    study_app.command()(revoke)
    study_app.command("account")(link_account)


def invite(
    study: OptionalStudy = None,
    name: Pseudonym = "researcher",
    role: Annotated[Role, typer.Option(help="What the person may do.")] = Role.ANNOTATOR,
    why: Annotated[str, typer.Option(help="Reason, for the audit log.")] = "",
    desk_url: DeskUrl = DESK_URL,
    console_url: ConsoleUrl = CONSOLE_URL,
    days: Days = 30,
    actor: Actor = DEFAULT_ACTOR,
    db: Database = DEFAULT_DATABASE,
) -> None:
    """Print a new invite link for one person. A researcher's link opens the console, on every study."""
    from secondreader.db.core.engine import open_engine, write_session
    from secondreader.db.design.people import create_invite_link
    from secondreader.db.design.studies import get_study

    with write_session(open_engine(db)) as session:
        row = get_study(session, study) if study is not None else None
        # no study: researchers come in to all of them
        token = create_invite_link(session, row, name, role.value, days=days, actor=actor, why=why)
    show_links(console_url if role is Role.RESEARCHER else desk_url, [(name, token)])


def revoke(
    name: Pseudonym,
    why: Annotated[str, typer.Option(help="Reason, for the audit log.")],
    study: OptionalStudy = None,
    actor: Actor = DEFAULT_ACTOR,
    db: Database = DEFAULT_DATABASE,
) -> None:
    """Close all links of one person, and whatever window is open through them."""
    from secondreader.db.core.engine import open_engine, write_session
    from secondreader.db.design.people import close_links

    with write_session(open_engine(db)) as session:
        n_closed = close_links(session, find_person(session, study, name), actor=actor, why=why)
    typer.echo(f"Links of {name} closed: {n_closed}.")


def find_person(session: "DatabaseSession", study: str | None, name: str) -> int:
    """Id of the person of this name who comes in by links (study None: a researcher). Raises LinkError, StudyError."""
    from secondreader.db.design.studies import get_study
    from secondreader.db.design.summaries import list_invited_people

    people = dict(list_invited_people(session, get_study(session, study) if study else None))
    if name not in people:
        names = ", ".join(people) or "no one yet"
        raise LinkError(f"There is no {name!r} {'in ' + study if study else 'here'}; there is: {names}.")
    return people[name]


def show_links(address: str, links: Iterable[tuple[str, str]]) -> None:
    """Print links of (name, token), unwrapped, so that they can be copied.

    The token stands behind # so that no server log ever sees it.
    """
    typer.echo("Links are secrets and are not shown again:")
    for name, token in links:
        typer.echo(f"  {name}  {address.rstrip('/')}/join#{token}")


def link_account(
    name: Annotated[str, typer.Option(help="The person's pseudonym.")],
    study: Annotated[str | None, typer.Argument(help="Name of the study; none for a researcher.")] = None,
    email: Annotated[str, typer.Option(help="E-mail address that the provider vouches for.")] = "",
    subject: Annotated[str, typer.Option(help="The provider's own id of the account, instead.")] = "",
    issuer: Annotated[str, typer.Option(help="The provider; by default that of the sign-in settings.")] = "",
    sign_in: SignIn = None,
    remove: Annotated[bool, typer.Option("--remove", help="Let no account sign in as this person.")] = False,
    actor: Actor = DEFAULT_ACTOR,
    db: Database = DEFAULT_DATABASE,
) -> None:
    """Let one account of an OpenID Connect provider sign in as a person who has an open invite. Only a hash is kept."""
    from secondreader.db.access.oidc_accounts import bind_account, compute_account_hash, unbind_account
    from secondreader.db.core.engine import open_engine, write_session

    if remove == bool(email or subject) or (email and subject):
        raise typer.BadParameter("give one of --email, --subject and --remove")
    if email and "@" not in email:
        raise typer.BadParameter("an e-mail address has an @", param_hint="--email")
    # the address itself is not kept: a leaked database must not say who labelled
    bound = (
        "" if remove else compute_account_hash(issuer or find_issuer(sign_in), email=email, subject=subject)
    )
    with write_session(open_engine(db)) as session:
        person = find_person(session, study, name)
        if remove:
            unbind_account(session, person, actor=actor)
        else:
            bind_account(session, person, bound, actor=actor)
    typer.echo(f"{name}: {'no account signs in any more' if remove else 'the account may sign in'}.")


def find_issuer(file: Path | None) -> str:
    """The provider of the sign-in settings."""
    from secondreader.runner.serve.oidc_settings import get_issuer, load_sign_in_settings

    settings = load_sign_in_settings(file)
    if not settings:
        raise typer.BadParameter("name the provider with --issuer, or its settings with --sign-in")
    return get_issuer(settings)
