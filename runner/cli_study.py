"""Commands that look after a study: its draw, its people and its state."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from secondreader.runner.cli_options import DEFAULT_DATABASE, Database

if TYPE_CHECKING:
    from sqlmodel import Session

    from secondreader.db.studies import Drawn

DESK_URL = "http://localhost:8501"
CONSOLE_URL = "http://localhost:8502"

Name = Annotated[str, typer.Argument(help="Name of the study.")]
DeskUrl = Annotated[str, typer.Option(help="Where annotators reach the desk.")]
ConsoleUrl = Annotated[str, typer.Option(help="Where researchers reach the console.")]
Days = Annotated[float, typer.Option(min=0.01, max=3650, help="Days until the link expires.")]


class Strata(StrEnum):
    """How the items to label are drawn."""

    NONE = "none"
    VERDICT = "verdict"


class Unsure(StrEnum):
    """What "unsure" counts as in the headline figures, fixed before anyone labels.

    Standard: an answer of its own between people, and missing where a judge is scored.
    """

    STANDARD = "standard"
    CATEGORY = "category"
    MISSING = "missing"
    WORST_CASE = "worst-case"


class Role(StrEnum):
    """What a person may do."""

    ANNOTATOR = "annotator"
    ADJUDICATOR = "adjudicator"
    RESEARCHER = "researcher"


class LinkError(Exception):
    """A link that cannot be made or closed, in one sentence."""


study_app = typer.Typer(no_args_is_help=True, help="List, freeze, open and close studies; invite people.")


@study_app.command("list")
def list_studies(db: Database = DEFAULT_DATABASE) -> None:
    """List the studies with their size and progress."""
    from rich.console import Console
    from rich.table import Table

    from secondreader.db.engine import open_engine, reading
    from secondreader.db.overview import study_summaries

    with reading(open_engine(db)) as session:
        summaries = study_summaries(session)
    table = Table("study", "status", "transcripts", "with text", "drawn", "annotators", "labels", "verdicts")
    for one in summaries:
        counts = (one.n_transcripts, one.n_with_text, one.n_drawn, one.n_annotators, one.n_labels)
        table.add_row(one.name, one.status, *map(str, counts), str(one.n_verdicts))
    Console().print(table if summaries else "There are no studies yet: import or run transcripts first.")


@study_app.command()
def show(study: Name, db: Database = DEFAULT_DATABASE) -> None:
    """Show one study: plan, people, progress and judges."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from secondreader.db.engine import open_engine, reading
    from secondreader.db.overview import judges_of, study_summaries
    from secondreader.db.readings import annotator_progress
    from secondreader.db.studies import get_study

    console = Console()
    with reading(open_engine(db)) as session:
        row = get_study(session, study)
        summary = next(one for one in study_summaries(session) if one.name == study)
        people, judges = annotator_progress(session, row), judges_of(session, row)
        console.print(f"[bold]{escape(row.name)}[/bold]: {row.status}, shown as {escape(repr(row.title))}")
        console.print(
            f"{summary.n_transcripts} transcripts ({summary.n_with_text} with text, {summary.n_drawn} drawn), "
            f"plan {row.plan_hash or 'not frozen yet'}"
        )
    folk = Table("person", "role", "from", "labelled", "assigned", "median seconds")
    for one in people:
        pace = "" if one.median_seconds is None else f"{one.median_seconds:.0f}"
        done = (str(one.n_labelled), str(one.n_assigned))
        folk.add_row(escape(one.name), one.role, one.source, *done, pace)
    machines = Table("judge", "verdicts", "unparsed", "errors")
    for judge in judges:
        machines.add_row(escape(judge.name), *map(str, (judge.n_verdicts, judge.n_unparsed, judge.n_errors)))
    for table in (folk, machines):
        if table.row_count:
            console.print(table)


@study_app.command()
def freeze(
    study: Name,
    items: Annotated[int, typer.Option(min=1, help="Transcripts to draw for labelling.")],
    annotators: Annotated[str, typer.Option(help="Pseudonyms, separated by commas.")],
    overlap: Annotated[
        int | None, typer.Option(min=1, help="Annotators per transcript; all of them by default.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the draw and of the orders.")] = 0,
    strata: Annotated[
        Strata, typer.Option(help="Draw equally from each verdict of --judge, or from all alike.")
    ] = Strata.NONE,
    judge: Annotated[str | None, typer.Option(help="The judge whose verdicts make the strata.")] = None,
    repeats: Annotated[
        float,
        typer.Option(
            min=0, max=0.5, help="Share of each queue that returns unannounced, to the same person."
        ),
    ] = 0.0,
    unsure: Annotated[
        Unsure, typer.Option(help='How the headline analysis treats "unsure".')
    ] = Unsure.STANDARD,
    codebook: Annotated[
        str | None,
        typer.Option(
            help="Questions to ask: default, scenario-review or a TOML file; the study's own if left out."
        ),
    ] = None,
    interim_looks: Annotated[
        bool, typer.Option("--interim-looks", help="Let judge and people be compared before unblinding.")
    ] = False,
    desk_url: DeskUrl = DESK_URL,
    days: Days = 30,
    db: Database = DEFAULT_DATABASE,
) -> None:
    """Fix the plan, draw the transcripts and print one invite link a person. Links are secrets, printed once.

    Practice, attention and calibration items, a shared queue and other rules of the desk: see `study create`.
    """
    from dataclasses import replace

    from secondreader.db.codebook import codebook as load_codebook
    from secondreader.db.engine import open_engine, writing
    from secondreader.db.overview import judges_of
    from secondreader.db.studies import DrawPlan, get_study
    from secondreader.db.studies import freeze as freeze_study
    from secondreader.db.study_file import guideline_of, set_codebook

    people = tuple(name.strip() for name in annotators.split(",") if name.strip())
    plan = DrawPlan(
        n_items=items,
        annotators=people,
        overlap=overlap or len(people),
        seed=seed,
        strata=strata.value,
        judge=judge,
        repeats=repeats,
        analyses={"unsure": unsure.value},
        interim_looks=interim_looks,
    )
    with writing(open_engine(db)) as session:
        row = get_study(session, study)
        if codebook is not None:
            set_codebook(session, row, load_codebook(codebook), guideline_of(codebook))
        plan = replace(plan, question=row.codebook["questions"][0]["id"])
        names = [one.name for one in judges_of(session, row)]
        if judge is not None and judge not in names:
            raise typer.BadParameter(
                f"no judge {judge!r} has read this study; there are: {', '.join(names) or 'none yet'}",
                param_hint="--judge",
            )
        drawn = freeze_study(session, row, plan)
        links = links_for(session, drawn.annotator_ids, desk_url, days)
    show_drawn(study, drawn)
    show_links(links)


