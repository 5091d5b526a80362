"""What the gate answers by itself, and the headers that every answer of a room carries."""

import base64
import hashlib
import re
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import Any

Scope = MutableMapping[str, Any]
AsgiMessage = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[AsgiMessage]]
Send = Callable[[AsgiMessage], Awaitable[None]]
AsgiApp = Callable[[Scope, Receive, Send], Awaitable[None]]
Headers = dict[str, str]

HOST_PATTERN = re.compile(r"^[A-Za-z0-9.\-\[\]:]{1,255}$")
NO_STORE = (b"cache-control", b"no-store")
OVERRIDDEN_HEADERS = frozenset({b"cache-control", b"expires", b"pragma"})
SECURITY_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
)

JOIN_SCRIPT = """
const note = document.getElementById("note");
function say(text) { note.textContent = text; }
function comeIn() {
  const token = location.hash.slice(1);
  history.replaceState(null, "", location.pathname);
  if (!token) return say("This link is incomplete: open the whole invite link that the researcher sent you.");
  fetch("/join", { method: "POST", body: token, headers: { "Content-Type": "text/plain" }, redirect: "manual" })
    .then(async (answer) => {
      if (answer.type === "opaqueredirect") location.replace("/");
      else say(await answer.text());
    })
    .catch(() => say("The server did not answer. Check the connection and open the link again."));
}
comeIn();
// another link, put into the address of this very page, loads nothing by itself
addEventListener("hashchange", comeIn);
"""
STYLE = (
    "body{font:18px/1.5 system-ui,sans-serif;max-width:36rem;margin:18vh auto 0;padding:0 1.5rem;"
    "color:#1c2330;background:#f6f7f9}a{color:#1b5fc1}"
    "@media(prefers-color-scheme:dark){body{color:#e6e9ef;background:#14171c}a{color:#8ab8ff}}"
)


def add_security_headers(send: Send, scope: Scope, headers: Headers) -> Send:
    """`send` that puts the security headers on every answer."""
    is_bundle = scope["path"].startswith("/static/")

    async def with_headers(message: AsgiMessage) -> None:
        if message["type"] == "http.response.start":
            theirs = list(message.get("headers", []))
            is_kept = is_bundle and message["status"] < 400
            own = (
                theirs if is_kept else [pair for pair in theirs if pair[0].lower() not in OVERRIDDEN_HEADERS]
            )
            has_policy = any(name.lower() == b"content-security-policy" for name, _ in own)
            extra = [] if has_policy else [(b"content-security-policy", build_page_policy(headers).encode())]
            message["headers"] = [*own, *extra, *SECURITY_HEADERS, *([] if is_kept else [NO_STORE])]
        await send(message)

    return with_headers


def build_page_policy(headers: Headers) -> str:
    """Content-Security-Policy of an app's pages: what Streamlit 1.67 needs, and nothing more (tried in a browser).

    It puts styles into elements and loads a component's script from a blob; everything else is from here. No code is made
    of text, no form is sent, nothing is framed. The socket is named in full, because not every browser counts it
    under 'self'.
    """
    host = headers.get("host", "")
    sockets = f" ws://{host} wss://{host}" if HOST_PATTERN.match(host) else ""
    return (
        "default-src 'none'; script-src 'self' blob:; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
        f"font-src 'self' data:; connect-src 'self'{sockets}; manifest-src 'self'; worker-src 'none'; frame-src 'none'; "
        "object-src 'none'; media-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


def build_static_policy(script: str = "") -> bytes:
    """Content-Security-Policy of the gate's own pages: one style and at most one script, each by its hash."""
    digests = [
        base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in (STYLE, script) if text
    ]
    allowed = f" script-src 'sha256-{digests[1]}'; connect-src 'self';" if script else ""
    return (
        f"default-src 'none'; style-src 'sha256-{digests[0]}';{allowed} base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    ).encode()


def render_html(main_html: str) -> bytes:
    """A small page around trusted HTML."""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" '
        f'content="width=device-width, initial-scale=1"><title>Second Reader</title><style>{STYLE}</style></head>'
        f"<body><main>{main_html}</main></body></html>"
    ).encode()


async def send_page(send: Send, status: int, sentence: str, *, retry: bool = False) -> None:
    """A page of one sentence of ours.

    With `retry` also a link: a browser that came from another site sends a SameSite=Strict cookie only after a
    click on this one.
    """
    more = '<p>Already came in with it? <a href="/">Go to your work</a>.</p>' if retry else ""
    body = render_html(f'<h1>Second Reader</h1><p role="status">{sentence}</p>{more}')
    await send_response(
        send, status, body, [(b"content-type", b"text/html; charset=utf-8")], build_static_policy()
    )


async def send_join_page(send: Send) -> None:
    """The page that turns the fragment of an invite link into a POST."""
    body = render_html(
        '<h1>Second Reader</h1><p id="note" role="status">Opening your invite link.</p>'
        "<noscript><p>This page needs JavaScript.</p></noscript>"
        f"<script>{JOIN_SCRIPT}</script>"
    )
    headers = [(b"content-type", b"text/html; charset=utf-8")]
    await send_response(send, 200, body, headers, build_static_policy(JOIN_SCRIPT))


async def send_text(
    send: Send, status: int, sentence: str, *, location: str | None = None, cookies: Sequence[str] = ()
) -> None:
    """A plain answer for a script, perhaps with a redirect and cookies."""
    headers = [(b"content-type", b"text/plain; charset=utf-8")]
    headers += [(b"location", location.encode())] if location else []
    headers += [(b"set-cookie", cookie.encode()) for cookie in cookies]
    await send_response(send, status, sentence.encode(), headers, build_static_policy())


async def send_response(
    send: Send, status: int, body: bytes, headers: list[tuple[bytes, bytes]], csp: bytes
) -> None:
    """Send a whole response."""
    length = (b"content-length", str(len(body)).encode())
    full = [*headers, length, (b"content-security-policy", csp)]
    await send({"type": "http.response.start", "status": status, "headers": full})
    await send({"type": "http.response.body", "body": body})
