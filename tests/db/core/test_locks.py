"""The advisory locks: each its own number, the same one in every version."""

from secondreader.db.core.locks import Lock


def test_each_lock_has_its_number_for_good() -> None:
    """Two locks of one number would wait for each other; a desk of an older version must wait for those of a newer one."""
    assert {lock.name: int(lock) for lock in Lock} == {
        "MIGRATION": 7302011,
        "AUDIT": 7302012,
        "DESK_ROLE": 7302013,
        "LABEL": 7302014,
        "ADJUDICATION": 7302015,
        "QUEUE": 7302016,
        "ITEM": 7302017,
        "AMENDMENT": 7302018,
    }
