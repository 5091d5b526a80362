"""The command that runs scenarios against models."""

import asyncio
from itertools import product
from typing import TYPE_CHECKING, Annotated

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
    Redact,
    Seed,
    StudyName,
    Temperature,
    Timeout,
    exit_on_failures,
    load_price_table,
    make_endpoint,
    tell_flagged,
)
from secondreader.runner.cli.terminal import show_work

if TYPE_CHECKING:
    from secondreader.runner.scenarios.protocols import Condition

Protocols = Annotated[list[str], typer.Option(help="agentic, classify or select; repeatable.")]
Personas = Annotated[list[str], typer.Option(help="A persona of the pack; repeatable.")]
Framings = Annotated[list[str], typer.Option(help="A framing of the pack; repeatable.")]
Mitigations = Annotated[list[str], typer.Option(help="A mitigation of the pack; repeatable.")]
ScenarioKeys = Annotated[list[str], typer.Option(help="Only this scenario; repeatable.")]


def register(app: typer.Typer) -> None:
    """Add this file's command."""
    app.command()(run)


def run(
    pack: Annotated[
        str, typer.Argument(help='Scenario pack (YAML file), or "workplace" for the shipped one.')
    ],
    study: StudyName,
    model: Annotated[list[str], typer.Option(help="Model name; may be given several times.")],
    base_url: BaseUrl = DEFAULT_BASE_URL,
    attempts: Annotated[int, typer.Option(min=1, help="Attempts per scenario, model and condition.")] = 3,
    temperature: Temperature = 0.7,
    max_calls: Annotated[
        int, typer.Option(min=1, max=1000, help="Tool calls that one attempt may run.")
    ] = 10,
    max_tokens: MaxTokens = None,
    protocol: Protocols = ["agentic"],  # noqa: B006 - typer copies it
    persona: Personas = ["none"],  # noqa: B006
    framing: Framings = ["real"],  # noqa: B006
    mitigation: Mitigations = ["none"],  # noqa: B006
    scenario: ScenarioKeys = [],  # noqa: B006
    seed: Seed = 0,
    concurrency: Concurrency = 8,
    timeout: Timeout = 120.0,
    key_env: KeyVariable = "OPENAI_API_KEY",
    prices: PriceTable = None,
    redact: Redact = False,
    actor: Actor = DEFAULT_ACTOR,
    db: Database = DEFAULT_DATABASE,
) -> None:
    """Run a scenario pack against models. Finished attempts are stored at once; a second run makes only missing ones."""
    from secondreader.db.core.engine import open_engine
    from secondreader.runner.jobs.run_pack import RunSpec, run_pack
    from secondreader.runner.scenarios.load import load_named_pack

    plan = RunSpec(
        pack=load_named_pack(pack),
        study=study,
        models=tuple(dict.fromkeys(model)),
        conditions=combine_conditions(protocol, persona, framing, mitigation),
        scenarios=tuple(dict.fromkeys(scenario)),
        attempts=attempts,
        temperature=temperature,
        max_calls=max_calls,
        max_tokens=max_tokens,
        seed=seed,
        redact=redact,
    )
    endpoint, engine = make_endpoint(base_url, key_env, timeout, concurrency), open_engine(db)
    with show_work("Attempts") as (on_start, on_done):
        work = run_pack(
            engine,
            plan,
            endpoint,
            prices=load_price_table(prices),
            on_start=on_start,
            on_done=on_done,
            actor=actor,
        )
        result = asyncio.run(work)
    n_new = result.outcome.n_done
    typer.echo(f"{n_new} attempts stored, {result.n_known} were there before; study {study!r}.")
    tell_flagged(result.n_flagged, redact)
    exit_on_failures(result.outcome, "attempts")


def combine_conditions(*choices: list[str]) -> "tuple[Condition, ...]":
    """Every combination of protocols, personas, framings and mitigations."""
    from secondreader.runner.scenarios.protocols import Condition

    # a choice that is named twice would be paid for twice
    return tuple(Condition(*choice) for choice in product(*(dict.fromkeys(choice) for choice in choices)))
