"""The report as one HTML document that needs nothing else: no script, no network, nothing unescaped."""

from typing import TYPE_CHECKING

from markupsafe import Markup

from secondreader.reports.render.environment import TEMPLATES, load_environment

if TYPE_CHECKING:
    from secondreader.reports.sections.blocks import Report

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
)
"""Even if something slipped through, a browser would run and load nothing."""


def render_report_html(report: "Report") -> str:
    """The whole document."""
    # our own file: escaped, its quotes would not work
    style = Markup((TEMPLATES / "report.css").read_text(encoding="utf-8"))
    page = load_environment().get_template("report.html")
    return page.render(report=report, style=style, policy=CONTENT_SECURITY_POLICY)
