"""Lets the desk's tests import `tests.browser` and `tests.annotate.seed`, and gives them a seeded study."""

import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
if str(REPOSITORY) not in sys.path:
    sys.path.append(str(REPOSITORY))

from tests.annotate.seed import Seeded, seed


@pytest.fixture
def seeded(sqlite_target: str) -> Seeded:
    """A small open study in a SQLite file."""
    return seed(sqlite_target)
