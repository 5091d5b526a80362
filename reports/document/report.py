"""The report as one HTML document that needs nothing else: no script, no network, nothing unescaped."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from secondreader.reports.analysis.items import collect_item_ratings
from secondreader.reports.document import judges
from secondreader.reports.document import sections as parts
from secondreader.reports.document.findings import render_disagreements
from secondreader.reports.document.markup import Html, join_html, tag
from secondreader.reports.document.preparation import render_preparation

if TYPE_CHECKING:
    from secondreader.reports.analysis.result import Analysis

STYLE_FILE = Path(__file__).parent / "templates" / "report.css"
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
)
"""Even if something slipped through, a browser would run and load nothing."""
SECTION_TITLES = {
    "summary": "In short",
    "design": "Study and design",
    "people": "People with each other",
    "judges": "Judges with people",
    "rates": "Corrected rates",
    "disagreements": "Systematic disagreement",
    "unparsed": "Verdicts without an answer",
    "quality": "Quality of the labels",
    "preparation": "Practice, calibration and guesses",
    "limits": "What these data cannot support",
    "transcripts": "Transcripts",
    "methods": "Methods",
    "provenance": "Provenance",
}
JUDGE_SECTIONS = frozenset({"judges", "rates", "disagreements", "unparsed"})
"""Parts that a review of scenarios has not: no judge reads them."""


def render_report_html(analysis: "Analysis", made_at: str) -> str:
    """The whole document."""
    body = join_html(
        [
            render_header(analysis, made_at),
            render_contents(analysis),
            tag("main", *render_sections(analysis, made_at)),
            render_footer(analysis),
        ]
    )
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{CONTENT_SECURITY_POLICY}">'
        f"{tag('title', f'{analysis.summary.title}: second reading')}"
        f"<style>{STYLE_FILE.read_text(encoding='utf-8')}</style></head><body>{body}</body></html>\n"
    )


def render_header(analysis: "Analysis", made_at: str) -> Html:
    """The study's notice above everything, then its title."""
    notice = analysis.summary.notice
    return join_html(
        [
            tag("p", notice, class_="notice", role="note") if notice else "",
            tag(
                "header",
                tag("h1", analysis.summary.title),
                tag(
                    "p",
                    f"Study {analysis.summary.name}, {analysis.summary.status}. Report of {made_at}.",
                    class_="by",
                ),
            ),
        ]
    )


def list_headings(analysis: "Analysis") -> dict[str, str]:
    """The parts of this report, title by anchor."""
    is_review = analysis.summary.codebook.unit == "scenario"
    return {
        anchor: title
        for anchor, title in SECTION_TITLES.items()
        if not (is_review and anchor in JUDGE_SECTIONS)
    }


def render_contents(analysis: "Analysis") -> Html:
    """Links to the parts."""
    links = [
        tag("li", tag("a", title, href=f"#{anchor}")) for anchor, title in list_headings(analysis).items()
    ]
    return tag("nav", tag("ol", *links), aria_label="Contents")


def render_sections(analysis: "Analysis", made_at: str) -> list[Html]:
    """Every part in order."""
    made: dict[str, Callable[[], Html]] = {
        "summary": lambda: parts.render_summary(analysis),
        "design": lambda: parts.render_design(analysis),
        "people": lambda: parts.render_people(analysis),
        "judges": lambda: judges.render_judges(analysis),
        "rates": lambda: judges.render_rates(analysis),
        "disagreements": lambda: render_disagreements(analysis),
        "unparsed": lambda: judges.render_unanswered(analysis),
        "quality": lambda: parts.render_quality(analysis),
        "preparation": lambda: render_preparation(analysis),
        "limits": lambda: parts.render_limitations(analysis),
        "transcripts": lambda: parts.render_transcripts(analysis, collect_item_ratings(analysis)),
        "methods": lambda: parts.render_methods(analysis),
        "provenance": lambda: parts.render_provenance(analysis, made_at),
    }
    return [made[anchor]() for anchor in list_headings(analysis)]


def render_footer(analysis: "Analysis") -> Html:
    """Where the same numbers are, and under which hash."""
    words = "The same numbers stand in the CSV and JSON files of this report. Inputs "
    return tag("footer", words, tag("span", analysis.inputs_hash, class_="id"), ".")
