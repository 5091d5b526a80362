"""The bar appears for long work on a terminal, and nothing is lost on its way."""

import io

import pytest
from rich.console import Console

from secondreader.runner.cli import terminal
from secondreader.runner.cli.terminal import show_progress, show_work


@pytest.mark.parametrize(
    ("patience", "is_terminal", "shown"), [(-1.0, True, True), (60.0, True, False), (-1.0, False, False)]
)
def test_a_bar_is_shown_for_long_work_on_a_terminal(
    monkeypatch: pytest.MonkeyPatch, patience: float, is_terminal: bool, shown: bool
) -> None:
    """All items pass in order; the bar names the work only where it lasts and somebody looks."""
    monkeypatch.setattr(terminal, "PATIENCE_SECONDS", patience)
    monkeypatch.setattr(terminal, "STEP_SECONDS", -1.0)
    out = io.StringIO()
    with show_progress(Console(file=out, force_terminal=is_terminal)) as watch:
        assert list(watch(range(50), "Reading", 50)) == list(range(50))
    assert ("Reading" in out.getvalue()) is shown


@pytest.mark.parametrize("is_terminal", [True, False])
def test_requests_to_models_are_counted_with_those_stored_before(is_terminal: bool) -> None:
    """The bar begins at what is known and ends at the total; nothing is written where nobody looks."""
    out = io.StringIO()
    with show_work("Attempts", Console(file=out, force_terminal=is_terminal)) as (on_start, on_done):
        on_start(2, 3)
        on_done()
        on_done()
    assert ("Attempts" in out.getvalue()) is is_terminal
    assert ("5/5" in out.getvalue()) is is_terminal
