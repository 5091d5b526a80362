"""The desk's settings: how Streamlit is started for it, and what it takes from the environment.

Environment:
    SECONDREADER_DESK_DB         database of the desk: a SQLite file or the URL of its own PostgreSQL role (required)
    SECONDREADER_SECURE_COOKIES  1 behind TLS: cookies then never travel in the clear
"""

from secondreader.db.access.visitors import App

DATABASE_VARIABLE = "SECONDREADER_DESK_DB"
SECURE_VARIABLE = "SECONDREADER_SECURE_COOKIES"

STREAMLIT_OPTIONS: dict[str, str] = {
    "server.address": "127.0.0.1",
    "server.headless": "true",
    "server.fileWatcherType": "none",
    "server.enableCORS": "true",
    "server.enableXsrfProtection": "true",
    "server.enableStaticServing": "false",
    "server.maxUploadSize": "1",
    "server.disconnectedSessionTTL": "600",
    "client.toolbarMode": "minimal",
    "client.showErrorDetails": "none",
    "client.disableDataExport": "true",
    "browser.gatherUsageStats": "false",
    "runner.magicEnabled": "false",
    # the usual collector is enough; a full collection after every letter takes half of the desk's time (docs/bench-desk.md)
    "runner.postScriptGC": "false",
    "logger.level": "warning",
    # of the plain pages; the desk's own page has colours of its own
    "theme.light.primaryColor": "#1b5fc1",
    "theme.dark.primaryColor": "#5b9bff",
}
"""Passed as `streamlit run app.py --name=value`. No usage statistics leave, no error detail reaches the browser."""

DESK_ROLES = frozenset({"annotator", "adjudicator"})


def build_desk_app(*, secure: bool) -> App:
    """The desk's gate: annotators and adjudicators come in, researchers do not."""
    return App("desk", DESK_ROLES, secure=secure)
