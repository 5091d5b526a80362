"""A report as files: HTML, CSV and JSON of the same numbers, kept on record in the database."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from secondreader.db.core.audit_log import RESEARCHER
from secondreader.db.core.engine import DatabaseSession
from secondreader.db.design.unblinding import SealedError
from secondreader.db.research.saved_reports import save_report
from secondreader.reports.render.html_page import render_report_html
from secondreader.reports.render.json_csv import format_csv, format_json, serialize_analysis
from secondreader.reports.sections.report import build_report

if TYPE_CHECKING:
    from secondreader.db.core.records import StudyRecord
    from secondreader.reports.analysis.result import Analysis


@dataclass(frozen=True, slots=True)
class ExportedReport:
    """One report in its three forms."""

    html: str
    csv: str
    json: str
    report_id: int
    """Its row in the database."""

    def get_files(self) -> dict[str, str]:
        """File name -> content."""
        return {"report.html": self.html, "report.csv": self.csv, "report.json": self.json}


def make_report(
    session: DatabaseSession, study: "StudyRecord", analysis: "Analysis", actor: str = RESEARCHER
) -> ExportedReport:
    """Write the report and put its figures on record. Raises SealedError while the study is blind."""
    if analysis.sealed:
        raise SealedError(analysis.sealed)
    # what is stored is what is read back later: tuples become lists now
    inputs = json.loads(json.dumps(analysis.inputs))
    report_id = save_report(
        session, study, analysis.inputs_hash, inputs, serialize_analysis(analysis), actor=actor
    )
    page = render_report_html(build_report(analysis))
    return ExportedReport(page, format_csv(analysis), format_json(analysis), report_id)


def write_report(report: ExportedReport, folder: Path) -> list[Path]:
    """Write the three files, in place of earlier ones; returns their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, content in report.get_files().items():
        path = folder / name
        # the same bytes on every system: the CSV has line ends of its own
        path.write_text(content, encoding="utf-8", newline="\n")
        paths.append(path)
    return paths
