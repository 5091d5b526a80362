"""What can go wrong with a database, with a study and at the desk, each in one sentence for the person in front of it."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError


class StudyError(Exception):
    """A study that is not there or cannot do what was asked, in one sentence."""


class DeskError(Exception):
    """What the person at the desk should read, in one sentence."""


class UnknownAssignment(DeskError):
    """The token is of nobody's queue, or of somebody else's."""


class StudyClosed(DeskError):
    """The study takes no labels now."""


class NotReachedYet(DeskError):
    """An assignment of a later part of the study: qualification or the norming round comes first."""


class AssignmentTaken(DeskError):
    """In a shared queue: the assignment was not kept any longer and the transcript has all its annotators."""


RELOAD_MESSAGE = "The database does not answer. Reload this page in a moment; what was not saved yet waits in this browser."
"""For a page that cannot be shown at all."""


class DatabaseUnavailable(Exception):
    """The database did not do its part just now; what was asked may be asked again."""


@contextmanager
def translate_database_errors() -> Iterator[None]:
    """Raise DatabaseUnavailable in place of the driver's own error.

    Only what passes by itself or by the administrator's hand (a lock, a full disk, a server that is away) ends up
    here with a promise to try again; it says nothing of the statement, which may hold an annotator's words.
    """
    try:
        yield
    except DBAPIError as error:
        raise DatabaseUnavailable(describe_database_error(str(error.orig).lower())) from None


def describe_database_error(driver_message: str) -> str:
    """What to tell the person, from the driver's own words."""
    if "full" in driver_message or "no space" in driver_message:
        return "The server's disk is full; nothing was saved just now. Tell the researcher."
    if "i/o error" in driver_message or "readonly" in driver_message:
        return "The server cannot write to its disk; nothing was saved just now. Tell the researcher."
    if "locked" in driver_message or "busy" in driver_message:
        return "The database is busy; this was not saved yet and is tried again."
    return "The database did not answer; this was not saved yet and is tried again."
