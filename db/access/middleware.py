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
    Strangers,
    forgetting,
    is_for_sign_in,
    secured,
    user_cookie,
)
from secondreader.db.access.invites import VISIT_HOURS, Visitor, end_visit, redeem, redeem_account
from secondreader.db.access.responses import (
    App,
    Headers,
    Message,
    Receive,
    Scope,
    Send,
    guarded,
    join_page,
    page,
    respond,
)
from secondreader.db.access.sign_in_tickets import Tickets
from secondreader.db.access.visitors import MAX_TOKEN, Failures, Lookups, Room
from secondreader.db.core.engine import writing

OPEN_PATHS = frozenset({"/_stcore/health", "/healthz"})
SHUT_PREFIXES = ("/_stcore/agent", "/_stcore/metrics", "/auth/logout")
"""Parts of the web framework that no room uses. Signing out by GET could be done by any image."""
TOO_MANY_SOCKETS = 1013
UNTRUSTED = re.compile(
    rb"^(x-forwarded-(user|email|groups|preferred-username|access-token)|x-auth-request-.*|x-streamlit-user.*|remote-user"
    rb"|x-remote-user|x-user.*)$"
)
"""Headers that claim an identity: removed, for nobody here believes them."""


class TooLarge(Exception):
    """A request body above the room's limit."""


