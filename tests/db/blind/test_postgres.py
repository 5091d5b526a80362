"""The desk's role on PostgreSQL: rows that it does not see, grants that it does not keep."""

import pytest
from sqlalchemy import text

from secondreader.db.access.invites import create_invite, redeem_invite
from secondreader.db.blind.postgres import prepare_desk_url
from secondreader.db.core.engine import open_engine, write_session
from secondreader.db.design.studies import ensure_annotator
from tests.databases import open_desk
from tests.db.blind.test_engine import refused


@pytest.mark.parametrize(
    "lost",
    [
        (),
        ("DROP POLICY of_the_desk ON invite", "DROP POLICY of_the_desk ON visit"),
        ("ALTER TABLE invite DISABLE ROW LEVEL SECURITY", "ALTER TABLE visit DISABLE ROW LEVEL SECURITY"),
        ("ALTER POLICY of_the_desk ON invite USING (true)", "ALTER POLICY of_the_desk ON visit USING (true)"),
    ],
)
def test_the_desk_of_postgresql_does_not_see_researchers_invites(
    postgres_target: str, lost: tuple[str, ...]
) -> None:
    """Nor the visits made on them, also where somebody took the policies off by hand; the owner sees all of them."""
    owner = open_engine(postgres_target)
    with owner.begin() as connection:
        for statement in lost:
            connection.execute(text(statement))
    with write_session(owner) as session:
        token = create_invite(session, ensure_annotator(session, None, "R", "researcher"))
        assert redeem_invite(session, token)
    blind = open_desk(owner)
    for table in ("invite", "visit"):
        counts = []
        for engine in (owner, blind):
            with engine.connect() as connection:
                counts.append(connection.scalar(text(f"SELECT count(id) FROM {table}")))
        assert counts == [1, 0]
    blind.dispose()
    owner.dispose()


def test_a_renewed_role_keeps_nothing_that_was_granted_by_hand(postgres_target: str) -> None:
    """Making the desk's role again takes back a grant that somebody added meanwhile."""
    from secondreader.db.core.engine import open_engine

    owner = open_engine(postgres_target)
    role = prepare_desk_url(owner).username
    with owner.begin() as connection:
        connection.execute(text(f'GRANT SELECT ON verdict TO "{role}"'))
        connection.execute(text(f'GRANT SELECT (model) ON transcript TO "{role}"'))
    blind = open_desk(owner)
    assert refused(blind, "SELECT count(*) FROM verdict")
    assert refused(blind, "SELECT model FROM transcript")
    blind.dispose()
    owner.dispose()
