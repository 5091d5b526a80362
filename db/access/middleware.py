"""The gate in front of the desk and the console: nothing of a room is served to a browser without a valid visit.

Pure ASGI, over HTTP and websocket, so that pages, media, metrics and the app's own socket are all behind it. An invite
link is `/join#TOKEN`: what follows the `#` is never sent with a request, so no log, proxy or Referer can hold it; the
page's script posts it and gets a cookie instead. Where signing in with an account is on, the sign-in page is served to
everybody, and nothing else; what it makes of an account is a ticket, which is posted to /join like an invite.
"""

import asyncio
import re
from contextlib import nullcontext
from http.cookies import CookieError, SimpleCookie
from urllib.parse import urlsplit

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from secondreader.db.access.anonymous import (
    MAX_FRAME,
    SIGN_IN_PATHS,
    AnonymousSockets,
    build_forget_headers,
    is_for_sign_in,
    read_user_cookie,
    secure_cookies,
)
from secondreader.db.access.invites import (
    BROWSER_SESSION_HOURS,
    Visitor,
    end_browser_session,
    redeem_account,
    redeem_invite,
)
from secondreader.db.access.responses import (
    AsgiApp,
    AsgiMessage,
    Headers,
    Receive,
    Scope,
    Send,
    add_security_headers,
    send_join_page,
    send_page,
    send_text,
)
from secondreader.db.access.sign_in_tickets import SignInTokens
from secondreader.db.access.visitors import MAX_TOKEN, App, SignInFailures, VisitorCache
from secondreader.db.core.engine import write_session

OPEN_PATHS = frozenset({"/_stcore/health", "/healthz"})
CLOSED_PREFIXES = ("/_stcore/agent", "/_stcore/metrics", "/auth/logout")
"""Parts of the web framework that no room uses. Signing out by GET could be done by any image."""
TOO_MANY_SOCKETS = 1013
UNTRUSTED_HEADERS = re.compile(
    rb"^(x-forwarded-(user|email|groups|preferred-username|access-token)|x-auth-request-.*|x-streamlit-user.*|remote-user"
    rb"|x-remote-user|x-user.*)$"
)
"""Headers that claim an identity: removed, for nobody here believes them."""


class RequestTooLarge(Exception):
    """A request body above the room's limit."""