class Gate:
    """ASGI middleware: lets the visitors of one room through and answers everybody else itself."""

    def __init__(self, app: App, *, engine: Engine, room: Room, tickets: Tickets | None = None) -> None:
        """`tickets` of the sign-in page; None where signing in with an account is not on."""
        self.app = app
        self.engine = engine
        self.room = room
        self.tickets = tickets
        self.strangers = Strangers()
        self.lookups = Lookups(engine, room)
        self.failures = Failures()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] not in {"http", "websocket"}:
            await self.app(scope, receive, send)
            return
        scope["headers"] = [pair for pair in scope["headers"] if not UNTRUSTED.match(pair[0].lower())]
        headers = headers_of(scope)
        try:
            if scope["type"] == "websocket":
                await self.websocket(scope, headers, receive, send)
            else:
                await self.http(scope, headers, receive, guarded(send, scope, headers))
        except DBAPIError:
            if scope["type"] == "http":
                await page(guarded(send, scope, headers), 503, "The database is busy. Reload in a moment.")
            else:
                await send({"type": "websocket.close", "code": 1013})

    async def http(self, scope: Scope, headers: Headers, receive: Receive, send: Send) -> None:
        """Answer or pass on one request."""
        refusal = refused(scope, headers, self.room)
        if refusal is not None:
            await page(send, *refusal)
        elif scope["path"] in OPEN_PATHS:
            await self.app(scope, receive, send)
        elif scope["path"] == "/join":
            await self.join(scope, headers, receive, send)
        elif scope["path"] == "/logout":
            await self.logout(scope, headers, send)
        elif scope["path"] in SIGN_IN_PATHS and self.tickets is None:
            await page(send, 404, "There is nothing here.")
        elif await self.visitor(headers) is None and not self.serves_stranger(scope):
            await page(send, 401, self.ways_in, retry=True)
        else:
            await self.pass_on(scope, receive, secured(send) if self.room.secure else send)

    @property
    def ways_in(self) -> str:
        """What to do without a visit."""
        invite = "Open the invite link that the researcher sent you to come in."
        return (
            invite
            if self.tickets is None
            else invite.replace(" to come in.", ", or sign in on the start page.")
        )

    def serves_stranger(self, scope: Scope) -> bool:
        """Whether the sign-in page is on and needs what is asked for."""
        return self.tickets is not None and is_for_sign_in(scope)

    async def pass_on(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand the request to the app, with a limit on its body."""
        started = False

        async def noted(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self.app(scope, limited(receive, self.room.max_body), noted)
        except TooLarge:
            if not started:
                await page(send, 413, "That is too large for this server.")

    async def visitor(self, headers: Headers) -> Visitor | None:
        """Who sent these headers, if anyone we know."""
        cookie = cookie_of(headers, self.room)
        return await self.lookups.of(cookie) if cookie else None

    async def join(self, scope: Scope, headers: Headers, receive: Receive, send: Send) -> None:
        """GET shows the page whose script posts the token; POST turns the token into a cookie."""
        if scope["method"] in {"GET", "HEAD"}:
            await join_page(send)
            return
        address = (scope.get("client") or ("unknown",))[0]
        if self.failures.are_too_many(address):
            await respond(send, 429, "Too many wrong links from this address. Wait a minute and try again.")
            return
        try:
            token = (await body_of(receive, MAX_TOKEN)).decode("ascii", "replace").strip()
        except TooLarge:
            await respond(send, 413, "That is too long for an invite link.")
            return
        cookie = await asyncio.to_thread(self.come_in, token, user_cookie(headers))
        if cookie is None:
            self.failures.add(address)
            await respond(send, 403, "This link is not valid any more. Ask the researcher for a new one.")
        else:
            await respond(send, 303, "", location="/", cookies=[cookie_header(self.room, cookie)])

    def come_in(self, token: str, browser: str) -> str | None:
        """Redeem a ticket or an invite, if it is for a role of this room."""
        person = self.tickets.use(token, browser) if self.tickets is not None else None
        with writing(self.engine) as session:
            if person is not None:
                return redeem_account(session, person, self.room.roles)
            return redeem(session, token, self.room.roles)

    async def logout(self, scope: Scope, headers: Headers, send: Send) -> None:
        """End the visit; only by POST, so that no link or image can do it."""
        if scope["method"] != "POST":
            await page(send, 405, "Signing out is done with the button in the app.")
            return
        cookie = cookie_of(headers, self.room)
        if cookie:
            await asyncio.to_thread(self.leave, cookie)
            self.lookups.forget(cookie)
        gone = [
            cookie_header(self.room, "", age=0),
            *(forgetting(headers) if self.tickets is not None else []),
        ]
        await respond(send, 303, "", location="/", cookies=gone)

    def leave(self, cookie: str) -> None:
        """End a visit in the database."""
        with writing(self.engine) as session:
            end_visit(session, cookie)

    async def websocket(self, scope: Scope, headers: Headers, receive: Receive, send: Send) -> None:
        """Let a visitor's socket through, and close it once the visit is over."""
        shut = scope["path"].startswith(SHUT_PREFIXES)
        is_stranger = await self.visitor(headers) is None
        address = (scope.get("client") or ("unknown",))[0]
        if shut or not is_same_origin(headers) or (is_stranger and not self.serves_stranger(scope)):
            await receive()
            # Closing before accepting makes the server answer the handshake with 403 (ASGI spec, websocket.close).
            await send({"type": "websocket.close", "code": 1008})
            return
        if is_stranger and self.strangers.are_too_many(address):
            await receive()
            await send({"type": "websocket.close", "code": TOO_MANY_SOCKETS})
            return

        async def checked() -> Message:
            message = await receive()
            if message["type"] == "websocket.receive" and await self.is_over(message, headers, is_stranger):
                await send({"type": "websocket.close", "code": 1008})
                return {"type": "websocket.disconnect", "code": 1008}
            return message

        with self.strangers.one_more(address) if is_stranger else nullcontext():
            await self.app(scope, checked, send)

    async def is_over(self, message: Message, headers: Headers, is_stranger: bool) -> bool:
        """Whether a socket must be closed: a visitor's with the visit, a stranger's at a message that is too large."""
        if is_stranger:
            return len(message.get("bytes") or message.get("text") or "") > MAX_FRAME
        return await self.visitor(headers) is None


def headers_of(scope: Scope) -> Headers:
    """Request headers by lower-case name; of repeated ones the last, except cookies, which are joined."""
    found: Headers = {}
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        found[name] = f"{found[name]}; {value}" if name == "cookie" and name in found else value
    return found


def cookie_of(headers: Headers, room: Room) -> str | None:
    """The room's cookie, if it was sent and looks like one."""
    try:
        jar = SimpleCookie(headers.get("cookie", ""))
    except CookieError:
        return None
    value = jar[room.cookie].value if room.cookie in jar else ""
    return value if 0 < len(value) <= MAX_TOKEN else None


def refused(scope: Scope, headers: Headers, room: Room) -> tuple[int, str] | None:
    """Status and sentence for a request that is turned away whoever sends it."""
    if scope["path"].startswith(SHUT_PREFIXES):
        return 404, "There is nothing here."
    if scope["method"] not in {"GET", "HEAD", "OPTIONS"} and not is_same_origin(headers):
        return 403, "This request came from another site and was refused."
    length = headers.get("content-length", "0")
    if not length.isdigit() or int(length) > room.max_body:
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


def limited(receive: Receive, most: int) -> Receive:
    """`receive` that raises TooLarge once more than `most` bytes have come."""
    seen = 0

    async def counted() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > most:
            raise TooLarge
        return message

    return counted


async def body_of(receive: Receive, most: int) -> bytes:
    """The whole request body. Raises TooLarge."""
    counted, parts = limited(receive, most), []
    while True:
        message = await counted()
        parts.append(message.get("body", b""))
        if message["type"] != "http.request" or not message.get("more_body", False):
            return b"".join(parts)


def cookie_header(room: Room, value: str, *, age: int = VISIT_HOURS * 3600) -> str:
    """Set-Cookie for a visit; age 0 takes it away."""
    secure = "; Secure" if room.secure else ""
    return f"{room.cookie}={value}; Max-Age={age}; Path=/; HttpOnly; SameSite=Strict{secure}"
