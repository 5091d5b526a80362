"""The desk's server: `streamlit run annotate/app.py` finds `app`. `secondreader desk` starts it with the right settings."""

import gc
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa  # type: ignore[import-untyped]
import streamlit as st
from starlette.middleware import Middleware
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from secondreader.annotate.browser import adjudication as adjudication_page
from secondreader.annotate.browser import desk as component
from secondreader.annotate.plain import adjudication as adjudication_native
from secondreader.annotate.plain import desk as native
from secondreader.annotate.session import door
from secondreader.db.access import oidc as sign_in
from secondreader.db.access.middleware import AuthMiddleware
from secondreader.db.core.engine import Database, DatabaseError

FOLDER = Path(__file__).resolve().parent


@asynccontextmanager
async def lifespan(_app: st.App) -> AsyncIterator[dict[str, Any]]:
    """Take what is loaded out of the garbage collector's sight.

    Streamlit collects all generations after every run of the script, 20-44 ms each time while it looks at the
    modules (streamlit/streamlit#8977).
    """
    gc.collect()
    gc.freeze()
    yield {}


def open_engine_or_exit() -> Database:
    """The desk's engine. Ends the process with a sentence if there is no database."""
    try:
        return door.get_engine()
    except DatabaseError as error:
        sys.exit(f"secondreader: {error}")


LOADED_BEFORE_FREEZE = (component, native, adjudication_page, adjudication_native, pd, pa)
"""Imported here so that the first visitor does not wait for them, and so that they are there when `lifespan` freezes.

Streamlit imports pandas and pyarrow itself when it first shows a component: loaded after the freeze, their 50,000
objects would be walked after every label.
"""
# Streamlit finds the app by reading this file: it must be assigned from st.App(...) itself, not from a function.
app = st.App(
    FOLDER / "script.py",
    lifespan=lifespan,
    routes=[Mount("/assets", StaticFiles(directory=FOLDER / "static"))],
    secrets=sign_in.load_sign_in_settings(),
    middleware=[
        Middleware(
            AuthMiddleware,
            engine=open_engine_or_exit(),
            app_config=door.get_app(),
            sign_in_tokens=sign_in.get_sign_in_tokens_if_on(),
        )
    ],
)
