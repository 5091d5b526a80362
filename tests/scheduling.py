"""Which worker runs which browser test: whichever is free, but tests that share a server of their own stay together.

pytest-xdist's `--dist loadgroup` does that for tests whose ids end with `@group`. It writes the group of a mark into the
id by a way that pytest 9.2 no longer has (pytest-dev/pytest-xdist#1386), so the ids get their groups here.
"""

from collections.abc import Iterable
from typing import Any

from xdist.scheduler import LoadGroupScheduling

SHARED_SERVERS = {
    "tests/test_oidc.py": "oidc",
    "tests/test_demo.py": "demo",
    "tests/test_axe_console.py": "axe-console",
    "tests/reports/console/test_server.py": "console",
    "postgresql": "postgresql",
}
"""A part of a test's id, and the group of those that have it."""


class BrowserScheduling(LoadGroupScheduling):
    """Hands out tests one by one, and tests of one group to one worker."""

    def add_node_collection(self, node: Any, collection: Iterable[str]) -> None:
        """Take a worker's list of tests; it is told to run them by their number, so that a longer id does no harm."""
        super().add_node_collection(node, [add_group(test_id) for test_id in collection])


def add_group(test_id: str) -> str:
    """A test's id with the group that it belongs to, if it has one."""
    group = next((group for part, group in SHARED_SERVERS.items() if part in test_id), None)
    return f"{test_id}@{group}" if group is not None else test_id
