"""Rows of a study as the database returns them, for tests of what is computed from them."""

from typing import Any

from secondreader.db.core.tables import utc_now
from secondreader.db.research.items import ItemRecord
from secondreader.db.research.progress import AssignmentRow
from secondreader.db.research.ratings import LabelRow


def make_item(number: int, **change: Any) -> ItemRecord:
    """Item `number` of the pool, of a transcript of the same number plus 100."""
    values: dict[str, Any] = {
        "item": f"item{number}",
        "transcript_id": 100 + number,
        "cluster": "c",
        "stratum": "yes",
        "inclusion_probability": 0.5,
        "slices": {"model": "m"},
        "item_id": number,
        "part": "pool",
        "model": "m",
        "known": {},
        "has_text": True,
        "leak_scan": None,
    }
    return ItemRecord(**values | change)


def make_label(label_id: int, number: int, annotator_id: int = 1, **change: Any) -> LabelRow:
    """A label of item `number` by one annotator, at the desk."""
    values: dict[str, Any] = {
        "label_id": label_id,
        "annotator": f"A{annotator_id}",
        "source": "desk",
        "annotator_id": annotator_id,
        "transcript_id": 100 + number,
        "assignment_id": 1000 * annotator_id + number,
        "pass_no": 1,
        "revision": 1,
        "answers": {"q": "yes"},
        "evidence": [],
        "note": "",
        "contested": False,
        "active_seconds": 10.0,
        "position": number,
        "labelled_at": utc_now(),
        "confidence": None,
    }
    return LabelRow(**values | change)


def make_assignment(number: int, annotator_id: int = 1, **change: Any) -> AssignmentRow:
    """Item `number` in one annotator's queue."""
    values: dict[str, Any] = {
        "assignment_id": 1000 * annotator_id + number,
        "token": f"t{annotator_id}-{number}",
        "annotator_id": annotator_id,
        "item_id": number,
        "position": number,
        "pass_no": 1,
        "guess": None,
    }
    return AssignmentRow(**values | change)
