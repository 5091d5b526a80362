"""The advisory locks of PostgreSQL, each number in one place; SQLite's one writer needs none."""

from enum import IntEnum


class Lock(IntEnum):
    """What only one transaction may do at a time, for a key where one is named."""

    MIGRATION = 7302011
    """Bringing the schema to another revision."""
    AUDIT = 7302012
    """Adding to the audit log's chain: each event's hash covers the one before."""
    DESK_ROLE = 7302013
    """Making or renewing the desk's role."""
    LABEL = 7302014
    """Storing a person's labels, by annotator: their ids grow in the order of storing."""
    ADJUDICATION = 7302015
    """Storing an adjudicator's decisions, by annotator."""
    QUEUE = 7302016
    """Taking the next open item of a shared queue, by study."""
    ITEM = 7302017
    """Taking, keeping or settling a lease on an item, by study item."""
    AMENDMENT = 7302018
    """Changing a frozen study, by study."""
