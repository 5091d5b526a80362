"""A report is blocks: which there are, and that page and terminal say the same from them."""

import io
import re
from dataclasses import replace
from html import unescape

import pytest
from rich.console import Console
from sqlalchemy import Engine

from secondreader.db.core.engine import read_session
from secondreader.db.design.studies import get_study
from secondreader.reports.analysis.options import AnalysisOptions
from secondreader.reports.analysis.result import Analysis
from secondreader.reports.render.html_page import render_report_html
from secondreader.reports.render.terminal import BRIEF_SECTIONS, print_report
from secondreader.reports.sections.blocks import Block, Chart, Figures, Report, Sentences, Table
from secondreader.reports.sections.report import JUDGE_SECTIONS, SECTIONS, build_report
from tests.reports.seed import Seeded, Shape
from tests.snapshots import analyse_study

QUICK = AnalysisOptions(resamples=200, permutations=199)


def analysed(engine: Engine, options: AnalysisOptions = QUICK) -> Analysis:
    """The analysis of the study."""
    with read_session(engine) as session:
        return analyse_study(session, get_study(session, "s"), options)


def printed(report: Report) -> str:
    """What a wide terminal shows, lines joined."""
    out = io.StringIO()
    print_report(report, Console(file=out, width=400))
    return " ".join(out.getvalue().split())


def shown(report: Report) -> str:
    """The words of the page."""
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", render_report_html(report))).split())


def brief_blocks(report: Report) -> list[Block]:
    """What is for a terminal, too."""
    return [
        block
        for section in report.sections
        if section.anchor in BRIEF_SECTIONS
        for block in section.blocks
        if not block.is_detail
    ]


def test_page_and_terminal_say_the_same(seeded: Seeded) -> None:
    """Every sentence, every figure and every cell of a block that is no detail stands in both."""
    report = build_report(analysed(seeded(Shape(n=48))))
    page, terminal = shown(report), printed(report)
    blocks = brief_blocks(report)
    sentences = [item for block in blocks if isinstance(block, Sentences) for item in block.items]
    figures = [figure for block in blocks if isinstance(block, Figures) for figure in block.figures]
    cells = [
        str(cell)
        for block in blocks
        if isinstance(block, Table)
        for row in block.rows[: block.n_brief]
        for cell in row
    ]
    assert len(sentences) > 10
    assert len(figures) > 30
    assert len(cells) > 20
    texts = [item[1:] for item in sentences] + [figure.value for figure in figures] + cells
    texts += [figure.interval for figure in figures] + [figure.name for figure in figures]
    assert not [text for text in texts if " ".join(text.split()) not in page]
    assert not [text for text in texts if " ".join(text.split()) not in terminal]


def test_sections_stand_in_one_order_without_empty_blocks(seeded: Seeded) -> None:
    """The sections stand in one order, provenance last, and whatever is empty is left out."""
    report = build_report(analysed(seeded(Shape(n=48))))
    assert [section.anchor for section in report.sections] == [*SECTIONS, "provenance"]
    assert all(section.blocks for section in report.sections)
    assert not [block for section in report.sections for block in section.blocks if block.is_empty]
    anchors = [
        block.anchor for section in report.sections for block in section.blocks if isinstance(block, Chart)
    ]
    assert len(anchors) == len(set(anchors)) > 3


@pytest.mark.parametrize(
    "shape", [Shape(n=9, labelled=0.0), Shape(n=9, judges=()), Shape(n=9, annotators=())]
)
def test_a_study_without_labels_or_verdicts_has_a_report(seeded: Seeded, shape: Shape) -> None:
    """What is not there is said in a sentence of the summary, on both media."""
    found = analysed(seeded(shape))
    report = build_report(found)
    for text in (shown(report), printed(report)):
        # commands are set as code on the page, and stand between backticks on a terminal
        squeezed = text.replace("`", "").replace(" ", "")
        assert all(note.replace("`", "").replace(" ", "") in squeezed for note in found.missing)


def test_people_alone_have_no_section_of_judges(seeded: Seeded) -> None:
    """Where judges were not looked at, nothing says that there are none."""
    found = analysed(seeded(Shape(n=24)), replace(QUICK, people_only=True))
    report = build_report(found)
    assert not JUDGE_SECTIONS & {section.anchor for section in report.sections}
    assert "no verdicts" not in printed(report)
