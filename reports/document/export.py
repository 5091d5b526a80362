"""A report as files: HTML, CSV and JSON of the same numbers, kept on record in the database."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from secondreader.db.core.audit_log import RESEARCHER
from secondreader.db.core.tables import utc_now
from secondreader.db.design.unblinding import SealedError
from secondreader.db.research.saved_reports import save_report
from secondreader.reports.analysis.figures import as_dict, as_json
from secondreader.reports.document.report import report_html

if TYPE_CHECKING:
    from sqlmodel import Session

    from secondreader.db.core.tables import Study
    from secondreader.reports.analysis.analyse import Analysis


@dataclass(frozen=True, slots=True)
class MadeReport:
    """One report in its three forms."""

    html: str
    csv: str
    json: str
    report_id: int
    """Its row in the database."""

    def files(self) -> dict[str, str]:
        """File name -> content."""
        return {"report.html": self.html, "report.csv": self.csv, "report.json": self.json}


def make_report(session: "Session", study: "Study", found: "Analysis", actor: str = RESEARCHER) -> MadeReport:
    """Write the report and put its figures on record. Raises SealedError while the study is blind."""
    if found.sealed:
        raise SealedError(found.sealed)
    inputs = json.loads(json.dumps(found.inputs))
    report_id = save_report(session, study, found.inputs_hash, inputs, as_dict(found), actor=actor)
    made_at = utc_now().strftime("%Y-%m-%d %H:%M UTC")
    return MadeReport(report_html(found, made_at), found.to_csv(), as_json(found), report_id)


def write_report(made: MadeReport, folder: Path) -> list[Path]:
    """Write the three files, in place of earlier ones; returns their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, content in made.files().items():
        path = folder / name
        path.write_text(content, encoding="utf-8", newline="\n")
        paths.append(path)
    return paths
