"""A progress bar for work that turns out to be long."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from time import monotonic

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from secondreader.runner.intake.records import T, Watch

PATIENCE_SECONDS = 2.0
STEP_SECONDS = 0.1


@contextmanager
def show_progress(console: Console | None = None) -> Iterator[Watch]:
    """A Watch that shows a bar on a terminal's standard error once the work has lasted two seconds."""
    console = console or Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    bar = Progress(*columns, console=console, disable=not console.is_terminal, transient=True)
    begun = monotonic()

    def watch(items: Iterable[T], what: str, total: int | None = None) -> Iterable[T]:
        task, n_done, told = bar.add_task(what, total=total), 0, monotonic()
        for item in items:
            yield item
            n_done, now = n_done + 1, monotonic()
            if now - told > STEP_SECONDS:
                told = now
                bar.update(task, completed=n_done)
                if now - begun > PATIENCE_SECONDS and not bar.live.is_started:
                    bar.start()
        bar.update(task, completed=n_done, total=n_done)

    try:
        yield watch
    finally:
        bar.stop()
