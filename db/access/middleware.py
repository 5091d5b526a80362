"""The auth middleware of the desk and the console: an app serves nothing to a browser without a valid session.

Pure ASGI, over HTTP and websocket, so that pages, media, metrics and the app's own socket are all behind it. An invite
link is `/join#TOKEN`: what follows the `#` is never sent with a request, so no log, proxy or Referer can hold it; the
page's script posts it and gets a cookie instead. Where signing in with an account is on, the sign-in page is served to
everybody, and nothing else; it turns an account into a sign-in token, which is posted to /join like an invite.
"""

import asyncio
import re
from collections.abc import Mapping
from contextlib import nullcontext
from urllib.parse import urlsplit

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError
from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.requests import ClientDisconnect, HTTPConnection, Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocketClose

from secondreader.db.access.anonymous import (
    MAX_FRAME,
    SIGN_IN_PATHS,
    AnonymousSockets,
    delete_sign_in_cookies,
    is_for_sign_in,
)
from secondreader.db.access.invites import (
    BROWSER_SESSION_HOURS,
    Visitor,
    end_browser_session,
    redeem_account,
    redeem_invite,
)
from secondreader.db.access.oidc import USER_COOKIE
from secondreader.db.access.responses import JOIN_PAGE, make_page, secure_responses
from secondreader.db.access.sign_in_tokens import SignInTokens
from secondreader.db.access.visitors import MAX_TOKEN, App, SignInFailures, VisitorCache
from secondreader.db.core.engine import write_session

OPEN_PATHS = frozenset({"/_stcore/health", "/healthz"})
CLOSED_PREFIXES = ("/_stcore/agent", "/_stcore/metrics", "/auth/logout")
"""Parts of the web framework that neither app uses. Signing out by GET could be done by any image."""
READ_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
POLICY_VIOLATION, TRY_AGAIN_LATER = 1008, 1013
"""Codes with which a websocket is closed (RFC 6455, 7.4.1, and its registry)."""
UNTRUSTED_HEADERS = re.compile(
    rb"^(x-forwarded-(user|email|groups|preferred-username|access-token)|x-auth-request-.*|x-streamlit-user.*|remote-user"
    rb"|x-remote-user|x-user.*)$"
)
"""Headers that claim an identity: removed, for nobody here believes them."""


