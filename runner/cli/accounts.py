"""Commands about people: which account signs in as whom."""

from pathlib import Path
from typing import Annotated

import typer

from secondreader.runner.cli.invites import find_person
from secondreader.runner.cli.options import DEFAULT_ACTOR, DEFAULT_DATABASE, Actor, Database, SignIn
from secondreader.runner.cli.study import study_app


def register(_app: typer.Typer) -> None:
    """Add this file's command to those of studies."""
    study_app.command("account")(link_account)


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
