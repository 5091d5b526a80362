"""The desk's server: `streamlit run annotate/app.py` finds `app`. `secondreader desk` starts it with the right settings."""

from pathlib import Path

import pandas as pd
import pyarrow as pa  # type: ignore[import-untyped]
import streamlit as st
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from secondreader.annotate.browser import adjudication as adjudication_page
from secondreader.annotate.browser import desk as component
from secondreader.annotate.plain import adjudication as adjudication_native
from secondreader.annotate.plain import desk as native
from secondreader.annotate.session.process import DESK
from secondreader.db.access.app_process import freeze_loaded_modules
from secondreader.db.access.oidc import load_sign_in_settings

FOLDER = Path(__file__).resolve().parent

LOADED_BEFORE_FREEZE = (component, native, adjudication_page, adjudication_native, pd, pa)
"""Imported here so that the first visitor does not wait for them, and so that they are there before the freeze.

Streamlit imports pandas and pyarrow itself when it first shows a component: loaded after the freeze, their 50,000
objects would be walked after every label.
"""
# Streamlit finds the app by reading this file: it must be assigned from st.App(...) itself, not from a function.
app = st.App(
    FOLDER / "script.py",
    lifespan=freeze_loaded_modules,
    routes=[Mount("/assets", StaticFiles(directory=FOLDER / "static"))],
    secrets=load_sign_in_settings(),
    middleware=[DESK.build_middleware()],
)
