"""The closed lists name what there is."""

from secondreader.db.blind.columns import DELETABLE, INSERTABLE, READABLE, UPDATABLE
from secondreader.db.core.tables import TABLES


def test_every_named_column_exists() -> None:
    """The lists of the door name real tables and columns, so that a renamed one cannot rot there."""
    for listed in (READABLE, UPDATABLE):
        for table, columns in listed.items():
            assert columns <= set(TABLES[table].columns.keys())
    assert set(TABLES) >= INSERTABLE | DELETABLE
