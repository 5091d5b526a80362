"""The report as one HTML document that needs nothing else: no script, no network, nothing unescaped."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from secondreader.reports.analysis.items import item_readings
from secondreader.reports.document import judges
from secondreader.reports.document import sections as parts
from secondreader.reports.document.findings import disagreements
from secondreader.reports.document.markup import Html, join, tag
from secondreader.reports.document.preparation import preparation

if TYPE_CHECKING:
    from secondreader.reports.analysis.analyse import Analysis

STYLE = Path(__file__).parent / "templates" / "report.css"
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
"""Even if something slipped through, a browser would run and load nothing."""
CONTENTS = {
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
OF_JUDGES = frozenset({"judges", "rates", "disagreements", "unparsed"})
"""Parts that a review of scenarios has not: no judge reads them."""


def report_html(found: "Analysis", made_at: str) -> str:
    """The whole document."""
    body = join([top(found, made_at), contents(found), tag("main", *sections(found, made_at)), foot(found)])
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        f"{tag('title', f'{found.facts.title}: second reading')}"
        f"<style>{STYLE.read_text(encoding='utf-8')}</style></head><body>{body}</body></html>\n"
    )


def top(found: "Analysis", made_at: str) -> Html:
    """The study's notice above everything, then its title."""
    notice = found.facts.notice
    return join(
        [
            tag("p", notice, class_="notice", role="note") if notice else "",
            tag(
                "header",
                tag("h1", found.facts.title),
                tag(
                    "p", f"Study {found.facts.name}, {found.facts.status}. Report of {made_at}.", class_="by"
                ),
            ),
        ]
    )


def headings(found: "Analysis") -> dict[str, str]:
    """The parts of this report, title by anchor."""
    is_review = found.facts.codebook.unit == "scenario"
    return {anchor: title for anchor, title in CONTENTS.items() if not (is_review and anchor in OF_JUDGES)}


def contents(found: "Analysis") -> Html:
    """Links to the parts."""
    links = [tag("li", tag("a", title, href=f"#{anchor}")) for anchor, title in headings(found).items()]
    return tag("nav", tag("ol", *links), aria_label="Contents")


def sections(found: "Analysis", made_at: str) -> list[Html]:
    """Every part in order."""
    made: dict[str, Callable[[], Html]] = {
        "summary": lambda: parts.summary(found),
        "design": lambda: parts.design(found),
        "people": lambda: parts.people(found),
        "judges": lambda: judges.judges(found),
        "rates": lambda: judges.rates(found),
        "disagreements": lambda: disagreements(found),
        "unparsed": lambda: judges.silence(found),
        "quality": lambda: parts.quality(found),
        "preparation": lambda: preparation(found),
        "limits": lambda: parts.limits_of_data(found),
        "transcripts": lambda: parts.transcripts(found, item_readings(found)),
        "methods": lambda: parts.methods(found),
        "provenance": lambda: parts.provenance(found, made_at),
    }
    return [made[anchor]() for anchor in headings(found)]


def foot(found: "Analysis") -> Html:
    """Where the same numbers are, and under which hash."""
    words = "The same numbers stand in the CSV and JSON files of this report. Inputs "
    return tag("footer", words, tag("span", found.inputs_hash, class_="id"), ".")