class AuthMiddleware:
    """ASGI middleware: lets the visitors of one app through and answers everybody else itself."""

    def __init__(
        self, app: ASGIApp, *, engine: Engine, app_config: App, sign_in_tokens: SignInTokens | None = None
    ) -> None:
        """`sign_in_tokens` are those of the sign-in page; None where signing in with an account is not on."""
        self.app = RequestBodyLimitMiddleware(app, app_config.max_body)
        self.engine = engine
        self.app_config = app_config
        self.sign_in_tokens = sign_in_tokens
        self.anonymous_sockets = AnonymousSockets()
        self.visitor_cache = VisitorCache(engine, app_config)
        self.failures = SignInFailures()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] == "http":
            await self.serve_request(scope, receive, send)
        elif scope["type"] == "websocket":
            await self.serve_websocket(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def serve_request(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or have the app answer it."""
        remove_untrusted_headers(scope)
        request = Request(scope, receive)
        try:
            responder = await self.choose_responder(request)
        except DBAPIError:
            responder = make_page(503, "The database is busy. Reload in a moment.")
        await responder(scope, receive, secure_responses(send, request, self.app_config))

    async def choose_responder(self, request: Request) -> ASGIApp:
        """Who answers a request: the app itself, or a response of ours."""
        path = request.scope["path"]
        if (refusal := check_request(request)) is not None:
            return refusal
        if path in OPEN_PATHS:
            return self.app
        if path == "/join":
            return JOIN_PAGE if request.method in READ_METHODS else await self.join(request)
        if path == "/logout":
            return await self.log_out(request)
        if path in SIGN_IN_PATHS and self.sign_in_tokens is None:
            return make_page(404, "There is nothing here.")
        if await self.find_visitor(request) is None and not self.should_serve_anonymous(request.scope):
            return make_page(401, self.sign_in_hint, retry=True)
        return self.app

    @property
    def sign_in_hint(self) -> str:
        """What to do without a session."""
        way = " to come in" if self.sign_in_tokens is None else ", or sign in on the start page"
        return f"Open the invite link that the researcher sent you{way}."

    def should_serve_anonymous(self, scope: Scope) -> bool:
        """Whether the sign-in page is on and needs this path."""
        return self.sign_in_tokens is not None and is_for_sign_in(scope)

    async def find_visitor(self, connection: HTTPConnection) -> Visitor | None:
        """Who sent this request, if anyone we know."""
        return await self.visitor_cache.find_visitor(self.app_config.read_cookie(connection.cookies))

    async def join(self, request: Request) -> Response:
        """Turn a posted token into a cookie."""
        address = get_address(request)
        if self.failures.is_over_limit(address):
            sentence = "Too many wrong links from this address. Wait a minute and try again."
            return PlainTextResponse(sentence, 429)
        token = await read_token(request)
        if token is None:
            return PlainTextResponse("That is too long for an invite link.", 413)
        cookie = await asyncio.to_thread(self.redeem_token, token, request.cookies.get(USER_COOKIE, ""))
        if cookie is None:
            self.failures.add_failure(address)
            sentence = "This link is not valid any more. Ask the researcher for a new one."
            return PlainTextResponse(sentence, 403)
        return RedirectResponse("/", 303, {"set-cookie": format_cookie_header(self.app_config, cookie)})

    def redeem_token(self, token: str, browser: str) -> str | None:
        """Redeem a sign-in token or an invite, if it is for a role of this app."""
        person = self.sign_in_tokens.redeem_token(token, browser) if self.sign_in_tokens is not None else None
        with write_session(self.engine) as session:
            if person is not None:
                return redeem_account(session, person, self.app_config.roles)
            return redeem_invite(session, token, self.app_config.roles)

    async def log_out(self, request: Request) -> Response:
        """End the browser's session; only by POST, so that no link or image can do it."""
        if request.method != "POST":
            return make_page(405, "Signing out is done with the button in the app.")
        if cookie := self.app_config.read_cookie(request.cookies):
            await asyncio.to_thread(self.end_browser_session, cookie)
            self.visitor_cache.forget_visitor(cookie)
        response = RedirectResponse(
            "/", 303, {"set-cookie": format_cookie_header(self.app_config, "", age=0)}
        )
        if self.sign_in_tokens is not None:
            delete_sign_in_cookies(response, request.cookies)
        return response

    def end_browser_session(self, cookie: str) -> None:
        """End a session in the database."""
        with write_session(self.engine) as session:
            end_browser_session(session, cookie)

    async def serve_websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse a socket or let it through."""
        remove_untrusted_headers(scope)
        connection = HTTPConnection(scope)
        try:
            visitor = await self.find_visitor(connection)
            refusal = self.refuse_socket(connection, is_anonymous=visitor is None)
            if refusal is None:
                await self.watch_socket(connection, receive, send, is_anonymous=visitor is None)
        except DBAPIError:
            refusal = WebSocketClose(TRY_AGAIN_LATER)
        if refusal is not None:
            await refusal(scope, receive, send)

    def refuse_socket(self, connection: HTTPConnection, *, is_anonymous: bool) -> WebSocketClose | None:
        """Why a socket is not opened; closed before it is accepted, its handshake is answered with 403 (ASGI spec)."""
        is_shut = connection.scope["path"].startswith(CLOSED_PREFIXES)
        is_stranger = is_anonymous and not self.should_serve_anonymous(connection.scope)
        if is_shut or is_stranger or not is_same_origin(connection.headers):
            return WebSocketClose(POLICY_VIOLATION)
        if is_anonymous and self.anonymous_sockets.is_over_limit(get_address(connection)):
            return WebSocketClose(TRY_AGAIN_LATER)
        return None

    async def watch_socket(
        self, connection: HTTPConnection, receive: Receive, send: Send, *, is_anonymous: bool
    ) -> None:
        """Run the app on a socket until it ends, or must be closed."""

        async def receive_checked() -> Message:
            message = await receive()
            if message["type"] == "websocket.receive" and await self.should_close(
                message, connection, is_anonymous=is_anonymous
            ):
                await send({"type": "websocket.close", "code": POLICY_VIOLATION})
                return {"type": "websocket.disconnect", "code": POLICY_VIOLATION}
            return message

        sockets = self.anonymous_sockets
        with sockets.count_socket(get_address(connection)) if is_anonymous else nullcontext():
            await self.app(connection.scope, receive_checked, send)

    async def should_close(self, message: Message, connection: HTTPConnection, *, is_anonymous: bool) -> bool:
        """Whether a socket must be closed: a visitor's with the session, a stranger's at a message that is too large."""
        if is_anonymous:
            return len(message.get("bytes") or message.get("text") or "") > MAX_FRAME
        return await self.find_visitor(connection) is None


def remove_untrusted_headers(scope: Scope) -> None:
    """Take the headers that claim an identity out of a request."""
    scope["headers"] = [pair for pair in scope["headers"] if not UNTRUSTED_HEADERS.match(pair[0].lower())]


def get_address(connection: HTTPConnection) -> str:
    """The address that a connection comes from."""
    return connection.client.host if connection.client is not None else "unknown"


def check_request(request: Request) -> Response | None:
    """The answer to a request that is turned away whoever sends it."""
    if request.scope["path"].startswith(CLOSED_PREFIXES):
        return make_page(404, "There is nothing here.")
    if request.method not in READ_METHODS and not is_same_origin(request.headers):
        return make_page(403, "This request came from another site and was refused.")
    return None


def is_same_origin(headers: Mapping[str, str]) -> bool:
    """Whether a page of this very server sent the request.

    A page cannot set Sec-Fetch-Site or Origin itself. A form under `Referrer-Policy: no-referrer` sends `Origin:
    null` (Fetch standard, 3.1), hence the look at Sec-Fetch-Site.
    """
    origin, site = headers.get("origin"), headers.get("sec-fetch-site")
    if site is not None and site != "same-origin":
        return False
    if origin == "null":
        return site == "same-origin"
    return origin is not None and urlsplit(origin).netloc == headers.get("host", "")


async def read_token(request: Request) -> str | None:
    """The posted token; None if the body is longer than a token can be, or never ends."""
    body = b""
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > MAX_TOKEN:
                return None
    except ClientDisconnect:
        return None
    return body.decode("ascii", "replace").strip()


def format_cookie_header(app: App, value: str, *, age: int = BROWSER_SESSION_HOURS * 3600) -> str:
    """Set-Cookie for a browser's session; age 0 takes it away."""
    secure = "; Secure" if app.secure else ""
    return f"{app.cookie}={value}; Max-Age={age}; Path=/; HttpOnly; SameSite=Strict{secure}"
