"""The headers that every answer carries, and the pages of the auth middleware."""

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from secondreader.db.access.responses import (
    JOIN_PAGE,
    JOIN_SCRIPT,
    SECURITY_HEADERS,
    STATIC_POLICY,
    build_page_policy,
    hash_source,
    make_page,
    secure_cookie,
    secure_responses,
)
from secondreader.db.access.visitors import App

Headers = list[tuple[bytes, bytes]]


def send_response(path: str, headers: Headers, *, status: int = 200, secure: bool = False) -> Headers:
    """The headers that reach the browser for an answer with `headers`."""
    request = Request({"type": "http", "path": path, "headers": [(b"host", b"desk.example")]})
    messages: list[Any] = []

    async def collect(message: Any) -> None:
        messages.append(message)

    send = secure_responses(collect, request, App("desk", frozenset(), secure=secure))

    async def answer() -> None:
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b"x"})

    asyncio.run(answer())
    assert messages[1] == {"type": "http.response.body", "body": b"x"}
    sent: Headers = messages[0]["headers"]
    return sent


def test_every_answer_carries_the_security_headers() -> None:
    """Also one that had no headers of its own; nothing is cached."""
    sent = send_response("/", [])
    assert set(SECURITY_HEADERS) < set(sent)
    assert (b"cache-control", b"no-store") in sent
    assert dict(sent)[b"content-security-policy"].decode() == build_page_policy("desk.example")


@pytest.mark.parametrize(
    ("path", "status", "is_cached"),
    [
        ("/static/a.js", 200, True),
        ("/static/a.js", 304, True),
        ("/static/a.js", 404, False),
        ("/", 200, False),
    ],
)
def test_only_the_bundle_is_cached(path: str, status: int, is_cached: bool) -> None:
    """An error under the bundle's path must not be kept in place of the file."""
    sent = send_response(path, [(b"cache-control", b"max-age=9"), (b"expires", b"later")], status=status)
    values = [value for name, value in sent if name == b"cache-control"]
    assert values == ([b"max-age=9"] if is_cached else [b"no-store"])
    assert any(name == b"expires" for name, _ in sent) is is_cached


def test_a_page_keeps_its_own_policy() -> None:
    """The stricter policy of our own pages is not joined by the apps' wider one."""
    sent = send_response("/", [(b"content-security-policy", STATIC_POLICY.encode())])
    assert [value for name, value in sent if name == b"content-security-policy"] == [STATIC_POLICY.encode()]


@pytest.mark.parametrize(
    ("cookie", "sent"),
    [
        (b"a=1; Path=/", b"a=1; Path=/; Secure"),
        (b"a=1; Secure; Path=/", b"a=1; Secure; Path=/"),
        (b"a=1; secure", b"a=1; secure"),
        (b"secure=1", b"secure=1; Secure"),
    ],
)
def test_cookies_travel_over_tls_alone(cookie: bytes, sent: bytes) -> None:
    """Behind TLS every cookie is Secure, once; a cookie that is only called so gets the attribute too."""
    assert secure_cookie(b"set-cookie", cookie) == (b"set-cookie", sent)
    assert (b"set-cookie", sent) in send_response("/", [(b"set-cookie", cookie)], secure=True)
    assert (b"set-cookie", cookie) in send_response("/", [(b"set-cookie", cookie)])


def test_other_headers_are_not_cookies() -> None:
    """No other header gets the attribute."""
    assert secure_cookie(b"location", b"/?a=1") == (b"location", b"/?a=1")


@given(st.text(st.characters(), max_size=40))
def test_a_host_cannot_write_the_policy(host: str) -> None:
    """A Host header with a semicolon, space or quote adds no source and no directive."""
    policy = build_page_policy(host)
    assert policy.count(";") == build_page_policy("").count(";")
    added = policy.replace(f" ws://{host} wss://{host}", "") if host else policy
    assert added == build_page_policy("")


def test_the_join_page_runs_its_own_script_alone() -> None:
    """The script stands in the policy by its hash, and the page holds that very script."""
    policy = JOIN_PAGE.headers["content-security-policy"]
    assert f"script-src {hash_source(JOIN_SCRIPT)}" in policy
    assert JOIN_SCRIPT in bytes(JOIN_PAGE.body).decode()
    assert "unsafe" not in policy


@pytest.mark.parametrize("retry", [False, True])
def test_a_page_of_one_sentence(retry: bool) -> None:
    """Status and sentence are as asked; the link to try again is there only on request."""
    page = make_page(403, "This link is not valid.", retry=retry)
    html = bytes(page.body).decode()
    assert page.status_code == 403
    assert '<p role="status">This link is not valid.</p>' in html
    assert ('<a href="/">' in html) is retry
    assert "script-src" not in page.headers["content-security-policy"]