@study_app.command()
def invite(
    study: Annotated[str | None, typer.Argument(help="Name of the study; none for a researcher.")] = None,
    name: Annotated[str, typer.Option(help="The person's pseudonym.")] = "researcher",
    role: Annotated[Role, typer.Option(help="What the person may do.")] = Role.ANNOTATOR,
    desk_url: DeskUrl = DESK_URL,
    console_url: ConsoleUrl = CONSOLE_URL,
    days: Days = 30,
    db: Database = DEFAULT_DATABASE,
) -> None:
    """Print a new invite link for one person. A researcher's link opens the console, on every study."""
    from secondreader.db.engine import open_engine, writing
    from secondreader.db.studies import ensure_annotator

    with writing(open_engine(db)) as session:
        if role is Role.RESEARCHER:
            address, person = console_url, ensure_annotator(session, None, name, role.value)
        else:
            address, person = desk_url, person_for_invite(session, study, name, role)
        made = link(session, person, address, days)
    show_links([(name, made)])


@study_app.command()
def revoke(
    name: Annotated[str, typer.Option(help="The person's pseudonym.")],
    study: Annotated[str | None, typer.Argument(help="Name of the study; none for a researcher.")] = None,
    db: Database = DEFAULT_DATABASE,
) -> None:
    """Close all links of one person, and whatever window is open through them."""
    from secondreader.db.access import revoke_invites
    from secondreader.db.engine import open_engine, writing

    with writing(open_engine(db)) as session:
        n_closed = sum(revoke_invites(session, person) for person in find_person(session, study, name))
    typer.echo(f"Links of {name} closed: {n_closed}.")


def set_status_command(status: str, sentence: str) -> None:
    """Add the command that brings a study to this status."""
    command = {"open": "open", "paused": "pause", "closed": "close"}[status]

    def change(
        study: Name,
        why: Annotated[str, typer.Option(help="Reason, for the audit log.")] = "",
        db: Database = DEFAULT_DATABASE,
    ) -> None:
        from secondreader.db.engine import open_engine, writing
        from secondreader.db.studies import get_study, set_status

        with writing(open_engine(db)) as session:
            set_status(session, get_study(session, study), status, actor="researcher", why=why)
        typer.echo(f"{study} is {status}.")

    study_app.command(command, help=sentence)(change)


set_status_command("open", "Take labels again after a pause.")
set_status_command("paused", "Take no labels for a while; drafts are kept.")
set_status_command("closed", "Take no more labels.")


def link(session: "Session", person: int, address: str, days: float) -> str:
    """A new invite link. The token stands behind # so that no server log ever sees it."""
    from secondreader.db.access import create_invite

    return f"{address.rstrip('/')}/join#{create_invite(session, person, days)}"


def person_for_invite(session: "Session", study: str | None, name: str, role: Role) -> int:
    """Id of an annotator with a queue, or of an adjudicator, who may be new. Raises LinkError."""
    from secondreader.db.studies import ensure_annotator, get_study

    if study is None:
        raise typer.BadParameter("an annotator belongs to a study; name it", param_hint="STUDY")
    if role is Role.ADJUDICATOR:
        return ensure_annotator(session, get_study(session, study), name, role.value)
    return find_person(session, study, name)[0]


def find_person(session: "Session", study: str | None, name: str) -> list[int]:
    """Ids of the people of this name who read at the desk (study None: researchers). Raises LinkError."""
    from secondreader.db.overview import people_of
    from secondreader.db.studies import get_study

    people = people_of(session, get_study(session, study) if study else None)
    found = [person for pseudonym, person in people if pseudonym == name]
    if not found:
        names = ", ".join(pseudonym for pseudonym, _ in people) or "no one yet"
        raise LinkError(f"There is no {name!r} {'in ' + study if study else 'here'}; there is: {names}.")
    return found


def links_for(session: "Session", people: dict[str, int], address: str, days: float) -> list[tuple[str, str]]:
    """(name, new invite link) for each person."""
    return [(name, link(session, person, address, days)) for name, person in people.items()]


def show_drawn(study: str, drawn: "Drawn") -> None:
    """Say what freezing a study made."""
    typer.echo(f"{study}: {drawn.n_items} transcripts drawn, {drawn.n_assignments} places in queues.")
    typer.echo(f"plan {drawn.plan_hash}")


def show_links(links: list[tuple[str, str]]) -> None:
    """Print the links, unwrapped, so that they can be copied."""
    typer.echo("Links are secrets and are not shown again:")
    for name, address in links:
        typer.echo(f"  {name}  {address}")
