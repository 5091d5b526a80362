"""What is wrong with a study or with what was asked of it."""

from secondreader.db.core.tables import Study


class StudyError(Exception):
    """A study that is not there or cannot do what was asked, in one sentence."""


def get_study_id(study: Study) -> int:
    """The id of a stored study."""
    if study.id is None:
        raise StudyError("The study is not stored yet.")
    return study.id
