"""The ratings of norming items in the long frame: the blind ones, or the current ones."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

from secondreader.db.desk.norming_round import is_blind_rating
from secondreader.db.research.items import ItemRecord
from secondreader.db.research.progress import AssignmentRow
from secondreader.db.research.ratings import LabelRow, build_label_rows

NormingMoment = Literal["before", "after"]


def build_norming_rows(
    items: Iterable[ItemRecord],
    assignments: Iterable[AssignmentRow],
    labels: Iterable[LabelRow],
    question: str,
    when: NormingMoment,
    revealed_label_id: int | None,
) -> list[dict[str, Any]]:
    """The ratings of the norming items among `items` in the long frame's columns; `labels` come by revision.

    Inclusion probabilities are 1, as every annotator labels all of these items.
    """
    by_item = {item.item_id: item for item in items if item.part == "calibration"}
    kept_assignments = [assignment for assignment in assignments if assignment.item_id in by_item]
    assigned = {assignment.assignment_id for assignment in kept_assignments}
    chosen = [label for label in labels if label.assignment_id in assigned]
    if when == "before":
        completed = find_completing_label_ids(kept_assignments, chosen)
        chosen = [
            label
            for label in chosen
            if is_blind_rating(label.label_id, revealed_label_id, completed.get(label.annotator_id))
        ]
    newest = {(label.annotator_id, label.transcript_id): label for label in chosen}
    records = {
        item.transcript_id: replace(item, stratum=None, inclusion_probability=1.0)
        for item in by_item.values()
    }
    return build_label_rows(records, newest.values(), question, "desk")


def find_completing_label_ids(
    assignments: Sequence[AssignmentRow], labels: Iterable[LabelRow]
) -> Mapping[int, int]:
    """Id of the label that completed each annotator's norming items; annotators who have not finished are left out."""
    n_assignments = Counter(assignment.annotator_id for assignment in assignments)
    first: dict[int, dict[int | None, int]] = defaultdict(dict)
    for label in labels:
        first[label.annotator_id].setdefault(label.assignment_id, label.label_id)
    # Ids grow in the order of storing: the newest of the first labels is the one that completed the items.
    return {person: max(ids.values()) for person, ids in first.items() if len(ids) == n_assignments[person]}
