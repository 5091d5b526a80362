"""The command that lets a judge read a study."""

import asyncio
from typing import Annotated

import typer

from secondreader.runner.cli.options import (
    DEFAULT_ACTOR,
    DEFAULT_BASE_URL,
    DEFAULT_DATABASE,
    Actor,
    BaseUrl,
    Concurrency,
    Database,
    KeyVariable,
    MaxTokens,
    PriceTable,
    Seed,
    StudyName,
    Temperature,
    Timeout,
    exit_on_failures,
    load_price_table,
    make_endpoint,
)
from secondreader.runner.cli.terminal import show_work


def register(app: typer.Typer) -> None:
    """Add this file's command."""
    app.command()(judge)


def judge(
    study: StudyName,
    model: Annotated[str, typer.Option(help="The judge's model name.")],
    base_url: BaseUrl = DEFAULT_BASE_URL,
    prompt: Annotated[str, typer.Option(help="Title of a shipped judge prompt, or a file.")] = "risk.v1",
    repeats: Annotated[int, typer.Option(min=1, help="Verdicts per transcript.")] = 1,
    drawn_only: Annotated[
        bool, typer.Option("--drawn-only", help="Judge only the transcripts sampled for labelling.")
    ] = False,
    temperature: Temperature = 0.0,
    retries: Annotated[int, typer.Option(min=0, help="Further tries where a reply cannot be read.")] = 2,
    max_tokens: MaxTokens = None,
    seed: Seed = 0,
    concurrency: Concurrency = 8,
    timeout: Timeout = 120.0,
    key_env: KeyVariable = "OPENAI_API_KEY",
    prices: PriceTable = None,
    actor: Actor = DEFAULT_ACTOR,
    db: Database = DEFAULT_DATABASE,
) -> None:
    """Let a judge read a study's transcripts. Verdicts are stored at once; a second run asks only for missing ones."""
    from secondreader.db.core.engine import open_engine
    from secondreader.judge.verdicts.prompt import load_prompt
    from secondreader.runner.jobs.judge_study import JudgeSpec, judge_study

    plan = JudgeSpec(
        study=study,
        model=model,
        prompt=load_prompt(prompt),
        repeats=repeats,
        drawn_only=drawn_only,
        temperature=temperature,
        retries=retries,
        max_tokens=max_tokens,
        seed=seed,
    )
    endpoint, engine = make_endpoint(base_url, key_env, timeout, concurrency), open_engine(db)
    with show_work("Verdicts") as (on_start, on_done):
        work = judge_study(
            engine,
            plan,
            endpoint,
            prices=load_price_table(prices),
            on_start=on_start,
            on_done=on_done,
            actor=actor,
        )
        result = asyncio.run(work)
    typer.echo(
        f"{result.n_parsed + result.n_unparsed} verdicts stored ({result.n_unparsed} of them could not be read), "
        f"{result.n_known} were there before, {result.n_planned} planned; judge {plan.judge!r}."
    )
    if result.n_without_text:
        typer.echo(f"{result.n_without_text} transcripts have no text and were left out.")
    # last: the counts of what was stored are printed even where some failed
    exit_on_failures(result.outcome, "verdicts")
