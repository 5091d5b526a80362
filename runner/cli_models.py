"""Commands that talk to models: run, judge, serve-scripted."""

from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add this file's commands."""
    app.command("serve-scripted")(serve_scripted)


def serve_scripted(
    script: Annotated[Path | None, typer.Argument(help="Script (YAML); without one, the demo's.")] = None,
    host: Annotated[
        str, typer.Option(help="Address to listen on; other machines reach it only if you name another.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 takes a free one.")] = 0,
) -> None:
    """Serve an OpenAI-compatible API whose answers stand in a YAML file: dry runs without a model."""
    from secondreader.runner import scripted_server
    from secondreader.runner.script import load_script

    loaded = load_script(script or scripted_server.DEMO_SCRIPT)
    scripted_server.serve(loaded, host, port, lambda url: typer.echo(f"Serving {loaded.name!r} at {url}"))
