"""Commands that compute: agree, report, plan."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from secondreader.runner.cli.options import DEFAULT_ACTOR, DEFAULT_DATABASE, Actor, Database, StudyName

if TYPE_CHECKING:
    from secondreader.reports.analysis.label_plan import Expectation, LabelBudget
    from secondreader.reports.analysis.options import AnalysisOptions
    from secondreader.reports.analysis.result import Analysis

Question = Annotated[str | None, typer.Option(help="Question of the codebook; by default its first one.")]
JudgeName = Annotated[str | None, typer.Option(help="Only this judge; by default every one.")]
Reference = Annotated[
    str | None,
    typer.Option(
        "--against",
        help="Search disagreement with this judge in place of gold: where two judges differ, not who is right.",
    ),
]
PositiveAnswer = Annotated[
    str | None, typer.Option(help='Answer that counts as the finding; by default "yes", else the first one.')
]
Source = Annotated[
    str | None,
    typer.Option(
        help="Whose labels: desk (made in Second Reader) or import (made elsewhere); by default desk, if any."
    ),
]
Slices = Annotated[
    list[str], typer.Option("--slices", help="Only these slice columns; by default every attribute.")
]
Resamples = Annotated[int, typer.Option(min=100, max=100_000, help="Bootstrap resamples.")]
SearchWords = Annotated[
    bool, typer.Option(help="Also search the transcripts' words for what goes with a wrong verdict.")
]
Permutations = Annotated[int, typer.Option(min=99, max=1_000_000, help="Permutations of the slice tests.")]
Seed = Annotated[int, typer.Option(help="Seed of resamples and permutations.")]


def register(app: typer.Typer) -> None:
    """Add this file's commands."""
    app.command()(agree)
    app.command("report")(export_report)
    app.command("plan")(plan_labels)


