"""The console's settings: how Streamlit is started for it, and what it takes from the environment.

Environment:
    SECONDREADER_DB              database of the studies: a SQLite file or a PostgreSQL URL (required)
    SECONDREADER_SECURE_COOKIES  1 behind TLS: cookies then never travel in the clear
"""

from secondreader.db.access.visitors import App

DATABASE_VARIABLE = "SECONDREADER_DB"
SECURE_VARIABLE = "SECONDREADER_SECURE_COOKIES"

STREAMLIT_OPTIONS: dict[str, str] = {
    "server.address": "127.0.0.1",
    "server.headless": "true",
    "server.fileWatcherType": "none",
    "server.enableCORS": "true",
    "server.enableXsrfProtection": "true",
    "server.enableStaticServing": "false",
    "server.maxUploadSize": "1",
    "client.toolbarMode": "minimal",
    "client.showErrorDetails": "none",
    "browser.gatherUsageStats": "false",
    "runner.magicEnabled": "false",
    "logger.level": "warning",
    "theme.light.primaryColor": "#2963be",
    "theme.dark.primaryColor": "#5b9bff",
}
"""Passed as `streamlit run console.py --name=value`. No usage statistics leave, no error detail reaches the browser."""

CONSOLE_ROLES = frozenset({"researcher"})


def build_console_app(*, secure: bool) -> App:
    """The console's gate: researchers only."""
    return App("console", CONSOLE_ROLES, secure=secure)
