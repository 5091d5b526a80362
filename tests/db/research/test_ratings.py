"""The long frame: whose labels are in it, and the hash over its data."""

from sqlalchemy import Engine

from secondreader.db.core.engine import read_session, write_session
from secondreader.db.design.studies import ensure_annotator, get_study
from secondreader.db.research.progress import list_annotator_progress
from secondreader.db.research.transcript_view import load_transcript_view
from secondreader.db.transcripts.imported_labels import ImportedLabel, add_imported_labels
from tests.db.design.test_plan import make_pool
from tests.snapshots import hash_data, load_rating_rows


def test_imported_and_desk_labels_are_never_mixed(engine: Engine) -> None:
    """The long frame holds one source: its sampling is known. Importing twice adds nothing."""
    make_pool(engine, 4)
    with write_session(engine) as session:
        study = get_study(session, "s")
        reader = ensure_annotator(session, study, "Elsewhere", source="import")
        label = ImportedLabel(1, reader, {"risky_action": "yes"}, "i1")
        first = add_imported_labels(session, study, [label])
        again = add_imported_labels(session, study, [label])
    assert (first, again) == (1, 0)
    with read_session(engine) as session:
        study = get_study(session, "s")
        human = [row for row in load_rating_rows(session, study, source="import") if row["kind"] == "human"]
        assert [(row["rater"], row["answer"], row["inclusion_probability"]) for row in human] == [
            ("Elsewhere", "yes", 1.0)
        ]
        assert not [row for row in load_rating_rows(session, study) if row["kind"] == "human"]
        assert [one.n_labelled for one in list_annotator_progress(session, study)] == [1]
        view = load_transcript_view(session, study, human[0]["item"])
        assert view is not None
        assert view.labels[0].answers == {"risky_action": "yes"}
        assert view.verdicts[0].judge == "j"
        assert load_transcript_view(session, study, "nothing") is None


def test_the_data_hash_follows_the_data(engine: Engine) -> None:
    """The same data give the same hash; one more label gives another."""
    make_pool(engine, 4)
    with read_session(engine) as session:
        before, same = (hash_data(session, get_study(session, "s")) for _ in range(2))
    with write_session(engine) as session:
        study = get_study(session, "s")
        reader = ensure_annotator(session, study, "X", source="import")
        add_imported_labels(session, study, [ImportedLabel(1, reader, {"q": "a"}, "i1")])
    with read_session(engine) as session:
        after = hash_data(session, get_study(session, "s"))
    assert before == same != after
