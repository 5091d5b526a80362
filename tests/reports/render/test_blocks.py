"""Every type of block has a form on a page and on a terminal, and what comes from outside stays text in both."""

import io
from typing import Any

import pytest
from rich.console import Console

from secondreader.reports.charts.marks import ChartMark, IntervalChart
from secondreader.reports.render.environment import fold_text, render_block, render_blocks
from secondreader.reports.render.terminal import PRINTERS, print_section
from secondreader.reports.sections import blocks
from secondreader.reports.sections.blocks import (
    Block,
    Chart,
    Excerpt,
    Excerpts,
    Figure,
    Figures,
    Fold,
    Heading,
    Identifier,
    Link,
    Pairs,
    Paragraph,
    Section,
    Sentences,
    Table,
)

TAG = "<b>&x</b>[bold]y[/]"
SAMPLES: tuple[Block, ...] = (
    Heading(TAG),
    Paragraph(TAG),
    Sentences((TAG,)),
    Pairs(((TAG, TAG),)),
    Table(TAG, (TAG,), ((TAG,),)),
    Figures(TAG, (Figure(TAG, TAG, TAG, 1, 2, TAG, TAG, (TAG,)),), (TAG,)),
    Chart("c", TAG, IntervalChart((ChartMark(TAG, 0.5, text=TAG),))),
    Fold(TAG, (Paragraph(TAG),)),
    Excerpts((Excerpt(TAG, TAG, TAG, TAG),)),
)
EMPTY: tuple[Block, ...] = (
    Sentences(()),
    Pairs(()),
    Table("t", ("a",), ()),
    Figures("f", ()),
    Chart("c", "t", IntervalChart((ChartMark("a", None, text="no value"),))),
    Fold("f", (Sentences(()),)),
    Excerpts(()),
)


def printed(*some: Block) -> str:
    """What a terminal shows of a section of these blocks."""
    out = io.StringIO()
    print_section(Section("s", "Section", some), Console(file=out, width=200))
    return out.getvalue()


def test_every_type_has_a_sample_and_a_printer() -> None:
    """A block that a medium forgot would be lost without a word."""
    types = {
        value
        for value in vars(blocks).values()
        if isinstance(value, type) and issubclass(value, Block) and value is not Block
    }
    assert {type(sample) for sample in SAMPLES} == types == set(PRINTERS)


@pytest.mark.parametrize("block", SAMPLES, ids=lambda block: type(block).__name__)
def test_text_stays_text(block: Block) -> None:
    """Markup of either medium in any field is shown as it is."""
    html = render_block(block)
    assert "<b>" not in html
    assert "&lt;b&gt;&amp;x" in html
    if not isinstance(block, Chart):
        assert TAG in printed(block)


@pytest.mark.parametrize("block", EMPTY, ids=lambda block: type(block).__name__)
def test_what_is_empty_leaves_no_trace(block: Block) -> None:
    """No heading of a table, no empty list."""
    assert block.is_empty
    assert render_blocks((block,)) == ""


def test_details_and_rows_beyond_the_first_are_for_the_page() -> None:
    """A terminal leaves out details, cuts a table where its section says so, and counts what it left out."""
    table = Table("Counts", ("slice",), tuple((f"row-{at}",) for at in range(5)), n_brief=2)
    shown = printed(table, Paragraph("a detail", is_detail=True))
    assert "row-1" in shown
    assert "row-2" not in shown
    assert "3 more rows in the report" in " ".join(shown.split())
    assert "a detail" not in shown
    assert printed(Paragraph("a detail", is_detail=True)) == ""
    assert "row-4" in render_block(table)


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        (None, "<dd></dd>"),
        (float("nan"), "<dd></dd>"),
        (0, "<dd>0</dd>"),
        (Identifier("ab", "t-ab"), '<dd><span class="id" id="t-ab">ab</span></dd>'),
        ((Link("ab", "t-abc", "abc"),), '<dd><a class="id" href="#t-abc" title="abc">ab</a> </dd>'),
    ],
)
def test_a_cell_is_what_it_holds(value: Any, cell: str) -> None:
    """Nothing for no value, an anchor for an identifier, links to others."""
    assert cell in render_block(Pairs((("name", value),)))


def test_tones_of_what_was_asked_are_told_to_screen_readers() -> None:
    """A refusal is an alert, what was done a status."""
    assert render_block(Paragraph("no", "refusal")) == '<p class="refusal" role="alert">no</p>'
    assert render_block(Paragraph("yes", "done")) == '<p class="done" role="status">yes</p>'
    assert render_block(Paragraph("so")) == "<p>so</p>"


def test_undefined_figures_say_why_on_both_media() -> None:
    """The word and the reason on the page, both in one cell on a terminal; one line where all are undefined."""
    known = Figure("alpha", "0.5", "[0.4, 0.6]", 9, 5)
    unknown = Figure("kappa", "", "", 9, 5, reason="no variation")
    both = Figures("Agreement", (known, unknown))
    assert "undefined: no variation" in printed(both)
    assert "[0.4, 0.6]†" in printed(both)
    assert "undefined</td>" in render_block(both)
    assert "no variation" in render_block(both)
    assert "Agreement: undefined, no variation" in printed(Figures("Agreement", (unknown,)))


def test_long_texts_are_folded_and_endless_ones_cut() -> None:
    """Nothing is lost but what lies beyond the most that a browser gets."""
    text = "".join(str(at % 10) for at in range(200_100))
    shown, folded, left_out = fold_text(text)
    assert shown + folded + text[200_000:] == text
    assert left_out == 100
    assert fold_text("short") == ("short", "", 0)
