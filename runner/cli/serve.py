"""Commands that start servers: demo, desk, console, and a scripted model."""

import ipaddress
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated

import typer

from secondreader.runner.cli.options import DEFAULT_ACTOR, DEFAULT_DATABASE, Actor, Database, SignIn

if TYPE_CHECKING:
    from secondreader.db.core.engine import Database as OpenedDatabase
    from secondreader.runner.serve.processes import StreamlitApp

DESK_PORT = 8501
CONSOLE_PORT = 8502
NO_SIGN_IN: Mapping[str, str] = MappingProxyType({})

Host = Annotated[
    str, typer.Option(help="Address to listen on; other machines reach it only if you name another.")
]
Port = Annotated[int | None, typer.Option(help="Port; by default the first free one from the usual one on.")]


def register(app: typer.Typer) -> None:
    """Add this file's commands."""
    app.command("demo")(run_demo)
    app.command("desk")(open_desk)
    app.command("console")(open_console)
    app.command("serve-scripted")(serve_scripted)


def run_demo(
    db: Database = "secondreader-demo.db", host: Host = "127.0.0.1", actor: Actor = DEFAULT_ACTOR
) -> None:
    """Load the sample study and open desk and console on it, with one invite link per role."""
    from secondreader.db.core.engine import open_engine
    from secondreader.runner.serve import processes as launch
    from secondreader.runner.serve import sample

    engine = open_engine(db)
    invites = sample.load_sample(engine, actor)
    desk_port = launch.find_free_port(host, DESK_PORT)
    desk_app = make_desk_app(engine, host, desk_port)
    console_app = make_console_app(engine, host, launch.find_free_port(host, CONSOLE_PORT, taken=[desk_port]))
    # the apps are processes of their own: this one must hold no connection while they run
    engine.dispose()
    launch.run_apps(
        [desk_app, console_app],
        "\n".join(
            [
                "",
                "The sample study is open (illustrative sample, written by hand).",
                "",
                f"  Desk      {desk_app.address}",
                f"    annotator link   {desk_app.address}/join#{invites.annotator}",
                f"  Console   {console_app.address}",
                f"    researcher link  {console_app.address}/join#{invites.researcher}",
                "",
                "Ctrl-C stops both.",
            ]
        ),
    )


def open_desk(
    db: Database = DEFAULT_DATABASE, host: Host = "127.0.0.1", port: Port = None, sign_in: SignIn = None
) -> None:
    """Open the annotators' desk. Its process never holds a connection that can read a verdict."""
    from secondreader.db.core.engine import open_engine
    from secondreader.runner.serve import processes as launch
    from secondreader.runner.serve.oidc_settings import build_app_environment

    sign_in_environment = build_app_environment("desk", sign_in)
    engine = open_engine(require_database(db))
    app = make_desk_app(engine, host, choose_port(host, port, DESK_PORT), sign_in_environment)
    engine.dispose()
    launch.run_apps([app], f"Desk: {app.address}  (Ctrl-C stops it)")


def open_console(
    db: Database = DEFAULT_DATABASE, host: Host = "127.0.0.1", port: Port = None, sign_in: SignIn = None
) -> None:
    """Open the researcher's console: progress, agreement, disagreements, report."""
    from secondreader.db.core.engine import open_engine
    from secondreader.runner.serve import processes as launch
    from secondreader.runner.serve.oidc_settings import build_app_environment

    sign_in_environment = build_app_environment("console", sign_in)
    engine = open_engine(require_database(db))
    app = make_console_app(engine, host, choose_port(host, port, CONSOLE_PORT), sign_in_environment)
    engine.dispose()
    launch.run_apps([app], f"Console: {app.address}  (Ctrl-C stops it)")


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


def require_database(db: str) -> str:
    """`db`, unless it names a SQLite file that is not there: an app on an empty new file would only puzzle."""
    from secondreader.db.core.engine import DatabaseError

    if "://" not in db and not Path(db).is_file():
        raise DatabaseError(
            f"There is no database {db}; import or run transcripts first, or name it with --db."
        )
    return db


def choose_port(host: str, port: int | None, usual: int) -> int:
    """The port asked for, which must be free, or the first free one from the usual one on."""
    from secondreader.runner.serve import processes as launch

    if port is None:
        return launch.find_free_port(host, usual)
    if not launch.is_port_free(host, port):
        raise typer.BadParameter(f"port {port} is taken on {host}", param_hint="--port")
    return port


def make_desk_app(
    engine: "OpenedDatabase", host: str, port: int, sign_in: Mapping[str, str] = NO_SIGN_IN
) -> "StreamlitApp":
    """The desk's process: on PostgreSQL it gets the URL of its own role, never the owner's."""
    from secondreader.annotate.session.settings import STREAMLIT_OPTIONS
    from secondreader.db.blind.postgres import prepare_desk_url
    from secondreader.runner.serve.processes import StreamlitApp

    return StreamlitApp(
        name="desk",
        script=find_script("secondreader.annotate", "app.py"),
        host=host,
        port=port,
        options=STREAMLIT_OPTIONS | restrict_hosts(host),
        environment={
            "SECONDREADER_DESK_DB": prepare_desk_url(engine).render_as_string(hide_password=False),
            **sign_in,
        },
    )


def make_console_app(
    engine: "OpenedDatabase", host: str, port: int, sign_in: Mapping[str, str] = NO_SIGN_IN
) -> "StreamlitApp":
    """The console's process, with the owner's connection."""
    from secondreader.reports.console.settings import STREAMLIT_OPTIONS
    from secondreader.runner.serve.processes import StreamlitApp

    return StreamlitApp(
        name="console",
        script=find_script("secondreader.reports.console", "app.py"),
        host=host,
        port=port,
        options=STREAMLIT_OPTIONS | restrict_hosts(host),
        environment={"SECONDREADER_DB": engine.url.render_as_string(hide_password=False), **sign_in},
    )


def restrict_hosts(host: str) -> dict[str, str | tuple[str, ...]]:
    """Host names that the server answers to, where it listens on loopback only: shuts out DNS rebinding."""
    # a name that points at this machine is no address: only loopback itself is known to be safe
    try:
        loopback = ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = host == "localhost"
    return {"server.allowedHosts": ("localhost", "127.0.0.1", "[::1]")} if loopback else {}


def find_script(package: str, name: str) -> Path:
    """Where an app's script stands on disk, without importing it."""
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise typer.BadParameter(f"{package} is not installed")
    return Path(next(iter(spec.submodule_search_locations))) / name
