"""What can stand between a person at the desk and a label, each in one sentence that the page shows."""


class DeskError(Exception):
    """What the person at the desk should read, in one sentence."""


class UnknownAssignment(DeskError):
    """The token is of nobody's queue, or of somebody else's."""


class StudyClosed(DeskError):
    """The study takes no labels now."""


class NotReachedYet(DeskError):
    """A place of a later part of the study: practice or calibration comes first."""


class AssignmentTaken(DeskError):
    """In a shared queue: the place was not kept any longer and the transcript has all its readers."""
