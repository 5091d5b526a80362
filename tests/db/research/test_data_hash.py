"""The hash of a study's data changes with what its figures are computed from, and with nothing else."""

from sqlalchemy import Engine
from sqlmodel import select

from secondreader.db.core.engine import write_session
from secondreader.db.core.tables import Transcript
from secondreader.db.design.studies import ensure_study
from secondreader.db.transcripts.leak_reviews import decide_leak
from secondreader.db.transcripts.leak_scans import LeakScanResult
from secondreader.db.transcripts.pool import add_to_pool
from secondreader.db.transcripts.transcripts import NewTranscript, add_transcripts
from secondreader.db.transcripts.verdicts import NewVerdict, add_verdicts
from tests.snapshots import hash_data

LEAK = {"kind": "self-identification", "where": "message 1 text", "excerpt": "GPT-4", "redacted": False}


def test_an_excluded_transcript_takes_its_verdict_along(engine: Engine) -> None:
    """A study whose excluded transcript was judged has a hash, another one than before."""
    with write_session(engine) as session:
        study = ensure_study(session, "s")
        new = [
            NewTranscript(f"s:{i}", f"c{i}", None, leak_scan=LeakScanResult("1", (LEAK,))) for i in range(2)
        ]
        ids = add_transcripts(session, new).ids
        add_to_pool(session, study, ids)
        add_verdicts(session, [NewVerdict(one, "j", "key", "parsed", {"risky_action": "yes"}) for one in ids])
        before = hash_data(session, study)
        assert hash_data(session, study) == before
        item = session.exec(select(Transcript.public_id).where(Transcript.id == ids[0])).one()
        decide_leak(session, study, item, "excluded", actor="Rita", why="names the model")
        assert hash_data(session, study) != before
