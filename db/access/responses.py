"""The auth middleware's own pages, and the headers that every answer of an app carries."""

import base64
import hashlib
import re
from pathlib import Path

from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.types import Message, Send

from secondreader.db.access.visitors import App

HOST_PATTERN = re.compile(r"^[A-Za-z0-9.\-\[\]:]{1,255}$")
NO_STORE = (b"cache-control", b"no-store")
CACHE_HEADERS = frozenset({b"cache-control", b"expires", b"pragma"})
SECURITY_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
)

PAGES_FOLDER = Path(__file__).parent / "pages"
JOIN_SCRIPT = (PAGES_FOLDER / "join.js").read_text("utf-8")
STYLE = (PAGES_FOLDER / "page.css").read_text("utf-8")


def secure_responses(send: Send, request: Request, app: App) -> Send:
    """`send` that puts the security headers on every answer to this request."""
    is_bundle = request.scope["path"].startswith("/static/")

    async def send_secured(message: Message) -> None:
        if message["type"] == "http.response.start":
            # raw pairs, in one pass: this runs for each of the hundred files of a page's first visit
            headers = list(message.get("headers", ()))
            if not (is_bundle and message["status"] < 400):
                headers = [pair for pair in headers if pair[0] not in CACHE_HEADERS]
                headers.append(NO_STORE)
            if all(name != b"content-security-policy" for name, _ in headers):
                policy = build_page_policy(request.headers.get("host", ""))
                headers.append((b"content-security-policy", policy.encode()))
            if app.secure:
                headers = [secure_cookie(name, value) for name, value in headers]
            message["headers"] = [*headers, *SECURITY_HEADERS]
        await send(message)

    return send_secured


def secure_cookie(name: bytes, value: bytes) -> tuple[bytes, bytes]:
    """A header, with Secure if it sets a cookie: Streamlit does not have its cookies travel over TLS alone."""
    is_insecure = name == b"set-cookie" and b"secure" not in value.lower().split(b"; ")
    return name, value + b"; Secure" if is_insecure else value


def build_page_policy(host: str) -> str:
    """Content-Security-Policy of an app's pages: what Streamlit 1.67 needs, and nothing more (tried in a browser).

    It puts styles into elements and loads a component's script from a blob; everything else is from here. No code is made
    of text, no form is sent, nothing is framed. The socket is named in full, because not every browser counts it
    under 'self'.
    """
    sockets = f" ws://{host} wss://{host}" if HOST_PATTERN.match(host) else ""
    return (
        "default-src 'none'; script-src 'self' blob:; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
        f"font-src 'self' data:; connect-src 'self'{sockets}; manifest-src 'self'; worker-src 'none'; frame-src 'none'; "
        "object-src 'none'; media-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


def hash_source(text: str) -> str:
    """A style's or script's source expression for a policy (CSP level 3, 2.3.1)."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


STATIC_POLICY = (
    f"default-src 'none'; style-src {hash_source(STYLE)}; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
"""Content-Security-Policy of our own pages: one style, by its hash."""
JOIN_POLICY = f"{STATIC_POLICY}; script-src {hash_source(JOIN_SCRIPT)}; connect-src 'self'"


def render_html(main_html: str) -> str:
    """A small page around trusted HTML."""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" '
        f'content="width=device-width, initial-scale=1"><title>Second Reader</title><style>{STYLE}</style></head>'
        f"<body><main>{main_html}</main></body></html>"
    )


def make_page(status: int, sentence: str, *, retry: bool = False) -> HTMLResponse:
    """A page of one sentence of ours.

    With `retry` also a link: a browser that came from another site sends a SameSite=Strict cookie only after a
    click on this one.
    """
    more = '<p>Already came in with it? <a href="/">Go to your work</a>.</p>' if retry else ""
    html = render_html(f'<h1>Second Reader</h1><p role="status">{sentence}</p>{more}')
    return HTMLResponse(html, status, {"content-security-policy": STATIC_POLICY})


JOIN_PAGE = HTMLResponse(
    render_html(
        '<h1>Second Reader</h1><p id="note" role="status">Opening your invite link.</p>'
        "<noscript><p>This page needs JavaScript.</p></noscript>"
        f"<script>{JOIN_SCRIPT}</script>"
    ),
    headers={"content-security-policy": JOIN_POLICY},
)
"""The page that turns the fragment of an invite link into a POST; the same for everybody."""
