"""What commands put on a terminal: text of others, and a bar for work that takes its time."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import TYPE_CHECKING

from rich.markup import escape

from secondreader.db.core.text import make_printable

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress as Bar

    from secondreader.runner.intake.progress import Progress, T

PATIENCE_SECONDS = 2.0
STEP_SECONDS = 0.1
OnStart = Callable[[int, int], None]


def escape_for_terminal(text: object) -> str:
    """`text` as it is: rich would read [brackets] as style, and a terminal obey what is not printable."""
    return escape(make_printable(str(text)))


def make_bar(console: "Console | None", *, transient: bool = False) -> "Bar":
    """A bar on standard error; where that is no terminal, it stays silent."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    console = console or Console(stderr=True)
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(elapsed_when_finished=True),
        console=console,
        disable=not console.is_terminal,
        transient=transient,
    )


@contextmanager
def show_work(what: str, console: "Console | None" = None) -> Iterator[tuple[OnStart, Callable[[], None]]]:
    """A bar for requests to models; yields what to call with (missing, known) at the start, and after each item."""
    with make_bar(console) as bar:
        task = bar.add_task(what, total=None)

        def on_start(n_missing: int, n_known: int) -> None:
            bar.update(task, total=n_missing + n_known, completed=n_known)

        yield on_start, lambda: bar.advance(task)


@contextmanager
def show_progress(console: "Console | None" = None) -> "Iterator[Progress]":
    """A Progress whose bar comes once the work has lasted two seconds, and goes at the end."""
    bar = make_bar(console, transient=True)
    begun = monotonic()

    def pass_on(items: "Iterable[T]", what: str, total: int | None = None) -> "Iterable[T]":
        task, n_done, shown_at = bar.add_task(what, total=total), 0, monotonic()
        for item in items:
            yield item
            n_done, now = n_done + 1, monotonic()
            # drawing costs more than most items do
            if now - shown_at > STEP_SECONDS:
                shown_at = now
                bar.update(task, completed=n_done)
                if now - begun > PATIENCE_SECONDS and not bar.live.is_started:
                    bar.start()
        bar.update(task, completed=n_done, total=n_done)

    try:
        yield pass_on
    finally:
        bar.stop()
