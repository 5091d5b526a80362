"""The console's settings: how Streamlit is started for it, and what it takes from the environment.

Environment:
    SECONDREADER_DB              database of the studies: a SQLite file or a PostgreSQL URL (required)
    SECONDREADER_SECURE_COOKIES  1 behind TLS: cookies then never travel in the clear
"""

from secondreader.db.access.app_process import COMMON_STREAMLIT_OPTIONS

DATABASE_VARIABLE = "SECONDREADER_DB"

STREAMLIT_OPTIONS: dict[str, str] = {**COMMON_STREAMLIT_OPTIONS, "theme.light.primaryColor": "#2963be"}
"""Passed as `streamlit run app.py --name=value`."""
