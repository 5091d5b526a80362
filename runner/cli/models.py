"""Commands that talk to models: run, judge, serve-scripted."""

import asyncio
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from secondreader.runner.cli.options import DEFAULT_ACTOR, DEFAULT_DATABASE, Actor, Database, StudyName

if TYPE_CHECKING:
    from secondreader.runner.jobs.batch import WorkOutcome
    from secondreader.runner.models.client import Endpoint
    from secondreader.runner.models.prices import Prices
    from secondreader.runner.scenarios.protocols import Condition

DEFAULT_BASE_URL = "https://api.openai.com/v1"

BaseUrl = Annotated[
    str,
    typer.Option(envvar=["SECONDREADER_BASE_URL", "OPENAI_BASE_URL"], help="Any OpenAI-compatible server."),
]
KeyVariable = Annotated[
    str,
    typer.Option(
        "--key-env", help="Environment variable that holds the key; a server without keys needs none."
    ),
]
Concurrency = Annotated[int, typer.Option(min=1, max=512, help="Requests under way at once.")]
Timeout = Annotated[float, typer.Option(min=1, help="Seconds to wait for one answer.")]
MaxTokens = Annotated[int | None, typer.Option(min=1, help="Longest reply; by default the server decides.")]
PriceTable = Annotated[
    Path | None, typer.Option("--prices", help="TOML table of prices per million tokens, by model.")
]
Seed = Annotated[int, typer.Option(help="Base seed; each request's own seed is derived from it.")]
Temperature = Annotated[float, typer.Option(min=0, max=2, help="Sampling temperature.")]
Protocols = Annotated[list[str], typer.Option(help="agentic, classify or select; repeatable.")]
Personas = Annotated[list[str], typer.Option(help="A persona of the pack; repeatable.")]
Framings = Annotated[list[str], typer.Option(help="A framing of the pack; repeatable.")]
Mitigations = Annotated[list[str], typer.Option(help="A mitigation of the pack; repeatable.")]
ScenarioKeys = Annotated[list[str], typer.Option(help="Only this scenario; repeatable.")]
OnStart = Callable[[int, int], None]


def register(app: typer.Typer) -> None:
    """Add this file's commands."""
    app.command()(run)
    app.command()(judge)
    app.command("serve-scripted")(serve_scripted)


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
    actor: Actor = DEFAULT_ACTOR,
    db: Database = DEFAULT_DATABASE,
) -> None:
    """Run a scenario pack against models. Finished attempts are stored at once; a second run makes only missing ones."""
    from secondreader.db.core.engine import open_engine
    from secondreader.runner.jobs.run_pack import RunSpec, run_pack
    from secondreader.runner.scenarios.pack import WORKPLACE, load_pack

    plan = RunSpec(
        pack=load_pack(WORKPLACE if pack == "workplace" else Path(pack)),
        study=study,
        models=tuple(dict.fromkeys(model)),
        conditions=combine_conditions(protocol, persona, framing, mitigation),
        scenarios=tuple(dict.fromkeys(scenario)),
        attempts=attempts,
        temperature=temperature,
        max_calls=max_calls,
        max_tokens=max_tokens,
        seed=seed,
    )
    endpoint, engine = make_endpoint(base_url, key_env, timeout, concurrency), open_engine(db)
    with show_progress_bar("Attempts") as (on_start, on_done):
        made = run_pack(
            engine,
            plan,
            endpoint,
            prices=load_price_table(prices),
            on_start=on_start,
            on_done=on_done,
            actor=actor,
        )
        result = asyncio.run(made)
    n_new = result.outcome.n_done
    typer.echo(f"{n_new} attempts stored, {result.n_known} were there before; study {study!r}.")
    exit_on_failures(result.outcome, "attempts")


def judge(
    study: StudyName,
    model: Annotated[str, typer.Option(help="The judge's model name.")],
    base_url: BaseUrl = DEFAULT_BASE_URL,
    prompt: Annotated[str, typer.Option(help="Title of a shipped judge prompt, or a file.")] = "risk.v1",
    repeats: Annotated[int, typer.Option(min=1, help="Readings of each transcript.")] = 1,
    drawn_only: Annotated[
        bool, typer.Option("--drawn-only", help="Read only the transcripts drawn for labelling.")
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
    with show_progress_bar("Verdicts") as (on_start, on_done):
        made = judge_study(
            engine,
            plan,
            endpoint,
            prices=load_price_table(prices),
            on_start=on_start,
            on_done=on_done,
            actor=actor,
        )
        result = asyncio.run(made)
    typer.echo(
        f"{result.n_parsed + result.n_unparsed} verdicts stored ({result.n_unparsed} of them could not be read), "
        f"{result.n_known} were there before, {result.n_planned} planned; judge {plan.judge!r}."
    )
    if result.n_without_text:
        typer.echo(f"{result.n_without_text} transcripts have no text and were left out.")
    exit_on_failures(result.outcome, "verdicts")


def serve_scripted(
    script: Annotated[Path | None, typer.Argument(help="Script (YAML); without one, the demo's.")] = None,
    host: Annotated[
        str, typer.Option(help="Address to listen on; other machines reach it only if you name another.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 takes a free one.")] = 0,
) -> None:
    """Serve an OpenAI-compatible API whose answers stand in a YAML file: dry runs without a model."""
    from secondreader.runner.models import scripted_server
    from secondreader.runner.models.script import load_script

    loaded = load_script(script or scripted_server.DEMO_SCRIPT)
    scripted_server.serve_script(
        loaded, host, port, lambda url: typer.echo(f"Serving {loaded.name!r} at {url}")
    )


def combine_conditions(*choices: list[str]) -> "tuple[Condition, ...]":
    """Every combination of protocols, personas, framings and mitigations."""
    from secondreader.runner.scenarios.protocols import Condition

    return tuple(Condition(*one) for one in product(*(dict.fromkeys(choice) for choice in choices)))


def make_endpoint(base_url: str, key_variable: str, timeout: float, concurrency: int) -> "Endpoint":
    """Where to ask; a variable that was named and is not set is wrong usage."""
    from secondreader.runner.models.client import KEY_VARIABLE, Endpoint

    if key_variable != KEY_VARIABLE and not os.environ.get(key_variable):
        raise typer.BadParameter(f"the environment has no variable {key_variable}", param_hint="--key-env")
    return Endpoint(base_url, key_variable, timeout=timeout, concurrency=concurrency)


def load_price_table(path: Path | None) -> "Prices | None":
    """The price table, if one is named."""
    from secondreader.runner.models.prices import load_prices

    return load_prices(path) if path else None


@contextmanager
def show_progress_bar(what: str) -> Iterator[tuple[OnStart, Callable[[], None]]]:
    """A bar on a terminal's standard error; yields what to call at the start and after each item."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns: list[Any] = [
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    ]
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task(what, total=None)

        def on_start(n_missing: int, n_known: int) -> None:
            bar.update(task, total=n_missing + n_known, completed=n_known)

        yield on_start, lambda: bar.advance(task)


def exit_on_failures(outcome: "WorkOutcome", what: str) -> None:
    """Tell what failed and exit with 1; nothing of it is stored, so the same command tries it again."""
    if outcome.is_complete:
        return
    typer.secho(
        f"secondreader: {outcome.n_failed + outcome.n_untried} {what} failed and are not stored; "
        "run the same command again for them.",
        err=True,
        fg=typer.colors.RED,
    )
    for line in outcome.describe_problems():
        typer.echo(f"  {line}", err=True)
    raise typer.Exit(1)
