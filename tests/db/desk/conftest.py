"""An open study of two annotators, and the connection of the desk to it."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from secondreader.db.core.content import Content, Message
from secondreader.db.core.engine import write_session
from secondreader.db.design.plan import SamplingPlan, freeze_study
from secondreader.db.design.studies import ensure_study
from secondreader.db.transcripts.pool import add_to_pool
from secondreader.db.transcripts.transcripts import NewTranscript, add_transcripts
from tests.databases import open_desk


@pytest.fixture
def people(engine: Engine) -> dict[str, int]:
    """An open study of six transcripts and two annotators who both read all of them."""
    with write_session(engine) as session:
        study = ensure_study(session, "s", title="Reading")
        content = Content(messages=(Message(role="user", text="hello"),))
        stored = add_transcripts(session, [NewTranscript(f"k{i}", f"c{i}", content) for i in range(6)])
        add_to_pool(session, study, stored.ids)
        return freeze_study(session, study, SamplingPlan(6, ("A1", "A2"), 2, seed=3)).annotator_ids


@pytest.fixture
def blind(engine: Engine, people: dict[str, int]) -> Iterator[Engine]:
    """The desk's engine."""
    assert people
    made = open_desk(engine)
    yield made
    made.dispose()
