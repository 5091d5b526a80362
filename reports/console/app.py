"""The console's server: `streamlit run reports/console.py` finds `app`. `secondreader console` starts it with settings."""

import gc
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import streamlit as st
from starlette.middleware import Middleware

from secondreader.db.access import oidc as sign_in
from secondreader.db.access.middleware import AuthMiddleware
from secondreader.db.core.engine import Database, DatabaseError
from secondreader.reports.console import navigation as console_pages
from secondreader.reports.console import session as door

FOLDER = Path(__file__).resolve().parent


@asynccontextmanager
async def lifespan(_app: st.App) -> AsyncIterator[dict[str, Any]]:
    """Take what is loaded out of the garbage collector's sight.

    Streamlit collects all generations after every run of the script (streamlit/streamlit#8977).
    """
    gc.collect()
    gc.freeze()
    yield {}


def open_engine_or_exit() -> Database:
    """The console's engine. Ends the process with a sentence if there is no database."""
    try:
        return door.get_engine()
    except DatabaseError as error:
        sys.exit(f"secondreader: {error}")


LOADED_BEFORE_FREEZE = (console_pages,)
"""Modules of the pages: imported here so that the first visitor does not wait for them."""

# Streamlit finds the app by reading this file: it must be assigned from st.App(...) itself, not from a function.
# Were it not found, the script would run without the gate; a test shows that the gate is there.
app = st.App(
    FOLDER / "script.py",
    lifespan=lifespan,
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
