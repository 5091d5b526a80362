"""The auth middleware in front of a small app of its own: what needs no running server to be seen."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine, text
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import Message, Receive, Scope, Send

from secondreader.db.access.invites import create_invite, redeem_invite
from secondreader.db.access.middleware import AuthMiddleware
from secondreader.db.access.visitors import App
from secondreader.db.core.engine import write_session
from secondreader.db.design.studies import ensure_annotator

ADDRESS = "http://desk.example"
OWN = {"origin": ADDRESS}


async def small_app(scope: Scope, receive: Receive, send: Send) -> None:
    """Echo the names of the headers and the size of the body, with cookies and headers as Streamlit sets them."""
    if scope["type"] == "websocket":
        while (await receive())["type"] != "websocket.disconnect":
            await send({"type": "websocket.send", "text": "echo"})
        return
    request = Request(scope, receive)
    size = len(await request.body())
    answer = PlainTextResponse(f"{size} {' '.join(sorted(request.headers))}")
    answer.headers["cache-control"] = "public"
    answer.set_cookie("_streamlit_xsrf", "x")
    answer.set_cookie("secured", "x", secure=True)
    await answer(scope, receive, send)


@pytest.fixture
def cookie(engine: Engine) -> str:
    """The cookie of a researcher who came in."""
    with write_session(engine) as session:
        token = create_invite(session, ensure_annotator(session, None, "R", "researcher"))
        return redeem_invite(session, token) or ""


def guard(engine: Engine, **more: Any) -> AuthMiddleware:
    """The middleware of a console."""
    return AuthMiddleware(
        small_app, engine=engine, app_config=App("console", frozenset({"researcher"}), **more)
    )


def client(middleware: AuthMiddleware) -> httpx.AsyncClient:
    """A client that speaks to it without a network."""
    return httpx.AsyncClient(transport=httpx.ASGITransport(middleware), base_url=ADDRESS)


async def in_pieces(size: int) -> AsyncIterator[bytes]:
    """A body that announces no length."""
    for _ in range(size // 100):
        yield b"x" * 100


async def test_cookies_travel_over_tls_alone(engine: Engine, cookie: str) -> None:
    """Behind TLS every cookie is Secure, that of the health check too; without TLS none is changed."""
    async with client(guard(engine, secure=True)) as secure, client(guard(engine)) as plain:
        headers = {"cookie": f"__Host-secondreader_console={cookie}"}
        for path in ("/", "/_stcore/health"):
            answer = await secure.get(path, headers=headers)
            assert answer.status_code == 200
            assert [value.count("Secure") for value in answer.headers.get_list("set-cookie")] == [1, 1]
        unchanged = (await plain.get("/_stcore/health")).headers.get_list("set-cookie")
        assert [value.count("Secure") for value in unchanged] == [0, 1]


async def test_the_app_gets_no_body_above_the_limit(engine: Engine, cookie: str) -> None:
    """Whether it is announced or comes in pieces."""
    async with client(guard(engine, max_body=1_000)) as console:
        headers = {**OWN, "cookie": f"secondreader_console={cookie}"}
        assert (await console.put("/", content=b"x" * 1_000, headers=headers)).text.startswith("1000 ")
        for body in (b"x" * 1_001, in_pieces(1_100)):
            answer = await console.put("/", content=body, headers=headers)
            assert answer.status_code == 413
            assert answer.headers["x-frame-options"] == "DENY"


async def test_claimed_identities_do_not_reach_the_app(engine: Engine, cookie: str) -> None:
    """Headers that name a user are taken out, all others arrive."""
    claims = {"X-Forwarded-User": "R", "Remote-User": "R", "X-Auth-Request-Email": "r@example.org"}
    async with client(guard(engine)) as console:
        headers = {**claims, "X-Other": "1", "cookie": f"secondreader_console={cookie}"}
        names = (await console.get("/", headers=headers)).text.split()
    assert "x-other" in names
    assert not {name.lower() for name in claims} & set(names)


async def test_a_cookie_is_read_beside_broken_ones(engine: Engine, cookie: str) -> None:
    """A cookie of another app on the same host, however it is written, or a second header, hides ours from nobody."""
    async with client(guard(engine)) as console:
        own = f"secondreader_console={cookie}"
        for sent in ([f'a b="c; {own}'], ["a=1", own], [f"{own}; =x;;"]):
            answer = await console.get("/", headers=[("cookie", value) for value in sent])
            assert answer.status_code == 200, sent


async def test_a_database_that_does_not_answer_is_a_sentence(engine: Engine, cookie: str) -> None:
    """A request gets 503 with a sentence, a handshake is closed, and both are served again later."""
    console = guard(engine)
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE visit RENAME TO elsewhere"))
    async with client(console) as browser:
        answer = await browser.get("/", headers={"cookie": f"secondreader_console={cookie}"})
    assert (answer.status_code, "database is busy" in answer.text) == (503, True)
    assert await shake_hands(console, cookie) == [("websocket.close", 1013)]
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE elsewhere RENAME TO visit"))
    assert await shake_hands(console, cookie) == [("websocket.send", None)]


async def shake_hands(middleware: AuthMiddleware, cookie: str) -> list[tuple[str, int | None]]:
    """Kinds and codes of what a browser with this cookie is sent over a socket, from the handshake to its end."""
    sent: list[Message] = []
    incoming = iter(({"type": "websocket.connect"}, {"type": "websocket.disconnect", "code": 1000}))

    async def receive() -> Message:
        return next(incoming)

    async def send(message: Message) -> None:
        sent.append(message)

    headers = {"host": "desk.example", "origin": ADDRESS, "cookie": f"secondreader_console={cookie}"}
    scope = {
        "type": "websocket",
        "path": "/_stcore/stream",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "client": ("10.0.0.1", 1),
    }
    await middleware(scope, receive, send)
    return [(message["type"], message.get("code")) for message in sent]