class AuthMiddleware:
    """ASGI middleware: lets the visitors of one room through and answers everybody else itself."""

    def __init__(
        self, app: AsgiApp, *, engine: Engine, app_config: App, sign_in_tokens: SignInTokens | None = None
    ) -> None:
        """`tickets` of the sign-in page; None where signing in with an account is not on."""
        self.app = app
        self.engine = engine
        self.app_config = app_config
        self.sign_in_tokens = sign_in_tokens
        self.anonymous_sockets = AnonymousSockets()
        self.visitor_cache = VisitorCache(engine, app_config)
        self.failures = SignInFailures()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] not in {"http", "websocket"}:
            await self.app(scope, receive, send)
            return
        scope["headers"] = [pair for pair in scope["headers"] if not UNTRUSTED_HEADERS.match(pair[0].lower())]
        headers = parse_headers(scope)
        try:
            if scope["type"] == "websocket":
                await self.handle_websocket(scope, headers, receive, send)
            else:
                await self.handle_http(scope, headers, receive, add_security_headers(send, scope, headers))
        except DBAPIError:
            if scope["type"] == "http":
                await send_page(
                    add_security_headers(send, scope, headers),
                    503,
                    "The database is busy. Reload in a moment.",
                )
            else:
                await send({"type": "websocket.close", "code": 1013})

    async def handle_http(self, scope: Scope, headers: Headers, receive: Receive, send: Send) -> None:
        """Answer or pass on one request."""
        refusal = check_request(scope, headers, self.app_config)
        if refusal is not None:
            await send_page(send, *refusal)
        elif scope["path"] in OPEN_PATHS:
            await self.app(scope, receive, send)
        elif scope["path"] == "/join":
            await self.handle_join(scope, headers, receive, send)
        elif scope["path"] == "/logout":
            await self.handle_logout(scope, headers, send)
        elif scope["path"] in SIGN_IN_PATHS and self.sign_in_tokens is None:
            await send_page(send, 404, "There is nothing here.")
        elif await self.find_visitor(headers) is None and not self.should_serve_anonymous(scope):
            await send_page(send, 401, self.sign_in_hint, retry=True)
        else:
            await self.forward_request(
                scope, receive, secure_cookies(send) if self.app_config.secure else send
            )

    @property
    def sign_in_hint(self) -> str:
        """What to do without a visit."""
        invite = "Open the invite link that the researcher sent you to come in."
        return (
            invite
            if self.sign_in_tokens is None
            else invite.replace(" to come in.", ", or sign in on the start page.")
        )

    def should_serve_anonymous(self, scope: Scope) -> bool:
        """Whether the sign-in page is on and needs what is asked for."""
        return self.sign_in_tokens is not None and is_for_sign_in(scope)

    async def forward_request(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand the request to the app, with a limit on its body."""
        started = False

        async def noted(message: AsgiMessage) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self.app(scope, limit_body(receive, self.app_config.max_body), noted)
        except RequestTooLarge:
            if not started:
                await send_page(send, 413, "That is too large for this server.")

    async def find_visitor(self, headers: Headers) -> Visitor | None:
        """Who sent these headers, if anyone we know."""
        cookie = read_cookie(headers, self.app_config)
        return await self.visitor_cache.find_visitor(cookie) if cookie else None

    async def handle_join(self, scope: Scope, headers: Headers, receive: Receive, send: Send) -> None:
        """GET shows the page whose script posts the token; POST turns the token into a cookie."""
        if scope["method"] in {"GET", "HEAD"}:
            await send_join_page(send)
            return
        address = (scope.get("client") or ("unknown",))[0]
        if self.failures.is_over_limit(address):
            await send_text(send, 429, "Too many wrong links from this address. Wait a minute and try again.")
            return
        try:
            token = (await read_body(receive, MAX_TOKEN)).decode("ascii", "replace").strip()
        except RequestTooLarge:
            await send_text(send, 413, "That is too long for an invite link.")
            return
        cookie = await asyncio.to_thread(self.redeem_token, token, read_user_cookie(headers))
        if cookie is None:
            self.failures.add_failure(address)
            await send_text(send, 403, "This link is not valid any more. Ask the researcher for a new one.")
        else:
            await send_text(
                send, 303, "", location="/", cookies=[format_cookie_header(self.app_config, cookie)]
            )

    def redeem_token(self, token: str, browser: str) -> str | None:
        """Redeem a ticket or an invite, if it is for a role of this room."""
        person = self.sign_in_tokens.redeem_token(token, browser) if self.sign_in_tokens is not None else None
        with write_session(self.engine) as session:
            if person is not None:
                return redeem_account(session, person, self.app_config.roles)
            return redeem_invite(session, token, self.app_config.roles)

    async def handle_logout(self, scope: Scope, headers: Headers, send: Send) -> None:
        """End the visit; only by POST, so that no link or image can do it."""
        if scope["method"] != "POST":
            await send_page(send, 405, "Signing out is done with the button in the app.")
            return
        cookie = read_cookie(headers, self.app_config)
        if cookie:
            await asyncio.to_thread(self.end_browser_session, cookie)
            self.visitor_cache.forget_visitor(cookie)
        gone = [
            format_cookie_header(self.app_config, "", age=0),
            *(build_forget_headers(headers) if self.sign_in_tokens is not None else []),
        ]
        await send_text(send, 303, "", location="/", cookies=gone)

    def end_browser_session(self, cookie: str) -> None:
        """End a visit in the database."""
        with write_session(self.engine) as session:
            end_browser_session(session, cookie)

    async def handle_websocket(self, scope: Scope, headers: Headers, receive: Receive, send: Send) -> None:
        """Let a visitor's socket through, and close it once the visit is over."""
        shut = scope["path"].startswith(CLOSED_PREFIXES)
        is_stranger = await self.find_visitor(headers) is None
        address = (scope.get("client") or ("unknown",))[0]
        if shut or not is_same_origin(headers) or (is_stranger and not self.should_serve_anonymous(scope)):
            await receive()
            # Closing before accepting makes the server answer the handshake with 403 (ASGI spec, websocket.close).
            await send({"type": "websocket.close", "code": 1008})
            return
        if is_stranger and self.anonymous_sockets.is_over_limit(address):
            await receive()
            await send({"type": "websocket.close", "code": TOO_MANY_SOCKETS})
            return

        async def checked() -> AsgiMessage:
            message = await receive()
            if message["type"] == "websocket.receive" and await self.should_close(
                message, headers, is_stranger
            ):
                await send({"type": "websocket.close", "code": 1008})
                return {"type": "websocket.disconnect", "code": 1008}
            return message

        with self.anonymous_sockets.count_socket(address) if is_stranger else nullcontext():
            await self.app(scope, checked, send)

    async def should_close(self, message: AsgiMessage, headers: Headers, is_anonymous: bool) -> bool:
        """Whether a socket must be closed: a visitor's with the visit, a stranger's at a message that is too large."""
        if is_anonymous:
            return len(message.get("bytes") or message.get("text") or "") > MAX_FRAME
        return await self.find_visitor(headers) is None


def parse_headers(scope: Scope) -> Headers:
    """Request headers by lower-case name; of repeated ones the last, except cookies, which are joined."""
    found: Headers = {}
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        found[name] = f"{found[name]}; {value}" if name == "cookie" and name in found else value
    return found


def read_cookie(headers: Headers, app: App) -> str | None:
    """The room's cookie, if it was sent and looks like one."""
    try:
        jar = SimpleCookie(headers.get("cookie", ""))
    except CookieError:
        return None
    value = jar[app.cookie].value if app.cookie in jar else ""
    return value if 0 < len(value) <= MAX_TOKEN else None


def check_request(scope: Scope, headers: Headers, app: App) -> tuple[int, str] | None:
    """Status and sentence for a request that is turned away whoever sends it."""
    if scope["path"].startswith(CLOSED_PREFIXES):
        return 404, "There is nothing here."
    if scope["method"] not in {"GET", "HEAD", "OPTIONS"} and not is_same_origin(headers):
        return 403, "This request came from another site and was refused."
    length = headers.get("content-length", "0")
    if not length.isdigit() or int(length) > app.max_body:
        return 413, "That is too large for this server."
    return None


def is_same_origin(headers: Headers) -> bool:
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


def limit_body(receive: Receive, max_bytes: int) -> Receive:
    """`receive` that raises TooLarge once more than `most` bytes have come."""
    seen = 0

    async def counted() -> AsgiMessage:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > max_bytes:
            raise RequestTooLarge
        return message

    return counted


async def read_body(receive: Receive, max_bytes: int) -> bytes:
    """The whole request body. Raises TooLarge."""
    counted, parts = limit_body(receive, max_bytes), []
    while True:
        message = await counted()
        parts.append(message.get("body", b""))
        if message["type"] != "http.request" or not message.get("more_body", False):
            return b"".join(parts)


def format_cookie_header(app: App, value: str, *, age: int = BROWSER_SESSION_HOURS * 3600) -> str:
    """Set-Cookie for a visit; age 0 takes it away."""
    secure = "; Secure" if app.secure else ""
    return f"{app.cookie}={value}; Max-Age={age}; Path=/; HttpOnly; SameSite=Strict{secure}"
