"""What is wrong with a study or with what was asked of it."""


class StudyError(Exception):
    """A study that is not there or cannot do what was asked, in one sentence."""
