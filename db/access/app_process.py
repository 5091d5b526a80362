"""One of the two apps as its process runs it: its database, who may come in, and who is asking."""

import gc
import os
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from functools import cached_property
from types import MappingProxyType
from typing import Any

from sqlalchemy import Engine
from starlette.middleware import Middleware

from secondreader.db.access.invites import Visitor
from secondreader.db.access.middleware import AuthMiddleware
from secondreader.db.access.oidc import (
    SignInStep,
    determine_sign_in_step,
    get_sign_in_tokens,
    is_sign_in_enabled,
)
from secondreader.db.access.visitors import App, find_app_visitor
from secondreader.db.core.engine import DatabaseError
from secondreader.db.core.errors import translate_database_errors

SECURE_VARIABLE = "SECONDREADER_SECURE_COOKIES"
"""Environment variable: 1 behind TLS, cookies then never travel in the clear."""

COMMON_STREAMLIT_OPTIONS: Mapping[str, str] = MappingProxyType(
    {
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
        "theme.dark.primaryColor": "#5b9bff",
    }
)
"""How Streamlit is started for either app. No usage statistics leave, no error detail reaches the browser."""


class AppProcess:
    """What the scripts and the server of one app share within their process."""

    def __init__(
        self,
        name: str,
        roles: frozenset[str],
        *,
        database_variable: str,
        open_engine: Callable[[str], Engine],
    ) -> None:
        """`name` is desk or console, which is also the command that starts it; nothing is opened yet."""
        self.name = name
        self.roles = roles
        self.database_variable = database_variable
        self.open_engine = open_engine

    @cached_property
    def engine(self) -> Engine:
        """The one engine of this process. Raises DatabaseError."""
        target = os.environ.get(self.database_variable)
        if not target:
            raise DatabaseError(
                f"{self.database_variable} is not set; start the {self.name} with `secondreader {self.name}`."
            )
        return self.open_engine(target)

    @cached_property
    def app(self) -> App:
        """Who may come in, as this process was started."""
        return App(self.name, self.roles, secure=os.environ.get(SECURE_VARIABLE) == "1")

    def identify_visitor(self, cookies: Mapping[str, str]) -> Visitor | None:
        """Who sent these cookies: asked of the database each time, so that nobody stays after being revoked.

        Raises DatabaseUnavailable.
        """
        with translate_database_errors():
            return find_app_visitor(self.engine, self.app, self.app.read_cookie(cookies))

    def determine_sign_in_step(self, claims: Mapping[str, Any], cookies: Mapping[str, str]) -> SignInStep:
        """What the sign-in page shows; `claims` as `st.user` has them. Raises DatabaseUnavailable."""
        return determine_sign_in_step(self.engine, self.roles, claims, cookies)

    def build_middleware(self) -> Middleware:
        """The auth middleware for `st.App`. Ends the process with a sentence if there is no database."""
        try:
            engine = self.engine
        except DatabaseError as error:
            sys.exit(f"secondreader: {error}")
        tokens = get_sign_in_tokens() if is_sign_in_enabled() else None
        return Middleware(AuthMiddleware, engine=engine, app_config=self.app, sign_in_tokens=tokens)


@asynccontextmanager
async def freeze_loaded_modules(_app: object) -> AsyncIterator[dict[str, Any]]:
    """Lifespan that takes what is loaded out of the garbage collector's sight.

    Streamlit collects all generations after every run of the script, 20-44 ms each time while it looks at the
    modules (streamlit/streamlit#8977).
    """
    gc.collect()
    gc.freeze()
    yield {}