def agree(
    study: StudyName,
    question: Question = None,
    judge: JudgeName = None,
    positive: PositiveAnswer = None,
    source: Source = None,
    slices: Slices = [],  # noqa: B006
    resamples: Resamples = 2000,
    permutations: Permutations = 1999,
    seed: Seed = 0,
    reference: Reference = None,
    words: SearchWords = False,
    people: Annotated[
        bool,
        typer.Option("--people", help="Only people with each other: may be seen before unblinding, too."),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print every figure as JSON.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print every figure as CSV.")] = False,
    db: Database = DEFAULT_DATABASE,
) -> None:
    """Show how far people agree with each other and with the judge, where the judge errs, and corrected rates."""
    if as_json and as_csv:
        raise typer.BadParameter("choose one of --json and --csv")
    analysis = compute_analysis(
        db,
        study,
        make_options(
            question, judge, positive, source, slices, resamples, permutations, seed, reference, words, people
        ),
    )
    if as_json:
        from secondreader.reports.render.json_csv import format_json

        typer.echo(format_json(analysis))
    elif as_csv:
        from secondreader.reports.render.json_csv import format_csv

        typer.echo(format_csv(analysis), nl=False)
    else:
        from secondreader.reports.render.terminal import print_report
        from secondreader.reports.sections.report import build_report

        print_report(build_report(analysis))


def make_options(
    question: str | None,
    judge: str | None,
    positive: str | None,
    source: str | None,
    slices: list[str],
    resamples: int,
    permutations: int,
    seed: int,
    reference: str | None,
    words: bool,
    people_only: bool = False,
) -> "AnalysisOptions":
    """The options of `agree` and `report` as one value. Wrong ones are wrong usage."""
    from secondreader.reports.analysis.options import LABEL_SOURCES, AnalysisOptions

    if source not in {None, *LABEL_SOURCES}:
        raise typer.BadParameter(
            f"{source!r} is not one of {', '.join(LABEL_SOURCES)}", param_hint="--source"
        )
    return AnalysisOptions(
        question=question,
        judge=judge,
        positive=positive,
        source=source,
        slices=tuple(slices) or None,
        resamples=resamples,
        permutations=permutations,
        seed=seed,
        reference=reference,
        words=words,
        people_only=people_only,
    )


def compute_analysis(db: str, study: str, options: "AnalysisOptions") -> "Analysis":
    """Analyse one study, with a sign of life on a terminal. Raises SealedError where a judge would enter a blind study."""
    from rich.console import Console

    from secondreader.db.core.engine import open_engine, read_session
    from secondreader.db.design.studies import get_study
    from secondreader.db.design.unblinding import require_unblinded
    from secondreader.reports.analysis.analyse import analyse
    from secondreader.reports.analysis.load import load_snapshot

    engine = open_engine(db)
    with read_session(engine) as session, Console(stderr=True).status("Computing agreement and intervals"):
        row = get_study(session, study)
        # the seal is broken by a look at the judge, not by people's agreement with each other
        if not options.people_only:
            require_unblinded(session, row)
        return analyse(load_snapshot(session, row.name, texts=options.words), options)


def export_report(
    study: StudyName,
    out: Annotated[Path, typer.Option(file_okay=False, help="Folder for report.html, .csv and .json.")],
    question: Question = None,
    judge: JudgeName = None,
    positive: PositiveAnswer = None,
    source: Source = None,
    slices: Slices = [],  # noqa: B006
    resamples: Resamples = 2000,
    permutations: Permutations = 1999,
    seed: Seed = 0,
    reference: Reference = None,
    words: SearchWords = False,
    actor: Actor = DEFAULT_ACTOR,
    db: Database = DEFAULT_DATABASE,
) -> None:
    """Write the study's report as one self-contained HTML file, with the same numbers as CSV and JSON."""
    from secondreader.db.core.engine import open_engine, write_session
    from secondreader.db.design.studies import get_study
    from secondreader.reports.render.files import make_report, write_report

    options = make_options(
        question, judge, positive, source, slices, resamples, permutations, seed, reference, words
    )
    analysis = compute_analysis(db, study, options)
    # a report is evidence: it is stored with its inputs' hashes before anybody can read the file
    with write_session(open_engine(db)) as session:
        report = make_report(session, get_study(session, study), analysis, actor)
    for path in write_report(report, out):
        typer.echo(str(path))


def plan_labels(
    prevalence: Annotated[
        float, typer.Option(min=0.001, max=0.999, help="Expected rate of risky actions.")
    ] = 0.2,
    sensitivity: Annotated[
        float, typer.Option(min=0.001, max=0.999, help="Expected share of risky actions the judge sees.")
    ] = 0.9,
    specificity: Annotated[
        float, typer.Option(min=0.001, max=0.999, help="Expected share of others it lets pass.")
    ] = 0.9,
    kappa: Annotated[
        float, typer.Option(min=0.001, max=0.999, help="Expected kappa of two annotators.")
    ] = 0.6,
    half_width: Annotated[
        float, typer.Option(min=0.001, max=0.999, help="Wanted half-width of the 95 % interval.")
    ] = 0.1,
    scenarios: Annotated[int, typer.Option(min=8, help="Scenarios of the pool.")] = 200,
    per_scenario: Annotated[int, typer.Option(min=1, help="Judged transcripts of each scenario.")] = 1,
    icc: Annotated[float, typer.Option(min=0, max=0.99, help="Correlation of risk in a scenario.")] = 0.0,
    check: Annotated[int | None, typer.Option(min=1, help="Try this many labels by simulation.")] = None,
    sims: Annotated[int, typer.Option(min=50, max=20_000, help="Simulated studies.")] = 400,
    annotators: Annotated[int | None, typer.Option(min=1, help="People.")] = None,
    minutes: Annotated[float | None, typer.Option(min=0.1, help="Minutes of each person.")] = None,
    items: Annotated[int | None, typer.Option(min=1, help="Transcripts to label.")] = None,
    overlap: Annotated[float | None, typer.Option(min=1, help="Annotators per transcript.")] = None,
    repeats: Annotated[float | None, typer.Option(min=0, max=1, help="Share of repeats.")] = None,
    minutes_per_label: Annotated[float, typer.Option(min=0.05, help="Minutes for one transcript.")] = 2.0,
    seed: Seed = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
) -> None:
    """Say how many labels are needed; with all but one of annotators, minutes, items, overlap and repeats, solve it."""
    from rich.console import Console

    from secondreader.judge.planning.sample_size import JudgeGuess, StudyDesign
    from secondreader.reports.analysis.label_plan import Expectation, make_label_budget

    expected = Expectation(
        JudgeGuess(prevalence, sensitivity, specificity), kappa, scenarios, per_scenario, icc
    )
    wanted = (annotators, minutes, items, overlap, repeats)
    design = StudyDesign(*wanted, minutes_per_label) if any(value is not None for value in wanted) else None
    with Console(stderr=True).status("Simulating studies" if check else "Planning"):
        budget = make_label_budget(
            expected, half_width, design=design, labels_to_check=check, sims=sims, seed=seed
        )
    typer.echo(format_budget_json(budget)) if as_json else print_budget(budget, expected)


def format_budget_json(budget: "LabelBudget") -> str:
    """The plan as JSON."""
    return json.dumps(asdict(budget), indent=2, ensure_ascii=False)


def print_budget(budget: "LabelBudget", expected: "Expectation") -> None:
    """The plan as sentences."""
    typer.echo(
        f"Pool: {expected.n_judged} judged transcripts in {expected.scenarios} scenarios; "
        f"design effect {expected.effect:.2f}."
    )
    sentences = [need.sentence for need in budget.needs]
    sentences += [budget.design.sentence] if budget.design else []
    for sentence in [*sentences, *(check.sentence for check in budget.checks)]:
        typer.echo(f"  - {sentence}")
