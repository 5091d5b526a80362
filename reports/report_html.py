"""The report as one HTML document that needs nothing else: no script, no network, nothing unescaped."""

from pathlib import Path
from typing import TYPE_CHECKING

from secondreader.reports import report_parts as parts
from secondreader.reports.disagreements import item_readings
from secondreader.reports.markup import Html, join, tag
from secondreader.reports.report_findings import disagreements
from secondreader.reports.report_preparation import preparation

if TYPE_CHECKING:
    from secondreader.reports.analysis import Analysis

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


def report_html(found: "Analysis", made_at: str) -> str:
    """The whole document."""
    body = join([top(found, made_at), contents(), tag("main", *sections(found, made_at)), foot(found)])
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


def contents() -> Html:
    """Links to the parts."""
    links = [tag("li", tag("a", title, href=f"#{anchor}")) for anchor, title in CONTENTS.items()]
    return tag("nav", tag("ol", *links), aria_label="Contents")


def sections(found: "Analysis", made_at: str) -> list[Html]:
    """Every part in order."""
    return [
        parts.summary(found),
        parts.design(found),
        parts.people(found),
        parts.judges(found),
        parts.rates(found),
        disagreements(found),
        parts.silence(found),
        parts.quality(found),
        preparation(found),
        parts.limits_of_data(found),
        parts.transcripts(found, item_readings(found)),
        parts.methods(found),
        parts.provenance(found, made_at),
    ]


def foot(found: "Analysis") -> Html:
    """Where the same numbers are, and under which hash."""
    words = "The same numbers stand in the CSV and JSON files of this report. Inputs "
    return tag("footer", words, tag("span", found.inputs_hash, class_="id"), ".")
