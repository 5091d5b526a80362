"""Tests that share a server run on one worker."""

import pytest

from tests.browser import REPOSITORY
from tests.scheduling import SHARED_SERVERS, add_group


@pytest.mark.parametrize("part", SHARED_SERVERS)
def test_every_group_has_browser_tests(part: str) -> None:
    """A file that is renamed, or has no browser test any more, does not stay on the list."""
    texts = {
        str(file.relative_to(REPOSITORY)): file.read_text("utf-8")
        for file in (REPOSITORY / "tests").rglob("test_*.py")
    }
    browser_tests = {name: text for name, text in texts.items() if "mark.browser" in text}
    assert part in browser_tests or any(f"{part}_" in text for text in browser_tests.values())


def test_a_group_is_the_end_of_an_id() -> None:
    """Tests of one server end alike; all others keep their ids and go to whichever worker is free."""
    first, second = (add_group(f"tests/test_oidc.py::test_{name}") for name in ("a", "b[x@y]"))
    assert first.rsplit("@", 1)[1] == second.rsplit("@", 1)[1] == "oidc"
    assert add_group("tests/test_axe.py::test_the_desk") == "tests/test_axe.py::test_the_desk"
