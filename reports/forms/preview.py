"""A preview of freezing a plan: the plan is frozen for real, then rolled back."""

from dataclasses import dataclass

from secondreader.db.core.engine import Database, write_session
from secondreader.db.core.hashing import compute_content_hash
from secondreader.db.design.study_file import StudyFile, create_study_from_file, create_study_with_links
from secondreader.db.research.items import load_item_records
from secondreader.reports.analysis.study_facts import Stratum, summarize_strata


@dataclass(frozen=True, slots=True)
class PlanPreview:
    """A plan as it would be frozen."""

    form_hash: str
    """Of the form's fields: another form needs another preview."""
    plan_hash: str
    """The frozen plan's hash will be this one, while the pool stays as it is."""
    n_items: int
    n_assignments: int
    strata: tuple[Stratum, ...]


def compute_form_hash(study_file: StudyFile, *, keep_questions: bool) -> str:
    """Hash of all that the form says."""
    return compute_content_hash([study_file.model_dump(mode="json"), keep_questions])


def preview_plan(engine: Database, study_file: StudyFile, *, keep_questions: bool) -> PlanPreview:
    """Freeze, look and roll back, by the code that freezes for real. Raises what freezing raises."""
    with write_session(engine) as session:
        # a savepoint: the rollback undoes the freeze, not the session
        trial = session.begin_nested()
        study, sample = create_study_from_file(session, study_file, keep_questions=keep_questions)
        assert sample is not None
        preview = PlanPreview(
            form_hash=compute_form_hash(study_file, keep_questions=keep_questions),
            plan_hash=sample.plan_hash,
            n_items=sample.n_items,
            n_assignments=sample.n_assignments,
            strata=summarize_strata(load_item_records(session, study), set()),
        )
        trial.rollback()
    return preview


def freeze_with_links(
    engine: Database, study_file: StudyFile, *, keep_questions: bool, days: float, actor: str
) -> tuple[str, list[tuple[str, str]]]:
    """Freeze for real; returns the plan's hash and (name, token) of each annotator's new link."""
    with write_session(engine) as session:
        created = create_study_with_links(
            session, study_file, actor, days=days, keep_questions=keep_questions
        )
    assert created.freeze_result is not None
    return created.freeze_result.plan_hash, created.links
