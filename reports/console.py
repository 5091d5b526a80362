"""The console's server: `streamlit run reports/console.py` finds `app`. `secondreader console` starts it with settings."""

import gc
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import streamlit as st
from starlette.middleware import Middleware

from secondreader.db.engine import DatabaseError
from secondreader.db.gate import Gate
from secondreader.reports import console_pages, door

FOLDER = Path(__file__).resolve().parent


@asynccontextmanager
async def lifespan(_app: st.App) -> AsyncIterator[dict[str, Any]]:
    """Take what is loaded out of the garbage collector's sight.

    Streamlit collects all generations after every run of the script (streamlit/streamlit#8977).
    """
    gc.collect()
    gc.freeze()
    yield {}


def make_app() -> st.App:
    """The console behind its gate. Ends the process with a sentence if there is no database."""
    try:
        engine = door.engine()
    except DatabaseError as error:
        sys.exit(f"secondreader: {error}")
    return st.App(
        FOLDER / "console_page.py",
        lifespan=lifespan,
        middleware=[Middleware(Gate, engine=engine, room=door.room())],
    )


LOADED_BEFORE_FREEZE = (console_pages,)
"""Modules of the pages: imported here so that the first visitor does not wait for them."""
app = make_app()
