"""What an annotator may know of the study."""

from dataclasses import dataclass

from sqlmodel import Session, col

from secondreader.db.core.codebook import Codebook
from secondreader.db.core.desk_rules import Rules, parse_rules
from secondreader.db.core.engine import execute, select_columns
from secondreader.db.core.errors import DeskError
from secondreader.db.core.tables import Study


@dataclass(frozen=True, slots=True)
class DeskStudy:
    """What an annotator may know of the study."""

    study_id: int
    title: str
    notice: str
    status: str
    codebook: Codebook
    codebook_hash: str
    guideline: str
    rules: Rules


def load_desk_study(session: Session, study_id: int) -> DeskStudy:
    """The study of a visitor. Raises DeskError if it is gone."""
    row = execute(
        session,
        select_columns(
            Study.title,
            Study.notice,
            Study.status,
            Study.codebook,
            Study.codebook_hash,
            Study.guideline,
            Study.rules,
        ).where(col(Study.id) == study_id),
    ).first()
    # a visit may outlive its study's database, restored from an earlier copy
    if row is None:
        raise DeskError("This study is not there any more; ask the researcher for a new link.")
    title, notice, status, codebook, codebook_hash, guideline, rules = row
    book = Codebook.model_validate(codebook)
    return DeskStudy(study_id, title, notice, status, book, codebook_hash, guideline, parse_rules(rules))
