"""What freezing a plan would do, found by doing it and taking it back."""

from dataclasses import dataclass

from secondreader.db.core.canonical import content_hash
from secondreader.db.core.engine import writing
from secondreader.db.core.unavailable import Engine
from secondreader.db.design.study_file import StudyFile, create_from_file, create_with_links
from secondreader.db.research.ratings import item_facts
from secondreader.reports.analysis.study_facts import Stratum, strata_of


@dataclass(frozen=True, slots=True)
class Preview:
    """A plan as it would be frozen."""

    given_hash: str
    """Of the form's fields: another form needs another preview."""
    plan_hash: str
    """The frozen plan's hash will be this one, while the pool stays as it is."""
    n_items: int
    n_assignments: int
    strata: tuple[Stratum, ...]


def form_hash(given: StudyFile, *, keep_questions: bool) -> str:
    """Hash of all that the form says."""
    return content_hash([given.model_dump(mode="json"), keep_questions])


def preview(engine: Engine, given: StudyFile, *, keep_questions: bool) -> Preview:
    """Freeze, look, and take it back: the same code as in earnest. Raises what freezing raises."""
    with writing(engine) as session:
        trial = session.begin_nested()
        study, drawn = create_from_file(session, given, keep_questions=keep_questions)
        assert drawn is not None
        made = Preview(
            given_hash=form_hash(given, keep_questions=keep_questions),
            plan_hash=drawn.plan_hash,
            n_items=drawn.n_items,
            n_assignments=drawn.n_assignments,
            strata=strata_of(item_facts(session, study), set()),
        )
        trial.rollback()
    return made


def freeze_with_links(
    engine: Engine, given: StudyFile, *, keep_questions: bool, days: float, actor: str
) -> tuple[str, list[tuple[str, str]]]:
    """Freeze in earnest; returns the plan's hash and (name, token) of each annotator's new link."""
    with writing(engine) as session:
        made = create_with_links(session, given, actor, days=days, keep_questions=keep_questions)
    assert made.drawn is not None
    return made.drawn.plan_hash, made.links
