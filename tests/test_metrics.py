"""The figures of the tree stay within their bounds; `python tools/metrics.py` prints them."""

import ast
from pathlib import Path

import pytest

from tools.metrics import Metrics, Module, count_comments, list_functions, measure


@pytest.fixture(scope="module")
def metrics() -> Metrics:
    """The tree as it stands."""
    return measure()


def test_functions_are_short_and_say_what_they_do(metrics: Metrics) -> None:
    """Half of them within ten lines, hardly one over fifty, and most of them begin with a verb."""
    assert metrics.function_median <= 10
    assert metrics.long_function_share < 0.01
    assert metrics.verb_share >= 0.55


def test_files_and_folders_stay_small(metrics: Metrics) -> None:
    """No file over 450 lines; at most twelve modules a folder, fourteen for the command line."""
    assert not metrics.long_files
    assert not metrics.full_folders


def test_code_says_why(metrics: Metrics) -> None:
    """At least three comments in a hundred lines of code."""
    assert metrics.comments_per_100_lines >= 3


def test_tests_weigh_as_much_as_the_product(metrics: Metrics) -> None:
    """At least a line of tests for each line of source."""
    assert metrics.test_to_source >= 1


def test_nothing_ships_for_tests_alone(metrics: Metrics) -> None:
    """Every public function is used by the product, or is documented for notebooks."""
    assert not metrics.used_by_tests_alone
    assert not metrics.unused


def test_a_public_name_has_few_meanings(metrics: Metrics) -> None:
    """No public name stands for different things in more than three modules."""
    assert not metrics.ambiguous_names


SAMPLE = '''"""A module."""

# why it is so
LIMIT = 3  # noqa: FLAG


def load_rows() -> int:
    """Public, and used below."""
    return LIMIT


def forgotten() -> int:
    """Nobody calls it."""
    return load_rows()


class Table:
    """A class."""

    @property
    def size(self) -> int:
        """A noun, as it should be."""
        return 1
'''


def make_module(name: str, text: str) -> Module:
    """A module that is not on disk."""
    return Module(Path(name), text, ast.parse(text))


def test_the_measures_measure() -> None:
    """Linter's comments do not count, and properties need no verb."""
    module = make_module("db/sample.py", SAMPLE)
    assert count_comments(module) == (1, 9)
    by_name = {function.name: function for function in list_functions(module)}
    assert by_name["load_rows"].begins_with_verb
    assert not by_name["forgotten"].begins_with_verb
    assert not by_name["size"].is_counted_by_name
