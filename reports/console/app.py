"""The console's server: `streamlit run reports/console/app.py` finds `app`. `secondreader console` starts it with settings."""

from pathlib import Path

import streamlit as st

from secondreader.db.access.app_process import freeze_loaded_modules
from secondreader.db.access.oidc import load_sign_in_settings
from secondreader.reports.console import navigation
from secondreader.reports.console.process import CONSOLE

FOLDER = Path(__file__).resolve().parent

LOADED_BEFORE_FREEZE = (navigation,)
"""Modules of the pages: imported here so that the first visitor does not wait for them."""

# Streamlit finds the app by reading this file: it must be assigned from st.App(...) itself, not from a function.
# Were it not found, the script would run without the auth middleware; a test shows that the middleware is there.
app = st.App(
    FOLDER / "script.py",
    lifespan=freeze_loaded_modules,
    secrets=load_sign_in_settings(),
    middleware=[CONSOLE.build_middleware()],
)
