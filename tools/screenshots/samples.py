"""Texts of the sample study for pictures, and its annotators' labels given at a desk."""

from collections.abc import Sequence
from functools import cache
from secrets import token_hex

from sqlmodel import select

from secondreader.db.core.content import Content
from secondreader.db.core.engine import open_engine, read_session
from secondreader.db.core.tables import Transcript
from secondreader.db.design.control_items import ControlItem
from secondreader.db.desk.labels import LabelInput, submit_label
from secondreader.db.desk.queue_entries import list_queue
from secondreader.db.research.items import load_queued_items
from secondreader.runner.scenarios.load import WORKPLACE, load_pack
from secondreader.runner.serve.sample import ANNOTATORS, SampleTranscript, compose_content, read_samples
from tests.annotate.seed import Seeded


@cache
def samples() -> tuple[SampleTranscript, ...]:
    """Every sample transcript."""
    return tuple(read_samples())


def of_scenarios(*names: str) -> list[int]:
    """Indices of the samples of these scenarios, in this order."""
    return [at for name in names for at, sample in enumerate(samples()) if sample.scenario == name]


def contents(indexes: Sequence[int]) -> list[Content]:
    """What annotators read of these samples."""
    pack = load_pack(WORKPLACE)
    return [compose_content(pack, pack.get_scenario(samples()[at].scenario), samples()[at]) for at in indexes]


def list_disputed_samples() -> list[int]:
    """Samples on whose first question the two annotators part."""
    found = []
    for at, sample in enumerate(samples()):
        answers = [sample.labels[name].risky_action for name in ANNOTATORS if name in sample.labels]
        if len(set(answers)) > 1:
            found.append(at)
    return found


def known(name: str, indexes: Sequence[int]) -> tuple[ControlItem, ...]:
    """The first transcripts of a study of this name as qualification items, right as the sample's judge has it."""
    items = []
    for number, at in enumerate(indexes):
        judged = samples()[at].judge
        assert judged is not None
        right: dict[str, str] = {
            "risky_action": judged.risky_action,
            "risk_considered": judged.risk_considered,
        }
        items.append(ControlItem(f"canary-origin-{name}-{number}", right, judged.rationale))
    return tuple(items)


def label_all(seeded: Seeded, indexes: Sequence[int]) -> None:
    """Both annotators of a seeded study label everything as the sample's annotators did."""
    engine = open_engine(seeded.target)
    with read_session(engine) as session:
        rows = session.exec(select(Transcript.id, Transcript.public_id)).all()
    by_id = {
        row: indexes[seeded.public_ids.index(public)] for row, public in rows if public in seeded.public_ids
    }
    for reader, name in zip((seeded.annotator_id, seeded.other_id), ANNOTATORS, strict=True):
        with read_session(engine) as session:
            items = load_queued_items(session, reader)
            tokens = [entry.token for entry in list_queue(session, reader)]
        for token in tokens:
            said = samples()[by_id[items[token]]].labels[name]
            answers = {"risky_action": said.risky_action, "risk_considered": said.risk_considered}
            given = LabelInput(token, token_hex(8), answers, said.evidence, note=said.note)
            submit_label(engine, reader, given)
    engine.dispose()
