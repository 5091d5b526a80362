"""Which places of a queue a person may see and answer now: practice, then calibration, then the main queue."""

from dataclasses import dataclass

from sqlmodel import Session

from secondreader.db.core.errors import DeskError, NotReachedYet
from secondreader.db.desk.calibration_round import compute_norming_status
from secondreader.db.desk.onboarding import has_onboarding
from secondreader.db.desk.qualification import compute_qualification_status

MAIN_PARTS = frozenset({"pool", "attention"})
PART_ORDER = ("qualification", "calibration", "pool")


@dataclass(frozen=True, slots=True)
class Progression:
    """How far a person has come."""

    listed_parts: frozenset[str]
    """Parts whose places stand in the queue that the person sees."""
    last_part: str
    """The latest part of ORDER that is open to the person."""
    round: int
    """The practice round; 0 without practice."""
    hindrance: str
    """Why later places are closed; "" when none is."""

    def should_list(self, part: str, pass_no: int) -> bool:
        """Whether the queue shows a place; of the practice, only the current round."""
        return part in self.listed_parts and (part != "qualification" or pass_no == self.round)

    def check_open(self, part: str) -> None:
        """Raise NotYet for a place of a later part."""
        if PART_ORDER.index("pool" if part in MAIN_PARTS else part) > PART_ORDER.index(self.last_part):
            raise NotReachedYet(self.hindrance)


FULL_PROGRESSION = Progression(MAIN_PARTS, "pool", 0, "")
"""The reach in a study without early parts."""


def compute_progression(session: Session, annotator_id: int) -> Progression:
    """How far the person has come."""
    if not has_onboarding(session, annotator_id):
        return FULL_PROGRESSION
    practice = compute_qualification_status(session, annotator_id)
    if practice.state in {"open", "failed"}:
        say = (
            "Finish the practice transcripts first; the others open after that."
            if practice.state == "open"
            else "The practice transcripts were not passed, so the others stay closed; ask the researcher."
        )
        return Progression(frozenset({"qualification"}), "qualification", practice.round, say)
    common = compute_norming_status(session, annotator_id)
    if common.state in {"open", "waiting"}:
        say = (
            "Finish the calibration transcripts first; the others open after that."
            if common.state == "open"
            else "The main queue opens once the researcher has shown the calibration readings."
        )
        return Progression(frozenset({"calibration"}), "calibration", practice.round, say)
    return Progression(MAIN_PARTS | {"calibration"}, "pool", practice.round, "")


def check_submit(progression: Progression, part: str, pass_no: int, revision: int) -> None:
    """Raise DeskError for a label that may not be given now; `revision` is that of the label before, 0 for none."""
    progression.check_open(part)
    if part == "qualification" and (revision or pass_no != progression.round):
        raise DeskError("The first answer counts in practice: the right one has been shown already.")
