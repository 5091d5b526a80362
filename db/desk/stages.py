"""How far a person has come: qualification, then the norming round and its discussion, then the main queue.

One look at the database tells which assignments are listed, which may be answered, and what the page shows.
"""

from dataclasses import dataclass
from typing import Literal

from sqlmodel import Session

from secondreader.db.core.errors import DeskError, NotReachedYet
from secondreader.db.desk.norming_round import compute_norming_status
from secondreader.db.desk.onboarding import has_onboarding
from secondreader.db.desk.qualification import QualificationStatus, compute_qualification_status

MAIN_PARTS = frozenset({"pool", "attention"})
# stored names of the parts; the norming round is called calibration there
PART_ORDER = ("qualification", "calibration", "pool")

Phase = Literal["qualification", "failed", "calibration", "waiting", "main"]
"""failed: qualification was not passed; waiting: the norming round is labelled, and others' answers are not shown yet."""
StageName = Literal["qualification", "failed", "calibration", "waiting", "discussion", "main"]

LISTED_PARTS: dict[Phase, frozenset[str]] = {
    "qualification": frozenset({"qualification"}),
    "failed": frozenset({"qualification"}),
    "calibration": frozenset({"calibration"}),
    "waiting": frozenset({"calibration"}),
    "main": MAIN_PARTS | {"calibration"},
}
HINDRANCES: dict[Phase, str] = {
    "qualification": "Finish the qualification first; the other transcripts open after that.",
    "failed": "The qualification was not passed, so the other transcripts stay closed; ask the researcher.",
    "calibration": "Finish the norming round first; the other transcripts open after that.",
    "waiting": "The main queue opens once the researcher has opened the discussion of the norming round.",
}
"""Why later parts are closed."""
SHOWN_PARTS: dict[StageName, str] = {
    "qualification": "qualification",
    "calibration": "calibration",
    "waiting": "calibration",
    "discussion": "calibration",
    "main": "pool",
}
"""Which part's assignments the page shows; none to somebody who failed."""


@dataclass(frozen=True, slots=True)
class Progression:
    """How far a person has come."""

    phase: Phase
    qualification: QualificationStatus | None = None
    """How the qualification stands; None in a study without one."""
    has_discussion: bool = False
    """The others' answers of the norming round are shown: the person may go between them and the main queue."""

    @property
    def is_in_main_queue(self) -> bool:
        """Whether the main queue is open."""
        return self.phase == "main"

    def should_list(self, part: str, pass_no: int) -> bool:
        """Whether the queue shows an assignment; of the qualification, only the current round."""
        return part in LISTED_PARTS[self.phase] and (
            part != "qualification" or self.is_current_round(pass_no)
        )

    def is_current_round(self, pass_no: int) -> bool:
        """Whether this is the person's current qualification round."""
        return self.qualification is not None and self.qualification.round == pass_no

    def check_open(self, part: str) -> None:
        """Raise NotReachedYet for an assignment of a later part."""
        if self.is_in_main_queue:
            return
        last = "qualification" if self.phase in {"qualification", "failed"} else "calibration"
        if PART_ORDER.index("pool" if part in MAIN_PARTS else part) > PART_ORDER.index(last):
            raise NotReachedYet(HINDRANCES[self.phase])

    def check_submit(self, part: str, pass_no: int, revision: int) -> None:
        """Raise DeskError for a label that may not be given now; `revision` is that of the label before, 0 for none."""
        self.check_open(part)
        # a correction after the right answer was shown would make everybody pass
        if part == "qualification" and (revision or not self.is_current_round(pass_no)):
            raise DeskError(
                "The first answer counts in the qualification: the right one has been shown already."
            )


def compute_progression(session: Session, annotator_id: int) -> Progression:
    """How far the person has come."""
    # most studies: one query, for this is asked with every label and draft
    if not has_onboarding(session, annotator_id):
        return Progression("main")
    practice = compute_qualification_status(session, annotator_id)
    # a study may have a norming round without qualification
    known = None if practice.state == "none" else practice
    if practice.state == "failed":
        return Progression("failed", known)
    if practice.state == "open":
        return Progression("qualification", known)
    norming = compute_norming_status(session, annotator_id).state
    if norming == "open":
        return Progression("calibration", known)
    if norming == "waiting":
        return Progression("waiting", known)
    return Progression("main", known, has_discussion=norming == "revealed")


def determine_stage(progression: Progression, *, is_begun: bool, chosen: str = "") -> StageName:
    """What the page shows; `chosen` is main or discussion where both are open.

    Left to itself, the discussion comes before the first label of the main queue (`is_begun`).
    """
    if progression.phase == "main" and progression.has_discussion:
        return "discussion" if chosen == "discussion" or not (chosen == "main" or is_begun) else "main"
    return progression.phase
