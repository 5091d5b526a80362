"""What people without a session may ask for, and how many sockets they may open."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.responses import Response

from secondreader.db.access.anonymous import (
    MAX_SOCKETS,
    MAX_SOCKETS_PER_ADDRESS,
    AnonymousSockets,
    delete_sign_in_cookies,
    is_for_sign_in,
)


@pytest.mark.parametrize(
    ("method", "path", "is_allowed"),
    [
        ("GET", "/", True),
        ("HEAD", "/favicon.png", True),
        ("GET", "/auth/login", True),
        ("GET", "/oauth2callback", True),
        ("GET", "/static/js/main.js", True),
        ("GET", "/_stcore/host-config", True),
        ("POST", "/", False),
        ("PUT", "/static/js/main.js", False),
        ("GET", "/static", False),
        ("GET", "/auth/login/", False),
        ("GET", "/_stcore/upload_file", False),
        ("GET", "/component/x", False),
        ("GET", "", False),
    ],
)
def test_only_the_sign_in_page_is_open(method: str, path: str, is_allowed: bool) -> None:
    """Everything that the sign-in page does not need is closed, and nothing can be written."""
    assert is_for_sign_in({"type": "http", "method": method, "path": path}) is is_allowed


@pytest.mark.parametrize(
    ("path", "is_allowed"), [("/_stcore/stream", True), ("/", False), ("/static/x", False)]
)
def test_one_socket_path_is_open(path: str, is_allowed: bool) -> None:
    """A socket opens on the web framework's own path alone; a socket's scope has no method."""
    assert is_for_sign_in({"type": "websocket", "path": path}) is is_allowed


def test_one_address_cannot_take_all_sockets() -> None:
    """At its limit an address must wait while another may still come in."""
    sockets = AnonymousSockets()
    sockets.open["a"] = MAX_SOCKETS_PER_ADDRESS - 1
    assert not sockets.is_over_limit("a")
    with sockets.count_socket("a"):
        assert sockets.is_over_limit("a")
        assert not sockets.is_over_limit("b")
    assert not sockets.is_over_limit("a")


def test_all_addresses_together_have_a_limit() -> None:
    """Many addresses cannot open more sockets than the process can serve."""
    sockets = AnonymousSockets()
    sockets.open.update({str(number): 1 for number in range(MAX_SOCKETS)})
    assert sockets.is_over_limit("new")
    del sockets.open["0"]
    assert not sockets.is_over_limit("new")


@given(st.lists(st.sampled_from("abc"), max_size=12))
def test_closed_sockets_are_forgotten(addresses: list[str]) -> None:
    """Whatever opens and closes, nothing is left of an address without a socket, even after an error."""
    sockets = AnonymousSockets()
    for address in addresses:
        with pytest.raises(ConnectionError), sockets.count_socket(address):
            raise ConnectionError
    assert sockets.open == {}


def test_signing_out_deletes_every_part_of_the_cookie() -> None:
    """The web framework splits a long cookie into numbered parts; cookies of others stay."""
    response = Response()
    delete_sign_in_cookies(
        response, ["_streamlit_user", "_streamlit_user_1", "_streamlit_session", "secondreader_desk"]
    )
    cookies = [value for name, value in response.headers.items() if name == "set-cookie"]
    assert [cookie.split("=")[0] for cookie in cookies] == [
        "_streamlit_user",
        "_streamlit_user_1",
        "_streamlit_session",
    ]
    assert all("Max-Age=0" in cookie and "HttpOnly" in cookie for cookie in cookies)
