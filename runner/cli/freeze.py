"""Commands that fix a study's plan: from options, or from a file. Both make a StudyFile, so there is one way to freeze."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from secondreader.runner.cli.options import DEFAULT_ACTOR, DEFAULT_DATABASE, Actor, Database
from secondreader.runner.cli.people import DESK_URL, Days, DeskUrl, show_links
from secondreader.runner.cli.study import StudyArgument, study_app

if TYPE_CHECKING:
    from secondreader.db.core.records import StudyRecord
    from secondreader.db.design.study_file import StudyCreationResult, StudyFile


class Strata(StrEnum):
    """How the items to label are sampled."""

    NONE = "none"
    VERDICT = "verdict"


class UnsurePolicy(StrEnum):
    """What "unsure" counts as in the headline figures, fixed before anyone labels.

    Standard: an answer of its own between people, and missing where a judge is scored.
    """

    STANDARD = "standard"
    CATEGORY = "category"
    MISSING = "missing"
    WORST_CASE = "worst-case"


Items = Annotated[int, typer.Option(min=1, help="Transcripts to sample for labelling.")]
Annotators = Annotated[str, typer.Option(help="Pseudonyms, separated by commas.")]
Overlap = Annotated[
    int | None, typer.Option(min=1, help="Annotators per transcript; all of them by default.")
]
Seed = Annotated[int, typer.Option(min=0, help="Seed of the sample and of the queues' orders.")]
StrataBy = Annotated[
    Strata, typer.Option(help="Sample equally from each verdict of --judge, or from all alike.")
]
StrataJudge = Annotated[str | None, typer.Option(help="The judge whose verdicts make the strata.")]
HeadlineJudge = Annotated[
    str | None,
    typer.Option(help="The judge of the headline figures; by default that of the strata, if there is one."),
]
Repeats = Annotated[
    float,
    typer.Option(min=0, max=0.5, help="Share of each queue that returns unannounced, to the same person."),
]
UnsureOption = Annotated[UnsurePolicy, typer.Option(help='How the headline analysis treats "unsure".')]
CodebookName = Annotated[
    str | None,
    typer.Option(
        help="Questions to ask: default, scenario-review or a TOML file; the study's own if left out."
    ),
]
InterimLooks = Annotated[
    bool, typer.Option("--interim-looks", help="Let judge and people be compared before unblinding.")
]
AcceptLeaks = Annotated[
    str,
    typer.Option(
        help="Reason to freeze although nobody has decided on some findings of the leak scan; goes on record."
    ),
]


def register(_app: typer.Typer) -> None:
    """Add this file's commands to those of studies."""
    study_app.command()(freeze)
    study_app.command()(create)


def freeze(
    study: StudyArgument,
    items: Items,
    annotators: Annotators,
    overlap: Overlap = None,
    seed: Seed = 0,
    strata: StrataBy = Strata.NONE,
    judge: StrataJudge = None,
    headline_judge: HeadlineJudge = None,
    repeats: Repeats = 0.0,
    unsure: UnsureOption = UnsurePolicy.STANDARD,
    codebook: CodebookName = None,
    interim_looks: InterimLooks = False,
    accept_leaks: AcceptLeaks = "",
    desk_url: DeskUrl = DESK_URL,
    days: Days = 30,
    actor: Actor = DEFAULT_ACTOR,
    db: Database = DEFAULT_DATABASE,
) -> None:
    """Fix the plan, sample the transcripts and print one invite link per person. Links are secrets, printed once.

    Qualification items, attention checks, a norming round, a shared queue and other rules of the desk: see `study create`.
    """
    from secondreader.db.core.engine import open_engine, write_session
    from secondreader.db.design.studies import get_study
    from secondreader.db.design.study_file import create_study_with_links

    draw = {
        "items": items,
        "annotators": parse_names(annotators),
        "overlap": overlap,
        "seed": seed,
        "strata": strata.value,
        "judge": judge,
        "repeats": repeats,
    }
    rest = {
        "analyses": {"unsure": unsure.value, "judge": headline_judge},
        "interim_looks": interim_looks,
        "accept_leaks": accept_leaks,
    }
    with write_session(open_engine(db)) as session:
        study_file = make_study_file(get_study(session, study), codebook, draw, rest)
        keep = codebook is None
        created = create_study_with_links(session, study_file, actor, keep_questions=keep, days=days)
    # links are printed after the commit: one that a rollback took back would open nothing
    show_created_study(study_file, created, desk_url)


def create(
    path: Annotated[Path, typer.Argument(help="The study file (TOML).", exists=True, dir_okay=False)],
    accept_leaks: AcceptLeaks = "",
    desk_url: DeskUrl = DESK_URL,
    days: Days = 30,
    actor: Actor = DEFAULT_ACTOR,
    db: Database = DEFAULT_DATABASE,
) -> None:
    """Make a study from a file: a draft or, where the file has a draw, frozen with one link a person."""
    from secondreader.db.core.engine import open_engine, write_session
    from secondreader.db.design.study_file import create_study_with_links, read_study_file

    study_file = read_study_file(path)
    # findings come to light after the plan was written: the reason need not change the file
    if accept_leaks:
        study_file = study_file.model_copy(update={"accept_leaks": accept_leaks})
    with write_session(open_engine(db)) as session:
        created = create_study_with_links(session, study_file, actor, days=days)
    show_created_study(study_file, created, desk_url)


def make_study_file(
    draft: "StudyRecord",
    codebook: str | None,
    sampling: dict[str, Any],
    rest: dict[str, Any],
) -> "StudyFile":
    """The options of `freeze` as the file that would say the same; texts stay the draft's. Raises StudyFileError."""
    from secondreader.db.design.study_file import parse_study_file

    fields: dict[str, Any] = {
        "name": draft.name,
        "title": draft.title,
        "notice": draft.notice,
        "draw": sampling,
        **rest,
    }
    return parse_study_file(fields | ({"codebook": codebook} if codebook is not None else {}))


def parse_names(listed: str) -> tuple[str, ...]:
    """The names in a list with commas."""
    return tuple(name.strip() for name in listed.split(",") if name.strip())


def show_created_study(study_file: "StudyFile", created: "StudyCreationResult", desk_url: str) -> None:
    """Say what was made, with the links of those who are to label."""
    if created.freeze_result is None:
        typer.echo(f"{study_file.name} is a draft with the questions of {created.codebook_label}.")
        return
    frozen = created.freeze_result
    typer.echo(
        f"{study_file.name}: {frozen.n_items} transcripts sampled, {frozen.n_assignments} assignments."
    )
    typer.echo(f"plan {frozen.plan_hash}")
    show_links(desk_url, created.links)
