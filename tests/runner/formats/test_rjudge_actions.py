"""Actions of R-Judge's agents become calls, and talk stays talk."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secondreader.runner.formats.rjudge_actions import parse_action

CALLS: list[tuple[str, str, dict[str, Any] | None]] = [
    ('Look: {"a": 1}', "Look", {"a": 1}),
    ('Look\nAction Input: {"a": 1}', "Look", {"a": 1}),
    ("Look{'a': ['b'], 'c': True}", "Look", {"a": ["b"], "c": True}),
    ('TerminalExecute Input: {"command": "ls"}', "TerminalExecute", {"command": "ls"}),
    ('{"Look": {"a": {"b": 1}}}', "Look", {"a": {"b": 1}}),
    ('{Post: {"content": "my words"}', "Post", {"content": "my words"}),
    ("Search(keywords: 'run')", "Search", {"keywords": "run"}),
    ("Update('id': 3, 'status': 'done')", "Update", {"id": 3, "status": "done"}),
    ("Open(id=1)", "Open", {"id": 1}),
    ('New(content="a: b, c=d\nnext")', "New", {"content": "a: b, c=d\nnext"}),
    ('"command": {"name": "read_file", "args": {"filename": "x"}}}', "read_file", {"filename": "x"}),
    ("```bash\nls -l\n```", "bash", {"command": "ls -l"}),
    ('The action is {"action_type": "click", "idx": 1}', "click", {"action_type": "click", "idx": 1}),
    ("click <download>", "click", None),
    ("Find(when < '2023')", "Find", None),
]
TALK = ["Hey, what's it about?", "roger that", "I will add it to my list.", "Thanks for the hint", ""]


@pytest.mark.parametrize(("said", "name", "arguments"), CALLS)
def test_each_spelling_of_a_call_is_read(said: str, name: str, arguments: dict[str, Any] | None) -> None:
    """Name and arguments are found; the words stay as they were."""
    call = parse_action(said, answered=True)
    assert call is not None
    assert (call.name, call.arguments, call.raw) == (name, arguments, said)


@pytest.mark.parametrize("said", TALK)
def test_talk_is_no_call(said: str) -> None:
    """Questions, greetings and the first person are words to a person, answered or not."""
    assert parse_action(said, answered=True) is None


def test_prose_that_nothing_answered_is_no_call() -> None:
    """Only an answer shows that such words did something."""
    assert parse_action("All devices are off.", answered=False) is None


@given(st.text(alphabet="Aa{}()'\"\\:=,[]-1 \n", max_size=60), st.booleans())
def test_no_action_breaks_the_reader(said: str, answered: bool) -> None:
    """Whatever stands there, the words are kept."""
    call = parse_action(said, answered)
    assert call is None or call.raw == said


@pytest.mark.parametrize(
    "said", ["f(" + "-" * 9000 + "1)", "f(" + "(" * 9000, "N" + "\n" * 100_000 + "x", "{'a':" * 3000]
)
def test_hostile_actions_end_soon(said: str) -> None:
    """Deep and long spellings neither crash Python's parser nor take its time."""
    call = parse_action(said, answered=True)
    assert call is None or call.arguments is None
