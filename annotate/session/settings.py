"""The desk's settings: how Streamlit is started for it, and what it takes from the environment.

Environment:
    SECONDREADER_DESK_DB         database of the desk: a SQLite file or the URL of its own PostgreSQL role (required)
    SECONDREADER_SECURE_COOKIES  1 behind TLS: cookies then never travel in the clear
"""

from secondreader.db.access.app_process import COMMON_STREAMLIT_OPTIONS

DATABASE_VARIABLE = "SECONDREADER_DESK_DB"

STREAMLIT_OPTIONS: dict[str, str] = {
    **COMMON_STREAMLIT_OPTIONS,
    "server.disconnectedSessionTTL": "600",
    "client.disableDataExport": "true",
    # the usual collector is enough; a full collection after every message takes half of the desk's time (docs/bench-desk.md)
    "runner.postScriptGC": "false",
    # of the plain pages; the desk's own page has colours of its own
    "theme.light.primaryColor": "#1b5fc1",
}
"""Passed as `streamlit run app.py --name=value`."""
