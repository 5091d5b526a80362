"""The bar appears for long work on a terminal, and nothing is lost on its way."""

import io

import pytest
from rich.console import Console

from secondreader.runner.cli import progress as watching
from secondreader.runner.cli.progress import show_progress as watched


@pytest.mark.parametrize(
    ("patience", "terminal", "shown"), [(-1.0, True, True), (60.0, True, False), (-1.0, False, False)]
)
def test_a_bar_is_shown_for_long_work_on_a_terminal(
    monkeypatch: pytest.MonkeyPatch, patience: float, terminal: bool, shown: bool
) -> None:
    """All items pass in order; the bar names the work only where it lasts and somebody looks."""
    monkeypatch.setattr(watching, "PATIENCE_SECONDS", patience)
    monkeypatch.setattr(watching, "STEP_SECONDS", -1.0)
    out = io.StringIO()
    with watched(Console(file=out, force_terminal=terminal)) as watch:
        assert list(watch(range(50), "Reading", 50)) == list(range(50))
    assert ("Reading" in out.getvalue()) is shown
